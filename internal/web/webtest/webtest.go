// Package webtest is for the tests of the rooms: it renders every page empty and
// full, and signs people in as they do themselves.
package webtest

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
)

// maxPage is the most that a page may weigh.
const maxPage = 60 << 10

// Full is a page with data that fill it.
type Full struct {
	name   string
	render func(w http.ResponseWriter, f ui.Frame) error
}

// Page pairs a page with data in which no list is empty and nothing is zero.
func Page[T any](p ui.Page[T], data T) Full {
	return Full{p.Name(), func(w http.ResponseWriter, f ui.Frame) error { return p.Render(w, http.StatusOK, f, data) }}
}

// Pages fails when a page of a room's files is not among the full ones (the empty
// ones are rendered when a room opens), or when one is not as a page should be.
func Pages(t *testing.T, files fs.FS, all ...Full) {
	t.Helper()
	names, err := fs.Glob(files, "page/*.html")
	if err != nil {
		t.Fatal(err)
	}
	rendered := map[string]bool{}
	for _, p := range all {
		rendered[p.name] = true
		w := httptest.NewRecorder()
		if err := p.render(w, frame()); err != nil {
			t.Errorf("%s: %v", p.name, err)
			continue
		}
		Check(t, p.name, w.Body.String())
	}
	for _, n := range names {
		if name := strings.TrimSuffix(path.Base(n), ".html"); !rendered[name] {
			t.Errorf("page %s is rendered by no test with data", name)
		}
	}
}

func frame() ui.Frame {
	return ui.Frame{Lang: "en", Title: "Title", Intro: "Intro", Brand: "Halm", Home: "/admin/", Crumb: &ui.Link{Text: "Above", URL: "/admin/"},
		Actions: []ui.Link{{Text: "New", URL: "/admin/new", Current: true}}, Message: &ui.Message{Tone: ui.Good, Text: "Done."},
		Desk: &ui.Desk{Rooms: []ui.RoomLink{{Text: "Home", URL: "/admin/", Icon: "home", Current: true, Pages: []ui.Link{{Text: "Page", URL: "/admin/page"}}}},
			Mode: "Live", Person: "Ada Lovelace", Initials: "AL", Roles: []string{"marketer"}, Go: "/admin/go", Account: "/admin/account", SignOut: "/admin/sign-out", Concern: "/admin/concern"}}
}

var unwanted = regexp.MustCompile(`ZgotmplZ|<no value>|%!|style="|onclick=|<script>`)

// Check fails when the source of a page is not as it should be: one heading, no
// id twice, nothing inline, light.
func Check(t *testing.T, name, body string) {
	t.Helper()
	if bad := unwanted.FindString(body); bad != "" {
		t.Errorf("page %s contains %q", name, bad)
	}
	if len(body) > maxPage {
		t.Errorf("page %s weighs %d bytes; at most %d", name, len(body), maxPage)
	}
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	headings, ids := 0, map[string]bool{}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "h1" {
			headings++
		}
		for _, a := range n.Attr {
			if a.Key == "id" && ids[a.Val] {
				t.Errorf("page %s has the id %q twice", name, a.Val)
			}
			ids[a.Val] = ids[a.Val] || a.Key == "id"
		}
	}
	if headings != 1 {
		t.Errorf("page %s has %d main headings, not one", name, headings)
	}
}

// Person is a member of staff who can sign in.
type Person struct {
	ID     id.Staff
	Email  string
	Secret string // of the authenticator
	roster *staff.Roster
	in     staff.SignIn
}

// Password is everybody's in the tests.
const Password = "violet harbour tin lantern"

// Hire adds somebody with roles and takes them through invitation, second factor
// and commitment.
func Hire(t *testing.T, r *staff.Roster, email string, roles ...string) *Person {
	t.Helper()
	ctx := context.Background()
	p := &Person{Email: email, roster: r}
	invitation, words := "", staff.Words{}
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := r.Charter.Current(tx)
		if err != nil {
			return err
		}
		if p.ID, err = r.Add(tx, staff.NewPerson{Name: personal.Seal("Test Person"), Email: personal.Seal(email)}, term.ByEngine); err != nil {
			return err
		}
		for _, role := range roles {
			if err := r.Give(tx, p.ID, c.Business.ID, role, term.ByEngine); err != nil {
				return err
			}
		}
		invitation, err = r.Invite(tx, p.ID, term.ByEngine)
		return err
	})
	must(t, err)
	in, err := r.Accept(ctx, invitation, Password)
	must(t, err)
	in, e, err := r.Enrolment(ctx, in, "Test")
	must(t, err)
	p.Secret = e.Secret
	code, err := staff.Code(e.Secret, r.Clock.Now())
	must(t, err)
	in, _, err = r.Enrol(ctx, in, code)
	must(t, err)
	must(t, r.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := r.Charter.Current(tx)
		if err == nil {
			words = staff.WordsOf(c)
		}
		return err
	}))
	must(t, r.Commit(ctx, in, words.Version))
	p.in = in
	return p
}

// Session opens a session and gives its cookie.
func (p *Person) Session(t *testing.T) *http.Cookie {
	t.Helper()
	secret, err := p.roster.Open(context.Background(), p.in, "a test")
	if errs.CodeOf(err) == staff.NoSession { // the sign-in is old: once more
		p.signIn(t)
		secret, err = p.roster.Open(context.Background(), p.in, "a test")
	}
	must(t, err)
	return &http.Cookie{Name: "candor_staff", Value: secret}
}

// signIn shows password and authenticator again.
func (p *Person) signIn(t *testing.T) {
	t.Helper()
	in, err := p.roster.Begin(context.Background(), personal.Seal(p.Email), personal.Seal(Password), "")
	must(t, err)
	code, err := staff.Code(p.Secret, p.roster.Clock.Now())
	must(t, err)
	p.in, err = p.roster.Show(context.Background(), in, code)
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
