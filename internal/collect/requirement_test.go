package collect

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/SirDataFR/iabtcfv2"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/gate"
	"candor/internal/signal"
	"candor/internal/term"
)

const storeFinder = `  store_finder:
    title: {en: Find a shop, de: Laden finden}
    about: {en: We show the nearest shop and mail you the way., de: Wir zeigen den nächsten Laden und mailen den Weg.}
    basis: consent
    uses: {email: the way by mail, lat: the nearest shop}
    keep: 13 months after collection
    owner: shops

personalisation:`

const latField = `  lat: {kind: location, keep_in: trait, title: {en: Where you are, de: Wo Sie sind}, from: [signup]}

events:`

// NOT-01: Given SDK key with no notice, When it posts an event, Then 403
// E_NO_NOTICE, nothing stored except a counter.
func TestNOT01_NoNoticeNothingStored(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		source, key, err := h.Sources().Create(context.Background(), Source{
			Name: "new site", Class: Server, Mode: Live, Controller: "halm", Namespace: "shop",
		})
		h.must(err)
		before := h.everything()
		body := `{"userId":"1001","event":"Order Completed","properties":{"order_id":"A-1","value":12.5}}`
		h.refused(http.StatusForbidden, "E_NO_NOTICE", "/v1/track", key, body)
		h.refused(http.StatusForbidden, "E_NO_NOTICE", "/v1/identify", key, `{"userId":"1001","traits":{"email":"ada@example.com"}}`, "Sec-GPC", "1")
		h.refused(http.StatusForbidden, "E_NO_NOTICE", "/v1/batch", "", `{"writeKey":"`+key+`","batch":[{"type":"track","userId":"1","event":"x"}]}`)
		if n := h.counted(source.ID, Refused, "E_NO_NOTICE"); n != 3 {
			t.Errorf("counter is %d, want 3", n)
		}
		after := h.everything()
		if n := after["source_count"] - before["source_count"]; n != 1 {
			t.Errorf("%d counters for it", n)
		}
		delete(before, "source_count")
		delete(after, "source_count")
		for table, n := range after {
			if n != before[table] {
				t.Errorf("table %s grew from %d to %d rows", table, before[table], n)
			}
		}
		h.must(h.Sources().BindNotice(context.Background(), source.ID, h.current().Version))
		h.ok("/v1/track", key, body)
		if n := h.rows("event"); n != 1 {
			t.Errorf("%d events after the notice was bound", n)
		}
	})
}

// everything counts the rows of every table.
func (h *house) everything() map[string]int64 {
	h.t.Helper()
	query := `select name from sqlite_master where type = 'table' and name not like 'sqlite%' order by name`
	if h.db.Dialect() == db.Postgres {
		query = `select table_name from information_schema.tables where table_schema = 'public' order by table_name`
	}
	var names []string
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) error {
		rows, err := tx.Query(query)
		names, err = db.Collect(rows, err, func(scan db.Scan) (s string, err error) { return s, scan(&s) })
		return err
	}))
	out := map[string]int64{}
	for _, n := range names {
		out[n] = h.rows(n)
	}
	return out
}

// MIN-02: Given event {email, ssn, lat:52.520008} under purpose store_finder,
// Then stored {email, lat:52.5}, counter dropped.ssn=1, value of ssn nowhere
// incl. logs.
func TestMIN02_OnlyDeclaredAndCoarse(t *testing.T) {
	const ssn = "078-05-1120"
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d, "\nevents:", latField, "\npersonalisation:", storeFinder)
		source, key := h.source(Source{})
		h.ok("/v1/identify", key, `{"userId":"1001","traits":{"email":"ada@example.com","ssn":"`+ssn+`","lat":52.520008}}`)
		h.ok("/v1/identify", key, `{"userId":"1002","traits":{"country":"Germany `+ssn+`","ssn":"`+ssn+`"}}`) // to quarantine
		h.refused(http.StatusBadRequest, "json_duplicate_key", "/v1/track", key, `{"userId":"1001","event":"x","ssn":"`+ssn+`","SSN":"`+ssn+`"}`)
		held := h.heldBy("1001")
		if len(held) != 2 || held["email"] != "ada@example.com" || held["lat"] != "52.5" {
			t.Errorf("stored %v, want email and lat 52.5", held)
		}
		if n := h.counted(source.ID, Dropped, "ssn"); n != 2 {
			t.Errorf("dropped.ssn = %d, want one for each of two messages", n)
		}
		for table := range h.everything() {
			if where := h.find(table, ssn, "52.520008"); where != "" {
				t.Errorf("found what must not be stored in %s", where)
			}
		}
		if s := h.log.String(); strings.Contains(s, ssn) || strings.Contains(s, "ada@") {
			t.Errorf("the log tells: %s", s)
		}
	})
}

// heldBy gives what is held about the customer with a user id, vault and traits.
func (h *house) heldBy(user string) map[term.Field]string {
	h.t.Helper()
	c := h.customer(user)
	ctx, out := context.Background(), map[term.Field]string{}
	h.must(h.db.Write(ctx, func(tx *db.Tx) error {
		pass, decision, err := h.gate.Use(tx, gate.Request{Customer: c, Controller: "halm", Operation: term.Rights, Actor: term.ByCustomer})
		if err != nil {
			return err
		}
		if !decision.Allowed() {
			h.t.Fatalf("rights denied: %+v", decision.Reasons)
		}
		held, err := h.gate.Held(ctx, tx, pass)
		for _, v := range held {
			if out[v.Field] = v.Value.Reveal(); v.Trait != nil {
				out[v.Field] = fmt.Sprint(v.Trait)
			}
		}
		return err
	}))
	return out
}

// MIN-01: Given the last purpose using shoe_size is retired, Then ingestion
// strips it at once and stored values are gone by day 30.
func TestMIN01_RetiredFieldStrippedAndGone(t *testing.T) {
	const field = "  shoe_size: {kind: count, keep_in: trait, title: {en: Shoe size, de: Schuhgröße}, from: [signup]}\n  shoe_note: {kind: text, keep_in: vault, title: {en: About your shoes, de: Zu Ihren Schuhen}, from: [signup]}\n\nevents:"
	const purpose = "  shoes:\n    title: {en: Fit your shoes, de: Passende Schuhe}\n    about: {en: We find shoes that fit., de: Wir finden passende Schuhe.}\n    basis: consent\n    uses: {shoe_size: the fit, shoe_note: the fit}\n    keep: 24 months after collection\n    owner: shoes\n\npersonalisation:"
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d, "\nevents:", field, "\npersonalisation:", purpose)
		ctx := context.Background()
		source, key := h.source(Source{})
		body := `{"userId":"1001","traits":{"email":"ada@example.com","shoe_size":43,"shoe_note":"wide"}}`
		h.ok("/v1/identify", key, body)
		if held := h.heldBy("1001"); held["shoe_size"] != "43" || held["shoe_note"] != "wide" {
			t.Fatalf("before: %v", held)
		}
		h.drain(ctx)
		h.clock.Advance(24 * time.Hour)
		h.apply()
		retired := h.clock.Now()
		h.ok("/v1/identify", key, strings.ReplaceAll(strings.ReplaceAll(body, "1001", "1002"), "ada@", "bob@"))
		if held := h.heldBy("1002"); len(held) != 1 || held["email"] == "" {
			t.Errorf("after the purpose was retired still taken: %v", held)
		}
		if n := h.counted(source.ID, Dropped, "shoe_size"); n != 1 {
			t.Errorf("dropped.shoe_size = %d", n)
		}
		gone := time.Duration(0)
		for day := 1; day <= 30; day++ {
			h.clock.Set(retired.Add(time.Duration(day) * 24 * time.Hour))
			h.drain(ctx)
			if held := h.heldBy("1001"); held["shoe_size"] == "" && held["shoe_note"] == "" {
				gone = time.Duration(day) * 24 * time.Hour
				break
			}
		}
		if gone == 0 {
			t.Fatal("values outlive day 30")
		}
		if held := h.heldBy("1001"); held["email"] != "ada@example.com" {
			t.Errorf("what is still needed went too: %v", held)
		}
	})
}

// SIG-01: Header Sec-GPC: 1 → opt-out record source gpc, no third-party tag
// emitted; Sec-GPC: 0 or none → no record.
func TestSIG01_OnlyOneCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		_, public := h.browser()
		_, server := h.source(Source{})
		view := func(device string) string {
			return `{"anonymousId":"` + device + `","type":"track","event":"Product Viewed","properties":{"family":"beans"}}`
		}
		for i, path := range []string{"/v1/track", "/t", "/v1/t"} {
			for _, c := range []struct {
				value string
				want  int
			}{{"", 0}, {"0", 0}, {"true", 0}, {"1", 1}} {
				device := "device-" + c.value + "-" + string(rune('a'+i))
				headers := []string{"Origin", home}
				if c.value != "" {
					headers = append(headers, "Sec-GPC", c.value)
				}
				h.ok(path, public, view(device), headers...)
				if got := h.signals(device); got != c.want {
					t.Errorf("%s with Sec-GPC %q: %d opt-out records, want %d", path, c.value, got, c.want)
				}
				h.ok(path, public, view(device), headers...)
				if got := h.signals(device); got != c.want {
					t.Errorf("%s with Sec-GPC %q twice: %d opt-out records, want %d", path, c.value, got, c.want)
				}
			}
		}
		// A call that carries nothing else still carries the signal.
		h.ok("/p", public, `{"anonymousId":"device-page-1"}`, "Origin", home, "Sec-GPC", "1")
		h.ok("/v1/batch", server, `{"batch":[`+view("device-batch-1")+`]}`, "Sec-GPC", "1")
		for _, device := range []string{"device-page-1", "device-batch-1"} {
			if got := h.signals(device); got != 1 {
				t.Errorf("%s: %d opt-out records", device, got)
			}
		}
		// The answer carries nothing that a page would load from others.
		w := h.get("/v1/projects/"+public+"/settings", "Origin", home, "Sec-GPC", "1")
		if s := w.Body.String(); strings.Count(s, "://") > 0 || !strings.Contains(s, `"remotePlugins":[]`) {
			t.Errorf("settings point elsewhere: %s", s)
		}
	})
}

// tcString writes a TC string as a consent tool would: which purposes of the
// framework are allowed, and on which day the person said so.
func tcString(day time.Time, consent ...int) string {
	bits := map[int]bool{}
	for _, n := range consent {
		bits[n] = true
	}
	return (&iabtcfv2.TCData{
		CoreString: &iabtcfv2.CoreString{Version: 2, Created: day, LastUpdated: day, CmpId: 92, CmpVersion: 1, ConsentLanguage: "DE", VendorListVersion: 40,
			TcfPolicyVersion: 5, PurposesConsent: bits, PublisherCC: "DE"},
		DisclosedVendors: &iabtcfv2.DisclosedVendors{SegmentType: 1, MaxVendorId: 8, DisclosedVendors: map[int]bool{8: true}},
	}).ToTCString()
}

// SIG-03: the inputs of a page are resolved by the declared order: GPC and an opt-out
// before TCF, a choice of the person's own before a string when it is later. Only
// a no has an effect, on the device alone, and what lost is kept with it. A string
// that cannot be read changes nothing and says so.
func TestSIG03_InputsOfAPageAreResolvedAndTheLosersKept(t *testing.T) {
	const mapped = "    signals: {tcf: [1, 4], us: [targeted advertising]}\n    owner: marketing\n"
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d, "    owner: marketing\n", mapped, "\ncaps:", "\nsignals: [explicit, tcf, gpp, gpc]\ncaps:")
		source, key := h.browser()
		view := func(device, context string) string {
			return `{"anonymousId":"` + device + `","type":"track","event":"Product Viewed","properties":{"family":"beans"},"context":` + context + `}`
		}
		strings := func(tcf, gpp string) string {
			return `{"consent":{"tcString":"` + tcf + `","gppString":"` + gpp + `"}}`
		}
		last := func(device string) consent.Record {
			got := h.recordsOf(h.visitor(device))
			if len(got) == 0 {
				return consent.Record{}
			}
			return got[len(got)-1]
		}
		day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
		yes, no := tcString(day, 1, 4), tcString(day, 1)

		h.ok("/t", key, view("device-yes", strings(yes, "")), "Origin", home)
		if got := h.recordsOf(h.visitor("device-yes")); len(got) != 0 {
			t.Errorf("a yes of a consent tool made %d records", len(got))
		}
		h.ok("/t", key, view("device-no", strings(no, "")), "Origin", home)
		if r := last("device-no"); r.Kind != consent.Refused || r.Purpose != "letter" || r.Source != "tcf" || r.Method != consent.BySignal || len(r.Overruled) != 0 {
			t.Errorf("a no made %+v", r)
		}
		h.ok("/t", key, view("device-no", strings(no, "")), "Origin", home)
		if got := len(h.recordsOf(h.visitor("device-no"))); got != 1 {
			t.Errorf("the same string on the next page made record %d", got)
		}

		// An opt-out of an American law beats the framework's yes whatever the house
		// declares, and is one.
		const optedOut, didNot = "DBABVg~BVVVVVVg", "DBABBg~BVqqqqpY"
		h.ok("/t", key, view("device-gpp", strings(yes, optedOut)), "Origin", home)
		r := last("device-gpp")
		if r.Kind != consent.Refused || r.Source != "gpp" || len(r.Overruled) != 1 || r.Overruled[0].From != signal.ByTCF || r.Overruled[0].Says != signal.Yes {
			t.Errorf("an opt-out against a yes made %+v", r)
		}
		if n := h.optOuts("device-gpp", "gpp"); n != 1 {
			t.Errorf("%d opt-outs of sale and sharing", n)
		}
		if n := h.optOuts("device-yes", "gpp"); n != 0 {
			t.Error("an opt-out where nobody opted out")
		}
		h.ok("/t", key, view("device-calm", strings(yes, didNot)), "Origin", home)
		if got := h.recordsOf(h.visitor("device-calm")); len(got) != 0 {
			t.Errorf("nobody opted out, and there are %+v", got)
		}
		// So does the browser's own signal.
		h.ok("/t", key, view("device-gpc", strings(yes, "")), "Origin", home, "Sec-GPC", "1")
		if r := last("device-gpc"); r.Source != "gpc" || len(r.Overruled) != 1 || h.signals("device-gpc") != 1 {
			t.Errorf("the browser's signal made %+v", r)
		}
		// What lost is with the device's facts too, and read back unchanged.
		kept := ""
		for _, f := range h.facts(h.visitor("device-gpp")) {
			if f.Kind == customer.Signal && f.Value() == "tcf" {
				kept = f.Detail["yes"] + " " + f.Detail["overruled"] + " " + f.Detail["updated"]
			}
		}
		if kept != "letter letter 2026-11-20" || consent.Verify(h.recordsOf(h.visitor("device-gpp"))) != 0 {
			t.Errorf("kept of the string that lost: %q", kept)
		}

		h.ownChoice(key, func(tcf, gpp string) string { return view("device-no", strings(tcf, gpp)) }, day)

		// RudderStack's shape, and Segment's: the person's own no beats a yes of a string.
		h.ok("/t", key, view("device-own", `{"consent":{"tcString":"`+yes+`"},"consentManagement":{"provider":"custom","resolutionStrategy":"and","allowedConsentIds":["orders"],"deniedConsentIds":["letter"]}}`), "Origin", home)
		if r := last("device-own"); r.Source != "signal" || len(r.Overruled) != 1 {
			t.Errorf("a denied category made %+v", r)
		}

		// What cannot be read is refused with its reason; nothing of it is stored.
		before := h.rows("event")
		h.refused(http.StatusBadRequest, "bad_tcf", "/t", key, view("device-bad", strings("COxR03k", "")), "Origin", home)
		h.refused(http.StatusBadRequest, "bad_gpp", "/t", key, view("device-bad", strings("", "DBABBg~BV")), "Origin", home)
		h.ok("/b", key, `{"batch":[`+view("device-good", `{}`)+`,`+view("device-bad", strings("COxR03k", ""))+`]}`, "Origin", home)
		if n := h.counted(source.ID, Refused, "bad_tcf"); h.visitor("device-bad") != 0 || n != 2 || h.rows("event") != before+1 {
			t.Errorf("a broken string: %d counted, %d events", n, h.rows("event")-before)
		}
	})
}

// optOuts counts the opt-outs of a device that came by one kind of input.
func (h *house) optOuts(device, source string) (n int) {
	h.t.Helper()
	for _, f := range h.facts(h.visitor(device)) {
		if f.Kind == customer.GPC && f.Source == source && f.Value() == customer.On {
			n++
		}
	}
	return n
}

// ownChoice: a later choice of one's own stands against the same string, and
// against one of an earlier day; a string of a later day lowers again.
func (h *house) ownChoice(key string, view func(tcf, gpp string) string, day time.Time) {
	h.t.Helper()
	who := h.visitor("device-no")
	last := func() consent.Record {
		list := h.recordsOf(who)
		return list[len(list)-1]
	}
	agree := func() {
		h.clock.Advance(time.Hour)
		h.must(h.db.Write(context.Background(), func(tx *db.Tx) error {
			_, _, err := h.gate.Record(tx, consent.Act{Customer: who, Purpose: "letter", Kind: consent.Given, Method: consent.ByPortal, Lang: "en",
				ControlDefault: consent.Unset, Action: consent.Tick, Strength: consent.Documented, Actor: term.ByCustomer})
			return err
		}))
	}
	agree()
	h.clock.Advance(time.Hour)
	h.ok("/t", key, view(tcString(day, 1), ""), "Origin", home)
	h.ok("/t", key, view(tcString(day.AddDate(0, 0, 1), 1), ""), "Origin", home)
	if r := last(); r.Kind != consent.Given {
		h.t.Errorf("an earlier string undid a later choice: %+v", r)
	}
	h.clock.Advance(24 * time.Hour)
	h.ok("/t", key, view(tcString(h.clock.Now().Time(), 1), ""), "Origin", home)
	if r := last(); r.Kind != consent.Refused || len(r.Overruled) != 1 || r.Overruled[0].From != signal.Explicit {
		h.t.Errorf("a later string: %+v", r)
	}
	const optedOut = "DBABVg~BVVVVVVg"
	h.ok("/t", key, view("", optedOut), "Origin", home)
	agree()
	h.clock.Advance(time.Hour)
	h.ok("/t", key, view("", optedOut), "Origin", home)
	if r := last(); r.Kind != consent.Given {
		h.t.Errorf("the opt-out that was heard before undid a later choice: %+v", r)
	}
}
