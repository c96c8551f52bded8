// Package browsertest drives a real Chromium through a journey, the way a
// customer takes it. A test that uses it fails on its own when the console
// reports an error, the Content-Security-Policy had to block something, or a
// request failed; Axe adds the accessibility rules of WCAG 2.2 AA.
//
//	tab := browsertest.New(t)
//	tab.Open(server.URL + "/privacy")
//	tab.Fill("#email", "ada@example.org")
//	tab.Go("button[type=submit]")
//	tab.Sees("h1", "Check your mail")
//	tab.Axe()
//
// Scripts that tests run come over the debugging protocol, so the pages' policy
// stays as strict as it is in service.
package browsertest

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// patience bounds every single step; a page on this machine answers in
// milliseconds, so only a step that never happens takes this long.
const patience = 20 * time.Second

// Tab is a page in a browser of its own, with a fresh profile.
type Tab struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	problems []string
	expected map[int64]bool // answers of 400 and more that the test asked for
	bytes    int64          // received for the page that is open
}

// New starts a browser and opens a tab, the size of a phone. It is closed, and
// its problems reported, when the test ends. Without Chromium the test fails in
// CI and skips elsewhere.
func New(t testing.TB) *Tab {
	t.Helper()
	path := find(t)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-features", "Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,AutofillServerCommunication"),
		// Nothing but this machine has a name.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	tab := &Tab{t: t, ctx: ctx, expected: map[int64]bool{}}
	if err := chromedp.Listen(ctx, tab.listen); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	tab.call("watch for blocked content", func() error {
		_, err := chromedp.Call(ctx, audits.Enable, cdp.Empty{})
		return err
	})
	tab.Look(390, false)
	t.Cleanup(tab.report)
	return tab
}

// find looks for Chromium where distributions put it.
func find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no Chromium: run the tests with make test")
	}
	t.Skip("no Chromium: run the tests with make test")
	return ""
}

// listen notes what must not happen. It runs on the browser's reader, so it only
// writes down.
func (tab *Tab) listen(ev any) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError {
			tab.problem("console error: %s", words(ev.Args))
		}
	case *runtime.EventExceptionThrown:
		tab.problem("exception: %s", ev.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if ev.Entry.Level == log.EntryLevelError && ev.Entry.Source != log.EntrySourceNetwork {
			tab.problem("%s: %s", ev.Entry.Source, ev.Entry.Text)
		}
	case *audits.EventIssueAdded:
		if d := ev.Issue.Details.ContentSecurityPolicyIssueDetails; d != nil {
			tab.problem("content policy blocked %s (%s)", d.ViolatedDirective, d.BlockedURL)
		}
	case *network.EventResponseReceived:
		if s := ev.Response.Status; s >= 400 && !tab.expected[s] {
			tab.problem("%d for %s", s, ev.Response.URL)
		}
	case *network.EventLoadingFailed:
		if !ev.Canceled && ev.ErrorText != "net::ERR_ABORTED" {
			tab.problem("request failed: %s", ev.ErrorText)
		}
	case *network.EventLoadingFinished:
		tab.bytes += int64(ev.EncodedDataLength)
	}
}

func (tab *Tab) problem(format string, args ...any) {
	tab.problems = append(tab.problems, fmt.Sprintf(format, args...))
}

func words(args []*runtime.RemoteObject) string {
	var out []string
	for _, a := range args {
		out = append(out, string(a.Value)+a.Description)
	}
	return strings.Join(out, " ")
}

func (tab *Tab) report() {
	for _, p := range tab.Problems() {
		tab.t.Errorf("browser: %s", p)
	}
}

// Problems gives what the browser complained of and forgets it; a test calls it
// only when it expects a complaint.
func (tab *Tab) Problems() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	out := tab.problems
	tab.problems = nil
	return out
}

// Expect says that answers with this status are part of the journey.
func (tab *Tab) Expect(status int) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.expected[int64(status)] = true
}

// Bytes is what came over the wire for the page that was opened last, with its
// style sheet when the browser did not have it yet.
func (tab *Tab) Bytes() int64 {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return tab.bytes
}

// call runs a step and fails the test when it fails.
func (tab *Tab) call(what string, fn func() error) {
	tab.t.Helper()
	if err := fn(); err != nil {
		tab.t.Fatalf("%s: %v%s", what, err, tab.where())
	}
}

// where says which page was open when a step failed.
func (tab *Tab) where() string {
	ctx, stop := context.WithTimeout(tab.ctx, 2*time.Second)
	defer stop()
	title, err := chromedp.Run(ctx, chromedp.Title())
	if err != nil {
		return ""
	}
	at, _ := chromedp.Run(ctx, chromedp.Location())
	return fmt.Sprintf("\n  on %q at %s", title, at)
}

func (tab *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, stop := context.WithTimeout(tab.ctx, patience)
	defer stop()
	tab.call(what, func() error { return chromedp.Do(ctx, steps...) })
}

// Open goes to an address and waits until the page is loaded.
func (tab *Tab) Open(url string) {
	tab.t.Helper()
	tab.mu.Lock()
	tab.bytes = 0
	tab.mu.Unlock()
	tab.do("open "+url, chromedp.Navigate(url))
}

// Go presses a link or button and waits until the page it leads to is loaded.
func (tab *Tab) Go(selector string) {
	tab.t.Helper()
	ctx, stop := context.WithTimeout(tab.ctx, patience)
	defer stop()
	tab.call("press "+selector, func() error {
		_, err := chromedp.Run(ctx, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)))
		return err
	})
}

// Press presses something that stays on the page.
func (tab *Tab) Press(selector string) {
	tab.t.Helper()
	tab.do("press "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Fill replaces what stands in a field by typing.
func (tab *Tab) Fill(selector, text string) {
	tab.t.Helper()
	tab.do("fill "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
	Eval[bool](tab, fmt.Sprintf("document.querySelector(%q).value = '', true", selector))
	tab.do("fill "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Text gives what a reader sees of an element.
func (tab *Tab) Text(selector string) string {
	tab.t.Helper()
	ctx, stop := context.WithTimeout(tab.ctx, patience)
	defer stop()
	var out string
	tab.call("read "+selector, func() (err error) {
		out, err = chromedp.Run(ctx, chromedp.Text(chromedp.CSS(selector), chromedp.NodeVisible))
		return err
	})
	return strings.TrimSpace(out)
}

// Sees fails when an element does not show a text.
func (tab *Tab) Sees(selector, text string) {
	tab.t.Helper()
	if got := tab.Text(selector); !strings.Contains(got, text) {
		tab.t.Errorf("%s shows %q, not %q%s", selector, got, text, tab.where())
	}
}

// Count gives how many elements there are.
func (tab *Tab) Count(selector string) int {
	tab.t.Helper()
	return Eval[int](tab, fmt.Sprintf("document.querySelectorAll(%q).length", selector))
}

// Eval runs an expression in the page and gives its value.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	ctx, stop := context.WithTimeout(tab.ctx, patience)
	defer stop()
	var out T
	tab.call("evaluate", func() (err error) {
		out, err = chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
		return err
	})
	return out
}

// Header sends a header with every request from now on, such as "Sec-GPC".
func (tab *Tab) Header(name, value string) {
	tab.t.Helper()
	tab.call("set header", func() error {
		_, err := chromedp.Call(tab.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{name: value}})
		return err
	})
}

// Look sets the width of the window and light or dark. Motion is always reduced,
// so that what is seen does not depend on the moment.
func (tab *Tab) Look(width int, dark bool) {
	tab.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	tab.call("set the window", func() error {
		_, err := chromedp.Call(tab.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	})
	tab.do("set the window", chromedp.EmulateViewport(int64(width), 844))
}

// Script lets pages run script, or not, as somebody's browser may be set.
func (tab *Tab) Script(runs bool) {
	tab.t.Helper()
	tab.call("set script", func() error {
		_, err := chromedp.Call(tab.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !runs})
		return err
	})
}

// Cookie sets a cookie for the pages below an address.
func (tab *Tab) Cookie(url string, c *http.Cookie) {
	tab.t.Helper()
	tab.call("set a cookie", func() error {
		_, err := chromedp.Call(tab.ctx, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: url, Path: "/admin"})
		return err
	})
}

// Choose puts files into a field of files.
func (tab *Tab) Choose(selector string, files ...string) {
	tab.t.Helper()
	tab.do("choose files for "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), files))
}

// Authenticator gives the tab a device that makes and uses passkeys and knows its
// holder.
func (tab *Tab) Authenticator() {
	tab.t.Helper()
	tab.call("add an authenticator", func() error {
		if _, err := chromedp.Call(tab.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := chromedp.Call(tab.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})
		return err
	})
}

// root is the module's folder.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod above the test")
	return ""
}
