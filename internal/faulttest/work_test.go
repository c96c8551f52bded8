package faulttest

import (
	"bytes"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/app"
	"candor/internal/charter/sample"
	"candor/internal/config"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/id"
	"candor/internal/moment"
	"candor/internal/request"
	"candor/internal/term"
)

// The long works of an installation are killed half-way and taken up again: an
// import, erasures, a rotation of the root key. Each row is imported once, who was
// to be erased is erased and has one certificate, everything opens under the new
// key and nothing under the old.
func TestKilledAtLongWork(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		w := &works{site: newSite(t, place, 10, noMail)}
		w.imported(2500)
		w.erased(40)
		w.rotated()
		w.verify()
	})
}

type works struct {
	*site
	running *server
}

// halfway waits until some work was done, kills the server and lets its leases
// end. It fails when the work had ended before.
func (w *works) halfway(what string, done func() (some, all bool)) {
	w.t.Helper()
	for range 1500 {
		some, all := done()
		if all {
			break
		}
		if some {
			w.running.kill()
			w.leasesEnd()
			if _, all := done(); all {
				break
			}
			w.running = w.start(w.file)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatalf("%s was not met half-way", what)
}

func (w *works) imported(rows int64) {
	w.t.Helper()
	w.running = w.start(w.file)
	before := w.count(w.cfg.Database, `select count(*) from customer`)
	in := w.importing(w.running.api, int(rows))
	w.halfway("the import", func() (some, all bool) {
		n := w.count(w.cfg.Database, `select count(*) from customer`) - before
		return n > rows/5, n == rows
	})
	w.until("the import", func() bool {
		var err error
		in, err = w.running.api.Import(ctx, in.ID)
		return err == nil && !in.Working()
	})
	if n := w.count(w.cfg.Database, `select count(*) from customer`) - before; n != rows || in.State != "done" {
		w.t.Errorf("%d rows made %d customers: %+v", rows, n, in)
	}
}

func (w *works) erased(n int) {
	w.t.Helper()
	var who []id.Customer
	w.read(func(tx *db.Tx) error {
		rows, err := tx.Query(`select customer_id from customer order by customer_id limit $1`, n)
		who, err = db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
		return err
	})
	var asked []id.Request
	w.running.kill()
	w.leasesEnd()
	as := w.cfg
	as.Mail.Relay = "smtp://127.0.0.1:1" // with the stores that the server has
	a, err := app.Open(ctx, as, app.Options{Log: slog.New(slog.DiscardHandler)})
	must(w.t, err)
	for _, c := range who {
		r, err := a.Desk.Erase(ctx, request.NewErasure{Customer: c, Via: "portal", Actor: term.ByCustomer})
		must(w.t, err)
		asked = append(asked, r.ID)
	}
	must(w.t, a.Close())
	w.running = w.start(w.file)
	const steps = `select count(*) from erasure_step where done_at `
	for range 2 {
		begun := w.count(w.cfg.Database, steps+"> 0")
		w.halfway("the erasures", func() (some, all bool) {
			return w.count(w.cfg.Database, steps+"> 0") > begun, w.count(w.cfg.Database, steps+"= 0") == 0
		})
	}
	for _, r := range asked {
		w.until("an erasure", func() bool {
			_, err := w.running.api.Certificate(ctx, r.String())
			return err == nil
		})
	}
	if got := w.count(w.cfg.Database, `select count(*) from ledger_entry where kind = 'erasure.certified'`); got != int64(n) {
		w.t.Errorf("%d erasures have %d certificates", n, got)
	}
	w.gone(who)
	w.running.kill()
}

func (w *works) rotated() {
	w.t.Helper()
	first, err := os.ReadFile(w.cfg.Root())
	must(w.t, err)
	for _, m := range rotating {
		w.runsUntil(m, 1, "keys", "rotate", "--config", w.file, "--yes")
		w.opens("half-way") // a server that starts in between has all it needs
	}
	w.rotate()
	w.opens("at the end")

	last, err := os.ReadFile(w.cfg.Root())
	must(w.t, err)
	if bytes.Equal(first, last) {
		w.t.Fatal("the key file is the old one")
	}
	must(w.t, os.WriteFile(w.cfg.Root(), first, 0o600))
	a, err := app.Open(ctx, w.cfg, app.Options{Mailbox: true, Log: slog.New(slog.DiscardHandler)})
	must(w.t, err)
	for _, c := range w.some() {
		if _, err := a.Desk.Copy(ctx, c, "en"); err == nil {
			w.t.Error("the old key file opens a customer's values")
		}
	}
	must(w.t, a.Close())
	must(w.t, os.WriteFile(w.cfg.Root(), last, 0o600))
}

func (w *works) rotate() {
	w.t.Helper()
	if out, err := exec.Command(candor, "keys", "rotate", "--config", w.file, "--yes").CombinedOutput(); err != nil {
		w.t.Fatalf("candor keys rotate: %v %s", err, out)
	}
}

func (w *works) opens(when string) {
	w.t.Helper()
	w.inside(func(a *app.App) {
		for _, c := range w.some() {
			if _, err := a.Desk.Copy(ctx, c, "en"); err != nil {
				w.t.Errorf("%s a customer's values do not open: %v", when, err)
			}
		}
	})
}

// some are a few customers from everywhere in the order of keys.
func (w *works) some() (out []id.Customer) {
	w.t.Helper()
	w.read(func(tx *db.Tx) error {
		rows, err := tx.Query(`select customer_id from customer order by customer_id`)
		all, err := db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
		for i := 0; i < len(all); i += len(all) / 20 {
			out = append(out, all[i])
		}
		return err
	})
	return out
}

func (w *works) until(what string, done func() bool) {
	w.t.Helper()
	for range 600 {
		if done() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.t.Fatalf("%s did not end", what)
}

// count counts in a database beside the server.
func (s *site) count(place, query string, args ...any) (n int64) {
	s.t.Helper()
	d, err := db.OpenReader(ctx, place)
	must(s.t, err)
	defer func() { _ = d.Close() }()
	must(s.t, d.Read(ctx, func(tx *db.Tx) error { return tx.QueryRow(query, args...).Scan(&n) }))
	return n
}

// A server is killed while it makes its database, several times; then it starts,
// and the schema is whole.
func TestKilledWhileMigrating(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		if strings.HasPrefix(place, "postgres") {
			place = dbtest.EmptyPostgresPlace(t)
		} else {
			place = filepath.Join(t.TempDir(), "new.db")
		}
		s := &site{t: t, cfg: config.Config{Data: filepath.Join(t.TempDir(), "data"), Database: place, URL: "http://127.0.0.1"}}
		if strings.HasPrefix(place, "postgres") {
			s.cfg.Keys, s.cfg.Journal = dbtest.EmptyPostgresPlace(t), dbtest.EmptyPostgresPlace(t)
		}
		must(t, s.cfg.Fill())
		s.file = s.writeConfig(s.cfg, noMail+"\ncharter: "+charterFolder(t))
		s.death = filepath.Join(t.TempDir(), "death")
		s.env = []string{deaths + "=" + s.death}
		for range 4 {
			s.runsUntil(moment.Migrating, 1+rand.IntN(30), "serve", "--config", s.file)
		}
		for range 2 { // anywhere
			cmd := exec.Command(candor, "serve", "--config", s.file)
			must(t, cmd.Start())
			time.Sleep(time.Duration(20+rand.IntN(250)) * time.Millisecond)
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		s.start(s.file).kill()
		s.verify()
	})
}

func charterFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	promise, house := sample.Documents()
	must(t, os.WriteFile(filepath.Join(dir, "charter.yaml"), promise, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "house.yaml"), house, 0o600))
	return dir
}
