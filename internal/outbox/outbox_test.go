package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/ledger"
	"candor/internal/outbox"
)

var (
	ctx   = context.Background()
	start = clock.UTC(2026, 3, 1, 12, 0, 0)
)

// fixture is an outbox with the ledger that numbers it.
type fixture struct {
	*outbox.Box
	db    *db.DB
	log   *ledger.Log
	clock *clock.Fake
}

func open(t testing.TB, d *db.DB) fixture {
	t.Helper()
	c := clock.NewFake(start)
	log, err := ledger.Open(ctx, d, ledger.Options{Origin: "test", SignerFile: filepath.Join(t.TempDir(), "key"), Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	b := outbox.Open(d, c)
	log.Also(b)
	return fixture{b, d, log, c}
}

func (f fixture) publish(t testing.TB, topic string, payload any) {
	t.Helper()
	if err := f.db.Write(ctx, func(tx *db.Tx) error { return f.Publish(tx, topic, payload) }); err != nil {
		t.Fatal(err)
	}
}

func (f fixture) deliver(t testing.TB) int {
	t.Helper()
	if _, err := f.log.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	n, err := f.Deliver(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// reader collects what a follower got.
type reader struct {
	mu  sync.Mutex
	got []string
}

func (r *reader) take(_ *db.Tx, m outbox.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, string(m.Payload))
	return nil
}

func (r *reader) String() string { return strings.Join(r.got, " ") }

func TestFollowersReadEachMessageOnceInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		var a, b reader
		f.Follow("one", "a", a.take)
		f.Follow("one", "b", b.take)
		f.deliver(t)
		for i := range 5 {
			f.publish(t, "one", i)
			f.publish(t, "two", i)
		}
		if n := f.deliver(t); n != 10 {
			t.Errorf("%d deliveries, want 10", n)
		}
		f.publish(t, "one", 5)
		f.deliver(t)
		f.deliver(t)
		if a.String() != "0 1 2 3 4 5" || b.String() != a.String() {
			t.Errorf("a: %s; b: %s", &a, &b)
		}
	})
}

func TestAnUndoneActTellsNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		var a reader
		f.Follow("one", "a", a.take)
		boom := errors.New("boom")
		err := d.Write(ctx, func(tx *db.Tx) error {
			if err := f.Publish(tx, "one", 1); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) || f.deliver(t) != 0 {
			t.Errorf("%v; got %s", err, &a)
		}
	})
}

// A failing follower is held at its message, keeps nothing of it, and holds no
// other back.
func TestAFailingFollowerWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		var good reader
		fails := true
		done := func() (n int) {
			if err := d.Read(ctx, func(tx *db.Tx) error {
				return tx.QueryRow(`select count(*) from setting where value = 'x'`).Scan(&n)
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		f.Follow("one", "bad", func(tx *db.Tx, m outbox.Message) error {
			if _, err := tx.Exec(`insert into setting (name, value) values ($1, 'x')`, fmt.Sprint("m", m.Pos)); err != nil {
				return err
			}
			if fails && string(m.Payload) == "2" {
				return errors.New("not now")
			}
			return nil
		})
		f.Follow("one", "good", good.take)
		f.deliver(t)
		for i := range 4 {
			f.publish(t, "one", i)
		}
		if _, err := f.log.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Deliver(ctx); err == nil {
			t.Error("the failure is silent")
		}
		if n := done(); n != 2 || good.String() != "0 1 2 3" {
			t.Errorf("done %d; good %s", n, &good)
		}
		fails = false
		f.deliver(t)
		if n := done(); n != 4 {
			t.Errorf("done %d", n)
		}
	})
}

// Ids and places of deleted rows never come again: what is published after a
// clean-up has a higher place than all before.
func TestPlacesAreNotReusedAfterDelete(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		var a reader
		f.Follow("one", "a", a.take)
		f.deliver(t)
		for round := range 3 {
			f.publish(t, "one", round)
			f.deliver(t)
			err := d.Write(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(`delete from outbox`)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if a.String() != "0 1 2" {
			t.Errorf("got %s", &a)
		}
	})
}

// A transaction that published early and commits late, after later messages were
// numbered and read, is read too.
func TestALateCommitIsRead(t *testing.T) {
	d, err := db.Open(ctx, dbtest.PostgresPlace(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	f := open(t, d)
	var a reader
	f.Follow("one", "a", a.take)
	f.deliver(t)
	published, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- d.Write(ctx, func(tx *db.Tx) error {
			err := f.Publish(tx, "one", "late")
			close(published)
			<-goOn
			return err
		})
	}()
	<-published
	f.publish(t, "one", "early")
	f.deliver(t)
	close(goOn)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	f.deliver(t)
	if a.String() != `"early" "late"` {
		t.Errorf("got %s", &a)
	}
}

// Two servers that follow under one name handle each message once.
func TestTwoServersShareAFollower(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		var a reader
		other := outbox.Open(d, f.clock)
		f.Follow("one", "a", a.take)
		other.Follow("one", "a", a.take)
		f.deliver(t)
		for i := range 30 {
			f.publish(t, "one", i)
		}
		if _, err := f.log.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			for _, b := range []*outbox.Box{f.Box, other} {
				wg.Go(func() {
					if _, err := b.Deliver(ctx); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		f.deliver(t)
		seen := map[string]int{}
		for _, p := range a.got {
			seen[p]++
		}
		// On PostgreSQL a transaction that lost a race may call the handler again;
		// what it writes counts once. The reader counts calls.
		if len(seen) != 30 {
			t.Errorf("%d messages, want 30", len(seen))
		}
	})
}

func TestOldReadMessagesAreDeleted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		var a reader
		f.Follow("one", "a", a.take)
		f.deliver(t)
		f.publish(t, "one", 1)
		f.deliver(t)
		f.clock.Advance(outbox.Keep + time.Hour)
		f.publish(t, "one", 2)
		if err := f.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		f.deliver(t)
		var n int
		err := d.Read(ctx, func(tx *db.Tx) error { return tx.QueryRow(`select count(*) from outbox`).Scan(&n) })
		if err != nil || n != 1 || a.String() != "1 2" {
			t.Errorf("%d rows; got %s; %v", n, &a, err)
		}
	})
}
