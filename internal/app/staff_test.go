package app

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/ledger"
	"candor/internal/staff"
)

func currentCharter(t *testing.T, a *App) *charter.Charter {
	t.Helper()
	var c *charter.Charter
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		c, err = a.Charter.Current(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func refusals(t *testing.T, a *App) int {
	t.Helper()
	list, err := a.Ledger.List(ctx, ledger.Filter{Kind: staff.KindRefused})
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// browser keeps cookies between requests, as a browser does.
type browser struct {
	h       http.Handler
	cookies map[string]*http.Cookie
}

func newBrowser(a *App) *browser { return &browser{a.Handler(), map[string]*http.Cookie{}} }

func (b *browser) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.cookies[c.Name] = c; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

// From the printed code to the first page, and that the way has no gap: the code
// works once, no session comes before second factor and commitment.
func TestFirstRunEndsInsideAndHasNoGap(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		clk := &demo.Clock{}
		a := openWith(t, place, nil, clk, clock.System{}.Now())
		clk.Live()
		setup, err := a.SetupCode(ctx)
		if err != nil || setup == "" {
			t.Fatalf("%q, %v", setup, err)
		}
		b := newBrowser(a)
		if w := b.do("GET", "/admin/", nil); w.Header().Get("Location") != "/admin/sign-in" {
			t.Errorf("a stranger: %d %s", w.Code, w.Header().Get("Location"))
		}
		if w := b.do("GET", "/admin/sign-in", nil); w.Header().Get("Location") != "/admin/first" {
			t.Errorf("the first visitor: %s", w.Header().Get("Location"))
		}
		form := url.Values{"code": {"wrong"}, "name": {"Ada Lovelace"}, "email": {"ada@halm.example"}, "password": {"violet harbour tin lantern"}}
		if w := b.do("POST", "/admin/first", form); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("a wrong code: %d", w.Code)
		}
		form.Set("code", setup)
		if w := b.do("POST", "/admin/first", form); w.Header().Get("Location") != "/admin/sign-in/enrol" {
			t.Fatalf("the code: %d %s", w.Code, w.Body.String())
		}
		for _, skip := range []string{"/admin/", "/admin/account"} {
			if w := b.do("GET", skip, nil); w.Code != http.StatusSeeOther {
				t.Errorf("%s before the second factor: %d", skip, w.Code)
			}
		}
		if w := b.do("POST", "/admin/sign-in/commitment", url.Values{"promise": {"yes"}}); b.cookies["candor_staff"] != nil {
			t.Errorf("a session before the second factor: %d", w.Code)
		}
		page := b.do("GET", "/admin/sign-in/enrol", nil).Body.String()
		_, secret, _ := strings.Cut(page, `<p class="secret">`)
		secret, _, _ = strings.Cut(secret, "<")
		code, err := staff.Code(strings.ReplaceAll(secret, " ", ""), a.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		if w := b.do("POST", "/admin/sign-in/enrol", url.Values{"code": {code}}); !strings.Contains(w.Body.String(), "recovery codes") || b.cookies["candor_staff"] != nil {
			t.Fatalf("enrolment: %d %s", w.Code, w.Body.String())
		}
		if w := b.do("GET", "/admin/", nil); w.Code != http.StatusSeeOther {
			t.Errorf("before the commitment: %d", w.Code)
		}
		b.do("POST", "/admin/sign-in/commitment", url.Values{"promise": {"yes"}, "words": {staff.WordsOf(currentCharter(t, a)).Version}})
		if w := b.do("GET", "/admin/", nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Ada Lovelace") {
			t.Errorf("inside: %d", w.Code)
		}
		if again, err := a.SetupCode(ctx); err != nil || again != "" {
			t.Errorf("a second set-up code: %q, %v", again, err)
		}
		w := b.do("POST", "/admin/account/sign-out-everywhere", nil)
		if w.Header().Get("Clear-Site-Data") == "" || b.cookies["candor_staff"] != nil {
			t.Errorf("signing out everywhere clears nothing")
		}
	})
}
