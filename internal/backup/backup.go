// Package backup takes encrypted backups, restores them, and brings protections
// back before anything serves (GDPR 32(1)(b) and (c), SEC-10).
//
// A backup is one file: all rows of the database as one transaction sees them,
// compressed and encrypted (age) for whoever holds the installation's root keys.
// It holds neither keys nor the protection journal: those are kept elsewhere, so
// that a lost backup opens for nobody and a person who was erased does not come
// back with it. A backup of one engine is restored on either.
//
// A database that was set back has forgotten what happened since. Before
// anything serves, Keeper replays the journal: what was suppressed, withdrawn,
// objected to or restricted is so again, and who was erased is erased again. It
// refuses without a journal that reaches as far as the database, the backup and
// the anchors know. What may have been sent since is never sent again. The ledger
// goes on in a new epoch.
package backup

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dump"
	"candor/internal/errs"
	"candor/internal/journal"
	"candor/internal/keyring"
)

// Manifest is what a backup says of itself. It stands, encrypted like all, in
// front of the rows.
type Manifest struct {
	Format     string        `json:"format"`
	Made       clock.Instant `json:"made_at"`
	Engine     db.Dialect    `json:"engine"`
	Schema     string        `json:"schema"`  // of the program that made it
	Program    string        `json:"program"` // its version
	Origin     string        `json:"ledger_origin"`
	Checkpoint string        `json:"ledger_checkpoint"` // the newest signed one, or ""
	Charter    Charter       `json:"charter"`
	Journal    journal.Head  `json:"journal"` // as far as the journal was known to reach
}

// Charter is the version in force; its documents are among the rows.
type Charter struct {
	Version int64  `json:"version"`
	Hash    string `json:"hash"`
}

const format = "candor/backup/v1"

// Describe reads, in the backup's own transaction, what the manifest says of the
// ledger and the charter.
type Describe func(tx *db.Tx, m *Manifest) error

// Options say what to back up and how.
type Options struct {
	DB       *db.DB
	Ring     *keyring.Ring
	Clock    clock.Clock
	Program  string
	Describe Describe
}

// Write writes a backup to a stream. It is valid only when Write has returned
// without an error.
func Write(ctx context.Context, to io.Writer, o Options) (Manifest, dump.Counts, error) {
	m := Manifest{Format: format, Made: o.Clock.Now(), Engine: o.DB.Dialect(), Program: o.Program}
	var err error
	if m.Schema, err = dump.Schema(); err != nil {
		return m, nil, err
	}
	sealed, err := age.Encrypt(to, recipient{o.Ring})
	if err != nil {
		return m, nil, err
	}
	zip := gzip.NewWriter(sealed)
	var counts dump.Counts
	begun := false
	err = o.DB.Read(ctx, func(tx *db.Tx) error {
		if begun {
			return errs.New(errs.Unavailable, "backup_interrupted", "the database broke the backup off; start it again")
		}
		begun = true
		mark, err := readMark(tx)
		if err != nil {
			return err
		}
		m.Journal = mark.Head
		if err := o.Describe(tx, &m); err != nil {
			return err
		}
		head, err := json.Marshal(m)
		if err != nil {
			return err
		}
		if _, err := zip.Write(append(head, '\n')); err != nil {
			return err
		}
		counts, err = dump.Write(tx, zip)
		return err
	})
	if err != nil {
		return m, nil, err
	}
	return m, counts, errors.Join(zip.Close(), sealed.Close())
}

const (
	prefix  = "candor-"
	suffix  = ".backup"
	stamp   = "20060102T150405Z"
	allowed = 0o600
)

// Keep is how long a backup may exist: certificates of erasure say when the last
// one that could hold the person is gone (the catalogue's D-45).
const Keep = 90 * 24 * time.Hour

// Save writes a backup into a folder, under a name of its time, and deletes those
// that are older than Keep. The file appears only when it is whole and on disk.
func Save(ctx context.Context, folder string, o Options) (path string, m Manifest, counts dump.Counts, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", m, nil, errs.Wrap(err, errs.Invalid, "backup_folder", "the folder of backups cannot be made; give one that may be written to")
	}
	f, err := os.CreateTemp(folder, ".making-*")
	if err != nil {
		return "", m, nil, errs.Wrap(err, errs.Invalid, "backup_folder", "the folder of backups cannot be written to")
	}
	defer func() { _ = os.Remove(f.Name()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	m, counts, err = Write(ctx, w, o)
	if err = errors.Join(err, w.Flush(), f.Chmod(allowed), f.Sync(), f.Close()); err != nil {
		return "", m, nil, err
	}
	path = filepath.Join(folder, Name(m.Made))
	if err := errors.Join(os.Rename(f.Name(), path), syncFolder(folder)); err != nil {
		return "", m, nil, err
	}
	return path, m, counts, deleteOld(folder, m.Made.Add(-Keep))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Newest gives when the newest backup of a folder was made, by its name; 0 when
// there is none.
func Newest(folder string) (newest clock.Instant, err error) {
	if folder == "" {
		return 0, nil
	}
	list, err := os.ReadDir(folder)
	for _, e := range list {
		if made, ok := madeAt(e.Name()); ok {
			newest = max(newest, made)
		}
	}
	return newest, err
}

// Name is the file of a backup that was made at an instant.
func Name(made clock.Instant) string { return prefix + made.Time().Format(stamp) + suffix }

// madeAt reads the time in a backup's name.
func madeAt(name string) (clock.Instant, bool) {
	text, ok := strings.CutPrefix(strings.TrimSuffix(name, suffix), prefix)
	made, err := time.Parse(stamp, text)
	return clock.At(made), ok && err == nil && strings.HasSuffix(name, suffix)
}

// deleteOld deletes the backups of a folder, and nothing else in it, that were
// made before an instant.
func deleteOld(folder string, before clock.Instant) error {
	list, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range list {
		if made, ok := madeAt(e.Name()); !ok || made >= before {
			continue
		}
		if err := os.Remove(filepath.Join(folder, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Archive is an open backup, read up to its manifest.
type Archive struct {
	Manifest Manifest
	rows     *bufio.Reader
	zip      *gzip.Reader
}

// Open reads a backup's manifest. It returns INVALID for a file that is no
// backup, was changed, or was made with other root keys.
func Open(from io.Reader, ring *keyring.Ring) (*Archive, error) {
	plain, err := age.Decrypt(from, identity{ring})
	var foreign *age.NoIdentityMatchError
	if errors.As(err, &foreign) {
		return nil, errs.New(errs.Invalid, "backup_key", "the backup was made with other root keys; bring the key file of its time or a later one")
	}
	if err != nil {
		return nil, errTorn(err)
	}
	a := &Archive{}
	if a.zip, err = gzip.NewReader(plain); err != nil {
		return nil, errTorn(err)
	}
	a.rows = bufio.NewReaderSize(a.zip, 1<<16)
	head, err := a.rows.ReadBytes('\n')
	if err != nil {
		return nil, errTorn(err)
	}
	if err := json.Unmarshal(head, &a.Manifest); err != nil || a.Manifest.Format != format {
		return nil, errs.New(errs.Invalid, "backup_format", "the file is not a backup that this program can read")
	}
	own, err := dump.Schema()
	if err == nil && own != a.Manifest.Schema {
		err = errs.New(errs.Invalid, "other_schema", "the backup was made by version %s of the program; restore it with that one and upgrade after", a.Manifest.Program)
	}
	return a, err
}

func errTorn(err error) error {
	return errs.Wrap(err, errs.Invalid, "backup_torn", "the file is not a whole backup; it was changed or ends early")
}

// Load loads the rows into an empty database, all or none.
func (a *Archive) Load(tx *db.Tx) (dump.Counts, error) {
	return a.read(func(r io.Reader) (dump.Counts, error) { return dump.Load(tx, r) })
}

// Check reads the whole backup and keeps nothing.
func (a *Archive) Check() (dump.Counts, error) { return a.read(dump.Check) }

func (a *Archive) read(fn func(io.Reader) (dump.Counts, error)) (dump.Counts, error) {
	counts, err := fn(a.rows)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	if rest, err := io.Copy(io.Discard, a.rows); err != nil || rest > 0 { // reads to the seal at the end
		return nil, errTorn(err)
	}
	return counts, nil
}

// recipient seals a backup's file key under the root keys.
type recipient struct{ ring *keyring.Ring }

// sealKind keeps these tokens from opening as any other.
const sealKind = "backup-key"

// stanza names our way of wrapping a file key, in the terms of age.
const stanza = "candor-root-key"

func (r recipient) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	return []*age.Stanza{{Type: stanza, Args: []string{r.ring.SealToken(sealKind, fileKey)}}}, nil
}

// identity opens it under any of them.
type identity struct{ ring *keyring.Ring }

func (i identity) Unwrap(list []*age.Stanza) ([]byte, error) {
	at := slices.IndexFunc(list, func(s *age.Stanza) bool { return s.Type == stanza && len(s.Args) == 1 })
	if at < 0 {
		return nil, age.ErrIncorrectIdentity
	}
	key, err := i.ring.OpenToken(sealKind, list[at].Args[0])
	if err != nil {
		return nil, age.ErrIncorrectIdentity
	}
	return key, nil
}
