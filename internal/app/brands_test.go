package app

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/db/dump"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/personal"
	"candor/internal/term"
	"candor/internal/token"
)

// SEC-03: two brands on one server, each an installation with a database and keys
// of its own, know a person by the same address. When she erases herself at one,
// not a row of the other's changes and its values open as before. Nothing of the
// one finds, opens or decrypts anything of the other: no link, no token, no key,
// no backup. Within one database nothing is decided, recorded or suppressed under
// another controller's name.
func TestSEC03_TwoBrandsWithTheSamePersonNeverCross(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		a, b := newSite(t, place), newSite(t, besides(t, place))
		atA, atB := a.knows("Ada of A"), b.knows("Ada of B")
		ofA, ofB := a.tokens(atA), b.tokens(atB)
		for kind, opened := range opening(a, ofA) {
			if opened != http.StatusOK {
				t.Fatalf("A's own %s: %d", kind, opened)
			}
		}
		a.strangerTo(b, ofA, atB)
		b.strangerTo(a, ofB, atA)

		backup := a.backup()
		before := b.everyRow()
		a.erase(atA)
		if left := a.tables(atA); left != nil || a.keys(atA) != 0 {
			t.Errorf("after the erasure A has left: %v", left)
		}
		if !bytes.Equal(before, b.everyRow()) || b.keys(atB) != 1 {
			t.Error("an erasure at A changed something at B")
		}
		b.holds(atB, "Ada of B", "Ada of A")
		if !b.may(atB, term.Serve) || find(t, b.App, shared) != atB {
			t.Error("an erasure at A took something away at B")
		}
		for kind, opened := range opening(b, ofB) {
			if opened != http.StatusOK {
				t.Errorf("B's own %s after an erasure at A: %d", kind, opened)
			}
		}
		a.strangerTo(b, ofA, atB)
		b.keepsOut("somebody-else", atB)

		if _, err := CheckBackup(b.cfg, backup); errs.CodeOf(err) != "backup_key" {
			t.Errorf("A's backup at B: %v", err)
		}
		b.must(b.Close())
		b.must(a.Close())
		for _, store := range []string{b.cfg.Keys, a.cfg.Keys} {
			b.opensNothingWith(a, store, atB)
		}
	})
}

// shared is the address that both brands know.
const shared = "ada@post.example"

// besides makes another place on the same engine, of PostgreSQL on the same
// server.
func besides(t *testing.T, place string) string {
	t.Helper()
	if onPostgres(place) {
		return dbtest.PostgresPlace(t)
	}
	return dbtest.SQLitePlace(t)
}

// knows makes the customer of the shared address, under a name that tells the
// brands apart.
func (s *site) knows(name string) id.Customer {
	s.t.Helper()
	c := s.join(shared)
	taken := s.take(gate.Arrival{
		Provenance: customer.Provenance{Source: "checkout", Method: customer.Stated, At: s.clk.Now(), Confidence: customer.Certain},
		Identities: []customer.Identity{mailTo(s.t, shared)}, Values: map[term.Field]personal.Value{"name": personal.Seal(name)},
	})
	if taken.Refused != nil || taken.Customer != c || len(taken.Notes) != 0 {
		s.t.Fatalf("%+v", taken)
	}
	s.holds(c, name, "\x00")
	return c
}

// holds looks whether the copy of a customer has one text and not another.
func (s *site) holds(c id.Customer, has, lacks string) {
	s.t.Helper()
	got, err := s.Desk.Copy(ctx, c, "en")
	s.must(err)
	text, err := json.Marshal(got)
	s.must(err)
	if !strings.Contains(string(text), has) || strings.Contains(string(text), lacks) {
		s.t.Errorf("the copy has %q: %v, and %q: %v", has, strings.Contains(string(text), has), lacks, strings.Contains(string(text), lacks))
	}
}

// tokens are what an installation gives out: links of mails, and a program's
// token.
func (s *site) tokens(c id.Customer) map[string]string {
	s.t.Helper()
	link := message.Link{Scope: message.Unsubscribe, Customer: c, Controller: "halm", Purpose: "letter", Channel: term.Email}
	choices := link
	choices.Scope = message.Choices
	out := map[string]string{"unsubscribe": link.Seal(s.Ring), "choices": choices.Seal(s.Ring)}
	s.must(s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		out["program"], _, err = s.Tokens.Mint(tx, token.New{Label: "test", Scopes: token.Scopes, For: demoTokenLives, By: term.ByEngine})
		return err
	}))
	return out
}

// opening shows tokens to an installation and gives what it answers.
func opening(s *site, tokens map[string]string) map[string]int {
	call := httptest.NewRequest(http.MethodGet, "/api/v1/campaigns", nil)
	call.Header.Set("Authorization", "Bearer "+tokens["program"])
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, call)
	return map[string]int{
		"unsubscribe": doors["unsubscribe"](s.App, tokens["unsubscribe"]).Code,
		"choices":     doors["choices"](s.App, tokens["choices"]).Code, "program": w.Code,
	}
}

// strangerTo looks that nothing of an installation is known to another: neither
// its tokens nor the digests it finds people by. Even a link that its keys make
// for the other's customer is none.
func (s *site) strangerTo(other *site, tokens map[string]string, c id.Customer) {
	s.t.Helper()
	forged := s.tokens(c)
	for _, set := range []map[string]string{tokens, {"unsubscribe": forged["unsubscribe"], "choices": forged["choices"], "program": tokens["program"]}} {
		for kind, code := range opening(other, set) {
			if want := map[bool]int{false: http.StatusNotFound, true: http.StatusUnauthorized}[kind == "program"]; code != want {
				s.t.Errorf("the %s of one brand at another: %d, want %d", kind, code, want)
			}
		}
		for _, kind := range []string{"unsubscribe", "choices"} {
			if l, err := message.OpenLink(other.Ring, set[kind]); err == nil {
				s.t.Errorf("the %s of one brand decrypts at another: %v", kind, l.Customer)
			}
		}
	}
	mine, theirs := s.digests(), other.digests()
	for d := range mine {
		if theirs[d] {
			s.t.Error("one address has the same digest at two brands: their customers can be joined")
		}
	}
}

// digests lists by what an installation finds people.
func (s *site) digests() map[string]bool {
	s.t.Helper()
	out := map[string]bool{}
	s.must(s.DB.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query("select digest from identity_lookup")
		all, err := db.Collect(rows, err, func(scan db.Scan) (d []byte, err error) { return d, scan(&d) })
		for _, d := range all {
			out[string(d)] = true
		}
		return err
	}))
	return out
}

// everyRow is all that an installation's database holds.
func (s *site) everyRow() []byte {
	s.t.Helper()
	var out bytes.Buffer
	s.must(s.DB.Read(ctx, func(tx *db.Tx) error {
		out.Reset()
		_, err := dump.Write(tx, &out)
		return err
	}))
	return out.Bytes()
}

// keepsOut asks, records and suppresses under another controller's name.
func (s *site) keepsOut(other term.Controller, c id.Customer) {
	s.t.Helper()
	for _, op := range []term.Operation{term.Serve, term.Use, term.Store, term.Share, term.Rights} {
		s.must(s.DB.Read(ctx, func(tx *db.Tx) error {
			d, err := s.Gate.Decide(tx, gate.Request{Customer: c, Controller: other, Purpose: "letter", Operation: op, Channel: term.Email, Actor: "program:test"})
			if d.Allowed() {
				s.t.Errorf("%s for another controller: %v", op, d.Outcome)
			}
			return err
		}))
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		_, _, err := s.Gate.Record(tx, consent.Act{Customer: c, Controller: other, Purpose: "letter", Channel: term.Email, Kind: consent.Withdrawn,
			Method: consent.ByPortal, Strength: consent.Documented, Actor: term.ByCustomer, Source: "portal"})
		return err
	})
	if !errs.Is(err, errs.Invalid) {
		s.t.Errorf("a withdrawal from another controller is recorded: %v", err)
	}
	s.must(s.DB.Write(ctx, func(tx *db.Tx) error {
		return s.Gate.Suppress(tx, gate.EndpointSuppression{Address: mailTo(s.t, shared), Controller: other, Reason: "one-click", Actor: term.ByCustomer})
	}))
	if !s.may(c, term.Serve) {
		s.t.Error("a suppression for another controller bites here")
	}
}

// opensNothingWith opens this installation's database with another's root key,
// over this key store or that.
func (s *site) opensNothingWith(other *site, store string, c id.Customer) {
	s.t.Helper()
	mixed := s.cfg
	mixed.Data, mixed.Keys = s.t.TempDir(), store
	s.copyTo(mixed.Data, filepath.Join(s.cfg.Data, "ledger.key"))
	s.copyTo(mixed.Data, other.cfg.Root())
	opened, err := Open(ctx, mixed, s.options())
	s.must(err)
	defer func() { _ = opened.Close() }()
	if _, err := opened.Desk.Copy(ctx, c, "en"); err == nil {
		s.t.Error("the keys of one brand open the values of another")
	}
}
