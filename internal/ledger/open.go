package ledger

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
)

// Open opens the log that lives in a database. It returns INVALID when the
// origin is not a schema-less name, or when the key file is another log's.
func Open(ctx context.Context, d *db.DB, o Options) (*Log, error) {
	if o.Origin == "" || strings.ContainsAny(o.Origin, "+ \t\r\n") {
		return nil, errs.New(errs.Invalid, "ledger_origin", "the ledger needs an origin without spaces or plus signs, such as shop.example/candor")
	}
	l := &Log{
		db: d, clock: o.Clock, log: o.Log, base: o.Origin, classes: o.Classes, claims: o.Claims, beside: o.Beside,
		holder: newHolder(),
	}
	if o.Door != nil {
		l.ask = o.Door.Client().Do
	}
	if l.clock == nil {
		l.clock = clock.System{}
	}
	if l.log == nil {
		l.log = slog.Default()
	}
	if err := l.openSigner(o.SignerFile); err != nil {
		return nil, err
	}
	var err error
	if l.witnesses, err = openWitnesses(o.Witnesses); err != nil {
		return nil, err
	}
	if o.AnchorDir != "" {
		if l.anchor, err = openAnchor(o.AnchorDir); err != nil {
			return nil, err
		}
	}
	return l, l.loadEpoch(ctx)
}

func newHolder() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

func (l *Log) openSigner(path string) (err error) {
	if l.skey, err = readSigner(path, l.base); err != nil {
		return err
	}
	signer, err := note.NewSigner(l.skey)
	if err != nil {
		return errs.Wrap(err, errs.Invalid, "ledger_key", "the ledger's key file does not hold a signing key")
	}
	if signer.Name() != l.base {
		return errs.New(errs.Invalid, "ledger_key", "the ledger's key file belongs to another log; give the origin it was made with")
	}
	return l.adopt(l.base)
}

// readSigner reads the note key, or makes it when the file does not exist.
func readSigner(path, origin string) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeSigner(path, origin)
	}
	if err != nil {
		return "", fmt.Errorf("ledger key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", errs.New(errs.Invalid, "ledger_key_mode", "the ledger's key file can be read by others; run: chmod 600 on it")
	}
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}

func makeSigner(path, origin string) (string, error) {
	skey, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return "", fmt.Errorf("ledger key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("ledger key: %w", err)
	}
	_, err = f.WriteString(skey + "\n")
	return skey, errors.Join(err, f.Sync(), f.Close())
}

// publicKey gives the public half of a note key: its last part is an algorithm
// byte and an Ed25519 seed.
func publicKey(skey string) (ed25519.PublicKey, error) {
	parts := strings.SplitN(skey, "+", 5) // PRIVATE, KEY, name, hash, key; base64 has plus signs too
	raw, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(parts) != 5 || len(raw) != 1+ed25519.SeedSize {
		return nil, errs.New(errs.Invalid, "ledger_key", "the ledger's key file does not hold a signing key")
	}
	return ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey), nil
}
