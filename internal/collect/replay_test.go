package collect

import (
	"context"
	"testing"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
)

// What a source got wrong is taken once the charter is mended, once, at its own
// time; what is still wrong stays.
func TestReplayTakesWhatIsInOrderNow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		s, key := h.source(Source{})
		h.ok("/v1/track", key, `{"userId":"1","messageId":"m1","event":"Order Completed","timestamp":"2026-11-20T10:00:00Z","properties":{"order_id":"A-1","value":12.5,"currency":"EUR","family":"tea"}}`)
		h.ok("/v1/track", key, `{"userId":"1","messageId":"m2","event":"Order Completed","properties":{"order_id":"A-2","value":"a lot","currency":"EUR"}}`)
		h.ok("/v1/identify", key, `{"userId":"2","traits":{"roast":"burnt"}}`)
		if n := h.rows("quarantine"); n != 3 {
			t.Fatalf("%d in quarantine", n)
		}
		got, err := h.Replay(context.Background(), s.ID)
		h.must(err)
		if got != (Replayed{Kept: 3}) || h.rows("quarantine") != 3 {
			t.Errorf("nothing was mended: %+v", got)
		}
		h.apply("coffee: [beans, capsules]", "coffee: [beans, capsules, tea]", "of: [light, medium, dark]", "of: [light, medium, dark, burnt]")
		got, err = h.Replay(context.Background(), s.ID)
		h.must(err)
		if got != (Replayed{Taken: 2, Kept: 1}) || h.rows("quarantine") != 1 || h.rows("event") != 1 {
			t.Errorf("mended: %+v, %d held, %d events", got, h.rows("quarantine"), h.rows("event"))
		}
		if len(h.who(customer.UserID("shop", "2"))) != 1 {
			t.Error("the person of the trait is not there")
		}
		h.ok("/v1/track", key, `{"userId":"1","messageId":"m1","event":"Order Completed","timestamp":"2026-11-20T10:00:00Z","properties":{"order_id":"A-1","value":12.5,"currency":"EUR","family":"tea"}}`)
		if n := h.rows("event"); n != 1 {
			t.Errorf("%d events after the client sent it again", n)
		}
		if _, err := h.Replay(context.Background(), id.New[id.Source]()); !errs.Is(err, errs.NotFound) {
			t.Errorf("an unknown source: %v", err)
		}
	})
}
