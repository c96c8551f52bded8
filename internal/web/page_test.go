package web

import (
	"testing"

	"candor/internal/clock"
	"candor/internal/id"
	"candor/internal/staff"
	"candor/internal/ui"
	"candor/internal/web/webtest"
)

func TestPagesRenderFull(t *testing.T) {
	set := ui.Load(files)
	at := clock.UTC(2026, 3, 5, 9, 0, 0).Time()
	picture, err := qrSVG("otpauth://totp/Halm:ada?secret=ABC")
	if err != nil {
		t.Fatal(err)
	}
	field := ui.Field{ID: "f", Name: "f", Label: "F", Error: "wrong", Hint: "hint"}
	other := func(name string) ui.Field { f := field; f.ID, f.Name = name, name; return f }
	ask := passkeyForm{"/admin/x", `{"challenge":"x"}`, "sealed", "/admin/y", "Use a passkey"}
	webtest.Pages(t, files,
		webtest.Page(ui.Find[passkeyPage](set, "passkey"), passkeyPage{other("a"), ask}),
		webtest.Page(ui.Find[signInPage](set, "sign-in"), signInPage{"/admin/x", other("a"), other("b"), ask, signOnLink{"/admin/x", "Sign in with Halm"}}),
		webtest.Page(ui.Find[firstPage](set, "first"), firstPage{other("a"), other("b"), other("c"), other("d")}),
		webtest.Page(ui.Find[invitationPage](set, "invitation"), invitationPage{"Ada", other("a"), other("b")}),
		webtest.Page(ui.Find[enrolPage](set, "enrol"), enrolPage{"/admin/x", picture, inFours("ABCDEFGHIJ"), field}),
		webtest.Page(ui.Find[factorPage](set, "factor"), factorPage{"/admin/x", field}),
		webtest.Page(ui.Find[commitPage](set, "commit"), commitPage{commitURL, "/admin/x", staff.Words{Text: staff.Commitment, Own: "Nor do I talk of it at home.", Version: "1"}, ui.Choice{ID: "p", Name: "p", Value: "yes", Label: "I promise", Error: "wrong"}}),
		webtest.Page(ui.Find[codesPage](set, "codes"), codesPage{[]string{"abcde-fghij"}, "/admin/"}),
		webtest.Page(ui.Find[accountPage](set, "account"), accountPage{TakesPasskeys: true, Weekly: true, SignOn: signOnLink{"/admin/x", "Connect Halm"}, Passkeys: []passkeyRow{{id.New[id.Passkey](), other("p"), at, at, true}, {id.New[id.Passkey](), other("q"), at, at, false}},
			Facts: []ui.Fact{{Term: "Name", Text: "Ada"}}, Recovery: 3, Roles: []staff.Role{{ID: "lead", May: []staff.Permission{staff.Approve, staff.Insight}}},
			Sessions: []sessionRow{{id.New[id.Session](), "Firefox on Linux", "authenticator", at, at, true}, {id.New[id.Session](), "Safari on iPhone", "recovery code", at, at, false}},
		}),
		webtest.Page(ui.Find[provePage](set, "prove"), provePage{"/admin/x", field, ask, signOnLink{"/admin/x", "Confirm with Halm"}}),
		webtest.Page(ui.Find[jumpPage](set, "jump"), jumpPage{true, []jumpTo{{"Your account", "", "/admin/account", "words"}}}),
	)
}

func TestAnAccessMustBeDeclared(t *testing.T) {
	s := &Shell{}
	err := s.Add(Room{Title: TrustRoom, Pages: []Page{{Title: "A", URL: "/admin/a"}}, Routes: []Route{{Pattern: "GET /admin/a"}}})
	if err == nil {
		t.Error("a route without an access was taken")
	}
	err = s.Add(Room{Title: TrustRoom, Pages: []Page{{Title: "B", URL: "/admin/b"}}, Routes: []Route{{Pattern: "GET /admin/a", Access: SignedIn()}}})
	if err == nil {
		t.Error("a page without a route was taken")
	}
	if (Access{}).Allows(staff.Rights{}) {
		t.Error("the zero access allows")
	}
}

func TestWhereToGoOnIsOurs(t *testing.T) {
	for in, want := range map[string]string{
		"/admin/setup": "/admin/setup", "/admin/setup?a=b": "/admin/setup?a=b", "": "/admin/", "https://evil.example/admin/": "/admin/",
		"//evil.example/admin/": "/admin/", "/privacy": "/admin/", "/admin": "/admin/", "javascript:alert(1)": "/admin/", "/\\evil.example": "/admin/",
	} {
		if got := ours(in); got != want {
			t.Errorf("%q leads to %q, want %q", in, got, want)
		}
	}
}

func TestDevicesInWords(t *testing.T) {
	if got := initials("Ada Byron Lovelace"); got != "AL" {
		t.Errorf("initials %q", got)
	}
	if got := first(browsers, "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "?"); got != "Firefox" {
		t.Errorf("browser %q", got)
	}
}
