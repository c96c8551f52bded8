package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"candor/internal/request"
	"candor/internal/staff"
	"candor/internal/web/webtest"
)

// Nobody opens their own record, a colleague's or a marked one alone: a second
// person, in another role and not the one whose record it is, approves exactly that
// look. Nobody decides about a request of their own.
func TestGuardedRecordsNeedASecondPerson(t *testing.T) {
	each(t, 2, func(t *testing.T, h *house) {
		o := newOffice(h)
		who, other := h.ids[0], h.ids[1]
		look := func(p *webtest.Person, customer, purpose string) (*browser, *guardedLook) {
			t.Helper()
			b := h.as(p)
			w := b.do(http.MethodPost, "/admin/customers", url.Values{"identity": {customer}, "purpose": {purpose}})
			return b, &guardedLook{w.Code, w.Body.String()}
		}
		self := webtest.Hire(t, h.Staff, strings.ToUpper(h.people[0].Email[:1])+h.people[0].Email[1:], "support", "privacy")
		colleague := webtest.Hire(t, h.Staff, "cy@halm.example", "support")
		officer := webtest.Hire(t, h.Staff, "dp@halm.example", "officer")

		for name, p := range map[string]*webtest.Person{"oneself": self, "a colleague": colleague} {
			b, l := look(p, who.String(), "orders")
			which := l.needsTwo(t, name)
			if w := b.do(http.MethodGet, "/admin/customers/"+who.String(), nil); w.Code != http.StatusSeeOther {
				t.Errorf("%s opens the page all the same: %d", name, w.Code)
			}
			if w := o.decides(self, which, "approve"); w.Code != http.StatusForbidden {
				t.Errorf("%s: whose record it is approves: %d", name, w.Code)
			}
			if w := o.decides(officer, which, "approve"); w.Code != http.StatusSeeOther {
				t.Errorf("%s: the officer approves: %d %.300s", name, w.Code, w.Body)
			}
			if _, l := look(p, who.String(), "letter"); l.status != http.StatusForbidden {
				t.Errorf("%s: approved for another purpose: %d", name, l.status)
			}
			b, l = look(p, who.String(), "orders")
			if w := b.do(http.MethodGet, "/admin/customers/"+who.String(), nil); l.status != http.StatusSeeOther || w.Code != http.StatusOK {
				t.Errorf("%s: as approved: %d, the page %d", name, l.status, w.Code)
			}
			if _, l := look(p, who.String(), "orders"); l.status != http.StatusForbidden {
				t.Errorf("%s: a second look: %d", name, l.status)
			}
		}
		if _, l := look(colleague, h.people[0].Email, "orders"); l.status != http.StatusForbidden {
			t.Errorf("by address: %d", l.status)
		}

		q, err := h.Desk.Restrict(ctx, request.NewRequest{Customer: who, Via: "portal", Actor: "customer"})
		h.must(err)
		act := "/admin/trust/requests/" + q.ID.String() + "/uphold"
		if w := h.as(self).do(http.MethodPost, act, nil); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "about you as a customer") {
			t.Errorf("deciding about oneself: %d", w.Code)
		}

		if _, l := look(colleague, other.String(), "orders"); l.status != http.StatusSeeOther {
			t.Errorf("a customer like any: %d", l.status)
		}
		mark := func(p *webtest.Person, form url.Values) int {
			return h.as(p).do(http.MethodPost, "/admin/trust/guarded", form).Code
		}
		form := url.Values{"customer": {other.String()}, "why": {"Known from the news"}, "mark": {"on"}}
		if got := mark(colleague, form); got != http.StatusForbidden {
			t.Errorf("support marks a record: %d", got)
		}
		if got := mark(officer, form); got != http.StatusSeeOther {
			t.Errorf("the officer marks a record: %d", got)
		}
		if _, l := look(colleague, other.String(), "orders"); l.status != http.StatusForbidden {
			t.Errorf("a marked record: %d", l.status)
		}
		form.Set("mark", "off")
		if got := mark(officer, form); got != http.StatusSeeOther {
			t.Errorf("the officer takes the mark away: %d", got)
		}
		if _, l := look(colleague, other.String(), "orders"); l.status != http.StatusSeeOther {
			t.Errorf("no longer marked: %d", l.status)
		}
		if n := h.count("select count(*) from ledger_entry where kind = '" + string(staff.KindLooked) + "'"); n < 9 {
			t.Errorf("%d looks are on record", n)
		}
	})
}

// guardedLook is how a search ended.
type guardedLook struct {
	status int
	body   string
}

func (l *guardedLook) needsTwo(t *testing.T, name string) string {
	t.Helper()
	which := approvalID.FindString(l.body)
	if l.status != http.StatusForbidden || which == "" {
		t.Fatalf("%s: %d %.300s", name, l.status, l.body)
	}
	return which
}
