package app

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
)

// visit asks for a page as a browser would, following no redirect.
func visit(a *App, method, path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

// find gives the customer of an address, or zero.
func find(t *testing.T, a *App, raw string) id.Customer {
	t.Helper()
	address, err := customer.Email(raw)
	if err != nil {
		t.Fatal(err)
	}
	var found []id.Customer
	err = a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = a.Gate.Find(tx, address)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return 0
	}
	return found[0]
}

func latest(t *testing.T, a *App, c id.Customer) (kind consent.Kind, allowed bool) {
	t.Helper()
	err := a.DB.Read(ctx, func(tx *db.Tx) error {
		records, err := consent.Of(tx, c)
		if err != nil {
			return err
		}
		if len(records) > 0 {
			kind = records[len(records)-1].Kind
		}
		d, err := a.Gate.Decide(tx, gate.Request{Customer: c, Controller: "halm", Purpose: "letter", Operation: term.Serve, Channel: term.Email, Actor: "program:test"})
		allowed = d.Allowed()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return kind, allowed
}

// confirmLink reads the link of the confirmation mail to an address from the
// mailbox.
func confirmLink(t *testing.T, a *App) string {
	t.Helper()
	if _, err := a.Sender.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	page := visit(a, http.MethodGet, a.Mailbox.Path()+"mails.json", nil).Body.String()
	link := regexp.MustCompile(`/confirm/[A-Za-z0-9_-]+`).FindString(page)
	if link == "" {
		t.Fatal("no confirmation mail")
	}
	return link
}

// CON-12: a scanner's GET leaves an address pending, the button's POST confirms
// it; at day 15 an unconfirmed address is in no store.
func TestCON12_OwnershipIsConfirmedByAPress(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		clk := &demo.Clock{}
		a := openWith(t, place, nil, clk, now)
		go func() { _ = a.Mailbox.Run(t.Context()) }()
		clk.Set(now)
		sign := func(address string) {
			if w := visit(a, http.MethodPost, "/f/signup", url.Values{"email": {address}, "agree": {"yes"}, "shown": {"1"}}); w.Code != http.StatusOK {
				t.Fatalf("form: %d", w.Code)
			}
		}
		sign("ada@post.example")
		ada := find(t, a, "ada@post.example")
		link := confirmLink(t, a)
		if w := visit(a, http.MethodGet, link, nil); w.Code != http.StatusOK {
			t.Errorf("GET: %d", w.Code)
		}
		if kind, allowed := latest(t, a, ada); kind != consent.Requested || allowed {
			t.Errorf("after a scanner's GET: %s, allowed %v", kind, allowed)
		}
		if w := visit(a, http.MethodPost, link, nil); w.Code != http.StatusOK {
			t.Errorf("POST: %d", w.Code)
		}
		if kind, allowed := latest(t, a, ada); kind != consent.Given || !allowed {
			t.Errorf("after the press: %s, allowed %v", kind, allowed)
		}
		n := count(t, a, "select count(*) from consent_record where customer_id = $1", ada)
		visit(a, http.MethodPost, link, nil)
		if again := count(t, a, "select count(*) from consent_record where customer_id = $1", ada); again != n {
			t.Error("the link worked twice")
		}
		sign("bob@post.example")
		bob := find(t, a, "bob@post.example")
		clk.Set(now.Add(15 * 24 * time.Hour))
		for range 3 {
			if _, err := a.Jobs.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			clk.Set(clk.Now().Add(time.Minute))
		}
		if find(t, a, "bob@post.example") != 0 || count(t, a, "select count(*) from sealed_value where customer_id = $1", bob) != 0 ||
			count(t, a, "select count(*) from customer where customer_id = $1", bob) != 0 {
			t.Error("an unconfirmed address is kept on day 15")
		}
		if find(t, a, "ada@post.example") != ada {
			t.Error("a confirmed address is gone")
		}
	})
}

// PRF-01: a link without a session shows choices and a masked address, and no
// name, order or score.
func TestPRF01_ChoicesWithoutLoginShowNoData(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		people := demo.People(1, 1, now)
		clk := &demo.Clock{}
		a := openWith(t, place, people, clk, now)
		ids, err := (&demo.Seeder{Gate: a.Gate, Clock: clk, Controller: "halm"}).Run(ctx, people, now)
		if err != nil {
			t.Fatal(err)
		}
		l := message.Link{Scope: message.Choices, Customer: ids[0], Controller: "halm", Channel: term.Email}
		w := visit(a, http.MethodGet, "/privacy/c/"+l.Seal(a.Ring), nil)
		body := w.Body.String()
		masked := people[0].Email[:1] + "***@p***.example"
		if w.Code != http.StatusOK || !strings.Contains(body, "Coffee letter") || !strings.Contains(body, masked) {
			t.Errorf("%d, want the choices and %s", w.Code, masked)
		}
		p := people[0]
		for _, secret := range []string{p.Email, p.First, p.Last, p.Street, p.City, p.UserID, p.Orders[0].Number, ids[0].String()} {
			if strings.Contains(body, secret) {
				t.Errorf("the page shows %q", secret)
			}
		}
	})
}

// SIG-05: support is declared, and no cache can serve one visitor's page to
// another who sends the signal.
func TestSIG05_SupportIsDeclaredAndPagesVary(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		people := demo.People(1, 1, now)
		clk := &demo.Clock{}
		a := openWith(t, place, people, clk, now)
		ids, err := (&demo.Seeder{Gate: a.Gate, Clock: clk, Controller: "halm"}).Run(ctx, people, now)
		if err != nil {
			t.Fatal(err)
		}
		w := visit(a, http.MethodGet, "/.well-known/gpc.json", nil)
		if w.Code != http.StatusOK || !regexp.MustCompile(`^\{"gpc": true, "lastUpdate": "\d{4}-\d\d-\d\d"\}\n$`).MatchString(w.Body.String()) ||
			w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		l := message.Link{Scope: message.Choices, Customer: ids[0], Controller: "halm", Channel: term.Email}
		path := "/privacy/c/" + l.Seal(a.Ring)
		without, with := visit(a, http.MethodGet, path, nil), visit(a, http.MethodGet, path, nil, "Sec-GPC", "1")
		if strings.Contains(without.Body.String(), honoured) || !strings.Contains(with.Body.String(), honoured) {
			t.Error("the page does not answer the signal")
		}
		for _, w := range []*httptest.ResponseRecorder{without, with} {
			if !strings.Contains(w.Header().Get("Vary"), "Sec-GPC") || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("a cache may keep the page: Vary %q, Cache-Control %q", w.Header().Get("Vary"), w.Header().Get("Cache-Control"))
			}
		}
	})
}
