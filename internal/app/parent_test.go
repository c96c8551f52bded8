package app

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/signal"
	"candor/internal/term"
)

// allAges is a shop that young people visit too, and that maps its letter to what
// consent tools say.
var allAges = []string{"people: adults ", "people: all ages ", "    owner: marketing\n", "    signals: {tcf: [1], us: [targeted advertising]}\n    owner: marketing\n"}

// fills sends the sign-up form, with the answers of a session before.
func (h *house) fills(address, age, cookie string, more ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	form := url.Values{"email": {address}, "agree": {"yes"}, "shown": {"1"}, "age": {age}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return visit(h.App, http.MethodPost, "/f/signup", form, "Cookie", cookie)
}

// newLink gives the one link of a kind that came by mail since it was asked last.
func (h *house) newLink(kind string) string {
	h.t.Helper()
	_, err := h.Sender.Drain(ctx)
	h.must(err)
	page := visit(h.App, http.MethodGet, h.Mailbox.Path()+"mails.json", nil).Body.String()
	out := ""
	for _, link := range regexp.MustCompile("/"+kind+"/[A-Za-z0-9_-]+").FindAllString(page, -1) {
		if !h.seen[link] {
			out = link
		}
		h.saw(link)
	}
	if out == "" {
		h.t.Fatalf("no mail with a link to %s", kind)
	}
	return out
}

func (h *house) saw(link string) {
	if h.seen == nil {
		h.seen = map[string]bool{}
	}
	h.seen[link] = true
}

func (h *house) mayWrite(c id.Customer) (bool, []errs.Code) {
	d := h.ask(c, "letter", term.Serve, term.Email)
	var codes []errs.Code
	for _, r := range d.Reasons {
		codes = append(codes, r.Code)
	}
	return d.Allowed(), codes
}

// asksParent signs a twelve-year-old up, up to the mail to the parent.
func (h *house) asksParent(address string) (child id.Customer, link string) {
	h.t.Helper()
	h.fills(address, "12", "")
	child = find(h.t, h.App, address)
	w := visit(h.App, http.MethodPost, h.newLink("confirm"), url.Values{})
	ask := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(ask, "/parent/ask/") {
		h.t.Fatalf("the press led to %d %s", w.Code, ask)
	}
	if ok, codes := h.mayWrite(child); ok || len(codes) == 0 || codes[0] != errs.Age {
		h.t.Errorf("confirmed at twelve: allowed %v, %v", ok, codes)
	}
	if w := visit(h.App, http.MethodGet, ask, nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "A parent has to agree too") {
		h.t.Errorf("the way to a parent: %d", w.Code)
	}
	if w := visit(h.App, http.MethodPost, ask, url.Values{"email": {address}}); w.Code != http.StatusUnprocessableEntity {
		h.t.Errorf("one's own address as the parent's: %d", w.Code)
	}
	if w := visit(h.App, http.MethodPost, ask, url.Values{"email": {"mother.of." + address}}); w.Code != http.StatusOK {
		h.t.Errorf("asking the parent: %d", w.Code)
	}
	if find(h.t, h.App, "mother.of."+address) != 0 {
		h.t.Error("the parent became a customer")
	}
	return child, h.newLink("parent")
}

// MIN-AGE-02: who is under the age names a parent, who alone makes the consent
// count, sees no more than the masked address and the words, and can take it back;
// MIN-AGE-01: the first answer of a session stands; and what the page's consent
// tool said against the form is kept with the record.
func TestMINAGE02_TheFormLeadsToAParent(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		if page := h.opens("/f/signup", false); !strings.Contains(page, `name="age"`) {
			t.Error("the form does not ask for the age")
		}
		if w := h.fills("ada@post.example", "twelve", ""); w.Code != http.StatusUnprocessableEntity || find(t, h.App, "ada@post.example") != 0 {
			t.Errorf("without an age: %d", w.Code)
		}
		child, link := h.asksParent("ada@post.example")
		page := h.opens(link, false)
		if strings.Contains(page, "ada@post") || !strings.Contains(page, "a***@p***.example") || strings.Count(page, `name="answer"`) != 2 {
			t.Error("the parent's page shows the wrong things")
		}
		if ok, _ := h.mayWrite(child); ok {
			t.Error("opening the link decided")
		}
		press := func(link, answer string) int {
			return visit(h.App, http.MethodPost, link, url.Values{"answer": {answer}}).Code
		}
		if code := press(strings.Replace(link, "/parent/", "/confirm/", 1), "yes"); code == http.StatusOK {
			t.Error("the parent's link confirms the child's address")
		}
		if code := press(link, "yes"); code != http.StatusOK {
			t.Errorf("agreeing: %d", code)
		}
		if ok, codes := h.mayWrite(child); !ok {
			t.Errorf("a parent agreed: %v", codes)
		}
		press(link, "no")
		if ok, _ := h.mayWrite(child); !ok || strings.Count(h.opens(link, false), `name="answer"`) != 1 {
			t.Error("a spent link did more than offer to take it back")
		}
		press(link, "stop")
		if ok, _ := h.mayWrite(child); ok {
			t.Error("the parent took it back, and it is still allowed")
		}

		refused, link := h.asksParent("bob@post.example")
		press(link, "no")
		h.later(time.Minute) // the erasure's work
		if find(t, h.App, "bob@post.example") != 0 || h.count("select count(*) from customer where customer_id = $1", refused) != 0 {
			t.Error("a parent said no, and the child is still known")
		}

		w := h.fills("eve@post.example", "12", "")
		cookie, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
		h.newLink("confirm")
		h.fills("eve@post.example", "18", cookie) // back, and eighteen
		visit(h.App, http.MethodPost, h.newLink("confirm"), url.Values{})
		eve := find(t, h.App, "eve@post.example")
		if ok, _ := h.mayWrite(eve); ok || strings.Contains(visit(h.App, http.MethodGet, "/f/signup", nil, "Cookie", cookie).Body.String(), `name="age"`) {
			t.Error("the second answer of a session counted, or was asked for")
		}
		for range 3 { // nobody asked a parent
			h.later(15 * 24 * time.Hour)
		}
		if find(t, h.App, "eve@post.example") != 0 {
			t.Error("what waits for a parent is kept for ever")
		}

		h.fills("zoe@post.example", "34", "", "gpp", "DBABVg~BVVVVVVg")
		if w := visit(h.App, http.MethodPost, h.newLink("confirm"), url.Values{}); w.Code != http.StatusOK {
			t.Errorf("at 34: %d", w.Code)
		}
		zoe := find(t, h.App, "zoe@post.example")
		if ok, codes := h.mayWrite(zoe); !ok {
			t.Errorf("at 34: %v", codes)
		}
		h.must(h.DB.Read(ctx, func(tx *db.Tx) error {
			list, err := consent.Of(tx, zoe)
			for _, r := range list {
				if len(r.Overruled) != 1 || r.Overruled[0].From != signal.ByGPP || r.Overruled[0].Says != signal.No {
					t.Errorf("%s was kept with %+v", r.Kind, r.Overruled)
				}
			}
			return err
		}))
		if w := h.fills("kim@post.example", "34", "", "tcf", "COxR03k"); w.Code != http.StatusBadRequest || find(t, h.App, "kim@post.example") != 0 {
			t.Errorf("with a broken string: %d", w.Code)
		}
	}, allAges...)
}
