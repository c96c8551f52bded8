package app

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"

	"candor/internal/browsertest"
	"candor/internal/charter/sample"
	"candor/internal/config"
	"candor/internal/db"
	"candor/internal/sharing"
	"candor/internal/staff"
	"candor/internal/term"
)

// see photographs a page of staff in all its looks and holds it to the rules.
func see(t *testing.T, tab *browsertest.Tab, name string) {
	t.Helper()
	tab.Axe()
	for _, width := range []int{375, 1440} {
		for _, dark := range []bool{false, true} {
			tab.Screenshot("staff-"+name, width, dark)
			if tab.Overflows() {
				t.Errorf("%s is wider than %d pixels", name, width)
			}
		}
	}
}

// running serves a platform until the test ends and gives its address.
func running(t *testing.T, open func(url string) *App) (*App, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	a := open(url)
	work, stop := context.WithCancel(ctx)
	over := make(chan error, 1)
	go func() { over <- a.Run(work, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
		_ = a.Close()
	})
	return a, url
}

// demoTab runs a demo and opens a wide browser window beside it.
func demoTab(t *testing.T, customers, pace int) (*browsertest.Tab, *Demo, string) {
	t.Helper()
	tab := browsertest.New(t)
	var d *Demo
	_, url := running(t, func(url string) *App {
		var err error
		if d, err = OpenDemo(ctx, DemoOptions{Folder: t.TempDir(), URL: url, Pace: pace, Customers: customers, Log: slog.New(slog.DiscardHandler)}); err != nil {
			t.Fatal(err)
		}
		return d.App
	})
	tab.Look(1440, false)
	return tab, d, url
}

// A fresh server is set up in a browser; after signing out, password and second
// factor lead in again.
func TestJourneyFirstRunAndSignIn(t *testing.T) {
	tab := browsertest.New(t)
	tab.Authenticator()
	a, url := running(t, func(url string) *App {
		cfg := config.Config{Data: t.TempDir(), URL: byName(url)}
		if err := cfg.Fill(); err != nil {
			t.Fatal(err)
		}
		a, err := Open(ctx, cfg, Options{Log: slog.New(slog.DiscardHandler), Mailbox: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.ApplyCharter(ctx, sample.Halm(), term.ByEngine); err != nil {
			t.Fatal(err)
		}
		return a
	})
	url = byName(url)
	code, err := a.SetupCode(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tab.Open(url + "/admin/")
	tab.Sees("h1", "Set up Candor")
	see(t, tab, "first")
	tab.Fill("#code", code)
	tab.Fill("#name", "Ada Lovelace")
	tab.Fill("#email", "ada@halm.example")
	tab.Fill("#password", "violet harbour tin lantern")
	tab.Go("button[type=submit]")
	tab.Sees("h1", "Set up your second factor")
	see(t, tab, "enrol")
	tab.Press("summary")
	secret := browsertest.Eval[string](tab, `document.querySelector(".secret").textContent.replaceAll(" ", "")`)
	tab.Fill("#code", codeOf(t, a, secret))
	tab.Go("button[type=submit]")
	tab.Sees("h1", "Your recovery codes")
	see(t, tab, "codes")
	recovery := tab.Text(".codes li")
	tab.Go("main a.button")
	tab.Sees("h1", "Confidentiality")
	see(t, tab, "commitment")
	tab.Press("#promise")
	tab.Go("button[type=submit]")
	tab.Sees("h1", "Good")
	see(t, tab, "home-empty")
	tab.Look(1440, false)
	tab.Open(url + "/admin/account")
	see(t, tab, "account")
	tab.Go(".card form[action$=everywhere] button")
	tab.Sees("h1", "Sign in")
	see(t, tab, "sign-in")
	tab.Fill("#email", "ada@halm.example")
	tab.Fill("#password", "violet harbour tin lantern")
	tab.Go("button[type=submit]")
	tab.Sees("h1", "Second factor")
	see(t, tab, "factor")
	tab.Fill("#code", recovery)
	tab.Go("button[type=submit]")
	tab.Sees("h1", "Good")
	withPasskey(t, tab, url)
}

// byName gives a local address by name: passkeys belong to names.
func byName(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }

// withPasskey adds a passkey in the account, signs in with it, and removes it.
func withPasskey(t *testing.T, tab *browsertest.Tab, url string) {
	tab.Open(url + "/admin/account")
	tab.Sees("main", "No passkey yet")
	tab.Go("a[href$='passkeys/new']")
	tab.Sees("h1", "Add a passkey")
	see(t, tab, "passkey")
	tab.Fill("#name", "work laptop")
	tab.Go("main button[type=submit]")
	tab.Sees(".message", "The passkey is ready")
	see(t, tab, "account")
	tab.Go(".card form[action$=everywhere] button")
	tab.Sees("h1", "Sign in")
	tab.Go("form.passkey button")
	tab.Sees("h1", "Good")
	tab.Open(url + "/admin/account")
	tab.Sees("main", "last used")
	tab.Sees("table", "passkey")
	tab.Press("details:has([action*='/passkeys/']) summary")
	tab.Fill("form[action*='/passkeys/'] input[name=name]", "old laptop")
	tab.Go("form[action*='/passkeys/'] button")
	tab.Sees("main", "old laptop")
	tab.Open(url + "/admin/prove?next=/admin/account")
	see(t, tab, "prove")
	tab.Go("form.passkey button")
	tab.Sees("h1", "Your account")
	tab.Press("details:has([action*='/passkeys/']) summary")
	tab.Go("form[action$='/remove'] button")
	tab.Sees("main", "No passkey yet")
}

// second has somebody ask for what needs a second person, and gives its number.
func second(t *testing.T, a *App) string {
	t.Helper()
	err := a.DB.Write(ctx, func(tx *db.Tx) error {
		_, _, err := a.Sharing.Register(tx, sharing.Recipient{Name: "carrier", Kind: sharing.Manual, Owner: "support"}, "staff:test")
		return err
	})
	return approvalID.FindString(a.Approvals.Settle(ctx, err).Error())
}

func codeOf(t *testing.T, a *App, secret string) string {
	t.Helper()
	code, err := staff.Code(secret, a.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// The demo's link leads inside in one click; the palette jumps with the keyboard
// and, without script, as a page; the menu of a phone opens.
func TestJourneyTheDemosShell(t *testing.T) {
	tab, d, url := demoTab(t, 200, 10)
	tab.Open(d.SignIn.URL)
	tab.Sees("h1", "Good")
	see(t, tab, "home")
	tab.Look(375, false)
	tab.Press(".desk-menu")
	tab.Screenshot("staff-menu", 375, false)
	tab.Look(1440, false)
	tab.Open(url + "/admin/")
	tab.Press(".desk-go")
	tab.Sees("dialog", "Your account")
	tab.Axe()
	tab.Screenshot("staff-palette", 1440, false)
	tab.Fill("dialog input", "your acc")
	if n := browsertest.Eval[int](tab, `document.querySelectorAll("dialog li:not([hidden])").length`); n != 1 {
		t.Errorf("the palette shows %d pages for acc", n)
	}
	tab.Open(url + "/admin/go")
	see(t, tab, "go")
	tab.Open(url + "/admin/concern")
	see(t, tab, "concern")
	tab.Fill("#text", "The harvest letter greeted three people by a stranger's name.")
	tab.Press("#confidentiality")
	tab.Go("main button[type=submit]")
	tab.Sees(".message", "Thank you")
	for _, page := range []string{"ledger", "evidence", "uses", "incidents"} {
		tab.Open(url + "/admin/trust" + map[string]string{"evidence": "/evidence", "uses": "/uses", "incidents": "/incidents"}[page])
		see(t, tab, page)
	}
	tab.Go("tbody a")
	tab.Sees("h1", "Incident inc_")
	see(t, tab, "incident")
	approval := second(t, d.App)
	tab.Open(url + "/admin/")
	tab.Sees("main", "Needs a second person")
	tab.Open(url + "/admin/trust/approvals")
	see(t, tab, "approvals")
	tab.Open(url + "/admin/trust/approvals/" + approval)
	see(t, tab, "approval")
	tab.Go("form[action$='/approve'] button")
	tab.Sees(".message", "Approved")
	tab.Open(url + "/admin/trust")
	tab.Go("tbody a")
	see(t, tab, "entry")
	tab.Open(url + "/admin/trust")
	tab.Go("form[action$=verify] button")
	tab.Sees(".message", "Everything is as it was signed")
	for _, page := range []string{"", "/senders", "/tokens", "/tokens/new", "/staff", "/roles", "/sources/new", "/staff/new"} {
		tab.Open(url + "/admin/setup" + page)
		see(t, tab, "setup"+strings.ReplaceAll(page, "/", "-"))
	}
	tab.Open(url + "/admin/setup")
	tab.Go("tbody a")
	see(t, tab, "source")
	tab.Open(url + "/admin/setup/staff")
	tab.Go("tbody a")
	see(t, tab, "person")
	tab.Expect(404)
	tab.Open(url + "/admin/nothing")
	see(t, tab, "error")
}
