package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/errs"
	"candor/internal/personal"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/token"
	"candor/internal/web/webtest"
)

// sensitive are the routes that change keys and roles, send to many, or take
// data out.
var sensitive = regexp.MustCompile(`^POST .*(/tokens/|/sources/|/staff/|/launch$|/recovery-codes$|exports?$)`)

// SEC-01: with a password alone enrolment is forced and no session cookie is
// issued; passwords have 15 characters and are in no list of breached ones; there
// is no default account; keys, roles, exports and sending to many ask for a
// factor shown within five minutes.
func TestSEC01_NoSessionWithoutASecondFactor(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		clk := &demo.Clock{}
		a := openWith(t, place, nil, clk, now)
		clk.Set(now)
		err := a.DB.Read(ctx, func(tx *db.Tx) error {
			people, err := a.Staff.List(tx, 0, 10)
			if len(people) > 0 {
				t.Errorf("%d default accounts", len(people))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		invitation := invite(t, a, "ada@halm.example")
		b := newBrowser(a)
		for _, bad := range []string{"fourteen-signs", "password1234567"} {
			if w := b.do("POST", "/admin/invitation/"+invitation, url.Values{"password": {bad}}); w.Code != http.StatusUnprocessableEntity {
				t.Errorf("the password %q: %d", bad, w.Code)
			}
		}
		b.do("POST", "/admin/invitation/"+invitation, url.Values{"password": {webtest.Password}})

		// A password only: sign in.
		b = newBrowser(a)
		w := b.do("POST", "/admin/sign-in", url.Values{"email": {"ada@halm.example"}, "password": {webtest.Password}})
		if w.Header().Get("Location") != "/admin/sign-in/enrol" || b.cookies["candor_staff"] != nil {
			t.Fatalf("with a password only: %d %s, session %v", w.Code, w.Header().Get("Location"), b.cookies["candor_staff"])
		}
		for path, form := range map[string]url.Values{"/admin/sign-in/commitment": {"promise": {"yes"}}, "/admin/sign-in/factor": {"code": {"123456"}}} {
			if b.do("POST", path, form); b.cookies["candor_staff"] != nil {
				t.Errorf("%s gave a session", path)
			}
		}
		if w := b.do("GET", "/admin/", nil); w.Header().Get("Location") != "/admin/sign-in" {
			t.Errorf("the sign-in's own cookie opens a page: %d", w.Code)
		}
		askAgain(t, a, clk)
	})
}

// askAgain holds sensitive routes to the five minutes.
func askAgain(t *testing.T, a *App, clk *demo.Clock) {
	admin := webtest.Hire(t, a.Staff, "kim@halm.example", staff.Administrator, "marketer")
	h := a.Handler()
	start := clk.Now()
	cookie := admin.Session(t)
	seen := 0
	for _, route := range a.Web.Routes() {
		if !sensitive.MatchString(route.Pattern) {
			continue
		}
		seen++
		if !route.Access.NeedsFresh() {
			t.Errorf("%s does not ask again", route.Pattern)
		}
	}
	if seen < 8 {
		t.Errorf("%d sensitive routes: the search is wrong", seen)
	}
	get := func(at clock.Instant) *httptest.ResponseRecorder {
		clk.Set(at)
		r := httptest.NewRequest("GET", "/admin/setup/tokens/new", nil)
		r.AddCookie(cookie)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	if w := get(start.Add(staff.Fresh)); w.Code != http.StatusOK || staff.Fresh != 5*time.Minute {
		t.Errorf("after five minutes: %d", w.Code)
	}
	if w := get(start.Add(staff.Fresh + time.Second)); !strings.HasPrefix(w.Header().Get("Location"), "/admin/prove") {
		t.Errorf("after more than five minutes: %d %s", w.Code, w.Header().Get("Location"))
	}
	code, err := staff.Code(admin.Secret, clk.Now())
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/admin/prove", strings.NewReader(url.Values{"code": {code}, "next": {"/admin/setup/tokens/new"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(cookie)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Header().Get("Location") != "/admin/setup/tokens/new" {
		t.Errorf("after the factor: %d %s", w.Code, w.Header().Get("Location"))
	}
	if w := get(clk.Now()); w.Code != http.StatusOK {
		t.Errorf("after showing it again: %d", w.Code)
	}
}

// invite adds somebody without a role and gives the link's secret.
func invite(t *testing.T, a *App, email string) (secret string) {
	t.Helper()
	err := a.DB.Write(ctx, func(tx *db.Tx) error {
		who, err := a.Staff.Add(tx, staff.NewPerson{Name: personal.Seal("Ada Lovelace"), Email: personal.Seal(email)}, term.ByEngine)
		if err == nil {
			secret, err = a.Staff.Invite(tx, who, term.ByEngine)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// TRN-05: a leaver at 12:00 has no session and no token at 12:06. Tokens keep to
// their networks and volume, and make no others.
func TestTRN05_ALeaverIsOutWithinMinutes(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		noon := clock.UTC(2026, 11, 24, 12, 0, 0)
		clk := &demo.Clock{}
		a := openWith(t, place, nil, clk, noon)
		clk.Set(noon.Add(-time.Hour))
		p := webtest.Hire(t, a.Staff, "ada@halm.example", staff.Administrator)
		webtest.Hire(t, a.Staff, "kim@halm.example", staff.Administrator)
		mint := func(n token.New) (text string, made token.Token) {
			t.Helper()
			n.Label, n.For, n.By = "x", 30*24*time.Hour, staff.Actor(p.ID)
			err := a.DB.Write(ctx, func(tx *db.Tx) (err error) {
				text, made, err = a.Tokens.Mint(tx, n)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return text, made
		}
		own, parent := mint(token.New{Scopes: token.Scopes})
		err := a.DB.Write(ctx, func(tx *db.Tx) error {
			_, _, err := a.Tokens.Mint(tx, token.New{Label: "x", Scopes: []token.Scope{token.Read}, For: time.Hour, By: parent.Actor()})
			return err
		})
		if errs.CodeOf(err) != "token_mints" {
			t.Errorf("a token made one: %v", err)
		}
		near, _ := mint(token.New{Scopes: []token.Scope{token.Read}, Networks: []string{"192.0.2.0/24"}, PerDay: 2})
		elsewhere, _ := mint(token.New{Scopes: []token.Scope{token.Read}, Networks: []string{"203.0.113.0/24"}})
		h := a.Handler()
		call := func(text string) int {
			r := httptest.NewRequest("GET", "/api/v1/ledger/checkpoint", nil) // from 192.0.2.1
			r.Header.Set("Authorization", "Bearer "+text)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code
		}
		session := p.Session(t)
		for i, want := range []int{200, 200, 429} {
			if got := call(near); (got == 429) != (want == 429) || got == 401 {
				t.Errorf("call %d of two a day: %d", i+1, got)
			}
		}
		if got := call(elsewhere); got != 401 {
			t.Errorf("from another network: %d", got)
		}
		if call(own) == 401 {
			t.Error("a token does not work")
		}

		clk.Set(noon)
		if err := a.DB.Write(ctx, func(tx *db.Tx) error { return a.Staff.Leave(tx, p.ID, term.ByEngine) }); err != nil {
			t.Fatal(err)
		}
		clk.Set(noon.Add(6 * time.Minute))
		for name, text := range map[string]string{"own": own, "near": near} {
			if got := call(text); got != 401 {
				t.Errorf("the token %s at 12:06: %d", name, got)
			}
		}
		if _, err := a.Staff.Ask(ctx, session.Value); errs.CodeOf(err) != staff.NoSession {
			t.Errorf("the session at 12:06: %v", err)
		}
	})
}

// TRN-05: roles that nobody confirms give nothing after a quarter and two weeks.
func TestTRN05_UnconfirmedRolesLapse(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		start := clock.UTC(2026, 3, 2, 12, 0, 0)
		clk := &demo.Clock{}
		a := openWith(t, place, nil, clk, start)
		clk.Set(start)
		p := webtest.Hire(t, a.Staff, "ada@halm.example", "marketer", "support")
		clk.Set(start.Add(90 * 24 * time.Hour))
		err := a.DB.Write(ctx, func(tx *db.Tx) error { return a.Staff.Confirm(tx, p.ID, "halm", "support", "staff:x") })
		if err != nil {
			t.Fatal(err)
		}
		clk.Set(start.Add(staff.Confirmed))
		err = a.DB.Read(ctx, func(tx *db.Tx) error {
			who, err := a.Staff.Get(tx, p.ID)
			if err != nil {
				return err
			}
			rights := staff.RightsOf(currentCharter(t, a), who.Grants, "halm", clk.Now())
			if rights.May(staff.Send) || !rights.May(staff.Find) {
				t.Errorf("after a quarter: %s", fmt.Sprint(rights.Roles))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
