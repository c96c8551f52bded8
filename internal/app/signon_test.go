package app

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"candor/internal/browsertest"
	"candor/internal/config"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/web"
	"candor/internal/web/webtest"
)

// signOnHouse is a server at an address of its own, and a provider of single
// sign-on as its authors publish it.
type signOnHouse struct {
	*App
	t      *testing.T
	server *httptest.Server
	front  *httptest.Server // lends its certificate to the provider
	issuer string
}

// people are those whom the provider knows.
var people = map[string]browsertest.Account{
	"ada": {Email: "Ada@halm.example", Verified: true, Methods: []string{"pwd", "mfa"}}, "bob": {Email: "bob@halm.example", Verified: true, Methods: []string{"pwd"}},
	"eve": {Email: "eve@halm.example", Methods: []string{"mfa"}}, "kim": {Email: "kim@halm.example", Verified: true, Methods: []string{"mfa"}},
	"mallory": {Email: "mallory@elsewhere.example", Verified: true, Methods: []string{"mfa"}}, "impostor": {Email: "ada@halm.example", Verified: true, Methods: []string{"mfa"}},
}

// eachSignOn runs a test on both engines with one provider.
func eachSignOn(t *testing.T, fn func(h *signOnHouse)) {
	var now atomic.Pointer[http.Handler]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*now.Load()).ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	front := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(front.Close)
	issuer := browsertest.Provider(t, browsertest.ProviderConfig{Certificate: front.TLS.Certificates[0], Back: server.URL + web.SignOnBack, Out: server.URL + web.SignOnOut, Accounts: people})
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		secret := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(secret, []byte(browsertest.ProviderSecret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg := config.Config{Data: t.TempDir(), Database: place, URL: server.URL,
			SignOn: config.SignOn{Issuer: issuer, ClientID: "candor", SecretFile: secret, Name: "Halm account", Factors: []string{"mfa"}},
			Egress: config.Egress{Allow: []string{strings.TrimPrefix(issuer, "https://")}}}
		if err := cfg.Fill(); err != nil {
			t.Fatal(err)
		}
		a, err := Open(ctx, cfg, Options{Log: slog.New(slog.DiscardHandler), Mailbox: true, TLS: front.Client().Transport.(*http.Transport).TLSClientConfig})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = a.Close() })
		if _, err := a.ApplyCharter(ctx, edited(t), term.ByEngine); err != nil {
			t.Fatal(err)
		}
		h := a.Handler()
		now.Store(&h)
		fn(&signOnHouse{a, t, server, front, issuer})
	})
}

// guest is a browser that somebody uses.
type guest struct {
	h    *signOnHouse
	http *http.Client
}

func (h *signOnHouse) guest() *guest {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	c := *h.front.Client()
	c.Jar = jar
	return &guest{h, &c}
}

// page is where a browser ended.
type page struct {
	status int
	path   string
	body   string
	url    *url.URL
}

func (g *guest) read(r *http.Response, err error) page {
	g.h.t.Helper()
	if err != nil {
		g.h.t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		g.h.t.Fatal(err)
	}
	return page{r.StatusCode, r.Request.URL.RequestURI(), string(b), r.Request.URL}
}

func (g *guest) get(path string) page {
	g.h.t.Helper()
	return g.read(g.http.Get(g.h.server.URL + path))
}

func (g *guest) post(path string, form url.Values) page {
	g.h.t.Helper()
	return g.read(g.http.PostForm(g.h.server.URL+path, form))
}

// signsIn goes to the provider by the button and signs in there.
func (g *guest) signsIn(start, login string) page {
	g.h.t.Helper()
	p := g.get(start)
	if p.url.Scheme != "https" {
		return p
	}
	if strings.Contains(p.path, "/interaction/") {
		p = g.read(g.http.PostForm(p.url.String(), url.Values{"login": {login}}))
	}
	return p
}

// session is the secret of the browser's session, or "".
func (g *guest) session() string {
	u, err := url.Parse(g.h.server.URL + "/admin/")
	if err != nil {
		g.h.t.Fatal(err)
	}
	for _, c := range g.http.Jar.Cookies(u) {
		if c.Name == "candor_staff" {
			return c.Value
		}
	}
	return ""
}

// adds invites somebody.
func (h *signOnHouse) adds(email string) (who id.Staff) {
	h.t.Helper()
	err := h.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if who, err = h.Staff.Add(tx, staff.NewPerson{Name: personal.Seal("Ada Lovelace"), Email: personal.Seal(email)}, term.ByEngine); err == nil {
			_, err = h.Staff.Invite(tx, who, term.ByEngine)
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return who
}

const toProvider = "/admin/sign-in/provider?next=%2Fadmin%2Faccount"

// Staff sign in at the business's own provider: only who is invited comes in, the
// second factor is the provider's or ours, and what comes back is good in the
// browser that left alone.
func TestSingleSignOnWithARealProvider(t *testing.T) {
	eachSignOn(t, func(h *signOnHouse) {
		webtest.Hire(t, h.Staff, "kim@halm.example", staff.Administrator)
		who := h.adds("ada@halm.example")
		h.adds("bob@halm.example")
		h.adds("eve@halm.example")
		h.refuses()
		g := h.letsIn()
		h.staysInItsBrowser()
		h.asksForOurFactor()
		h.provesAgain(g)
		h.hearsOfSigningOut()
		g = h.guest()
		if p := g.signsIn(toProvider, "ada"); p.path != "/admin/account" {
			t.Errorf("in again: %d %s", p.status, p.path)
		}
		if err := h.DB.Write(ctx, func(tx *db.Tx) error { return h.Staff.Leave(tx, who, term.ByEngine) }); err != nil {
			t.Fatal(err)
		}
		if p := g.get("/admin/account"); !strings.HasPrefix(p.path, "/admin/sign-in") {
			t.Errorf("a leaver's session: %s", p.path)
		}
		if p := h.guest().signsIn(toProvider, "ada"); p.status != http.StatusUnprocessableEntity {
			t.Errorf("a leaver signs in: %d %s", p.status, p.path)
		}
	})
}

// refuses who is unknown, not invited or of an address that nobody verified.
func (h *signOnHouse) refuses() {
	t := h.t
	before := count(t, h.App, "select count(*) from staff")
	for _, login := range []string{"mallory", "kim", "eve"} {
		g := h.guest()
		p := g.signsIn(toProvider, login)
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, "nobody here is known by it") || g.session() != "" {
			t.Errorf("%s: %d %s", login, p.status, p.path)
		}
	}
	if p := h.guest().signsIn(toProvider, "nobody"); !strings.Contains(p.body, "You did not sign in there") {
		t.Errorf("who gave up: %d %s", p.status, p.path)
	}
	if n := count(t, h.App, "select count(*) from staff"); n != before {
		t.Errorf("%d people came into being", n-before)
	}
}

// letsIn takes whoever is invited in, with the promise first, and back to where
// they wanted to.
func (h *signOnHouse) letsIn() *guest {
	t := h.t
	g := h.guest()
	if p := g.get("/admin/sign-in"); !strings.Contains(p.body, "Sign in with Halm account") {
		t.Error("the door has no button")
	}
	p := g.signsIn(toProvider, "ada")
	if !strings.HasPrefix(p.path, "/admin/sign-in/commitment?next=") || g.session() != "" {
		t.Fatalf("invited: %d %s", p.status, p.path)
	}
	p = g.post(p.path, url.Values{"promise": {"yes"}, "words": {staff.WordsOf(currentCharter(t, h.App)).Version}, "next": {"/admin/account"}})
	if p.path != "/admin/account" || !strings.Contains(p.body, "Ada Lovelace") || !strings.Contains(p.body, "connected") {
		t.Fatalf("after the promise: %d %s", p.status, p.path)
	}
	again := h.guest()
	if p := again.signsIn("/admin/sign-in/provider?next="+url.QueryEscape("//elsewhere.example/admin/"), "ada"); p.path != "/admin/" || again.session() == "" {
		t.Errorf("the second time: %d %s", p.status, p.path)
	}
	if p := h.guest().signsIn(toProvider, "impostor"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("another subject with the same address: %d %s", p.status, p.path)
	}
	return g
}

// staysInItsBrowser: what the provider gave to one browser opens nothing in
// another, and not twice.
func (h *signOnHouse) staysInItsBrowser() {
	t := h.t
	g := h.guest()
	var back string
	g.http.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == web.SignOnBack {
			back = r.URL.RequestURI()
			return http.ErrUseLastResponse
		}
		return nil
	}
	g.signsIn(toProvider, "ada")
	if back == "" {
		t.Fatal("the provider sent nobody back")
	}
	other := h.guest()
	if p := other.get(back); p.status != http.StatusUnprocessableEntity || other.session() != "" {
		t.Errorf("in another browser: %d", p.status)
	}
	other.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	other.get(toProvider) // an errand of its own
	if p := other.get(back); p.status != http.StatusUnprocessableEntity || other.session() != "" {
		t.Errorf("in another browser with an errand: %d", p.status)
	}
	g.http.CheckRedirect = nil
	if p := g.get(strings.Replace(back, "state=", "state=x", 1)); p.status != http.StatusUnprocessableEntity || g.session() != "" {
		t.Errorf("with another state: %d", p.status)
	}
	if p := g.get(back); p.status != http.StatusUnprocessableEntity || g.session() != "" {
		t.Errorf("once the errand is over: %d", p.status)
	}
}

// asksForOurFactor: a provider that asked for a password alone opens no session.
func (h *signOnHouse) asksForOurFactor() {
	t := h.t
	g := h.guest()
	if p := g.signsIn(toProvider, "bob"); !strings.HasPrefix(p.path, "/admin/sign-in/enrol") || g.session() != "" {
		t.Errorf("without a second factor: %d %s", p.status, p.path)
	}
	if p := g.get("/admin/account"); !strings.HasPrefix(p.path, "/admin/sign-in") {
		t.Errorf("a page without a second factor: %s", p.path)
	}
}

// provesAgain: what is sensitive asks the provider again.
func (h *signOnHouse) provesAgain(g *guest) {
	t := h.t
	old := func() {
		err := h.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`update staff_session set proven_at = $1`, h.Clock.Now().Add(-staff.Fresh-time.Minute))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	old()
	if p := g.get("/admin/account/provider"); !strings.HasPrefix(p.path, "/admin/prove") || !strings.Contains(p.body, "Confirm with Halm account") {
		t.Errorf("not asked again: %d %s", p.status, p.path)
	}
	p := g.get("/admin/prove/provider?next=/admin/account")
	if !strings.Contains(p.path, "/interaction/") {
		t.Fatalf("the provider does not ask again: %s", p.path)
	}
	if p = g.read(g.http.PostForm(p.url.String(), url.Values{"login": {"ada"}})); p.path != "/admin/account" {
		t.Errorf("proven: %d %s", p.status, p.path)
	}
	w, err := h.Staff.Ask(ctx, g.session())
	if err != nil || !w.Fresh(h.Clock.Now()) {
		t.Errorf("the session is not fresh: %v", err)
	}
	old()
	p = g.get("/admin/prove/provider?next=/admin/account")
	if p = g.read(g.http.PostForm(p.url.String(), url.Values{"login": {"kim"}})); p.path == "/admin/account" {
		t.Errorf("somebody else proved it: %d %s", p.status, p.path)
	}
	if w, err = h.Staff.Ask(ctx, g.session()); err != nil || w.Fresh(h.Clock.Now()) {
		t.Errorf("fresh by somebody else: %v", err)
	}
}

var hidden = regexp.MustCompile(`name="xsrf" value="([^"]+)"`)

// hearsOfSigningOut: signing out at the provider ends the session here.
func (h *signOnHouse) hearsOfSigningOut() {
	t := h.t
	if w := httptest.NewRecorder(); true {
		r := httptest.NewRequest(http.MethodPost, web.SignOnOut, strings.NewReader(url.Values{"logout_token": {"e30.e30.x"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if h.Handler().ServeHTTP(w, r); w.Code != http.StatusBadRequest {
			t.Errorf("a logout token that is none: %d", w.Code)
		}
	}
	g := h.guest()
	if p := g.signsIn(toProvider, "ada"); p.path != "/admin/account" {
		t.Fatalf("in: %d %s", p.status, p.path)
	}
	p := g.read(g.http.Get(h.issuer + "/session/end"))
	xsrf := hidden.FindStringSubmatch(p.body)
	if xsrf == nil {
		t.Fatalf("the provider's page: %.300s", p.body)
	}
	g.read(g.http.PostForm(h.issuer+"/session/end/confirm", url.Values{"xsrf": {xsrf[1]}, "logout": {"yes"}}))
	until := time.Now().Add(10 * time.Second)
	for {
		_, err := h.Staff.Ask(ctx, g.session())
		if errs.CodeOf(err) == staff.NoSession {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("signed in here after signing out there: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// A provider on the local network is not reached unless the operator names it.
func TestSingleSignOnGoesOutByTheDoor(t *testing.T) {
	front := httptest.NewTLSServer(http.NotFoundHandler())
	defer front.Close()
	cfg := config.Config{Data: t.TempDir(), URL: "http://127.0.0.1:1", SignOn: config.SignOn{Issuer: front.URL, ClientID: "candor"}}
	if err := cfg.Fill(); err != nil {
		t.Fatal(err)
	}
	s, err := signOn(cfg, front.Client().Transport.(*http.Transport).TLSClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(ctx); errs.CodeOf(err) != staff.SignOnFailed {
		t.Errorf("a provider on this machine: %v", err)
	}
}
