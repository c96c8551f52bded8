package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"candor/internal/approval"
	"candor/internal/campaign"
	"candor/internal/charter/sample"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/sharing"
	"candor/internal/staff"
	"candor/internal/telling"
	"candor/internal/term"
	"candor/internal/token"
	"candor/internal/web/webtest"
)

// office is the platform with people of several roles and a program of one.
type office struct {
	*house
	marketer, lead, privacy *webtest.Person
	program                 string // a token that the marketer made
	people                  int    // customers so far
}

func newOffice(h *house) *office {
	o := &office{house: h, people: len(h.ids)}
	o.marketer = webtest.Hire(h.t, h.Staff, "mara@halm.example", "marketer")
	o.lead = webtest.Hire(h.t, h.Staff, "lin@halm.example", "lead")
	o.privacy = webtest.Hire(h.t, h.Staff, "pia@halm.example", "privacy")
	h.write(func(tx *db.Tx) (err error) {
		o.program, _, err = h.Tokens.Mint(tx, token.New{Label: "marketing", Scopes: token.Scopes, For: 30 * 24 * time.Hour, By: staff.Actor(o.marketer.ID)})
		if err == nil {
			_, _, err = h.Sharing.Register(tx, sharing.Recipient{Name: "carrier", Kind: sharing.Manual, Owner: "support"}, term.ByEngine)
		}
		return err
	})
	return o
}

// crowd adds copies of the first customer until there are so many.
func (o *office) crowd(n int) {
	o.t.Helper()
	o.write(func(tx *db.Tx) error {
		tables := map[string]string{
			"customer":       "rev, known, created_at, seen_day",
			"identity":       "digest, key_id, kind, namespace, mark, endpoint, source, added_at, confirmed_at, invalid_at, origin",
			"standing":       "controller, purpose, channel, recipient, nth, from_at, until_at, ops, reasons, basis, rules",
			"standing_whole": "law, rev, computed_at, packed",
		}
		for _, table := range []string{"customer", "identity", "standing", "standing_whole"} {
			_, err := tx.Exec(fmt.Sprintf(`with recursive n(i) as (select cast($2 as bigint) union all select i + 1 from n where i < $3)
				insert into %[1]s (customer_id, %[2]s) select n.i, %[2]s from n, %[1]s where customer_id = $1`, table, tables[table]), o.ids[0], o.people+1, n)
			if err != nil {
				return err
			}
		}
		return nil
	})
	o.people = n
}

var approvalID = regexp.MustCompile(`apr_[0-9a-z]+`)

// calls sends an API call of the program.
func (o *office) calls(method, path string, body any) *httptest.ResponseRecorder {
	o.t.Helper()
	b, err := json.Marshal(body)
	o.must(err)
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(string(b)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+o.program)
	w := httptest.NewRecorder()
	o.Handler().ServeHTTP(w, r)
	return w
}

// needsTwo fails unless an answer asks for a second person, and gives the number
// of the question.
func (o *office) needsTwo(what string, w *httptest.ResponseRecorder) string {
	o.t.Helper()
	which := approvalID.FindString(w.Body.String())
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `"code":"E_DUAL_CONTROL"`) || which == "" {
		o.t.Errorf("%s: %d %.300s", what, w.Code, w.Body)
	}
	return which
}

// passes fails unless an answer is a success.
func (o *office) passes(what string, w *httptest.ResponseRecorder) {
	o.t.Helper()
	if w.Code >= 300 {
		o.t.Errorf("%s: %d %.300s", what, w.Code, w.Body)
	}
}

// decides presses a button on the page of a question.
func (o *office) decides(p *webtest.Person, which, button string) *httptest.ResponseRecorder {
	o.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/admin/trust/approvals/"+which+"/"+button, nil)
	r.AddCookie(p.Session(o.t))
	w := httptest.NewRecorder()
	o.Handler().ServeHTTP(w, r)
	return w
}

func (o *office) approves(which string) {
	o.t.Helper()
	if w := o.decides(o.lead, which, "approve"); w.Code != http.StatusSeeOther {
		o.t.Errorf("approving %s: %d %.300s", which, w.Code, w.Body)
	}
}

// SEC-04: what affects many, or cannot be taken back, needs two people; the
// approval is of exactly that, by somebody else in another role, for 24 hours and
// once. One person takes out up to 1,000 rows and writes to up to 10,000 people.
func TestSEC04_WhatAffectsManyNeedsTwoPeople(t *testing.T) {
	each(t, 1, func(t *testing.T, h *house) {
		o := newOffice(h)
		o.exports()
		o.sends()
		o.tells()
		o.keepsLonger()
		o.lets()
		o.erases()
		if n := h.count("select count(*) from ledger_entry where kind = '" + string(approval.KindApproval) + "'"); n < 20 {
			t.Errorf("%d steps are on record", n)
		}
	})
}

func (o *office) exports() {
	o.t.Helper()
	list := func(condition string) *httptest.ResponseRecorder {
		body := map[string]any{"purpose": "orders"}
		if condition != "" {
			body["condition"] = condition
		}
		return o.calls(http.MethodPost, "/recipients/carrier/list", body)
	}
	o.crowd(1_000)
	o.passes("1,000 rows", list(""))
	o.crowd(1_001)
	o.needsTwo("1,001 rows", list(""))
	o.crowd(5_000)
	which := o.needsTwo("5,000 rows", list(""))
	for name, p := range map[string]*webtest.Person{"whoever asked, through a token": o.marketer, "whoever made a role up": webtest.Hire(o.t, o.Staff, "max@halm.example", "marketer", "support")} {
		if w := o.decides(p, which, "approve"); w.Code != http.StatusForbidden {
			o.t.Errorf("%s approves: %d", name, w.Code)
		}
	}
	o.approves(which)
	o.needsTwo("5,000 rows approved, then one filter more", list(`count("Order Completed") >= 0`))
	o.passes("as approved", list(""))
	which = o.needsTwo("a second time", list(""))
	o.approves(which)
	o.clk.Set(o.clk.Now().Add(24 * time.Hour))
	which = o.needsTwo("24 hours later", list(""))
	if w := o.decides(o.lead, which, "refuse"); w.Code != http.StatusSeeOther {
		o.t.Errorf("refusing: %d", w.Code)
	}
	o.needsTwo("refused", list(""))
}

func (o *office) sends() {
	o.t.Helper()
	words := message.Text{Subject: "New beans", HTML: "<p>Come and taste.</p>"}
	change := campaign.Change{Name: "March", Purpose: "letter", Channel: term.Email, Content: message.Content{Class: message.Marketing, Texts: map[term.Lang]message.Text{"en": words, "de": words}}}
	draft := func() id.Campaign {
		c, err := o.Campaigns.Create(ctx, change, staff.Actor(o.marketer.ID))
		o.must(err)
		return c.ID
	}
	launch := func(c id.Campaign) *httptest.ResponseRecorder {
		return o.calls(http.MethodPost, "/campaigns/"+c.String()+"/launch", map[string]any{})
	}
	o.crowd(10_000)
	o.passes("10,000 people", launch(draft()))
	o.crowd(10_001)
	c := draft()
	which := o.needsTwo("10,001 people", launch(c))
	o.approves(which)
	change.Audience = `count("Order Completed") >= 0`
	_, err := o.Campaigns.Edit(ctx, c, change, staff.Actor(o.marketer.ID))
	o.must(err)
	o.needsTwo("approved, then edited", launch(c))
	change.Audience = ""
	_, err = o.Campaigns.Edit(ctx, c, change, staff.Actor(o.marketer.ID))
	o.must(err)
	o.passes("as approved", launch(c))
}

// tells people what changed, which is a message to many, too.
func (o *office) tells() {
	o.t.Helper()
	tell := func() *httptest.ResponseRecorder {
		return o.calls(http.MethodPost, "/charter/telling", map[string]any{"send": true})
	}
	counted := func(owed int) {
		o.clk.Set(o.clk.Now().Add(time.Minute))
		c, err := o.Charter.InForce(ctx, o.DB)
		o.must(err)
		o.write(func(tx *db.Tx) error {
			_, err := tx.Exec(`insert into telling (begun_at, version, sends, after_customer, owed, mute, by_actor, ended_at) values ($1, $2, 0, 0, $3, 1, 'staff:test', $1)`, o.clk.Now(), c.Version, owed)
			return err
		})
	}
	if w := tell(); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), string(telling.CountFirst)) {
		o.t.Errorf("nobody was counted: %d %.300s", w.Code, w.Body)
	}
	counted(10_002)
	which := o.needsTwo("10,001 people with an address", tell())
	counted(10_001)
	o.passes("10,000 people", tell())
	o.write(func(tx *db.Tx) error { _, err := tx.Exec("delete from telling"); return err })
	counted(10_002)
	o.approves(which)
	o.passes("as approved", tell())
	o.write(func(tx *db.Tx) error { _, err := tx.Exec("delete from telling"); return err })
	counted(10_002)
	o.needsTwo("a second time", tell())
	if n := o.count("select count(*) from ledger_entry where kind = '" + string(telling.KindRun) + "'"); n != 2 {
		o.t.Errorf("%d runs are on record", n)
	}
	o.write(func(tx *db.Tx) error { _, err := tx.Exec("delete from telling"); return err })
}

func (o *office) keepsLonger() {
	o.t.Helper()
	promise, house := sample.Documents()
	apply := func(from, to string, dry bool) *httptest.ResponseRecorder {
		if !strings.Contains(string(promise), from) {
			o.t.Fatalf("the sample says nothing of %q", from)
		}
		return o.calls(http.MethodPost, "/charter", map[string]any{"promise": strings.Replace(string(promise), from, to, 1), "house": string(house), "dry_run": dry})
	}
	const was, longer, shorter = "keep: 24 months after last order", "keep: 25 months after last order", "keep: 23 months after last order"
	if w := apply(was, longer, true); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"second_person":true`) {
		o.t.Errorf("a dry run: %d %.300s", w.Code, w.Body)
	}
	which := o.needsTwo("kept longer", apply(was, longer, false))
	o.approves(which)
	o.needsTwo("another text than was approved", apply(was, "keep: 26 months after last order", false))
	o.passes("as approved", apply(was, longer, false))
	o.passes("kept less long", apply(was, shorter, false))
}

// lets a recipient in, and sends its data elsewhere.
func (o *office) lets() {
	o.t.Helper()
	register := func(url string) *httptest.ResponseRecorder {
		return o.calls(http.MethodPut, "/recipients/relay", map[string]any{"kind": "webhook", "url": url})
	}
	which := o.needsTwo("a new recipient", register("https://relay.example/hook"))
	o.approves(which)
	o.needsTwo("approved, then reached elsewhere", register("https://elsewhere.example/hook"))
	o.passes("as approved", register("https://relay.example/hook"))
	which = o.needsTwo("a changed address", register("https://elsewhere.example/hook"))
	if w := o.decides(o.privacy, which, "approve"); w.Code != http.StatusSeeOther {
		o.t.Errorf("privacy staff approve: %d", w.Code)
	}
	o.clk.Set(o.clk.Now().Add(24*time.Hour - time.Second))
	o.passes("the changed address, a second before 24 hours are over", register("https://elsewhere.example/hook"))
}

func (o *office) erases() {
	o.t.Helper()
	erase := func(n int, asked string) *httptest.ResponseRecorder {
		return o.calls(http.MethodPost, "/requests/erasure", map[string]any{"customer": id.Customer(n).String(), "asked": asked})
	}
	which := o.needsTwo("nobody asked", erase(20, ""))
	if n := o.count("select count(*) from request where kind = 'erasure'"); n != 0 {
		o.t.Errorf("%d erasures were accepted", n)
	}
	o.approves(which)
	o.needsTwo("approved for another customer", erase(21, ""))
	o.passes("as approved", erase(20, ""))
	for i := range 9 {
		o.passes(fmt.Sprintf("asked for, number %d of the day", i+2), erase(30+i, "letter of 3 March, file 12"))
	}
	which = o.needsTwo("the eleventh of the day", erase(50, "letter of 3 March, file 12"))
	o.approves(which)
	o.passes("as approved", erase(50, "letter of 3 March, file 12"))
	o.clk.Set(o.clk.Now().Add(25 * time.Hour))
	o.passes("the first of the next day", erase(51, "letter of 4 March, file 12"))
}
