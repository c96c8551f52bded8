package collect

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/term"
)

func TestKeysAreFoundWhereClientsPutThem(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	source, key := h.source(Source{})
	body := func(k string) string {
		return `{"writeKey":"` + k + `","userId":"1001","event":"Product Viewed"}`
	}
	h.ok("/v1/track", key, body(""))
	h.ok("/v1/track", "", body(key))
	h.ok("/v1/track", "", body(""), "X-Write-Key", key)
	h.refused(401, "no_key", "/v1/track", "", body(""))
	h.refused(401, "unknown_key", "/v1/track", "server_live_guess", body(key))
	h.refused(401, "unknown_key", "/v1/track", "", body("x"))
	h.must(h.Sources().Revoke(context.Background(), source.ID))
	h.refused(403, "key_revoked", "/v1/track", key, body(""))
}

func TestRequestsThatMustNotBeSentAgain(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	_, key := h.source(Source{})
	event := func(props string) string { return `{"userId":"1","event":"Product Viewed","properties":` + props + `}` }
	for name, c := range map[string]struct {
		status     int
		code       string
		path, body string
	}{
		"empty":                  {400, "json_malformed", "/v1/track", ""},
		"truncated":              {400, "json_malformed", "/v1/track", `{"userId":"1","event":"x"`},
		"not an object":          {400, "json_malformed", "/v1/track", `"track"`},
		"UTF-16":                 {400, "json_not_utf8", "/v1/track", "\xff\xfe{\x00}\x00"},
		"case variant":           {400, "json_duplicate_key", "/v1/track", `{"userId":"1","userid":"2","event":"x"}`},
		"deeply nested":          {400, "json_too_deep", "/v1/track", event(strings.Repeat(`{"a":`, 900) + "1" + strings.Repeat("}", 900))},
		"NUL":                    {400, "json_nul", "/v1/track", event(`{"family":"a\u0000"}`)},
		"large event":            {413, "event_too_large", "/v1/track", event(`"` + strings.Repeat("x", MaxEvent) + `"`)},
		"large batch":            {413, "body_too_large", "/v1/batch", `{"batch":[` + strings.Repeat(" ", MaxBatch) + `]}`},
		"batch is an object":     {400, "message_shape", "/v1/batch", `{"batch":{}}`},
		"no batch":               {400, "message_shape", "/v1/batch", `{}`},
		"all of a batch is bad":  {400, "message_type", "/v1/batch", `{"batch":[{"type":"x","userId":"1"},{}]}`},
		"undefined, and no more": {400, "message_nobody", "/v1/identify", `{"userId":"undefined"}`},
		"an object's text":       {400, "message_nobody", "/v1/identify", `{"userId":"[object Object]"}`},
	} {
		t.Run(name, func(t *testing.T) { h.refused(c.status, c.code, c.path, key, c.body) })
	}
	if n := h.rows("customer"); n != 0 {
		t.Errorf("%d customers were made of it", n)
	}
}

// TestBatch shows that one bad message does not spoil the others, that order and
// delay do not matter, and that the same message counts once.
func TestBatch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		source, key := h.source(Source{})
		order := func(id, at string, value string) string {
			return fmt.Sprintf(`{"type":"track","messageId":"m%s","userId":"1001","event":"Order Completed","timestamp":"%s","properties":{"order_id":"A-%s","value":%s,"currency":"EUR","family":"beans","x":1}}`, id, at, id, value)
		}
		body := `{"sentAt":"2026-11-23T12:00:00Z","batch":[` + strings.Join([]string{
			order("2", "2026-11-20T10:00:00Z", "20.5"),
			order("1", "2026-11-19T10:00:00Z", "10"),
			`{"type":"track","userId":"1001","userID":"x","event":"Order Completed"}`,
			order("3", "2026-11-21T10:00:00Z", `"much"`),
			order("2", "2026-11-20T10:00:00Z", "20.5"),
			order("4", "2026-11-24T10:00:00Z", "40"),
		}, ",") + `]}`
		for range 2 {
			h.ok("/v1/batch", key, string(zip(t, []byte(body))), "Content-Encoding", "gzip", "Content-Type", "application/x-www-form-urlencoded")
		}
		got := h.events(h.customer("1001"))
		if len(got) != 3 {
			t.Fatalf("%d events, want 3", len(got))
		}
		for i, want := range []struct {
			amount int64
			at     string
		}{{4000, "2026-11-23T12:00:00Z"}, {2050, "2026-11-20T10:00:00Z"}, {1000, "2026-11-19T10:00:00Z"}} {
			if got[i].Amount != want.amount || got[i].OccurredAt.String() != want.at || got[i].Currency != "EUR" || got[i].Family != "coffee" {
				t.Errorf("event %d: %+v", i, got[i])
			}
		}
		for _, c := range []struct {
			kind CountKind
			name string
			want int64
		}{{Refused, "json_duplicate_key", 2}, {Quarantined, "bad_value", 2}, {Duplicate, "", 5}, {Dropped, "x", 8}} {
			if n := h.counted(source.ID, c.kind, c.name); n < c.want {
				t.Errorf("%s %s = %d, want at least %d", c.kind, c.name, n, c.want)
			}
		}
	})
}

func TestSameMessageOfAnotherCustomerIsAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		_, key := h.source(Source{})
		for _, user := range []string{"1001", "1002", "1001"} {
			h.ok("/v1/track", key, `{"messageId":"same","userId":"`+user+`","event":"Product Viewed"}`)
		}
		if n := h.rows("event"); n != 2 {
			t.Errorf("%d events, want 2", n)
		}
	})
}

func TestVisitorBecomesCustomer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		_, key := h.source(Source{})
		h.ok("/v1/track", key, `{"anonymousId":"device-0001","event":"Product Viewed","messageId":"v1"}`)
		h.ok("/v1/track", key, `{"anonymousId":"device-0002","event":"Product Viewed","messageId":"v2"}`)
		h.ok("/v1/identify", key, `{"anonymousId":"device-0001","userId":"1001"}`)
		h.ok("/v1/alias", key, `{"previousId":"device-0002","userId":"1001"}`)
		ada := h.customer("1001")
		if n := len(h.events(ada)); n != 2 {
			t.Errorf("%d events of the visits are hers, want 2", n)
		}
		h.ok("/v1/identify", key, `{"userId":"1002"}`)
		h.ok("/v1/alias", key, `{"previousId":"1002","userId":"1001"}`)
		h.ok("/v1/identify", key, `{"anonymousId":"device-0001","userId":"1002"}`)
		if h.customer("1002") == h.customer("1001") {
			t.Error("two customers became one")
		}
		for _, nobody := range []string{"undefined", "null", "[object Object]", "NaN", "0", ""} {
			h.ok("/v1/track", key, `{"userId":"`+nobody+`","anonymousId":"device-0003","event":"Product Viewed","messageId":"n`+nobody+`"}`)
		}
		if n := len(h.events(h.visitor("device-0003"))); n != 6 {
			t.Errorf("%d events of the visitor, want 6", n)
		}
	})
}

func TestQuarantineShowsNoValues(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		source, key := h.source(Source{})
		h.ok("/v1/identify", key, `{"userId":"1001","traits":{"email":"ada@example.com","country":"Deutschland","undeclared":"secret"}}`)
		ctx := context.Background()
		var list []Held
		read := func() {
			h.must(h.db.Read(ctx, func(tx *db.Tx) (err error) {
				list, err = h.Quarantine(tx, source.ID, 0, 10)
				return err
			}))
		}
		if read(); len(list) != 1 || list[0].Reason != "bad_value" || list[0].Field != "country" || list[0].Size == 0 {
			t.Fatalf("quarantine holds %+v", list)
		}
		if where := h.find("quarantine", "ada@", "Deutschland", "secret"); where != "" {
			t.Errorf("in clear in %s", where)
		}
		var keyID int64
		var sealed []byte
		h.must(h.db.Read(ctx, func(tx *db.Tx) error {
			return tx.QueryRow(`select key_id, body from quarantine`).Scan(&keyID, &sealed)
		}))
		body, err := openHeld(h.ring, keyID, list[0].ID, sealed)
		if err != nil || !bytes.Contains(body, []byte("Deutschland")) || bytes.Contains(body, []byte("secret")) {
			t.Errorf("opened: %s, %v", body, err)
		}
		if _, err := openHeld(h.ring, keyID, list[0].ID+1, sealed); err == nil {
			t.Error("a row opens under another's id")
		}
		if n := h.rows("customer"); n != 0 {
			t.Errorf("half of the message was taken: %d customers", n)
		}
		h.drain(ctx)
		h.clock.Advance(KeepQuarantine + 25*time.Hour)
		h.drain(ctx)
		if read(); len(list) != 0 {
			t.Error("still there after its time")
		}
	})
}

func TestTooManyIsToldWhenToComeBack(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	_, key := h.browser()
	body := `{"anonymousId":"device-0001","event":"Product Viewed"}`
	var w = h.send("/t", key, body, "Origin", home)
	for i := 0; w.Code == http.StatusOK && i < 1000; i++ {
		w = h.send("/t", key, body, "Origin", home)
	}
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
		t.Fatalf("after many: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	if w.Header().Get("Access-Control-Allow-Origin") != home {
		t.Error("the browser may not read the answer")
	}
	h.clock.Advance(2 * time.Second)
	h.ok("/t", key, body, "Origin", home)
	for range 2000 {
		w = h.send("/t", "guess", body, "Origin", home)
	}
	if w.Code != http.StatusTooManyRequests {
		t.Errorf("2000 guesses of a key: %d", w.Code)
	}
}

func TestTestKeysStoreNothing(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	source, key := h.source(Source{Mode: Test})
	h.ok("/v1/track", key, `{"userId":"1001","event":"Product Viewed"}`)
	h.ok("/v1/identify", key, `{"userId":"1001","traits":{"country":"nowhere"}}`)
	h.refused(400, "message_nobody", "/v1/track", key, `{"event":"x"}`)
	if n := h.rows("customer") + h.rows("event") + h.rows("quarantine"); n != 0 {
		t.Errorf("%d rows", n)
	}
	if n := h.counted(source.ID, NotStored, ""); n != 2 {
		t.Errorf("counted %d, want 2", n)
	}
}

func TestSourcesAreChecked(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	good := Source{Name: "x", Class: Public, Mode: Live, Controller: "halm", Origins: []string{"https://Shop.example:443"}}
	for name, change := range map[string]func(*Source){
		"no name":            func(s *Source) { s.Name = "" },
		"no class":           func(s *Source) { s.Class = "" },
		"no origin":          func(s *Source) { s.Origins = nil },
		"a wildcard":         func(s *Source) { s.Origins = []string{"https://*.example"} },
		"an address":         func(s *Source) { s.Origins = []string{"https://shop.example/cart"} },
		"plain http":         func(s *Source) { s.Origins = []string{"http://shop.example"} },
		"null":               func(s *Source) { s.Origins = []string{"null"} },
		"server in browsers": func(s *Source) { s.Class = Server },
		"nobody's":           func(s *Source) { s.Controller = "" },
	} {
		s := good
		change(&s)
		if _, _, err := h.Sources().Create(context.Background(), s); err == nil {
			t.Errorf("%s was made", name)
		}
	}
	made, key, err := h.Sources().Create(context.Background(), good)
	h.must(err)
	if made.Origins[0] != "https://shop.example" || !strings.HasPrefix(key, "public_live_") || len(key) < 40 {
		t.Errorf("made %+v with a key of %d letters", made, len(key))
	}
	if where := h.find("source", key, key[12:]); where != "" {
		t.Errorf("the key is stored in %s", where)
	}
	if err := h.Sources().BindNotice(context.Background(), made.ID, 99); err == nil {
		t.Error("a notice that does not exist was bound")
	}
}

func TestSourceListIsAllowList(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	source, key := h.source(Source{Events: []term.Event{"Product Viewed"}, Fields: []term.Field{"country"}})
	h.ok("/v1/track", key, `{"userId":"1001","event":"Order Completed","properties":{"order_id":"1"}}`)
	h.ok("/v1/identify", key, `{"userId":"1001","traits":{"email":"ada@example.com","country":"DE"}}`)
	if held := h.heldBy("1001"); len(held) != 1 || held["country"] != "DE" {
		t.Errorf("held %v", held)
	}
	if n := h.counted(source.ID, DroppedEvent, "Order Completed"); n != 1 {
		t.Errorf("dropped %d orders", n)
	}
}
