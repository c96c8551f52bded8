package app

import (
	"log/slog"
	"testing"
	"time"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/request"
	"candor/internal/term"
)

// An erasure that leaves the person's address where nobody looks for it, in
// whatever form, gets no certificate.
func TestAnErasureFindsStrayAddresses(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place)
		for stray, found := range map[string]bool{
			"amFuZUBwb3N0LmV4YW1wbGU": true, "jane%40post.example": true, "june@post.example": false,
		} {
			c := s.join("jane@post.example")
			s.must(s.DB.Write(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec("insert into setting (name, value) values ('stray', $1) on conflict (name) do update set value = excluded.value", stray)
				return err
			}))
			r, err := s.Desk.Erase(ctx, request.NewErasure{Customer: c, Via: "portal", Actor: term.ByCustomer})
			s.must(err)
			s.later(time.Minute)
			_, _ = s.Jobs.Drain(ctx)
			if _, err := s.Desk.Certificate(ctx, r.ID); errs.Is(err, errs.Conflict) != found {
				t.Errorf("with %q left: %v", stray, err)
			}
			s.later(time.Hour)
		}
	})
}

// An erasure that a demo began, with its mailbox, is ended by a server without
// one, mails of the demo included.
func TestAnErasureBegunInADemoEndsOnAServer(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place)
		c := s.join("jane@post.example")
		s.must(s.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("insert into mail (customer_id, mail_id, at, size, sealed) values ($1, 1, $2, 1, 'x')", c, s.clk.Now())
			return err
		}))
		r, err := s.Desk.Erase(ctx, request.NewErasure{Customer: c, Via: "portal", Actor: term.ByCustomer})
		s.must(err)
		s.must(s.Close())
		s.cfg.Mail.Relay = "smtp://relay.example:587"
		server, err := Open(ctx, s.cfg, Options{Clock: s.clk, Log: slog.New(slog.DiscardHandler)})
		s.must(err)
		t.Cleanup(func() { _ = server.Close() })
		s.later(time.Minute)
		_, err = server.Jobs.Drain(ctx)
		s.must(err)
		if done, err := server.Desk.Certificate(ctx, r.ID); err != nil || done.KeyGone.IsZero() || count(t, server, "select count(*) from mail") != 0 {
			t.Errorf("on a server: %+v, %v", done, err)
		}
	})
}
