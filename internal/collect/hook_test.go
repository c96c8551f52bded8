package collect

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/event"
	"candor/internal/id"
)

// shopifyOrderBody is an order as Shopify sends it, cut to what tells something.
const shopifyOrderBody = `{"id":820982911946154508,"admin_graphql_api_id":"gid://shopify/Order/820982911946154508","cancelled_at":null,"confirmed":true,
"contact_email":"ada@example.com","created_at":"2026-11-20T10:15:00+01:00","currency":"EUR","current_total_price":"48.80","email":"ada@example.com",
"financial_status":"paid","fulfillment_status":null,"name":"#9999","note":null,"number":234,"order_number":1234,"processed_at":"2026-11-20T10:15:00+01:00",
"buyer_accepts_marketing":true,"test":false,"total_price":"48.80","updated_at":"2026-11-20T10:16:00+01:00","landing_site":"/?utm_source=x&email=ada@example.com",
"customer":{"id":115310627314723954,"email":"ada@example.com","created_at":"2026-01-05T00:00:00+01:00","updated_at":"2026-11-20T10:15:00+01:00","first_name":"Ada","last_name":"Stein","state":"disabled","note":"likes blue","verified_email":true,"phone":null,"tags":"vip",
"default_address":{"id":715243470612851245,"first_name":"Ada","last_name":"Stein","company":null,"address1":"Speicherweg 9","address2":"","city":"Hamburg","province":"Hamburg","country":"Germany","zip":"20457","phone":null,"country_code":"DE","default":true}},
"line_items":[{"id":866550311766439020,"name":"Filter papers","price":"3.90","product_id":1,"quantity":2,"sku":"PAPER-100","title":"Filter papers","grams":100},
{"id":141249953214522974,"name":"House beans 1 kg","price":"41.00","product_id":2,"quantity":1,"sku":"BEANS-1000","title":"House beans 1 kg","grams":1000}],
"refunds":[],"shipping_address":{"first_name":"Ada","last_name":"Stein","address1":"Speicherweg 9","city":"Hamburg","zip":"20457","country":"Germany","country_code":"DE"}}`

const shopifyRefund1 = `"refunds":[{"id":890088186047892319,"order_id":820982911946154508,"created_at":"2026-11-21T09:00:00+01:00","note":"broken","processed_at":"2026-11-21T09:00:00+01:00",
"transactions":[{"id":245135271310201194,"kind":"refund","gateway":"bogus","status":"success","amount":"3.90","currency":"EUR"},{"id":2,"kind":"refund","status":"success","amount":"3.90"},{"id":3,"kind":"refund","status":"failure","amount":"3.90"}]}]`

const wooOrderBody = `{"id":727,"parent_id":0,"status":"processing","currency":"EUR","version":"9.3.0","date_created":"2026-11-20T11:00:00","date_created_gmt":"2026-11-20T10:00:00","date_modified":"2026-11-20T11:05:00","date_modified_gmt":"2026-11-20T10:05:00","discount_total":"0.00","total":"29.35","total_tax":"2.00","customer_id":26,"order_key":"wc_order_58d2d042d1d",
"customer_ip_address":"198.51.100.7","customer_note":"leave at the door","billing":{"first_name":"Ben","last_name":"Moor","company":"","address_1":"Ring 1","address_2":"","city":"Wien","state":"","postcode":"1010","country":"AT","email":"ben@example.com","phone":"+43 1 5124466"},
"shipping":{"first_name":"Ben","last_name":"Moor","address_1":"Ring 1","city":"Wien","postcode":"1010","country":"AT"},"payment_method":"bacs","transaction_id":"","date_paid":"2026-11-20T11:00:08",
"line_items":[{"id":315,"name":"Brewers kit","product_id":93,"variation_id":0,"quantity":1,"subtotal":"27.35","total":"27.35","sku":"BREWERS-1","price":27.35,"meta_data":[]}],"refunds":[],"number":"727"}`

// shopHouse is a house with a shop's source.
type shopHouse struct {
	*house
	source Source
	secret string
}

const withRefunds = `  Order Refunded:
    title: {en: Refunds, de: Erstattungen}
    props: {order_id: id, value: money}

families:                           # what counts`

func newShopHouse(t *testing.T, d *db.DB, class Class) *shopHouse {
	h := &shopHouse{house: newHouse(t, d, "families:                           # what counts", withRefunds,
		"Order Completed: the order itself}", "Order Completed: the order itself, Order Refunded: what came back}")}
	h.source, h.secret = h.house.source(Source{Name: "shop", Class: class})
	return h
}

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// hook sends a webhook, signed with a secret.
func (h *shopHouse) hook(topic, body, secret string) *httptest.ResponseRecorder {
	h.t.Helper()
	headers := []string{"Content-Type", "application/json", "X-Shopify-Topic", topic, "X-Shopify-Hmac-SHA256", sign(secret, body), "X-Shopify-Shop-Domain", "halm.myshopify.com"}
	if h.source.Class == WooCommerce {
		headers = []string{"Content-Type", "application/json", "X-WC-Webhook-Topic", topic, "X-WC-Webhook-Signature", sign(secret, body), "X-WC-Webhook-Source", "https://halm.example/"}
	}
	return h.send("/hooks/"+h.source.ID.String(), "", body, headers...)
}

func (h *shopHouse) taken(topic, body string) {
	h.t.Helper()
	if w := h.hook(topic, body, h.secret); w.Code != http.StatusOK {
		h.t.Fatalf("%s: %d %s", topic, w.Code, w.Body)
	}
}

func (h *shopHouse) customerOf(user string) id.Customer {
	h.t.Helper()
	found := h.who(customer.UserID("shop", user))
	if len(found) != 1 {
		h.t.Fatalf("%d customers are %s", len(found), user)
	}
	return found[0]
}

func (h *shopHouse) eventsOf(c id.Customer) map[string]event.Event {
	h.t.Helper()
	out := map[string]event.Event{}
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) error {
		list, err := event.Latest(tx, c, 100)
		for _, e := range list {
			if _, twice := out[string(e.Name)]; twice {
				h.t.Errorf("%s is there twice", e.Name)
			}
			out[string(e.Name)] = e
		}
		return err
	}))
	return out
}

// country is where a customer is believed to live.
func (h *shopHouse) country(c id.Customer) (country string) {
	h.t.Helper()
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) error {
		return tx.QueryRow("select t1 from trait where customer_id = $1", c).Scan(&country)
	}))
	return country
}

func TestShopifyOrdersOnceInAnyOrder(t *testing.T) {
	refunded := strings.Replace(shopifyOrderBody, `"refunds":[]`, shopifyRefund1, 1)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newShopHouse(t, d, Shopify)
		h.taken("orders/updated", refunded) // before its order
		h.taken("orders/create", shopifyOrderBody)
		h.taken("orders/create", shopifyOrderBody) // sent again
		h.taken("orders/paid", shopifyOrderBody)
		c := h.customerOf("115310627314723954")
		events := h.eventsOf(c)
		if e := events["Order Completed"]; e.Amount != 4880 || e.Currency != "EUR" || e.Family != "coffee" || e.OccurredAt != clock.UTC(2026, 11, 20, 9, 15, 0) {
			t.Errorf("the order is %+v", e)
		}
		if e := events["Order Refunded"]; e.Amount != 780 || len(events) != 2 {
			t.Errorf("the refund is %+v of %d events", e, len(events))
		}
		if n := h.rows("customer"); n != 1 || h.country(c) != "DE" {
			t.Errorf("%d customers, in %q", n, h.country(c))
		}
		if found := h.who(customer.Email("ada@example.com")); len(found) != 1 || found[0] != c {
			t.Errorf("the address finds %v", found)
		}
		// An older state of the person, arriving late, changes nothing.
		late := strings.NewReplacer(`"country_code":"DE"`, `"country_code":"AT"`, "2026-11-20T10:16:00", "2026-10-01T10:16:00").Replace(shopifyOrderBody)
		h.taken("orders/updated", late)
		if h.country(c) != "DE" {
			t.Errorf("an old message moved the customer to %q", h.country(c))
		}
		// A trial of the shop's own, and a cancelled order, are no orders.
		for i, change := range []string{`"test":false`, `"test":true`, `"cancelled_at":null`, `"cancelled_at":"2026-11-20T12:00:00+01:00"`} {
			if i%2 == 1 {
				continue
			}
			other := map[int]string{0: `"test":true`, 2: `"cancelled_at":"2026-11-20T12:00:00+01:00"`}[i]
			h.taken("orders/create", strings.NewReplacer(change, other, "820982911946154508", "42").Replace(shopifyOrderBody))
		}
		if len(h.eventsOf(c)) != 2 {
			t.Error("a trial or a cancelled order counts")
		}
	})
}

func TestWooCommerceOrdersOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newShopHouse(t, d, WooCommerce)
		if w := h.send("/hooks/"+h.source.ID.String(), "", "webhook_id=5", "Content-Type", "application/x-www-form-urlencoded"); w.Code != http.StatusOK {
			t.Errorf("the shop's trial call: %d", w.Code)
		}
		h.taken("order.created", strings.Replace(wooOrderBody, `"processing"`, `"pending"`, 1)) // not placed yet
		if h.rows("customer") != 0 {
			t.Error("an order that nobody placed made a customer")
		}
		h.taken("order.created", wooOrderBody)
		h.taken("order.updated", wooOrderBody)
		back := strings.NewReplacer(`"processing"`, `"completed"`, `"refunds":[]`, `"refunds":[{"id":728,"reason":"","total":"-9.35"}]`).Replace(wooOrderBody)
		h.taken("order.updated", back)
		h.taken("order.updated", back)
		c := h.customerOf("26")
		events := h.eventsOf(c)
		if e := events["Order Completed"]; e.Amount != 2935 || e.Family != "gear" || e.OccurredAt != clock.UTC(2026, 11, 20, 10, 0, 0) {
			t.Errorf("the order is %+v", e)
		}
		if e := events["Order Refunded"]; e.Amount != 935 || len(events) != 2 {
			t.Errorf("the refund is %+v of %d", e, len(events))
		}
		// A guest has no id of the shop's; the address finds them again.
		guest := strings.NewReplacer(`"customer_id":26`, `"customer_id":0`, `"id":727`, `"id":900`, "ben@example.com", "eve@example.com").Replace(wooOrderBody)
		h.taken("order.created", guest)
		h.taken("order.created", guest)
		if found := h.who(customer.Email("eve@example.com")); len(found) != 1 || len(h.eventsOf(found[0])) != 1 {
			t.Errorf("the guest is %v", found)
		}
	})
}

func TestHooksAreSigned(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for class, body := range map[Class]string{Shopify: shopifyOrderBody, WooCommerce: wooOrderBody} {
			h := newShopHouse(t, d, class)
			topic := map[Class]string{Shopify: "orders/create", WooCommerce: "order.created"}[class]
			path := "/hooks/" + h.source.ID.String()
			before := h.rows("customer")
			for name, w := range map[string]*httptest.ResponseRecorder{
				"another secret": h.hook(topic, body, "shpss_0000000000000000"),
				"no signature":   h.send(path, "", body, "X-Shopify-Topic", topic, "X-WC-Webhook-Topic", topic),
				"not base64":     h.send(path, "", body, "X-Shopify-Hmac-SHA256", "%%", "X-WC-Webhook-Signature", "%%", "X-Shopify-Topic", topic, "X-WC-Webhook-Topic", topic),
				"another body": h.send(path, "", body+" ", "X-Shopify-Hmac-SHA256", sign(h.secret, body), "X-WC-Webhook-Signature", sign(h.secret, body),
					"X-Shopify-Topic", topic, "X-WC-Webhook-Topic", topic),
				"by the write key": h.send("/v1/track", h.secret, `{"userId":"1","event":"Order Completed"}`),
			} {
				if w.Code != http.StatusUnauthorized {
					t.Errorf("%s, %s: %d %s", class, name, w.Code, w.Body)
				}
			}
			if h.rows("customer") != before {
				t.Errorf("%s: something was taken", class)
			}
			if w := h.send("/hooks/src_1111111111111", "", body); w.Code != http.StatusNotFound {
				t.Errorf("an unknown shop: %d", w.Code)
			}
			// What is signed and not understood is answered and counted, so that the
			// shop does not give up.
			if w := h.hook("themes/publish", `{"id":1}`, h.secret); w.Code != http.StatusOK || h.counted(h.source.ID, DroppedEvent, "themes.publish")+h.counted(h.source.ID, DroppedEvent, Other) != 1 {
				t.Errorf("%s: an unknown topic: %d", class, w.Code)
			}
			// The platform's own secret replaces ours.
			h.must(h.Sources().SetSecret(context.Background(), h.source.ID, "hush-hush-hush-hush"))
			if w := h.hook(topic, body, h.secret); w.Code != http.StatusUnauthorized {
				t.Errorf("%s: the old secret still signs: %d", class, w.Code)
			}
			if w := h.hook(topic, body, "hush-hush-hush-hush"); w.Code != http.StatusOK {
				t.Errorf("%s: the new secret does not sign: %d %s", class, w.Code, w.Body)
			}
			h.must(h.Sources().Revoke(context.Background(), h.source.ID))
			if w := h.hook(topic, body, "hush-hush-hush-hush"); w.Code != http.StatusForbidden {
				t.Errorf("%s: revoked and taken: %d", class, w.Code)
			}
		}
	})
}

// A shop's unsubscribe ends what it can; its subscribe proves nothing.
func TestShopifyConsentOnlyLowers(t *testing.T) {
	change := `{"customer_id":115310627314723954,"email_address":"ada@example.com","email_marketing_consent":{"state":"STATE","opt_in_level":"single_opt_in","consent_updated_at":"2026-11-23T11:00:00Z"}}`
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newShopHouse(t, d, Shopify)
		h.taken("orders/create", shopifyOrderBody)
		h.taken(consentChanged, strings.Replace(change, "STATE", "subscribed", 1))
		if n := h.rows("consent_record"); n != 0 {
			t.Errorf("%d records of a yes without evidence", n)
		}
		h.taken(consentChanged, strings.Replace(change, "STATE", "unsubscribed", 1))
		h.taken(consentChanged, strings.Replace(change, "STATE", "unsubscribed", 1))
		var records []consent.Record
		h.must(h.db.Read(context.Background(), func(tx *db.Tx) (err error) {
			records, err = consent.Of(tx, h.customerOf("115310627314723954"))
			return err
		}))
		if len(records) != 1 || records[0].Kind != consent.Withdrawn || records[0].Purpose != "letter" {
			t.Errorf("records %+v", records)
		}
		h.clock.Set(h.clock.Now().Add(10 * 24 * time.Hour))
		h.taken(consentChanged, strings.NewReplacer("STATE", "unsubscribed", "115310627314723954", "777").Replace(change))
		if found := h.who(customer.UserID("shop", "777")); len(found) != 0 {
			t.Error("an old report, sent again, was taken")
		}
	})
}
