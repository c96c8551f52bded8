package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/collect"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/id"
	"candor/internal/request"
	"candor/internal/staff"
	"candor/internal/web/webtest"
)

// shop is a Shopify shop that sends signed webhooks.
type shop struct {
	t      *testing.T
	a      *App
	source id.Source
	secret string
}

func newShop(t *testing.T, a *App) shop {
	t.Helper()
	source, secret, err := a.Collector.Sources().Create(ctx, collect.Source{Name: "shop", Class: collect.Shopify, Mode: collect.Live, Controller: "halm", Namespace: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	version := count(t, a, "select max(version) from charter_version")
	if err := a.Collector.Sources().BindNotice(ctx, source.ID, version); err != nil {
		t.Fatal(err)
	}
	return shop{t, a, source.ID, secret}
}

// send posts a webhook, signed with a secret, and gives the status.
func (s shop) send(topic, body, secret string) int {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	r := httptest.NewRequest(http.MethodPost, "/hooks/"+s.source.String(), strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Shopify-Topic", topic)
	r.Header.Set("X-Shopify-Hmac-SHA256", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	w := httptest.NewRecorder()
	s.a.Handler().ServeHTTP(w, r)
	return w.Code
}

// who finds the customers with an id of the shop's.
func (s shop) who(user string) (found []id.Customer) {
	s.t.Helper()
	i, err := customer.UserID("shop", user)
	if err == nil {
		err = s.a.DB.Read(ctx, func(tx *db.Tx) (err error) {
			found, err = customer.NewBook(s.a.Ring).Find(tx, i)
			return err
		})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// A shop speaks for its customers: what they ask there is done here, once,
// whatever is sent twice, late or about strangers, and only under its signature.
func TestShopsSpeakForTheirCustomers(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		clk := &demo.Clock{}
		clk.Set(now)
		a := openWith(t, place, demo.People(1, 1, now), clk, now)
		shop := newShop(t, a)
		send, who, secret := shop.send, shop.who, shop.secret
		const person = `"customer":{"id":%s,"email":"%s@post.example","phone":"555-625-1199"}`
		about := func(user string) string {
			return fmt.Sprintf(`{"shop_id":954889,"shop_domain":"halm.myshopify.com",`+person+`,"orders_to_redact":[1],"data_request":{"id":9999}}`, user, "p"+user)
		}
		for _, user := range []string{"71", "72"} {
			body := fmt.Sprintf(`{"id":%s1,"created_at":%q,"currency":"EUR","total_price":"10.00","financial_status":"paid",`+person+`,"line_items":[{"name":"beans","sku":"BEANS","price":"10.00","quantity":1}]}`,
				user, now.Time().Add(-time.Hour).Format(time.RFC3339), user, "p"+user)
			if code := send("orders/create", body, secret); code != http.StatusOK || len(who(user)) != 1 {
				t.Fatalf("order: %d, %v", code, who(user))
			}
		}
		first, second := who("71")[0], who("72")[0]
		for _, topic := range []string{"customers/redact", "customers/data_request", "shop/redact"} {
			if code := send(topic, about("71"), "another secret"); code != http.StatusUnauthorized {
				t.Errorf("%s with a bad signature: %d", topic, code)
			}
		}
		requests := func(c id.Customer) []request.Request {
			list, err := a.Desk.OfCustomer(ctx, c)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		if len(requests(first)) != 0 {
			t.Fatal("a bad signature opened a request")
		}
		for range 2 {
			if code := send("customers/data_request", about("71"), secret); code != http.StatusOK {
				t.Errorf("data request: %d", code)
			}
		}
		if got := requests(first); len(got) != 1 || got[0].Kind != request.Access || got[0].State != request.Waiting || got[0].Via != "shopify" || got[0].LegalDue == 0 {
			t.Errorf("requests %+v", got)
		}
		for range 2 {
			if code := send("customers/redact", about("72"), secret); code != http.StatusOK {
				t.Errorf("redact: %d", code)
			}
		}
		clk.Set(clk.Now().Add(time.Minute))
		if _, err := a.Jobs.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		if len(who("72")) != 0 || len(who("71")) != 1 || len(requests(second)) > 1 {
			t.Errorf("after the redaction: %v and %v, requests %+v", who("71"), who("72"), requests(second))
		}
		if code := send("customers/redact", about("72"), secret); code != http.StatusOK { // nobody by now
			t.Errorf("redact again: %d", code)
		}
		secret = shop.changesSecret(secret)
		if code := send("shop/redact", `{"shop_id":954889,"shop_domain":"halm.myshopify.com"}`, secret); code != http.StatusOK {
			t.Errorf("shop redact: %d", code)
		}
		for _, topic := range []string{"shop/redact", "customers/data_request"} {
			if code := send(topic, about("71"), secret); code != http.StatusOK {
				t.Errorf("%s after the shop left: %d", topic, code)
			}
		}
		if code := send("orders/create", about("73"), secret); code != http.StatusForbidden || len(who("73")) != 0 {
			t.Errorf("a shop that left still sends: %d", code)
		}
	})
}

// changesSecret puts another signing secret in place, in Setup, and gives it: it is
// shown once, and what is signed with the one before is refused.
func (s shop) changesSecret(old string) string {
	s.t.Helper()
	admin := newBrowser(s.a)
	session := webtest.Hire(s.t, s.a.Staff, "kim@halm.example", staff.Administrator).Session(s.t)
	admin.cookies[session.Name] = session
	page := "/admin/setup/sources/" + s.source.String()
	if w := admin.do(http.MethodPost, page+"/secret", url.Values{"secret": {"too short"}}); w.Code != http.StatusUnprocessableEntity {
		s.t.Errorf("a short secret: %d", w.Code)
	}
	const own = "a secret of the platform's own"
	if w := admin.do(http.MethodPost, page+"/secret", url.Values{"secret": {own}}); w.Code != http.StatusSeeOther {
		s.t.Errorf("the platform's secret: %d", w.Code)
	}
	body := `{"shop_id":954889}`
	if a, b := s.send("customers/redact", body, old), s.send("carts/update", body, own); a != http.StatusUnauthorized || b == http.StatusUnauthorized {
		s.t.Errorf("signed with the old one: %d, with the platform's: %d", a, b)
	}
	w := admin.do(http.MethodPost, page+"/secret", nil)
	_, rest, _ := strings.Cut(w.Body.String(), `<pre class="secret">`)
	made, _, found := strings.Cut(rest, "<")
	if !found || strings.Contains(admin.do(http.MethodGet, page, nil).Body.String(), made) {
		s.t.Errorf("the new secret is not shown once: %d", w.Code)
	}
	if a, b := s.send("carts/update", body, own), s.send("carts/update", body, made); a != http.StatusUnauthorized || b == http.StatusUnauthorized {
		s.t.Errorf("signed with the one before: %d, with the new one: %d", a, b)
	}
	return made
}
