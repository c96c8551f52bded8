package app

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"testing"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/message"
	"candor/internal/term"
)

// A rotation that is killed after each of its stages goes on when it is run
// again. Afterwards everything opens, people are found, links work, and whoever
// has the old key file and the key store reads nothing.
func TestRotatingTheRootKey(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place)
		ada := s.join("ada@post.example")
		link := message.Link{Scope: message.Choices, Customer: ada, Controller: "halm", Channel: term.Email}.Seal(s.Ring)
		if err := RotateKeys(ctx, s.cfg, func(string, int) error { return nil }); !onPostgres(place) && !errs.Is(err, errs.Conflict) {
			t.Errorf("beside a running server: %v", err)
		}
		s.must(s.Close())
		oldRing, err := os.ReadFile(s.cfg.Root())
		s.must(err)
		wrapped := s.wrapped(ada)

		killed := errors.New("killed")
		for _, stage := range []string{"begin", "renewed", "wrapped", "all wrapped", ""} {
			err := RotateKeys(ctx, s.cfg, func(now string, _ int) error {
				if now == stage {
					return killed
				}
				return nil
			})
			if stage != "" && !errors.Is(err, killed) || stage == "" && err != nil {
				t.Fatalf("stage %q: %v", stage, err)
			}
			s.open() // a server that starts in between has all it needs
			if code, page := s.page("/privacy/c/" + link); code != 200 || !bytes.Contains([]byte(page), []byte("a***@p***.example")) {
				t.Errorf("after a kill at %q: %d", stage, code)
			}
			if find(t, s.App, "ada@post.example") != ada {
				t.Errorf("after a kill at %q nobody is found", stage)
			}
			s.must(s.Close())
		}
		s.oldOpensNothing(oldRing, ada)
		if !onPostgres(place) {
			for _, end := range []string{"", "-wal"} {
				if b, err := os.ReadFile(s.cfg.Keys + end); err == nil && bytes.Contains(b, wrapped) {
					t.Errorf("the old wrapped key is still in the bytes of the key store%s", end)
				}
			}
		}
	})
}

func (s *site) page(path string) (int, string) {
	w := visit(s.App, "GET", path, nil)
	return w.Code, w.Body.String()
}

func (s *site) wrapped(c id.Customer) (out []byte) {
	s.t.Helper()
	d, err := db.OpenReader(ctx, s.cfg.Keys)
	s.must(err)
	defer func() { _ = d.Close() }()
	s.must(d.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow("select wrapped from data_key where customer_id = $1", c).Scan(&out)
	}))
	return out
}

// oldOpensNothing opens the platform with the key file as it was.
func (s *site) oldOpensNothing(file []byte, c id.Customer) {
	s.t.Helper()
	kept, err := os.ReadFile(s.cfg.Root())
	s.must(err)
	s.must(os.WriteFile(s.cfg.Root(), file, 0o600))
	a, err := Open(ctx, s.cfg, Options{Clock: s.clk, Log: slog.New(slog.DiscardHandler), Mailbox: true})
	s.must(err)
	if _, err := a.Desk.Copy(ctx, c, "en"); err == nil {
		s.t.Error("the old key file opens a customer's values")
	}
	s.must(a.Close())
	ring, err := keyring.Parse(file)
	s.must(err)
	if err := gate.RotateKeys(ctx, s.cfg.Keys, ring, nil); err == nil {
		s.t.Error("the old key file can rotate back")
	}
	s.must(os.WriteFile(s.cfg.Root(), kept, 0o600))
}
