package collect

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
)

// TestBrowserKeyGivesNothing is somebody with nothing but the key that stands in
// the website's source.
func TestBrowserKeyGivesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		_, server := h.source(Source{})
		source, key := h.browser()
		web := []string{"Origin", home}

		// Ada is known, with an address, an order and a device.
		h.ok("/v1/batch", server, `{"batch":[
			{"type":"identify","userId":"1001","anonymousId":"adas-device-1","traits":{"email":"ada@example.com","country":"DE"}},
			{"type":"track","userId":"1001","event":"Order Completed","messageId":"o1","properties":{"order_id":"A-1","value":10,"family":"beans"}}]}`)
		ada := h.customer("1001")
		type state struct {
			held    string
			events  int
			facts   int
			records int
			emails  int
		}
		look := func() state {
			held := h.heldBy("1001")
			return state{held["email"] + held["country"] + held["roast"], len(h.events(ada)), len(h.facts(ada)), len(h.records("1001")), len(h.who(customer.Email("mallory@example.com")))}
		}
		before := look()

		for name, c := range map[string]struct{ path, body string }{
			"overwrite the e-mail by user id": {"/i", `{"userId":"1001","anonymousId":"mallory-dev-1","traits":{"email":"mallory@example.com","country":"RU","roast":"dark"}}`},
			"overwrite it by address":         {"/i", `{"anonymousId":"mallory-dev-2","traits":{"email":"ada@example.com","country":"RU"}}`},
			"stitch a device into Ada":        {"/i", `{"userId":"1001","anonymousId":"mallory-dev-3"}`},
			"alias a device to Ada":           {"/a", `{"userId":"1001","previousId":"mallory-dev-4","anonymousId":"mallory-dev-4"}`},
			"alias Ada away":                  {"/a", `{"userId":"mallory","previousId":"1001","anonymousId":"mallory-dev-5"}`},
			"take over Ada's device":          {"/i", `{"userId":"mallory","anonymousId":"adas-device-1","traits":{"email":"mallory@example.com","country":"RU"}}`},
			"fake a purchase":                 {"/t", `{"userId":"1001","anonymousId":"mallory-dev-6","event":"Order Completed","properties":{"order_id":"F-1","value":99,"family":"beans"}}`},
			"fake a purchase on her device":   {"/t", `{"anonymousId":"adas-device-1","event":"Order Completed","properties":{"order_id":"F-2","value":99,"family":"beans"}}`},
			"fake one in a batch":             {"/b", `{"batch":[{"type":"track","userId":"1001","anonymousId":"mallory-dev-7","event":"Order Completed","properties":{"order_id":"F-3","value":9}}]}`},
			"forge a consent":                 {"/t", `{"userId":"1001","anonymousId":"mallory-dev-8","event":"Consent Given","properties":{"purpose":"letter"},"context":{"consent":{"categoryPreferences":{"letter":true,"orders":true}}}}`},
			"forge one on her device":         {"/i", `{"anonymousId":"adas-device-1","traits":{"letter":true,"consent":{"letter":"given"}},"context":{"consent":{"categoryPreferences":{"letter":true}}}}`},
			"speak for her without a device":  {"/i", `{"userId":"1001","traits":{"email":"mallory@example.com"}}`},
			"speak of somebody else":          {"/i", `{"userId":"4711","traits":{"email":"x@example.com"}}`},
		} {
			h.ok(c.path, key, c.body, web...)
			if after := look(); after != before {
				t.Errorf("%s: from %+v to %+v", name, before, after)
			}
			for _, dev := range []string{"mallory-dev-1", "mallory-dev-2", "mallory-dev-3", "mallory-dev-4", "mallory-dev-5", "mallory-dev-6", "mallory-dev-7", "mallory-dev-8"} {
				if h.visitor(dev) == ada {
					t.Fatalf("%s: %s is Ada's now", name, dev)
				}
			}
		}
		if n := h.counted(source.ID, DroppedEvent, "Order Completed"); n != 3 {
			t.Errorf("%d faked purchases dropped, want 3", n)
		}
	})
}

// TestAnswersDoNotTellWhoExists compares whole answers for a known and an
// unknown person.
func TestAnswersDoNotTellWhoExists(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	_, server := h.source(Source{})
	_, key := h.browser()
	h.ok("/v1/identify", server, `{"userId":"1001","traits":{"email":"ada@example.com"}}`)
	for _, body := range []string{
		`{"userId":"USER","anonymousId":"device-0001"}`, `{"userId":"USER"}`,
		`{"anonymousId":"device-0002","traits":{"email":"MAIL"}}`, `{"userId":"USER","traits":{"email":"MAIL"}}`,
	} {
		known := h.send("/i", key, strings.NewReplacer("USER", "1001", "MAIL", "ada@example.com").Replace(body), "Origin", home)
		other := h.send("/i", key, strings.NewReplacer("USER", "9009", "MAIL", "eve@example.com").Replace(body), "Origin", home)
		if known.Code != other.Code || known.Body.String() != other.Body.String() || len(known.Header()) != len(other.Header()) {
			t.Errorf("%s: %d %s, but %d %s", body, known.Code, known.Body, other.Code, other.Body)
		}
	}
}

func TestNamesCannotBePoisoned(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	source, key := h.browser()
	ctx := context.Background()
	h.ok("/i", key, `{"anonymousId":"device-0001","traits":{"ada@example.com":1,"4111111111111111":1,"<b>":1,"=1+1":1,"`+strings.Repeat("x", 200)+`":1,"fine":1}}`, "Origin", home)
	for i := range 12 {
		var traits []string
		for j := range 60 {
			traits = append(traits, `"p`+string(rune('a'+i))+string(rune('A'+j))+`":1`)
		}
		h.send("/i", key, `{"anonymousId":"device-0001","traits":{`+strings.Join(traits, ",")+`}}`, "Origin", home)
		h.must(h.Flush(ctx))
	}
	names := 0
	h.must(h.db.Read(ctx, func(tx *db.Tx) error {
		list, err := h.Counts(tx, source.ID)
		for _, c := range list {
			names++
			if c.Name != "" && c.Name != Other && (!identifier.MatchString(c.Name) || len(c.Name) > 64) {
				t.Errorf("kept the name %q", c.Name)
			}
		}
		return err
	}))
	if names > MaxNames+10 {
		t.Errorf("%d counters are kept", names)
	}
	if n := h.counted(source.ID, Dropped, Other); n < 5 {
		t.Errorf("%d under %s", n, Other)
	}
	if n := h.counted(source.ID, Dropped, "fine"); n != 1 {
		t.Errorf("dropped.fine = %d", n)
	}
}

func TestPublicKeysWorkAtHomeOnly(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	_, key := h.browser()
	_, server := h.source(Source{})
	body := `{"anonymousId":"device-0001","event":"Product Viewed"}`
	h.refused(http.StatusForbidden, "origin_not_allowed", "/t", key, body, "Origin", "https://evil.example")
	h.refused(http.StatusForbidden, "origin_not_allowed", "/t", key, body)
	h.refused(http.StatusForbidden, "origin_not_allowed", "/t", key, body, "Origin", "null")
	for origin, want := range map[string]string{home: home, "https://evil.example": "", "": "", home + ".evil.example": ""} {
		r := h.preflighted("/v1/t", origin)
		if got := r.Header().Get("Access-Control-Allow-Origin"); got != want || r.Code != http.StatusNoContent {
			t.Errorf("preflight from %q: %d %q", origin, r.Code, got)
		}
	}
	w := h.send("/t", key, body, "Origin", home)
	if w.Code != 200 || w.Header().Get("Access-Control-Allow-Origin") != home || w.Header().Get("Vary") != "Origin" {
		t.Errorf("at home: %d %v", w.Code, w.Header())
	}
	if w := h.send("/v1/track", server, body, "Origin", home); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("a browser may read answers to a server's key")
	}
	for _, k := range []string{server, "public_live_unknown", ""} {
		if w := h.get("/v1/projects/"+k+"/settings", "Origin", home); w.Code == http.StatusOK {
			t.Errorf("settings of %q are shown", k)
		}
	}
}

// TestConsentCategoriesOnlyLower shows that a page's consent tool can refuse on
// its device and do no more.
func TestConsentCategoriesOnlyLower(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		_, key := h.browser()
		event := func(device, prefs string) string {
			return `{"anonymousId":"` + device + `","event":"Product Viewed","context":{"consent":{"categoryPreferences":{` + prefs + `}}}}`
		}
		h.ok("/t", key, event("device-0001", `"letter":true`), "Origin", home)
		if got := h.recordsOf(h.visitor("device-0001")); len(got) != 0 {
			t.Errorf("a browser's yes made %d records", len(got))
		}
		h.ok("/t", key, event("device-0001", `"letter":false,"Advertising":false`), "Origin", home)
		got := h.recordsOf(h.visitor("device-0001"))
		if len(got) != 1 || got[0].Kind != consent.Refused || got[0].Purpose != "letter" {
			t.Fatalf("a refusal made %+v", got)
		}
		h.clock.Advance(time.Second)
		h.ok("/t", key, event("device-0001", `"letter":false`), "Origin", home)
		if got := h.recordsOf(h.visitor("device-0001")); len(got) != 1 {
			t.Errorf("the same refusal on the next page made a second record")
		}
	})
}
