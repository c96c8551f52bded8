package browsertest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"candor/internal/browsertest"
	"candor/internal/collect"
	"candor/internal/db"
	"candor/internal/lint"
	"candor/internal/term"
)

// storefront is a page of the shop's own, on another origin, under a strict
// content policy. gpc lets its browser send Global Privacy Control.
func storefront(t *testing.T, s *shop) string {
	t.Helper()
	var key string
	mux := http.NewServeMux()
	script := func(before string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = io.WriteString(w, before+`
const {Candor, defineAsk, defineFooter} = await import("`+s.url+`/embed/candor.js")
defineAsk()
defineFooter()
window.stored = new Candor({server: "`+s.url+`", key: "`+key+`"}).track("Product Viewed", {family: "coffee"})
`)
		}
	}
	page := func(src string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src data:; script-src 'self' "+s.url+"; connect-src "+s.url)
			_, _ = io.WriteString(w, `<!doctype html><html lang="de"><head><title>Halm</title><link rel="icon" href="data:,"></head><body><main><h1>Kaffee</h1>
				<candor-ask server="`+s.url+`" ask="signup"></candor-ask></main><footer><candor-footer server="`+s.url+`" market="US-CA"></candor-footer></footer><script type="module" src="`+src+`"></script></body></html>`)
		}
	}
	mux.HandleFunc("/", page("/shop.js"))
	mux.HandleFunc("/quiet", page("/quiet.js"))
	mux.HandleFunc("/shop.js", script(""))
	mux.HandleFunc("/quiet.js", script(`Object.defineProperty(Navigator.prototype, "globalPrivacyControl", {get: () => true})`))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	var err error
	_, key, err = s.Collector.Sources().Create(t.Context(), collect.Source{Name: "storefront", Class: collect.Public, Mode: collect.Live, NoticeVersion: 1,
		Namespace: "shop", Controller: "halm", Origins: []string{server.URL}, Events: []term.Event{"Product Viewed"}})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond) // a new source is known within a second
	return server.URL
}

// inAsk finds an element of the ask.
func inAsk(selector string) string {
	return `document.querySelector("candor-ask").shadowRoot.querySelector("` + selector + `")`
}

// waitFor waits until an expression is true.
func waitFor(tab *browsertest.Tab, expression string) bool {
	return browsertest.Eval[bool](tab, `new Promise(done => { const end = Date.now() + 10000; const look = () => {
		try { if (`+expression+`) return done(true) } catch {} ; Date.now() > end ? done(false) : setTimeout(look, 30) }; look() })`)
}

// The embedded ask shows the charter's exact words with a yes and a no that look
// alike, tells what must be known, is accessible and needs no script of the
// page's own policy loosened; a yes is confirmed by mail as on the hosted form.
func TestTheEmbeddedAskIsSymmetricAndConfirmed(t *testing.T) {
	s := onSQLite(t, 0)
	front := storefront(t, s)
	tab := browsertest.New(t)
	tab.Open(front)
	if !waitFor(tab, inAsk("form")) {
		t.Fatal("the ask does not appear")
	}
	if !waitFor(tab, `document.querySelector("candor-footer").shadowRoot.textContent.includes("Datenschutz")`) {
		t.Error("the page has no foot")
	}
	tab.Axe()
	for _, width := range []int{375, 1440} {
		tab.Screenshot("embed", width, false)
	}
	text := browsertest.Eval[string](tab, inAsk("form")+".textContent")
	for _, want := range []string{"Ja, schickt mir den Kaffeebrief", "Halm Kaffee GmbH", "Mailhaus Inc", "Lieblingsröstung", "Nein, danke"} {
		if !strings.Contains(text, want) {
			t.Errorf("the ask does not say %q", want)
		}
	}
	if browsertest.Eval[bool](tab, inAsk("[name=agree]")+".checked || "+inAsk("[name=agree]")+".required") {
		t.Error("the box is ticked, or must be")
	}
	button := func(selector string) lint.Control {
		return browsertest.Eval[lint.Control](tab, `(e => { const b = e.getBoundingClientRect(), c = getComputedStyle(e);
			return {Type: "button", Layer: 1, AreaPx: b.width * b.height, FontPx: parseFloat(c.fontSize), Contrast: c.color === getComputedStyle(document.body).color ? 21 : 1} })(`+inAsk(selector)+`)`)
	}
	yes, no := button("[type=submit]"), button("[type=button]")
	yes.Role, no.Role = lint.Accept, lint.Reject
	for _, f := range lint.CheckPage(lint.Page{Kind: lint.ConsentPage, Controls: []lint.Control{yes, no}}) {
		t.Errorf("%s: %s", f.ID, f.Message)
	}
	if !browsertest.Eval[bool](tab, "window.stored") || !waitFor(tab, "true") {
		t.Error("the event was not stored")
	}
	if n := s.rows("select count(*) from event where name = 'Product Viewed'"); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
	if browsertest.Eval[int](tab, "localStorage.length + sessionStorage.length + document.cookie.length") != 0 {
		t.Error("something is kept on the device before any consent")
	}
	browsertest.Eval[bool](tab, inAsk("[type=email]")+`.value = "eve@post.example", `+inAsk("[name=agree]")+`.checked = true, `+inAsk("form")+`.requestSubmit(), true`)
	if !waitFor(tab, inAsk("[role=status]")+`.textContent.includes("unterwegs")`) {
		t.Fatalf("no answer: %s", browsertest.Eval[string](tab, `document.querySelector("candor-ask").shadowRoot.textContent`))
	}
	tab.Open(s.mail("eve@post.example", about("bestätigen")).Links[0])
	tab.Go("main form button")
	if n := s.rows("select count(*) from consent_record where kind = 'given' and lang = 'de' and ask = 'signup'"); n != 1 {
		t.Errorf("%d agreements on record, want 1", n)
	}
}

// A no is remembered and not asked again; who sends Global Privacy Control is
// not asked unless they open the question; a page that is not registered gets
// nothing.
func TestTheEmbeddedAskLeavesPeopleInPeace(t *testing.T) {
	s := onSQLite(t, 0)
	front := storefront(t, s)
	tab := browsertest.New(t)
	tab.Open(front)
	waitFor(tab, inAsk("form"))
	browsertest.Eval[bool](tab, inAsk("[type=button]")+".click(), true")
	if !waitFor(tab, inAsk("[role=status]")+`.textContent.includes("Das ist uns recht")`) {
		t.Error("a no is not answered")
	}
	tab.Open(front)
	if !waitFor(tab, inAsk("button")) || browsertest.Eval[bool](tab, inAsk("form")+" !== null") {
		t.Error("who said no is asked again")
	}
	if s.rows("select count(*) from consent_record") != 0 {
		t.Error("a no of somebody unknown is on record")
	}
	quiet := browsertest.New(t)
	quiet.Open(front + "/quiet")
	if !waitFor(quiet, inAsk("button")) || browsertest.Eval[bool](quiet, inAsk("form")+" !== null") {
		t.Error("who sends the signal is asked all the same")
	}
	browsertest.Eval[bool](quiet, inAsk("button")+".click(), true")
	if !waitFor(quiet, inAsk("form")) {
		t.Error("the question cannot be opened")
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/embed/signup", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "https://evil.example")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusForbidden || answer.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another's page: %d", answer.StatusCode)
	}
}

// rows counts.
func (s *shop) rows(query string) (n int64) {
	s.t.Helper()
	if err := s.DB.Read(s.t.Context(), func(tx *db.Tx) error { return tx.QueryRow(query).Scan(&n) }); err != nil {
		s.t.Fatal(err)
	}
	return n
}
