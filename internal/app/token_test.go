package app

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
)

// doors are where a token can be shown: in a path, or as the cookie of a
// session.
var doors = map[string]func(a *App, token string) *httptest.ResponseRecorder{
	"unsubscribe": func(a *App, token string) *httptest.ResponseRecorder {
		return visit(a, http.MethodGet, "/u/"+token, nil)
	},
	"choices": func(a *App, token string) *httptest.ResponseRecorder {
		return visit(a, http.MethodGet, "/privacy/c/"+token, nil)
	},
	"confirm": func(a *App, token string) *httptest.ResponseRecorder {
		return visit(a, http.MethodGet, "/confirm/"+token, nil)
	},
	"certificate": func(a *App, token string) *httptest.ResponseRecorder {
		return visit(a, http.MethodGet, "/privacy/erased/"+token, nil)
	},
	"session": func(a *App, token string) *httptest.ResponseRecorder {
		return visit(a, http.MethodGet, "/privacy/me", nil, "Cookie", "candor_me="+token)
	},
	"download": func(a *App, token string) *httptest.ResponseRecorder {
		return visit(a, http.MethodPost, "/privacy/me/download", nil, "Cookie", "candor_me="+token)
	},
}

// wanted is what each token opens beside its own door: an unsubscribe link is
// known at the choices and refused there, and whoever may choose may stop.
func wanted(token, door string) int {
	switch {
	case token == door:
		return http.StatusOK
	case token == "unsubscribe" && door == "choices":
		return http.StatusForbidden
	case token == "choices" && door == "unsubscribe":
		return http.StatusOK
	case door == "session" || door == "download":
		return http.StatusUnauthorized
	}
	return http.StatusNotFound
}

// SEC-09: each token opens its own door and no other; an unsubscribe token at
// the choices is 403, one with a flipped bit 404 in no other time; none becomes
// a session; nothing changes but by a post; an unsubscribe link has no end and a
// confirmation has 72 hours.
func TestSEC09_LinksServeOneThing(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		people := demo.People(1, 1, now)
		clk := &demo.Clock{}
		a := openWith(t, place, people, clk, now)
		go func() { _ = a.Mailbox.Run(t.Context()) }()
		ids, err := (&demo.Seeder{Gate: a.Gate, Clock: clk, Controller: "halm"}).Run(ctx, people, now)
		if err != nil {
			t.Fatal(err)
		}
		clk.Set(now)
		tokens := mint(t, a, ids[0])
		before := everything(t, a)
		for token, sealed := range tokens {
			for door, open := range doors {
				w := open(a, sealed)
				if w.Code != wanted(token, door) {
					t.Errorf("the %s token at the door %s: %d, want %d", token, door, w.Code, wanted(token, door))
				}
				for _, c := range w.Result().Cookies() {
					t.Errorf("the %s token at the door %s sets the cookie %s", token, door, c.Name)
				}
			}
		}
		if after := everything(t, a); after != before {
			t.Errorf("opening links changed %d rows to %d", before, after)
		}
		unguessable(t, tokens, func() map[string]string { return mint(t, a, ids[0]) })
		for door, token := range tokens {
			flips(t, a, door, token)
			sameTime(t, a, door, token)
		}
		endures(t, a, clk, tokens, now)
	})
}

// mint makes one token of each kind as the engine makes them.
func mint(t *testing.T, a *App, c id.Customer) map[string]string {
	t.Helper()
	if w := visit(a, http.MethodPost, "/f/signup", url.Values{"email": {"t" + id.New[id.Use]().String()[4:] + "@post.example"}, "agree": {"yes"}, "shown": {"1"}}); w.Code != http.StatusOK {
		t.Fatalf("form: %d", w.Code)
	}
	link := message.Link{Scope: message.Unsubscribe, Customer: c, Controller: "halm", Purpose: "letter", Channel: term.Email}
	choices := link
	choices.Scope = message.Choices
	return map[string]string{
		"unsubscribe": link.Seal(a.Ring), "choices": choices.Seal(a.Ring),
		"confirm": strings.TrimPrefix(confirmLink(t, a), "/confirm/"),
	}
}

// everything counts the rows that a visit could change.
func everything(t *testing.T, a *App) (n int64) {
	t.Helper()
	for _, table := range []string{"consent_record", "fact", "suppression", "ledger_entry", "confirmation where used_at > 0", "step_up", "send"} {
		n += count(t, a, "select count(*) from "+table)
	}
	return n
}

// unguessable: 128 bits and more that differ each time, and nothing to read.
func unguessable(t *testing.T, first map[string]string, again func() map[string]string) {
	t.Helper()
	second := again()
	for kind, token := range first {
		b, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || len(b) < 32 {
			t.Errorf("the %s token has %d bytes: %v", kind, len(b), err)
		}
		if token == second[kind] || strings.Contains(string(b), "letter") || strings.Contains(string(b), "halm") {
			t.Errorf("the %s token repeats itself, or can be read", kind)
		}
	}
}

// flips: whichever bit of a token is flipped, it opens nothing.
func flips(t *testing.T, a *App, door, token string) {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		b := slices.Clone(raw)
		b[i] ^= 1 << (i % 8)
		if w := doors[door](a, base64.RawURLEncoding.EncodeToString(b)); w.Code != http.StatusNotFound {
			t.Fatalf("the %s token opens with a bit of byte %d flipped: %d", door, i, w.Code)
		}
	}
}

// sameTime: a token wrong in its first byte of cipher text, one wrong in its
// last, and one that is made up are refused in the same time. Samples are taken
// in turn, medians compared, and only a difference that shows in every one of
// some rounds counts: noise does not repeat itself, a leak does.
func sameTime(t *testing.T, a *App, door, token string) {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	_, head := binary.Uvarint(raw)
	early, late, invented := slices.Clone(raw), slices.Clone(raw), slices.Clone(raw)
	early[head+12] ^= 1
	late[len(late)-1] ^= 1
	for i := head; i < len(invented); i++ {
		invented[i] = byte(i * 37)
	}
	kinds := [][]byte{early, late, invented}
	const rounds, samples = 8, 60
	for round := range rounds {
		took := make([][]time.Duration, len(kinds))
		for i := range samples * len(kinds) {
			k := i % len(kinds)
			path := base64.RawURLEncoding.EncodeToString(kinds[k])
			start := time.Now()
			doors[door](a, path)
			took[k] = append(took[k], time.Since(start))
		}
		spread := make([]time.Duration, len(kinds))
		medians := make([]time.Duration, len(kinds))
		for k := range took {
			slices.Sort(took[k])
			medians[k], spread[k] = took[k][samples/2], took[k][samples*3/4]-took[k][samples/4]
		}
		noise := max(slices.Max(spread), slices.Max(medians)/4)
		if slices.Max(medians)-slices.Min(medians) <= noise {
			return
		}
		if round == rounds-1 {
			t.Errorf("wrong %s tokens are told apart by time: medians %v, spread %v", door, medians, spread)
		}
	}
}

// endures: an unsubscribe link works after years, a confirmation until 72 hours
// have passed.
func endures(t *testing.T, a *App, clk *demo.Clock, tokens map[string]string, now clock.Instant) {
	t.Helper()
	for _, step := range []struct {
		after time.Duration
		says  string
	}{{72*time.Hour - time.Minute, "Press the button"}, {72 * time.Hour, "no longer good"}} {
		clk.Set(now.Add(step.after))
		if w := doors["confirm"](a, tokens["confirm"]); !strings.Contains(w.Body.String(), step.says) {
			t.Errorf("a confirmation after %v does not say %q", step.after, step.says)
		}
	}
	given := count(t, a, "select count(*) from consent_record where kind = 'given'")
	visit(a, http.MethodPost, "/confirm/"+tokens["confirm"], nil)
	if n := count(t, a, "select count(*) from consent_record where kind = 'given'"); n != given {
		t.Error("a confirmation of 72 hours ago gave consent")
	}
	for _, after := range []time.Duration{61 * 24 * time.Hour, 5 * 365 * 24 * time.Hour} {
		clk.Set(now.Add(after))
		if w := doors["unsubscribe"](a, tokens["unsubscribe"]); w.Code != http.StatusOK {
			t.Errorf("an unsubscribe link after %v: %d", after, w.Code)
		}
	}
}

// Whether an address is known shows neither in the answer of a form nor in the
// time it takes.
func TestNoAnswerTellsWhetherAnAddressIsKnown(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		people := demo.People(1, 1, now)
		clk := &demo.Clock{}
		a := openWith(t, place, people, clk, now)
		if _, err := (&demo.Seeder{Gate: a.Gate, Clock: clk, Controller: "halm"}).Run(ctx, people, now); err != nil {
			t.Fatal(err)
		}
		clk.Set(now)
		for _, path := range []string{"/privacy", "/f/signup"} {
			const rounds = 5
			for round := range rounds {
				var bodies [2]string
				var took [2]time.Duration
				for i, raw := range []string{people[0].Email, "x" + id.New[id.Use]().String()[4:] + "@post.example"} {
					start := time.Now()
					w := visit(a, http.MethodPost, path, url.Values{"email": {raw}, "agree": {"yes"}, "shown": {"1"}})
					bodies[i], took[i] = w.Body.String(), time.Since(start)
				}
				if bodies[0] != bodies[1] {
					t.Fatalf("%s answers a known address otherwise", path)
				}
				if (took[0] - took[1]).Abs() < 20*time.Millisecond {
					break
				}
				if round == rounds-1 {
					t.Errorf("%s takes %v for a known address and %v for another", path, took[0], took[1])
				}
			}
		}
	})
}
