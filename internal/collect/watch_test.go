package collect

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"candor/internal/db"
	"candor/internal/db/dbtest"
)

// Whoever looks at a source sees what arrives by its names, and what became of it;
// nothing is kept of what arrives while nobody looks.
func TestWhatArrivesIsSeenByItsNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		s, key := h.source(Source{})
		h.ok("/v1/identify", key, `{"userId":"unseen","traits":{"roast":"dark"}}`)
		if seen, _ := h.Watch(s.ID); len(seen) != 0 {
			t.Fatalf("kept while nobody looked: %+v", seen)
		}
		_, news := h.Watch(s.ID)
		h.ok("/v1/track", key, `{"userId":"1","messageId":"m1","event":"Order Completed","properties":{"order_id":"A-1","value":12.5,"currency":"EUR","shoe_size":43,"ada@example.com":1}}`)
		select {
		case <-news:
		default:
			t.Error("nobody was told")
		}
		h.ok("/v1/track", key, `{"userId":"1","messageId":"m2","event":"Order Completed","properties":{"order_id":"A-2","value":"a lot","currency":"EUR"}}`)
		h.ok("/v1/track", key, `{"userId":"1","event":"Shoe Tried","properties":{"shoe_size":43}}`)
		seen, _ := h.Watch(s.ID)
		if len(seen) != 3 || seen[0].Outcome != SeenLeft || seen[1].Outcome != SeenHeld || seen[2].Outcome != SeenTaken {
			t.Fatalf("%+v", seen)
		}
		if one := seen[2]; one.Event != "Order Completed" || strings.Join(one.Kept, " ") != "currency order_id value" || strings.Join(one.Dropped, " ") != Other+" shoe_size" {
			t.Errorf("%+v", one)
		}
		for _, value := range []string{"ada@", "A-1", "43", "12.5", "a lot"} {
			if strings.Contains(fmt.Sprintf("%+v", seen), value) {
				t.Errorf("the value %s is kept", value)
			}
		}
		h.clock.Advance(watchFor + time.Second)
		h.ok("/v1/track", key, `{"userId":"1","messageId":"m3","event":"Order Completed","properties":{"order_id":"A-3","value":1,"currency":"EUR"}}`)
		if seen, _ := h.Watch(s.ID); len(seen) != 0 {
			t.Errorf("kept after nobody had looked for long: %d", len(seen))
		}
	})
}
