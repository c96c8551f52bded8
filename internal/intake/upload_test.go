package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
)

// A file that is handed over is kept sealed, read back as it came, and gone
// after a day when nobody imported it.
func TestAFileIsKeptSealedAndADayAtMost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h, ctx := newHouse(t, d), context.Background()
		text := "id;mail;land\n" + strings.Repeat("1;ada@example.com;DE\n", 60_000) // more than two parts
		u, err := h.Begin(ctx, people, "staff:test")
		h.must(err)
		if u, err = h.AddFile(ctx, u.ID, iotest.HalfReader(strings.NewReader(text))); err != nil || u.State != Whole || u.Size != int64(len(text)) {
			t.Fatalf("%+v, %v", u, err)
		}
		if n := h.number("select count(*) from upload_part"); n < 3 {
			t.Errorf("%d parts", n)
		}
		var sealed []byte
		h.must(d.Read(ctx, func(tx *db.Tx) error { return tx.QueryRow("select body from upload_part where part = 0").Scan(&sealed) }))
		if bytes.Contains(sealed, []byte("ada@")) {
			t.Error("the file lies in the clear")
		}
		back, err := io.ReadAll(io.NewSectionReader(h.kept(ctx, u), 0, u.Size))
		if err != nil || string(back) != text {
			t.Errorf("read back %d bytes, %v", len(back), err)
		}
		h.clock.(*clock.Fake).Advance(23 * time.Hour)
		h.must(h.forget(ctx))
		if n := h.number("select count(*) from upload_part"); n < 3 {
			t.Error("the file went before its day was over")
		}
		h.clock.(*clock.Fake).Advance(2 * time.Hour)
		h.must(h.forget(ctx))
		if u, err := h.Upload(ctx, u.ID); err != nil || u.State != Expired || h.number("select count(*) from upload_part") != 0 {
			t.Errorf("a day later: %+v, %v", u, err)
		}
		h.clock.(*clock.Fake).Advance(keepReport)
		h.must(h.forget(ctx))
		if _, err := h.Upload(ctx, u.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("a month later: %v", err)
		}
	})
}

// A file that does not come to its end leaves nothing, and may be sent again.
func TestAFileIsWholeOrNotThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h, ctx := newHouse(t, d), context.Background()
		u, err := h.Begin(ctx, people, "staff:test")
		h.must(err)
		cut := io.MultiReader(strings.NewReader(strings.Repeat("x", partSize+1)), iotest.ErrReader(errors.New("connection lost")))
		if _, err := h.AddFile(ctx, u.ID, cut); errs.CodeOf(err) != "body_cut" {
			t.Errorf("cut off: %v", err)
		}
		if n := h.number("select count(*) from upload_part"); n != 0 {
			t.Errorf("%d parts are left", n)
		}
		if u, err = h.AddFile(ctx, u.ID, strings.NewReader("id;mail;land\n")); err != nil || u.State != Whole {
			t.Errorf("sent again: %+v, %v", u, err)
		}
	})
}
