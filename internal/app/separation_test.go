package app

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"candor/internal/approval"
	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/message"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/token"
	"candor/internal/web/webtest"
)

// withHouse is the sample's charter with lines put before the roles of its house.
func withHouse(t *testing.T, more string) *charter.Charter {
	t.Helper()
	promise, house := sample.Documents()
	c, problems := charter.Parse(promise, []byte(strings.Replace(string(house), "\nroles:", "\n"+more+"\nroles:", 1)))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

// TRN-05: whoever made or edited a campaign cannot approve it, whatever role they hold
// besides; roles that house.yaml keeps apart are not given into one hand, and give
// nothing where they already are in one.
func TestTRN05_CreatorAndApproverAreTwoPeople(t *testing.T) {
	each(t, 1, func(t *testing.T, h *house) {
		_, err := h.ApplyCharter(ctx, withHouse(t, "alone: {recipients: 0}"), term.ByEngine)
		h.must(err)
		h.later(time.Minute) // standing is worked out anew
		o := newOffice(h)
		words := message.Text{Subject: "New beans", HTML: "<p>Come and taste.</p>"}
		change := campaign.Change{Name: "March", Purpose: "letter", Channel: term.Email, Content: message.Content{Class: message.Marketing, Texts: map[term.Lang]message.Text{"en": words, "de": words}}}
		creator := webtest.Hire(t, h.Staff, "cara@halm.example", "marketer")
		c, err := h.Campaigns.Create(ctx, change, staff.Actor(creator.ID))
		h.must(err)
		editor := webtest.Hire(t, h.Staff, "edda@halm.example", "lead")
		which := o.needsTwo("a campaign of somebody else", o.calls(http.MethodPost, "/campaigns/"+c.ID.String()+"/launch", map[string]any{}))
		give := func(p *webtest.Person, role string) error {
			return h.DB.Write(ctx, func(tx *db.Tx) error { return h.Staff.Give(tx, p.ID, "halm", role, term.ByEngine) })
		}
		h.clk.Set(h.clk.Now().Add(time.Minute))
		h.must(give(creator, "lead"))
		if w := o.decides(creator, which, "approve"); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "nobody approves what they made themselves") {
			t.Errorf("whoever made it approves: %d %.300s", w.Code, w.Body)
		}
		question, err := id.Parse[id.Approval](which)
		h.must(err)
		who, err := h.Staff.Ask(ctx, creator.Session(t).Value)
		h.must(err)
		err = h.DB.Write(ctx, func(tx *db.Tx) error { return h.Approvals.Decide(tx, question, who, approval.Verdict{Yes: true}) })
		if errs.CodeOf(err) != errs.Role {
			t.Errorf("whoever made it approves: %v", err)
		}
		change.Name = "March, edited"
		for _, by := range []*webtest.Person{creator, editor} { // somebody else's edit voids what was asked
			_, err = h.Campaigns.Edit(ctx, c.ID, change, staff.Actor(by.ID))
			h.must(err)
		}
		which = o.needsTwo("edited by another", o.calls(http.MethodPost, "/campaigns/"+c.ID.String()+"/launch", map[string]any{}))
		if w := o.decides(editor, which, "approve"); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "nobody approves what they made themselves") {
			t.Errorf("whoever edited it approves: %d %.300s", w.Code, w.Body)
		}
		o.approves(which)
		o.passes("approved by a third", o.calls(http.MethodPost, "/campaigns/"+c.ID.String()+"/launch", map[string]any{}))

		_, err = h.ApplyCharter(ctx, withHouse(t, "apart: {marketer: [lead]}"), term.ByEngine)
		h.must(err)
		other := webtest.Hire(t, h.Staff, "otto@halm.example", "lead")
		if err := give(other, "marketer"); errs.CodeOf(err) != errs.Role {
			t.Errorf("roles that are kept apart: %v", err)
		}
		h.must(h.DB.Read(ctx, func(tx *db.Tx) error {
			p, err := h.Staff.Get(tx, creator.ID)
			rights := staff.RightsOf(currentCharter(t, h.App), p.Grants, "halm", h.Clock.Now())
			if !rights.May(staff.Draft) || rights.May(staff.Approve) {
				t.Errorf("two roles that are now apart give %v", rights.Roles)
			}
			return err
		}))
	})
}

// SEC-02: whoever works for brand A and asks for a profile of brand B gets 404,
// and it is on record; a role in the body of a change changes nothing; a read of
// personal data without a purpose is 403, and so is an act without the scope.
func TestSEC02_EachRequestIsAuthorised(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		a, b := newSite(t, place), newSite(t, besides(t, place))
		atA, atB := a.knows("Ada of A"), b.knows("Ada of B")
		o := &office{house: &house{App: a.App, t: t, clk: a.clk}}
		operator := webtest.Hire(t, a.Staff, "kim@halm.example", "support")
		o.program = mintFor(t, a.App, operator)
		session := operator.Session(t)
		page := func(who id.Customer) int {
			return visit(a.App, http.MethodGet, "/admin/customers/"+who.String(), nil, "Cookie", session.Name+"="+session.Value).Code
		}
		looked, refused := entries(t, a.App, staff.KindLooked), refusals(t, a.App)
		if got := page(atB); got != http.StatusNotFound || entries(t, a.App, staff.KindLooked) != looked+1 {
			t.Errorf("a profile of B: %d", got)
		}
		if got := page(atA); got != http.StatusSeeOther {
			t.Errorf("one of A, without saying why: %d", got)
		}
		values := func(who id.Customer, body map[string]any) int {
			return o.calls(http.MethodPost, "/customers/"+who.String()+"/values", body).Code
		}
		if got := values(atB, map[string]any{"purpose": "orders"}); got != http.StatusNotFound || refusals(t, a.App) != refused+1 {
			t.Errorf("values of B by the API: %d, %d on record", got, refusals(t, a.App)-refused)
		}
		for _, path := range []string{"values", "events"} {
			w := o.calls(http.MethodPost, "/customers/"+atA.String()+"/"+path, map[string]any{})
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "no_purpose") {
				t.Errorf("%s without a purpose: %d %s", path, w.Code, w.Body)
			}
		}
		if got := refusals(t, a.App); got != refused+3 {
			t.Errorf("%d refusals are on record, want 3", got-refused)
		}

		before := rows(t, a.DB)
		for path, body := range map[string]map[string]any{
			"/customers":                             {"role": "admin", "identities": []any{map[string]any{"kind": "user", "namespace": "shop", "value": "9"}}, "provenance": map[string]any{"source": "crm"}},
			"/customers/" + atA.String():             {"role": "admin"},
			"/customers/" + atA.String() + "/values": {"role": "admin", "purpose": "orders"},
			"/tokens":                                {"role": "admin"},
		} {
			for _, method := range []string{http.MethodPatch, http.MethodPost, http.MethodPut} {
				if w := o.calls(method, path, body); w.Code < 400 {
					t.Errorf("%s %s with a role: %d", method, path, w.Code)
				}
			}
		}
		visit(a.App, http.MethodPatch, "/admin/account", nil, "Cookie", session.Name+"="+session.Value)
		r := o.decides(operator, "apr_0", "approve?role=administrator")
		if r.Code < 400 {
			t.Errorf("a post with a role: %d", r.Code)
		}
		if after := rows(t, a.DB); !maps.Equal(before, after) {
			t.Errorf("a role in a body changed %v, before %v", after, before)
		}
		who, err := a.Staff.Ask(ctx, session.Value)
		a.must(err)
		if len(who.Rights.Roles) != 1 || who.Rights.May(staff.ManageStaff) {
			t.Errorf("the operator holds %v", who.Rights.Roles)
		}
	})
}

// entries counts the ledger's entries of a kind.
func entries(t *testing.T, a *App, kind ledger.Kind) int {
	t.Helper()
	list, err := a.Ledger.List(ctx, ledger.Filter{Kind: kind})
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// mintFor makes a token that somebody of the staff answers for.
func mintFor(t *testing.T, a *App, p *webtest.Person) (text string) {
	t.Helper()
	err := a.DB.Write(ctx, func(tx *db.Tx) (err error) {
		text, _, err = a.Tokens.Mint(tx, token.New{Label: "test", Scopes: token.Scopes, For: 24 * time.Hour, By: staff.Actor(p.ID)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TRN-03: whoever owns campaigns, works in marketing, answers for security or the
// business, or administers is not made the data protection officer, nor the other
// way round; what the officer refused is done only with a reason on record, by
// name, and the management is told.
func TestTRN03_TheOfficerStandsAloneAndIsNotOverruledSilently(t *testing.T) {
	each(t, 1, func(t *testing.T, h *house) {
		_, house := sample.Documents()
		text := strings.Replace(string(house), "\nroles:", "\nalone: {rows: 0}\nroles:\n  campaign_owner: {may: [draft, send], sees: masked}\n  marketing: {may: [audience], sees: masked}\n"+
			"  it_security: {may: [set up], sees: masked}\n  dpo: {may: [oversee, audit], sees: masked}\n  director: {may: [direct], sees: masked}", 1)
		promise, _ := sample.Documents()
		c, problems := charter.Parse(promise, []byte(text))
		h.must(problems.Err())
		_, err := h.ApplyCharter(ctx, c, term.ByEngine)
		h.must(err)
		h.later(time.Minute)
		o := newOffice(h)
		give := func(p *webtest.Person, role string) error {
			return h.DB.Write(ctx, func(tx *db.Tx) error { return h.Staff.Give(tx, p.ID, "halm", role, term.ByEngine) })
		}
		for i, role := range []string{"campaign_owner", "marketing", "marketer", "lead", "it_security", "director", staff.Administrator} {
			if err := give(webtest.Hire(t, h.Staff, fmt.Sprintf("a%d@halm.example", i), role), "dpo"); errs.CodeOf(err) != errs.Role {
				t.Errorf("%s becomes the officer: %v", role, err)
			}
			if err := give(webtest.Hire(t, h.Staff, fmt.Sprintf("b%d@halm.example", i), "dpo"), role); errs.CodeOf(err) != errs.Role {
				t.Errorf("the officer becomes %s: %v", role, err)
			}
		}

		officer, director := webtest.Hire(t, h.Staff, "odo@halm.example", "dpo"), webtest.Hire(t, h.Staff, "dora@halm.example", "director")
		list := func() *httptest.ResponseRecorder {
			return o.calls(http.MethodPost, "/recipients/carrier/list", map[string]any{"purpose": "orders"})
		}
		if w := o.decides(officer, o.needsTwo("an export", list()), "refuse"); w.Code != http.StatusSeeOther {
			t.Fatalf("the officer refuses: %d", w.Code)
		}
		which := o.needsTwo("the same again", list())
		if w := o.decides(o.lead, which, "approve"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "officer refused this") {
			t.Errorf("overruled without a reason: %d", w.Code)
		}
		const why = "The carrier needs it for parcels that are on their way."
		if w := o.decides(o.lead, which, "approve?reason="+url.QueryEscape(why)); w.Code != http.StatusSeeOther {
			t.Errorf("overruled with a reason: %d %.300s", w.Code, w.Body)
		}
		see := func(p *webtest.Person, path string) string {
			s := p.Session(t)
			return visit(h.App, http.MethodGet, path, nil, "Cookie", s.Name+"="+s.Value).Body.String()
		}
		if !strings.Contains(see(director, "/admin/"), "officer was overruled") {
			t.Error("the management is not told")
		}
		if page := see(director, "/admin/trust/approvals/"+which); !strings.Contains(page, why) || !strings.Contains(page, "Test Person") {
			t.Error("reason and approver do not stand on the page")
		}
		if w := o.decides(director, which, "told"); w.Code != http.StatusSeeOther || strings.Contains(see(director, "/admin/"), "officer was overruled") {
			t.Errorf("taking note: %d", w.Code)
		}
		o.passes("as approved", list())
	})
}
