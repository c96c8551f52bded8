package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/request"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/token"
	"candor/internal/web/webtest"
)

// as is a browser in which somebody is signed in.
func (h *house) as(p *webtest.Person) *browser {
	b := newBrowser(h.App)
	c := p.Session(h.t)
	b.cookies[c.Name] = c
	return b
}

// mints tries to make a token in somebody's name.
func (h *house) mints(who id.Staff) error {
	return h.DB.Write(ctx, func(tx *db.Tx) error {
		_, _, err := h.Tokens.Mint(tx, token.New{Label: "x", Scopes: token.Scopes, For: time.Hour, By: staff.Actor(who)})
		return err
	})
}

// TRN-04: without a commitment on file a sign-in ends at the commitment page and
// no token can be made; new words ask everybody anew, in the middle of their work;
// each access states a purpose or a case; those without a case are sampled each
// week, and what they were for is asked and judged.
func TestTRN04_WhoHasAccessIsBoundAndSaysWhy(t *testing.T) {
	each(t, 1, func(t *testing.T, h *house) {
		h.commits()
		h.commitsAnew()
		h.statesWhy()
		h.isAsked()
	})
}

// commits: a sign-in without the promise ends at its page.
func (h *house) commits() {
	t := h.t
	in, err := h.Staff.Accept(ctx, invite(t, h.App, "new@halm.example"), webtest.Password)
	h.must(err)
	in, e, err := h.Staff.Enrolment(ctx, in, "Halm")
	h.must(err)
	code, err := staff.Code(e.Secret, h.Clock.Now())
	h.must(err)
	in, _, err = h.Staff.Enrol(ctx, in, code)
	h.must(err)
	if step, err := h.Staff.Next(ctx, in); err != nil || step != staff.StepCommit {
		t.Errorf("the next step without a promise: %s, %v", step, err)
	}
	if _, err := h.Staff.Open(ctx, in, "test"); errs.CodeOf(err) != staff.NoCommitment {
		t.Errorf("a session without a promise: %v", err)
	}
	var people []staff.Person
	h.must(h.DB.Read(ctx, func(tx *db.Tx) (err error) {
		people, err = h.Staff.List(tx, 0, 1)
		return err
	}))
	if err := h.mints(people[0].ID); errs.CodeOf(err) != staff.NoCommitment {
		t.Errorf("a token without a promise: %v", err)
	}
	if err := h.Staff.Commit(ctx, in, "other words"); errs.CodeOf(err) != staff.WordsChanged {
		t.Errorf("a promise of other words: %v", err)
	}
	h.must(h.Staff.Commit(ctx, in, staff.WordsOf(currentCharter(t, h.App)).Version))
	if _, err := h.Staff.Open(ctx, in, "test"); err != nil {
		t.Errorf("after the promise: %v", err)
	}
	if err := h.mints(people[0].ID); err != nil {
		t.Errorf("a token after the promise: %v", err)
	}
}

// commitsAnew: when the words change, an open session leads to the page of the
// promise, and to nothing else.
func (h *house) commitsAnew() {
	t := h.t
	p := webtest.Hire(t, h.Staff, "otto@halm.example", "support")
	b := h.as(p)
	if w := b.do(http.MethodGet, "/admin/customers", nil); w.Code != http.StatusOK {
		t.Fatalf("before: %d", w.Code)
	}
	_, err := h.ApplyCharter(ctx, withHouse(t, `confidentiality: "Nor do I talk of customers at home, at lunch or on the train."`), term.ByEngine)
	h.must(err)
	for _, path := range []string{"/admin/customers", "/admin/account"} {
		if w := b.do(http.MethodGet, path, nil); w.Header().Get("Location") != "/admin/commitment?next="+url.QueryEscape(path) || strings.Contains(w.Body.String(), "E-mail") {
			t.Errorf("%s under new words: %d %s", path, w.Code, w.Header().Get("Location"))
		}
	}
	search := url.Values{"identity": {h.ids[0].String()}, "purpose": {"orders"}}
	looked := entries(t, h.App, staff.KindLooked)
	if w := b.do(http.MethodPost, "/admin/customers", search); w.Code != http.StatusSeeOther || entries(t, h.App, staff.KindLooked) != looked {
		t.Errorf("a search under new words: %d", w.Code)
	}
	if err := h.mints(p.ID); errs.CodeOf(err) != staff.NoCommitment {
		t.Errorf("a token under new words: %v", err)
	}
	words := staff.WordsOf(currentCharter(t, h.App))
	if w := b.do(http.MethodGet, "/admin/commitment?next=/admin/customers", nil); !strings.Contains(w.Body.String(), "at lunch or on the train") {
		t.Errorf("the new words are not shown: %d", w.Code)
	}
	if w := b.do(http.MethodPost, "/admin/commitment", url.Values{"words": {words.Version}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("without the promise: %d", w.Code)
	}
	if w := b.do(http.MethodPost, "/admin/commitment", url.Values{"words": {words.Version}, "promise": {"yes"}, "next": {"/admin/customers"}}); w.Header().Get("Location") != "/admin/customers" {
		t.Errorf("the promise: %d %s", w.Code, w.Header().Get("Location"))
	}
	if w := b.do(http.MethodGet, "/admin/customers", nil); w.Code != http.StatusOK {
		t.Errorf("after the new promise: %d", w.Code)
	}
	rows, err := h.Ledger.List(ctx, ledger.Filter{Kind: staff.KindCommitted, Limit: 1})
	h.must(err)
	if text := string(rows[0].Content); !strings.Contains(text, words.Version) || !strings.Contains(text, "at lunch") || !strings.Contains(text, p.ID.String()) {
		t.Errorf("on record: %s", text)
	}
}

// statesWhy: no search without a purpose or a case, no values without a purpose.
func (h *house) statesWhy() {
	t := h.t
	b := h.as(webtest.Hire(t, h.Staff, "una@halm.example", "support"))
	page := "/admin/customers/" + h.ids[0].String()
	if w := b.do(http.MethodPost, "/admin/customers", url.Values{"identity": {h.ids[0].String()}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a search without a reason: %d", w.Code)
	}
	if w := b.do(http.MethodGet, page, nil); w.Header().Get("Location") != "/admin/customers" {
		t.Errorf("a page without a reason: %d", w.Code)
	}
	if w := b.do(http.MethodPost, page+"/reveal", url.Values{"purpose": {"orders"}}); w.Header().Get("Location") != "/admin/customers" {
		t.Errorf("values without a reason: %d", w.Code)
	}
	if w := b.do(http.MethodPost, "/admin/customers", url.Values{"identity": {h.ids[0].String()}, "purpose": {"orders"}}); w.Header().Get("Location") != page {
		t.Errorf("with a purpose: %d", w.Code)
	}
	if w := b.do(http.MethodPost, page+"/reveal", url.Values{}); w.Code != http.StatusForbidden {
		t.Errorf("values without a purpose: %d", w.Code)
	}
}

// isAsked: of eleven looks without a case two are asked about, of looks for a
// request none; the officer judges what was said.
func (h *house) isAsked() {
	t := h.t
	h.clk.Set(h.clk.Now().Add(8 * 24 * time.Hour)) // what came before is of another week
	bare, byCase := webtest.Hire(t, h.Staff, "bo@halm.example", "support"), webtest.Hire(t, h.Staff, "cy@halm.example", "support")
	officer := webtest.Hire(t, h.Staff, "pia@halm.example", "officer")
	q, err := h.Desk.AskAccess(ctx, request.NewRequest{Customer: h.ids[0], Via: "staff", Actor: staff.Actor(byCase.ID)})
	h.must(err)
	look := func(b *browser, form url.Values) {
		t.Helper()
		form.Set("identity", h.ids[0].String())
		if w := b.do(http.MethodPost, "/admin/customers", form); w.Code != http.StatusSeeOther {
			t.Fatalf("a look: %d %.200s", w.Code, w.Body)
		}
	}
	b, c := h.as(bare), h.as(byCase)
	for range 11 {
		look(b, url.Values{"purpose": {"orders"}})
	}
	look(c, url.Values{"purpose": {"by request"}, "request": {q.ID.String()}})
	h.clk.Set(h.clk.Now().Add(24 * time.Hour))
	h.must(h.Staff.Question(ctx))
	h.must(h.Staff.Question(ctx))
	asked := func(p *webtest.Person) (out []staff.Access) {
		h.must(h.DB.Read(ctx, func(tx *db.Tx) (err error) {
			out, err = h.Staff.Unexplained(tx, p.ID)
			return err
		}))
		return out
	}
	list := asked(bare)
	if len(list) != 2 || len(asked(byCase)) != 0 {
		t.Fatalf("%d of eleven looks without a case are asked about, and %d of one with", len(list), len(asked(byCase)))
	}
	b, c = h.as(bare), h.as(byCase)
	if w := b.do(http.MethodGet, "/admin/", nil); !strings.Contains(w.Body.String(), "Say what you looked at customers for") {
		t.Error("whoever looked is not asked on Home")
	}
	o := h.as(officer)
	if w := o.do(http.MethodGet, "/admin/", nil); !strings.Contains(w.Body.String(), "Accesses to customers without a case") {
		t.Error("the officer does not see it on Home")
	}
	own := "/admin/accesses/" + list[0].ID.String()
	if w := b.do(http.MethodPost, own, url.Values{"answer": {"ada@example.org called"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("an answer with an address: %d", w.Code)
	}
	if w := c.do(http.MethodPost, own, url.Values{"answer": {"A late parcel"}}); w.Code != http.StatusNotFound {
		t.Errorf("somebody else's answer: %d", w.Code)
	}
	if w := b.do(http.MethodPost, own, url.Values{"answer": {"A late parcel"}}); w.Code != http.StatusSeeOther {
		t.Errorf("the answer: %d", w.Code)
	}
	if w := o.do(http.MethodGet, "/admin/trust/accesses", nil); !strings.Contains(w.Body.String(), "A late parcel") || !strings.Contains(w.Body.String(), "not explained yet") {
		t.Errorf("the officer's page: %d", w.Code)
	}
	if w := b.do(http.MethodPost, "/admin/trust/accesses/"+list[0].ID.String()+"/fine", nil); w.Code != http.StatusForbidden {
		t.Errorf("whoever looked judges: %d", w.Code)
	}
	incidents := h.count("select count(*) from incident")
	for i, verdict := range []string{"fine", "wrong"} {
		if w := o.do(http.MethodPost, "/admin/trust/accesses/"+list[i].ID.String()+"/"+verdict, nil); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d %.200s", verdict, w.Code, w.Body)
		}
	}
	if n := h.count("select count(*) from incident"); n != incidents+1 {
		t.Errorf("%d incidents", n-incidents)
	}
	if n := h.count("select count(*) from staff_access where judged_at = 0"); n != 0 {
		t.Errorf("%d are open", n)
	}
}
