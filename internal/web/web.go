// Package web is where staff work: the shell around every page, from signing in
// to jumping to a page, and the rules that hold on all of them. The rooms
// themselves (home, customers, messages, ...) are packages below this one.
//
// Nothing is open by omission: a route without an access that it declares stops
// the start. Who may do what is asked of the roster on every request, so a change
// applies at once; what is refused is recorded. What is sensitive asks for the
// second factor again when it was last shown more than five minutes ago.
// Everything works without script.
package web

import (
	"embed"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"

	"candor/internal/approval"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/keyring"
	"candor/internal/staff"
	"candor/internal/ui"
)

// Config is what the shell works with.
type Config struct {
	DB      *db.DB
	Ring    *keyring.Ring
	Charter *charter.Store
	Staff   *staff.Roster
	Clock   clock.Clock
	// Approvals puts before others what needs a second person.
	Approvals *approval.Desk
	Log       *slog.Logger
	HTTPS     bool
	Demo      bool // invented customers: the head of every page says so
	// UseSetupCode uses the printed code up in the transaction that makes the
	// first administrator.
	UseSetupCode func(tx *db.Tx, code string) error
}

// Shell serves the pages of staff.
type Shell struct {
	Config
	rooms  []Room
	routes []Route
	pages  pages
	// FindCustomer answers the palette's question for a customer; the customers'
	// room sets it.
	FindCustomer func(v *Visit, identity string) error

	ends sync.Once
	over chan struct{} // closed when the server is about to stop

	streams streams
}

//go:embed page part
var files embed.FS

type pages struct {
	signIn     ui.Page[signInPage]
	first      ui.Page[firstPage]
	invitation ui.Page[invitationPage]
	enrol      ui.Page[enrolPage]
	factor     ui.Page[factorPage]
	commit     ui.Page[commitPage]
	codes      ui.Page[codesPage]
	account    ui.Page[accountPage]
	prove      ui.Page[provePage]
	jump       ui.Page[jumpPage]
	passkey    ui.Page[passkeyPage]
}

// New makes the shell. It fails when a page is missing or a route declares no
// access.
func New(c Config) (*Shell, error) {
	set := ui.Load(files)
	s := &Shell{Config: c, over: make(chan struct{}), pages: pages{
		signIn: ui.Find[signInPage](set, "sign-in"), first: ui.Find[firstPage](set, "first"),
		invitation: ui.Find[invitationPage](set, "invitation"), enrol: ui.Find[enrolPage](set, "enrol"),
		factor: ui.Find[factorPage](set, "factor"), commit: ui.Find[commitPage](set, "commit"),
		codes: ui.Find[codesPage](set, "codes"), account: ui.Find[accountPage](set, "account"),
		prove: ui.Find[provePage](set, "prove"), jump: ui.Find[jumpPage](set, "jump"), passkey: ui.Find[passkeyPage](set, "passkey"),
	}}
	if err := set.Err(); err != nil {
		return nil, err
	}
	return s, s.add([]Route{
		{"GET /admin/sign-in", Anyone(), s.showSignIn},
		{"POST /admin/sign-in", Anyone(), s.signIn},
		{"POST /admin/sign-in/passkey", Anyone(), s.signInPasskey},
		{"GET " + signOnURL, Anyone(), s.signOn},
		{"GET " + SignOnBack, Anyone(), s.signOnBack},
		{"POST " + SignOnOut, Anyone(), s.signedOut},
		{"GET /admin/first", Anyone(), s.showFirst},
		{"POST /admin/first", Anyone(), s.first},
		{"GET /admin/invitation/{secret}", Anyone(), s.showInvitation},
		{"POST /admin/invitation/{secret}", Anyone(), s.accept},
		{"GET /admin/sign-in/enrol", Anyone(), s.showEnrol},
		{"POST /admin/sign-in/enrol", Anyone(), s.enrol},
		{"GET /admin/sign-in/factor", Anyone(), s.showFactor},
		{"POST /admin/sign-in/factor", Anyone(), s.factor},
		{"GET " + commitURL, Anyone(), s.showCommit},
		{"POST " + commitURL, Anyone(), s.commit},
		{"GET " + againURL, SignedIn().Unbound(), s.showCommitAgain},
		{"POST " + againURL, SignedIn().Unbound(), s.commitAgain},
		{"POST /admin/sign-out", SignedIn().Unbound(), s.signOut},
		{"GET /admin/account", SignedIn(), s.showAccount},
		{"POST /admin/account/sessions/{session}/end", SignedIn(), s.endSession},
		{"POST /admin/account/weekly", SignedIn(), s.wantWeekly},
		{"POST /admin/account/sign-out-everywhere", SignedIn(), s.signOutEverywhere},
		{"POST /admin/account/recovery-codes", SignedIn().Fresh(), s.newCodes},
		{"GET /admin/account/provider", SignedIn().Fresh(), s.connectSignOn},
		{"GET /admin/account/passkeys/new", SignedIn().Fresh(), s.showPasskey},
		{"POST /admin/account/passkeys", SignedIn().Fresh(), s.addPasskey},
		{"POST /admin/account/passkeys/{passkey}", SignedIn(), s.renamePasskey},
		{"POST /admin/account/passkeys/{passkey}/remove", SignedIn().Fresh(), s.removePasskey},
		{"GET " + signOnProve, SignedIn(), s.proveSignOn},
		{"GET /admin/prove", SignedIn(), s.showProve},
		{"POST /admin/prove", SignedIn(), s.prove},
		{"POST /admin/prove/passkey", SignedIn(), s.provePasskey},
		{"GET /admin/go", SignedIn(), s.showJump},
		{"POST /admin/go", SignedIn(), s.jump},
	})
}

// Add adds a room. It fails when one of its routes declares no access, or a page
// of its navigation has no route.
func (s *Shell) Add(r Room) error {
	if err := s.add(r.Routes); err != nil {
		return err
	}
	for i, p := range r.Pages {
		at := slices.IndexFunc(r.Routes, func(route Route) bool { return route.Pattern == "GET "+p.URL || route.Pattern == "GET "+p.URL+"{$}" })
		if at < 0 {
			return fmt.Errorf("web: the room %s leads to %s, which has no route", r.Title, p.URL)
		}
		r.Pages[i].access = r.Routes[at].Access
	}
	if len(r.Pages) == 0 {
		return fmt.Errorf("web: the room %s has no page", r.Title)
	}
	s.rooms = append(s.rooms, r)
	slices.SortStableFunc(s.rooms, func(a, b Room) int { return slices.Index(order, a.Title) - slices.Index(order, b.Title) })
	return nil
}

func (s *Shell) add(routes []Route) error {
	for _, r := range routes {
		if r.Access.kind == undeclared {
			return fmt.Errorf("web: %s declares no access", r.Pattern)
		}
	}
	s.routes = append(s.routes, routes...)
	return nil
}

// Routes lists what is served, for the tests that walk all of it.
func (s *Shell) Routes() []Route { return s.routes }

// Register serves all rooms.
func (s *Shell) Register(mux *http.ServeMux) {
	inner := http.NewServeMux()
	for _, r := range s.routes {
		inner.Handle(r.Pattern, s.serve(r))
	}
	inner.Handle("/admin/", s.serve(Route{"/admin/", SignedIn(), notFound}))
	guarded := ui.Secure(inner, ui.Options{HTTPS: s.HTTPS, Script: true})
	mux.Handle("/admin", http.RedirectHandler("/admin/", http.StatusSeeOther))
	mux.Handle("/admin/", guarded)
}
