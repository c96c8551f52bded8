package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/collect"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
)

// withAds adds a recipient that advertises across businesses.
var withAds = []string{"\nrecipients:", "\nrecipients:\n  ads: {name: Anzeigen AG, what: {en: shows our ads, de: zeigt unsere Anzeigen}, role: controller, country: DE, sharing: true, gets: {letter: [email]}}\n#"}

const (
	saleLink  = "Do Not Sell or Share My Personal Information"
	limitLink = "Limit the Use of My Sensitive Personal Information"
	honoured  = "Opt-out request honored"
	switchOff = `<input type="checkbox" role="switch" disabled>`
)

// opens gets a page, with the signal or without.
func (h *house) opens(path string, gpc bool) string {
	h.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Language", "en")
	r.Header.Set("Origin", "https://shop.example")
	if gpc {
		r.Header.Set("Sec-GPC", "1")
	}
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		h.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// foot reads the foot for a page of the shop's own.
func (h *house) foot(market string, gpc bool) (out struct {
	Links  []struct{ Text, URL string }
	Signal *struct{ Text, Toggle, Off string }
}) {
	h.t.Helper()
	h.must(json.Unmarshal([]byte(h.opens("/embed/footer.json?market="+market, gpc)), &out))
	return out
}

func (h *house) hasShop() {
	h.t.Helper()
	_, _, err := h.Collector.Sources().Create(ctx, collect.Source{Name: "website", Class: collect.Public, Mode: collect.Live, NoticeVersion: 1, Namespace: "shop", Controller: "halm", Origins: []string{"https://shop.example"}, Events: []term.Event{"Product Viewed"}})
	h.must(err)
}

// NOT-04: with a vendor that advertises across businesses the foot for
// California links to the opt-out, without one it does not; the same for
// sensitive data. The policy becomes a task after 11 months and red after 12.
func TestNOT04_CaliforniaLinksAndTheYearlyRenewal(t *testing.T) {
	linked := func(h *house, want string, has bool) {
		h.t.Helper()
		for _, page := range []string{"/f/signup", "/privacy", "/notice"} {
			if strings.Contains(h.opens(page, false), want) != has {
				h.t.Errorf("%s has %q: %v, want %v", page, want, !has, has)
			}
		}
		found := false
		for _, l := range h.foot("US-CA", false).Links {
			found = found || l.Text == want && strings.Contains(l.URL, "/privacy/opt-out")
		}
		if found != has {
			h.t.Errorf("the foot has %q: %v, want %v", want, found, has)
		}
		for _, l := range h.foot("EU", false).Links {
			if l.Text == want {
				h.t.Errorf("the foot for the EU has %q", want)
			}
		}
	}
	each(t, 0, func(t *testing.T, h *house) {
		h.hasShop()
		linked(h, saleLink, false)
		linked(h, limitLink, false)
		for _, at := range []struct {
			months, days int
			open, over   bool
		}{{10, 27, false, false}, {11, 0, true, false}, {11, 29, true, false}, {12, 0, true, true}, {20, 0, true, true}} {
			var due charter.Renewal
			h.must(h.DB.Read(ctx, func(tx *db.Tx) (err error) { due, err = h.Charter.Renewal(tx); return err }))
			zone, err := time.LoadLocation("Europe/Berlin")
			h.must(err)
			now := clock.DateOf(due.Renewed.In(zone)).AddMonths(at.months).AddDays(at.days).Start(zone)
			if due.Open(now) != at.open || due.Overdue(now) != at.over {
				t.Errorf("after %d months and %d days: open %v, overdue %v", at.months, at.days, due.Open(now), due.Overdue(now))
			}
		}
	})
	each(t, 0, func(_ *testing.T, h *house) {
		h.hasShop()
		linked(h, saleLink, true)
		linked(h, limitLink, true)
		c := buys(h.t, h.App, "ada@post.example")
		if w := visit(h.App, http.MethodPost, "/privacy/opt-out", url.Values{"email": {"ada@post.example"}}); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "You have opted out") {
			h.t.Errorf("opting out: %d", w.Code)
		}
		h.denies("sharing after the opt-out", h.shares(c, "letter", "ads"), errs.OptOutSale)
	}, append(withAds, "    of: [light, medium, dark]\n", "    of: [light, medium, dark]\n    sensitivity: revealing\n")...)
}

// SIG-04: a request with the signal is answered with the words and the switch in
// the position off, on every page, in the privacy centre and in the foot for
// pages of the shop's own; for a known person with the day.
func TestSIG04_ThePageShowsThatTheSignalIsHonoured(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		h.hasShop()
		c := h.reader("ada@post.example")
		way := "/privacy/c/" + message.Link{Scope: message.Choices, Customer: c, Controller: "halm", Channel: term.Email}.Seal(h.Ring)
		for _, page := range []string{"/f/signup", "/privacy", "/notice", way} {
			if body := h.opens(page, false); strings.Contains(body, honoured) {
				t.Errorf("%s tells of a signal that nobody sent", page)
			}
		}
		day := h.Clock.Now()
		for _, page := range []string{"/f/signup", "/privacy", "/notice", way} {
			body := h.opens(page, true)
			if strings.Count(body, honoured) != 1 || !strings.Contains(body, switchOff) || !strings.Contains(body, "Sale and sharing of your data: <strong>off</strong>") {
				t.Errorf("%s does not show that the signal is honoured", page)
			}
		}
		if s := h.foot("US-CA", true).Signal; s == nil || s.Text != honoured || s.Off != "off" || h.foot("US-CA", false).Signal != nil {
			t.Errorf("the foot: %+v", s)
		}
		h.clk.Set(h.clk.Now().Add(40 * 24 * time.Hour))
		body := h.opens(way, false) // the next visit comes without it
		if want := "since " + day.Time().Format("2 January 2006"); !strings.Contains(body, honoured) || !strings.Contains(body, switchOff) || !strings.Contains(body, want) {
			t.Errorf("a known person is not shown that it holds, %s", want)
		}
		if n := h.count("select count(*) from fact where customer_id = $1 and kind = 'gpc'", c); n != 1 {
			t.Errorf("%d records of the signal", n)
		}
	})
}

// SIG-03: who agreed to sharing on 1 January and whose browser signals on
// 1 February is opted out; only an agreement in two steps after that, to just
// that, restores, and no answer leaves the opt-out.
func TestSIG03_TheSignalWinsUntilTwoSteps(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		c := h.reader("ada@post.example")
		says := func(kind consent.Kind, how consent.Method, to term.Recipient) {
			h.t.Helper()
			h.write(func(tx *db.Tx) error {
				_, _, err := h.Gate.Record(tx, consent.Act{Customer: c, Purpose: "letter", Recipient: to, Kind: kind, Method: how, Lang: "en",
					ControlDefault: consent.Unset, Action: consent.Tick, Evidence: "on file", Strength: consent.Documented, Actor: term.ByCustomer})
				return err
			})
			h.clk.Set(h.clk.Now().Add(24 * time.Hour))
		}
		agree := func(how consent.Method, to term.Recipient) { says(consent.Given, how, to) }
		agree(consent.ByPortal, "ads")
		h.allows("sharing that was agreed to", h.shares(c, "letter", "ads"))
		h.clk.Set(h.clk.Now().Add(30 * 24 * time.Hour))
		h.signals(c)
		h.denies("sharing after the signal", h.shares(c, "letter", "ads"), errs.OptOutSale)
		h.clk.Set(h.clk.Now().Add(30 * 24 * time.Hour))
		h.denies("sharing, a month later, without an answer", h.shares(c, "letter", "ads"), errs.OptOutSale)
		agree(consent.ByForm, "ads")
		h.denies("sharing after one step", h.shares(c, "letter", "ads"), errs.OptOutSale)
		agree(consent.ByPortal, "")
		h.denies("sharing after a yes to something else", h.shares(c, "letter", "ads"), errs.OptOutSale)
		says(consent.Requested, consent.ByForm, "ads")
		h.denies("sharing after the first step of two", h.shares(c, "letter", "ads"), errs.OptOutSale)
		agree(consent.ByConfirmed, "ads")
		h.allows("sharing after two steps", h.shares(c, "letter", "ads"))
	}, withAds...)
}

// signals lets the customer's browser send Global Privacy Control.
func (h *house) signals(c id.Customer) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		_, err := h.Gate.AddFact(tx, customer.Fact{Customer: c, Kind: customer.GPC, At: h.Clock.Now(), Detail: customer.WithValue(customer.On), Actor: term.ByCustomer, Source: "gpc"})
		return err
	})
}
