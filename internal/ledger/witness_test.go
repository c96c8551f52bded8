package ledger_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transparency-dev/formats/log"
	cosign "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/egress"
	"candor/internal/errs"
	"candor/internal/ledger"
	"candor/internal/ledger/receipt"
)

// outsider is a witness as C2SP tlog-witness describes it, made of other people's
// code.
type outsider struct {
	*httptest.Server
	key    string
	signer note.Signer
	log    note.Verifier
	seen   log.Checkpoint
}

func newOutsider(t *testing.T, logKey string) *outsider {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, "witness.example/w1")
	must(t, err)
	w := &outsider{}
	w.key, err = cosign.VKeyToCosignatureV1(vkey)
	must(t, err)
	w.signer, err = cosign.NewSignerForCosignatureV1(skey)
	must(t, err)
	w.log, err = note.NewVerifier(logKey)
	must(t, err)
	w.Server = httptest.NewTLSServer(w)
	t.Cleanup(w.Close)
	return w
}

func (w *outsider) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	head, signed, _ := strings.Cut(string(b), "\n\n")
	lines := strings.Split(head, "\n")
	var old uint64
	_, _ = fmt.Sscanf(lines[0], "old %d", &old)
	c, _, n, err := log.ParseCheckpoint([]byte(signed), origin, w.log)
	switch {
	case r.URL.Path != "/add-checkpoint" || err != nil:
		http.Error(rw, "", http.StatusForbidden)
		return
	case old != w.seen.Size:
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprintf(rw, "%d\n", w.seen.Size)
		return
	case old == c.Size && string(c.Hash) != string(w.seen.Hash):
		http.Error(rw, "", http.StatusConflict)
		return
	}
	var hashes [][]byte
	for _, line := range lines[1:] {
		h, _ := base64.StdEncoding.DecodeString(line)
		hashes = append(hashes, h)
	}
	if old > 0 && proof.VerifyConsistency(rfc6962.DefaultHasher, old, c.Size, hashes, w.seen.Hash, c.Hash) != nil {
		http.Error(rw, "", http.StatusUnprocessableEntity)
		return
	}
	w.seen = *c
	cosigned, _ := note.Sign(&note.Note{Text: n.Text}, w.signer)
	_, line, _ := strings.Cut(string(cosigned), "\n\n")
	_, _ = io.WriteString(rw, line)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// witnessed opens the log again, with a witness.
func witnessed(t *testing.T, f *fixture, w *outsider) *fixture {
	t.Helper()
	l, err := ledger.Open(ctx, f.db, ledger.Options{
		Origin: origin, SignerFile: filepath.Join(f.dir, "ledger.key"), AnchorDir: filepath.Join(f.dir, "anchor"), Clock: f.clock,
		Witnesses: []ledger.Witness{{Key: w.key, URL: w.URL}},
		Door:      egress.New(egress.Options{Allow: []string{w.Listener.Addr().String()}, TLS: w.Client().Transport.(*http.Transport).TLSClientConfig}),
	})
	must(t, err)
	return &fixture{l, f.db, f.clock, f.dir}
}

// A witness of other people's making signs what grew, also for a process that
// knows nothing of what it signed before. Proofs carry its signature, which other
// people's code finds right, and a signature changed in the database is found.
func TestWitnessesCosignWhatGrew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		w := newOutsider(t, f.VerifierKey())
		f = witnessed(t, f, w)
		must(t, f.Cosign(ctx)) // nothing is signed yet
		var entry = f.append(t, 300)[41]
		f.sequence(t)
		must(t, f.Cosign(ctx))
		f = witnessed(t, f, w)
		f.append(t, 333)
		f.sequence(t)
		must(t, f.Cosign(ctx))
		must(t, f.Cosign(ctx))
		if w.seen.Size != 633 {
			t.Errorf("the witness has seen %d", w.seen.Size)
		}
		f.append(t, 1)
		f.sequence(t) // newer than what is cosigned
		p, err := f.Proof(ctx, entry)
		must(t, err)
		v, err := receipt.Verify(p.Receipt, f.VerifierKey(), origin)
		must(t, err)
		theirs, err := cosign.NewVerifierForCosignatureV1(w.key)
		must(t, err)
		if n, err := note.Open(v.Checkpoint, note.VerifierList(theirs)); err != nil || len(n.Sigs) != 1 || v.Size != 633 {
			t.Errorf("the proof under %d leaves is not cosigned: %v", v.Size, err)
		}
		ours, err := receipt.NewWitness(w.key)
		must(t, err)
		if _, err := receipt.Cosigned(v.Checkpoint, ours); err != nil {
			t.Error(err)
		}
		if r, err := f.Verify(ctx); err != nil || r.Cosigned != 2 {
			t.Errorf("%+v, %v", r, err)
		}
		f.exec(t, `update ledger_cosignature set line = (select line from ledger_cosignature where size = 300) where size = 633`)
		f.wantBad(t, 0)
	})
}

// Somebody with the database, the signing key and the anchor file writes history
// anew, consistent in itself. A checkpoint that was mailed before, as the mail
// program saved it, shows it; and the witness signs no more.
func TestSEC05_WhoHasDatabaseKeyAndAnchorsIsCaughtFromOutside(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		w := newOutsider(t, f.VerifierKey())
		f = witnessed(t, f, w)
		f.append(t, 40)
		f.sequence(t)
		must(t, f.Cosign(ctx))
		signed, err := f.Checkpoint(ctx)
		must(t, err)
		mail := []byte("Subject: =?utf-8?q?today?=\r\n\r\n--=_1\r\n\r\nKeep this mail. It is of " + origin + ".\r\n\r\n" +
			strings.NewReplacer("=", "=3D", "—", "=E2=80=94", "\n", "\r\n").Replace(string(signed)) + "\r\n--=_1--\r\n")
		f.append(t, 60)
		f.sequence(t)
		for _, text := range [][]byte{mail, signed} {
			if r, err := f.Verify(ctx, text); err != nil || r.Kept != 1 {
				t.Errorf("the true ledger: %+v, %v", r, err)
			}
		}
		for _, table := range []string{"ledger_entry", "ledger_tile", "ledger_tree", "ledger_checkpoint", "ledger_cosignature", "lease"} {
			f.exec(t, `delete from `+table)
		}
		must(t, os.Remove(filepath.Join(f.dir, "anchor", ledger.AnchorName)))
		forged := witnessed(t, f, w)
		forged.append(t, 40)
		forged.sequence(t)
		forged.append(t, 61)
		forged.sequence(t)
		if _, err := forged.Verify(ctx); err != nil {
			t.Fatalf("inside nothing shows: %v", err)
		}
		for _, text := range [][]byte{mail, signed} {
			if r, err := forged.Verify(ctx, text); errs.CodeOf(err) != ledger.LedgerTampered || !strings.Contains(r.Problem, "not those that were signed") {
				t.Errorf("with the kept checkpoint: %+v, %v", r, err)
			}
		}
		if err := forged.Cosign(ctx); errs.CodeOf(forged.Refused()) != ledger.NotWitnessed {
			t.Errorf("the witness signs the forged history: %v", err)
		}
		if _, err := forged.Verify(ctx, []byte("no checkpoint")); !errs.Is(err, errs.NotFound) {
			t.Errorf("a text without checkpoint: %v", err)
		}
	})
}

func TestAWitnessKeyIsChecked(t *testing.T) {
	_, vkey, err := note.GenerateKey(rand.Reader, "witness.example")
	must(t, err)
	for _, bad := range []string{"", "witness.example", vkey + "AA", strings.Replace(vkey, "witness", "other", 1), "a b" + vkey} {
		if _, err := receipt.NewWitness(bad); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := receipt.NewWitness(vkey); err != nil {
		t.Errorf("a plain Ed25519 key: %v", err)
	}
}
