package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"candor/internal/browsertest"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/staff"
	"candor/internal/web/webtest"
)

// Support finds a customer by number with a purpose, shows their values and finds
// that use in the customer's list, records what they said on the phone, stops all
// advertising and opens a request, and privacy erases them. Misses and hits are
// on record, and nobody's page opens without a search.
func TestJourneyThroughACustomer(t *testing.T) {
	tab, d, url := demoTab(t, 100, 200)
	tab.Open(d.SignIn.URL)
	tab.Open(url + "/admin/customers")
	see(t, tab, "customer-find")
	tab.Expect(422)
	lookFor(tab, "shop:99999999")
	tab.Sees("main", "obody is known by this")
	see(t, tab, "customer-nobody")

	tab.Open(url + "/admin/go")
	tab.Fill("#q", "shop:10001")
	browsertest.Eval[bool](tab, `document.querySelector("main form.palette").requestSubmit(), true`)
	waitFor(t, tab, "h1", "Find a customer")
	if got := browsertest.Eval[string](tab, `document.querySelector("#identity").value`); got != "shop:10001" {
		t.Errorf("the palette hands over %q", got)
	}
	lookFor(tab, "shop:10001")
	tab.Sees("#happened", "What happened")
	page := browsertest.Eval[string](tab, "location.href")
	if !strings.Contains(page, "/admin/customers/cus_") || strings.Contains(page, "10001") {
		t.Errorf("the page's address is %s", page)
	}
	see(t, tab, "customer")
	customerShown(t, tab, page)
	customerActs(t, d, tab, page)
	looksOnRecord(t, d.App)

	tab.Open(url + "/admin/trust/requests")
	tab.Sees("main", "A copy of their data")
	see(t, tab, "requests")
	tab.Go("tbody a")
	tab.Sees("main", "In effect now")
	see(t, tab, "request")

	tab.Open(url + "/admin/customers/" + anybody(t, d.App))
	tab.Sees("main", "One customer at a time")
	saysWhy(t, d, tab, url)
	keptForClaims(t, tab, d, url)
}

// keptForClaims shows the officer what is left of whoever was erased.
func keptForClaims(t *testing.T, tab *browsertest.Tab, d *Demo, url string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); count(t, d.App, "select count(*) from claim") == 0 && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
	}
	tab.Cookie(url+"/admin", webtest.Hire(t, d.App.Staff, "pia@halm.example", "officer").Session(t))
	tab.Open(url + "/admin/trust/claims")
	tab.Fill("#identity", "shop:10001")
	tab.Fill("#case", "31 O 12/26")
	tab.Go("main form button")
	tab.Sees("main", "Erased on")
	tab.Sees("main", "in the ledger")
	see(t, tab, "claims")
}

// saysWhy: the look is asked about, and a record is guarded, which stops the next
// look until a second person has approved it.
func saysWhy(t *testing.T, d *Demo, tab *browsertest.Tab, url string) {
	t.Helper()
	if err := d.App.Staff.Question(ctx); err != nil {
		t.Fatal(err)
	}
	tab.Open(url + "/admin/")
	tab.Sees("main", "Say what you looked at customers for")
	tab.Open(url + "/admin/accesses")
	see(t, tab, "accesses-own")
	tab.Fill("textarea", "A call about a late parcel")
	tab.Go("main form button")
	tab.Sees("main", "You are asked nothing")
	tab.Open(url + "/admin/trust/accesses")
	tab.Sees("main", "A call about a late parcel")
	see(t, tab, "accesses")

	who := anybody(t, d.App)
	tab.Open(url + "/admin/trust/guarded")
	see(t, tab, "guarded")
	tab.Fill("#customer", who)
	tab.Fill("#why", "Known from the news")
	tab.Go("main form button")
	tab.Sees("[role=status]", "nobody opens it alone")
	tab.Open(url + "/admin/customers")
	tab.Expect(403)
	lookFor(tab, who)
	tab.Sees("main", "it waits for approval as apr_")
	see(t, tab, "guarded-stopped")
	tab.Open(url + "/admin/setup/sign-on")
	see(t, tab, "sign-on")
}

// anybody gives the number of a customer whom nobody looked for.
func anybody(t *testing.T, a *App) string {
	t.Helper()
	var who id.Customer
	err := a.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow("select customer_id from customer order by customer_id limit 1").Scan(&who)
	})
	if err != nil {
		t.Fatal(err)
	}
	return who.String()
}

// lookFor searches for a customer, to deliver their orders.
func lookFor(tab *browsertest.Tab, identity string) {
	tab.Fill("#identity", identity)
	choose(tab, "#purpose", "orders")
	tab.Go("main form button")
}

// choose takes an option of a list.
func choose(tab *browsertest.Tab, selector, value string) {
	browsertest.Eval[string](tab, fmt.Sprintf("document.querySelector(%q).value = %q", selector, value))
}

// customerShown shows the values and finds the use in the timeline.
func customerShown(t *testing.T, tab *browsertest.Tab, page string) {
	t.Helper()
	if strings.Contains(tab.Text("main"), "@halm") || !strings.Contains(tab.Text("h1"), "***") {
		t.Errorf("the page is not masked: %q", tab.Text("h1"))
	}
	tab.Go(`form[action$="/reveal"] button`)
	tab.Sees(".message", "The customer can see this")
	tab.Sees(".facts", "Name")
	see(t, tab, "customer-values")
	tab.Open(page + "?show=use")
	tab.Sees(".timeline", "Deliver your orders")
	see(t, tab, "customer-uses")
}

// customerActs takes the actions, the last one for good.
func customerActs(t *testing.T, d *Demo, tab *browsertest.Tab, page string) {
	t.Helper()
	tab.Open(page + "/consent")
	see(t, tab, "customer-consent")
	tab.Fill("#evidence", "call recording 4711")
	tab.Go("main form button")
	tab.Sees("main", "Agreed: Coffee letter")
	tab.Sees("main", "call recording 4711")
	tab.Open(page + "/stop")
	see(t, tab, "customer-stop")
	tab.Go("main form button")
	tab.Sees("[role=status]", "All advertising is stopped")
	tab.Open(page + "/correct")
	choose(tab, "#datum", "name")
	tab.Fill("#value", "Renamed Person")
	tab.Go("main form button")
	tab.Sees("[role=status]", "Corrected")
	tab.Open(page + "/access")
	tab.Go("main form button")
	tab.Sees("main", "Request: A copy of their data")
	tab.Open(page + "/restrict")
	tab.Go("main form button")
	tab.Sees("main", "Request: Restrict the data")
	see(t, tab, "customer-restricted")
	tab.Open(page + "/erase")
	if strings.Contains(browsertest.Eval[string](tab, "location.pathname"), "prove") {
		code, err := staff.Code(d.SignIn.Secret, clock.System{}.Now())
		if err != nil {
			t.Fatal(err)
		}
		tab.Fill("input[name=code]", code)
		tab.Go("main form button")
	}
	see(t, tab, "customer-erase")
	tab.Fill("#asked", "call recording 4712")
	tab.Go("main form button")
	tab.Sees("[role=status]", "keeps the certificate")
}

// looksOnRecord reads that the miss and the hit are in the ledger, without what
// was typed.
func looksOnRecord(t *testing.T, a *App) {
	t.Helper()
	rows, err := a.Ledger.List(ctx, ledger.Filter{Kind: staff.KindLooked, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, row := range rows {
		all += string(row.Content)
	}
	if len(rows) != 2 || !strings.Contains(all, `"hit"`) || !strings.Contains(all, `"miss"`) || !strings.Contains(all, `"orders"`) || strings.Contains(all, "1000") || strings.Contains(all, "99999999") {
		t.Errorf("the searches on record: %s", all)
	}
}
