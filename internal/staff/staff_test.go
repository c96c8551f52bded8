package staff

import (
	"context"
	"encoding/base32"
	"strings"
	"testing"
	"time"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/personal"
	"candor/internal/rulepack"
	"candor/internal/term"
)

var ctx = context.Background()

func TestCodesAreThoseOfRFC6238(t *testing.T) {
	secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte("12345678901234567890"))
	for unix, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		got, err := Code(secret, clock.At(time.Unix(unix, 0)))
		if err != nil || got != want {
			t.Errorf("at %d: %q, %v; want %q", unix, got, err, want)
		}
	}
	at := clock.At(time.Unix(1111111111, 0))
	if _, ok := stepOf(secret, "081 804", at, 0); !ok {
		t.Error("the code of the step before is refused")
	}
	if _, ok := stepOf(secret, "050471", at, stepAt(at)); ok {
		t.Error("a used code is taken again")
	}
}

func TestPasswords(t *testing.T) {
	for _, bad := range []string{
		"short", "fourteen-signs", strings.Repeat("é", 14), "password1234567", "passwordpassword", "123456789987654321", "qwerty123456789!", "Password!!!!!!!!",
		"aaaaaaaaaaaaaaaaaaaa", "lovelace-ada-ada-1", strings.Repeat("x", 300),
	} {
		if err := CheckPassword(bad, "Ada Lovelace", "ada@halm.example"); errs.CodeOf(err) != BadPassword {
			t.Errorf("%q is taken: %v", bad, err)
		}
	}
	for _, good := range []string{"violet harbour tin lantern", "correct horse battery staple", "k8$Lm2!vXq9#Rt4w", "éléphant-mauve-dans-la-neige"} {
		if err := CheckPassword(good, "Ada Lovelace", "ada@halm.example"); err != nil {
			t.Errorf("%q is refused: %v", good, err)
		}
	}
	if len(breached()) < 40_000 {
		t.Errorf("%d breached passwords", len(breached()))
	}
}

// house is a roster over the sample business.
type house struct {
	*Roster
	clk *clock.Fake
	t   *testing.T
}

func open(t *testing.T, d *db.DB) house {
	t.Helper()
	clk := clock.NewFake(clock.UTC(2026, 3, 5, 9, 0, 0))
	dir := t.TempDir()
	log, err := ledger.Open(ctx, d, ledger.Options{Origin: "test/candor", SignerFile: dir + "/signer", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	packs, err := rulepack.Load()
	if err != nil {
		t.Fatal(err)
	}
	store := charter.NewStore(log, packs)
	err = d.Write(ctx, func(tx *db.Tx) error {
		_, err := store.Apply(tx, sample.Halm(), clk.Now(), term.ByEngine)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return house{New(Config{DB: d, Ring: keyring.Generate(), Charter: store, Ledger: log, Clock: clk}), clk, t}
}

func (h house) write(fn func(tx *db.Tx) error) error { return h.DB.Write(ctx, fn) }

const password = "violet harbour tin lantern"

func (h house) invited(email string, roles ...string) (who id.Staff, invitation string) {
	h.t.Helper()
	err := h.write(func(tx *db.Tx) (err error) {
		if who, err = h.Add(tx, NewPerson{personal.Seal("Ada Lovelace"), personal.Seal(email)}, "setup"); err != nil {
			return err
		}
		for _, r := range roles {
			if err := h.Give(tx, who, "halm", r, "setup"); err != nil {
				return err
			}
		}
		invitation, err = h.Invite(tx, who, "setup")
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return who, invitation
}

// signedUp takes somebody to their first session.
func (h house) signedUp(email string, roles ...string) (who id.Staff, secret, session string, recovery []string) {
	h.t.Helper()
	who, invitation := h.invited(email, roles...)
	in, err := h.Accept(ctx, invitation, password)
	if err != nil {
		h.t.Fatal(err)
	}
	in, e, err := h.Enrolment(ctx, in, "Halm")
	if err != nil {
		h.t.Fatal(err)
	}
	in, recovery, err = h.Enrol(ctx, in, h.code(e.Secret))
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.Open(ctx, in, "test"); errs.CodeOf(err) != NoCommitment {
		h.t.Errorf("a session without a commitment: %v", err)
	}
	if err := h.Commit(ctx, in, WordsOf(sample.Halm()).Version); err != nil {
		h.t.Fatal(err)
	}
	session, err = h.Open(ctx, in, "test")
	if err != nil {
		h.t.Fatal(err)
	}
	return who, e.Secret, session, recovery
}

func (h house) code(secret string) string {
	c, err := Code(secret, h.clk.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func TestFromInvitationToSessionAndOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		who, secret, session, recovery := h.signedUp("ada@halm.example", "marketer")
		w, err := h.Ask(ctx, session)
		if err != nil || w.Person.ID != who || !w.Rights.May(Draft) || w.Rights.May(Find) || w.Person.Name.Reveal() != "Ada Lovelace" {
			t.Fatalf("%+v, %v", w.Rights, err)
		}
		if !w.Fresh(h.clk.Now().Add(Fresh)) || w.Fresh(h.clk.Now().Add(Fresh+time.Microsecond)) {
			t.Error("fresh is not five minutes")
		}

		// A role that is taken away is gone at the next request.
		if err := h.write(func(tx *db.Tx) error { return h.Give(tx, who, "halm", "support", "setup") }); err != nil {
			t.Fatal(err)
		}
		if w, _ = h.Ask(ctx, session); !w.Rights.May(Find) || len(w.Rights.Sees("orders")) != 2 {
			t.Errorf("a new role: %+v", w.Rights)
		}

		// The next sign-in needs a new code, and each code works once.
		h.clk.Advance(time.Minute)
		in, err := h.Begin(ctx, personal.Seal("Ada@Halm.example"), personal.Seal(password), "n")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Open(ctx, in, "test"); errs.CodeOf(err) != NoSecondFactor {
			t.Errorf("a session without a factor: %v", err)
		}
		code := h.code(secret)
		shown, err := h.Show(ctx, in, code)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Show(ctx, in, code); errs.CodeOf(err) != WrongCode {
			t.Errorf("a code twice: %v", err)
		}
		if _, err := h.Show(ctx, in, strings.ToUpper(recovery[0])); err != nil {
			t.Errorf("a recovery code: %v", err)
		}
		if _, err := h.Show(ctx, in, recovery[0]); errs.CodeOf(err) != WrongCode {
			t.Errorf("a recovery code twice: %v", err)
		}
		second, err := h.Open(ctx, shown, "test")
		if err != nil {
			t.Fatal(err)
		}

		// Idle, absolute and explicit ends.
		if err := h.write(func(tx *db.Tx) error { return h.EndAll(tx, who, Actor(who)) }); err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{session, second} {
			if _, err := h.Ask(ctx, s); errs.CodeOf(err) != NoSession {
				t.Errorf("a session after signing out everywhere: %v", err)
			}
		}
		third, err := h.Open(ctx, shown, "test")
		if err != nil {
			t.Fatal(err)
		}
		for range 11 {
			h.clk.Advance(SessionIdle - time.Minute)
			if _, err := h.Ask(ctx, third); err != nil {
				t.Fatalf("a used session: %v", err)
			}
		}
		h.clk.Advance(SessionIdle)
		if _, err := h.Ask(ctx, third); errs.CodeOf(err) != NoSession {
			t.Errorf("an old session: %v", err)
		}
	})
}

func TestTriesAreBoundedAndSayNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		h.signedUp("ada@halm.example")
		for _, email := range []string{"ada@halm.example", "nobody@halm.example"} {
			var last error
			for range triesByAccount {
				_, last = h.Begin(ctx, personal.Seal(email), personal.Seal("wrong wrong wrong wrong"), email)
				if errs.CodeOf(last) != WrongPassword {
					t.Fatalf("%s: %v", email, last)
				}
			}
			_, last = h.Begin(ctx, personal.Seal(email), personal.Seal(password), email)
			if errs.CodeOf(last) != TooManyTries {
				t.Errorf("%s: %v", email, last)
			}
		}
		h.clk.Advance(tryWindow + time.Second)
		if _, err := h.Begin(ctx, personal.Seal("ada@halm.example"), personal.Seal(password), "n"); err != nil {
			t.Errorf("after the window: %v", err)
		}
	})
}

// Nobody goes through the customers one by one: 30 searches an hour each.
func TestLooksAreBoundedByPerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		one, _, _, _ := h.signedUp("ada@halm.example", "support")
		for n := range LooksAnHour {
			if n == 10 {
				h.clk.Advance(30 * time.Minute)
			}
			if err := h.Look(ctx, one); err != nil {
				t.Fatalf("search %d: %v", n+1, err)
			}
		}
		if err := h.Look(ctx, one); errs.CodeOf(err) != TooManyLooks || !errs.Is(err, errs.Limited) {
			t.Errorf("one too many: %v", err)
		}
		if err := h.Look(ctx, one+1); err != nil {
			t.Errorf("a colleague: %v", err)
		}
		h.clk.Advance(30 * time.Minute) // the first ten are an hour old
		for n := range 10 {
			if err := h.Look(ctx, one); err != nil {
				t.Errorf("search %d after an hour: %v", n+1, err)
			}
		}
		if err := h.Look(ctx, one); errs.CodeOf(err) != TooManyLooks {
			t.Errorf("the window does not slide: %v", err)
		}
	})
}

func TestALeaverIsOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		who, _, session, _ := h.signedUp("ada@halm.example", "marketer")
		if err := h.write(func(tx *db.Tx) error { return h.Leave(tx, who, "setup") }); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Ask(ctx, session); errs.CodeOf(err) != NoSession {
			t.Errorf("a leaver's session: %v", err)
		}
		if _, err := h.Begin(ctx, personal.Seal("ada@halm.example"), personal.Seal(password), "n"); errs.CodeOf(err) != WrongPassword {
			t.Errorf("a leaver's password: %v", err)
		}
		h.invited("ada@halm.example") // the address is free again
	})
}

func TestRolesThatMustBeSeparate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		who, _ := h.invited("ada@halm.example", "marketer")
		give := func(role, by string) error {
			return h.write(func(tx *db.Tx) error { return h.Give(tx, who, "halm", role, term.Actor(by)) })
		}
		if err := give("officer", "setup"); errs.CodeOf(err) != errs.Role {
			t.Errorf("officer besides marketer: %v", err)
		}
		if err := give("lead", string(Actor(who))); errs.CodeOf(err) != errs.Role {
			t.Errorf("a role for oneself: %v", err)
		}
		if err := give("nothing", "setup"); errs.CodeOf(err) != "no_such_role" {
			t.Errorf("a role that house.yaml does not name: %v", err)
		}
		if err := give("privacy", "setup"); err != nil {
			t.Errorf("a role that may stand beside: %v", err)
		}
	})
}
