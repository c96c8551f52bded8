package charter_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/ledger"
	"candor/internal/rulepack"
	"candor/internal/term"
)

var ctx = context.Background()

var day = clock.UTC(2026, 11, 24, 9, 0, 0)

type fixture struct {
	*charter.Store
	db *db.DB
}

func open(t *testing.T, d *db.DB) fixture {
	t.Helper()
	log, err := ledger.Open(ctx, d, ledger.Options{Origin: "halm.example/test", SignerFile: filepath.Join(t.TempDir(), "key"), Clock: clock.NewFake(day)})
	if err != nil {
		t.Fatal(err)
	}
	packs, err := rulepack.Load()
	if err != nil {
		t.Fatal(err)
	}
	return fixture{charter.NewStore(log, packs), d}
}

func (f fixture) apply(t *testing.T, c *charter.Charter, at clock.Instant) charter.Applied {
	t.Helper()
	var out charter.Applied
	if err := f.db.Write(ctx, func(tx *db.Tx) (err error) {
		out, err = f.Apply(tx, c, at, term.ByEngine)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func (f fixture) current(t *testing.T) *charter.Charter {
	t.Helper()
	var c *charter.Charter
	if err := f.db.Read(ctx, func(tx *db.Tx) (err error) {
		c, err = f.Current(tx)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return c
}

// edit gives the sample charter with one text replaced, which must be there.
func edit(t *testing.T, pairs ...string) (*charter.Charter, charter.Problems) {
	t.Helper()
	promise, house := sample.Documents()
	text := string(promise)
	for i := 0; i < len(pairs); i += 2 {
		if strings.Count(text, pairs[i]) == 0 {
			t.Fatalf("the sample has no %q", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	if !strings.Contains(text, "\n  country:") {
		house = []byte(strings.ReplaceAll(string(house), "country, ", ""))
	}
	return charter.Parse([]byte(text), house)
}

func good(t *testing.T, pairs ...string) *charter.Charter {
	t.Helper()
	c, problems := edit(t, pairs...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

// widenings are edits of the sample that promise less to readers of the letter.
var widenings = []struct {
	kind     charter.WideningKind
	old, new string
}{
	{"field", "      roast: beans you like\n", "      roast: beans you like\n      name: to greet you\n"},
	{"recipient", "gets: {orders: [name, address]}", "gets: {orders: [name, address], letter: [country]}"},
	{"recipient data", "gets: {letter: [email], orders", "gets: {letter: [email, country], orders"},
	{"country", "country: US", "country: IN"},
	{"retention", "keep: 24 months after last contact", "keep: 25 months after last contact"},
	{"retention", "keep: 13 months after collection", "keep: 14 months after collection"},
	{"channel", "after a sale of coffee}   # may we write", "after a sale of coffee}\n    push: opt-in"},
	{"basis", "      default: consent\n", "      default: consent\n      US-CA: contract\n"},
	{"controller", "Speicherweg 4", "Speicherweg 5"},
}

func TestEachWideningRaisesTheFloor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		f.apply(t, sample.Halm(), day)
		version := int64(1)
		for _, w := range widenings {
			wide := f.apply(t, good(t, w.old, w.new), day)
			version++
			if wide.Version != version || f.current(t).Floor("letter") != version {
				t.Errorf("%s: version %d, floor %d; want both %d", w.new, wide.Version, f.current(t).Floor("letter"), version)
			}
			if !slices.ContainsFunc(wide.Widened["letter"], func(x charter.Widening) bool { return x.Kind == w.kind }) {
				t.Errorf("%s: widened %v, want %s", w.new, wide.Widened["letter"], w.kind)
			}
			// Going back narrows again, but for a change of basis or address,
			// which is one in both directions. No floor goes down.
			f.apply(t, sample.Halm(), day)
			version++
			if got := f.current(t).Floor("letter"); got < version-1 {
				t.Errorf("%s: going back lowered the floor to %d", w.new, got)
			} else if narrows := w.kind == "field" || w.kind == "recipient" || w.kind == "recipient data" || w.kind == "retention" || w.kind == "channel"; narrows && got != version-1 {
				t.Errorf("%s: taking it back raised the floor to %d", w.new, got)
			}
		}
		if bookkeeping := f.current(t).Floor("bookkeeping"); bookkeeping != version {
			t.Errorf("another legal address concerns every purpose; bookkeeping's floor is %d", bookkeeping)
		}
	})
}

func TestAnUnchangedCharterIsNotAppliedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		first := f.apply(t, sample.Halm(), day)
		again := f.apply(t, sample.Halm(), day)
		if first.Version != 1 || first.Unchanged || !again.Unchanged || again.Version != 1 || len(first.Notices) != 2 {
			t.Errorf("first %+v, again %+v", first.Version, again.Version)
		}
		if once, twice := f.current(t), f.current(t); once != twice {
			t.Error("a version is parsed more than once")
		}
	})
}

func TestOtherWordsMakeAnotherAsk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		f.apply(t, sample.Halm(), day)
		f.apply(t, good(t, "Yes, send me the coffee letter, about twice a month.", "Yes, the coffee letter please."), day)
		signup, _ := f.current(t).Ask("signup")
		checkout, _ := f.current(t).Ask("checkout")
		if signup.Version != 2 || checkout.Version != 1 {
			t.Errorf("signup is at %d, checkout at %d; want 2 and 1", signup.Version, checkout.Version)
		}
		f.apply(t, sample.Halm(), day)
		if signup, _ = f.current(t).Ask("signup"); signup.Version != 3 {
			t.Errorf("the old words again are version %d, want 3", signup.Version)
		}
	})
}

func TestATraitKeepsItsColumn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		f.apply(t, sample.Halm(), day)
		roast, _ := f.current(t).Field("roast")
		was := roast.Slot
		// country goes, grind comes before roast: roast stays, country's column is
		// not given away.
		next := good(t,
			"  country: {kind: country, keep_in: trait, derived: address.country}\n", "  grind: {kind: choice, keep_in: trait, of: [fine, coarse], title: {en: Grind, de: Mahlgrad}, from: [signup]}\n",
			"address: delivery, country: customs and postage, Order", "address: delivery, grind: the bag, Order",
			"      country: the right shop\n", "",
			"uses: [country, roast]}", "uses: [roast]}", "uses: [country, roast, Product", "uses: [roast, Product")
		f.apply(t, next, day)
		c := f.current(t)
		roast, _ = c.Field("roast")
		grind, _ := c.Field("grind")
		if roast.Slot != was || was != "t2" || grind.Slot != "t3" {
			t.Errorf("roast is in %s (was %s), grind in %s", roast.Slot, was, grind.Slot)
		}
		f.apply(t, sample.Halm(), day)
		country, _ := f.current(t).Field("country")
		if country.Slot != "t1" {
			t.Errorf("country came back to %s", country.Slot)
		}
	})
}

func TestAPlannedCharterWaitsForItsDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		f.apply(t, sample.Halm(), day)
		later := f.apply(t, good(t, "effective: 2022-01-01", "effective: 2026-12-01"), day)
		if later.InForce || f.current(t).Version != 1 {
			t.Fatal("a charter came into force before its day")
		}
		advance := func(at clock.Instant) (n int) {
			if err := d.Write(ctx, func(tx *db.Tx) error {
				done, err := f.Advance(tx, at)
				n = len(done)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		midnight := clock.UTC(2026, 11, 30, 23, 0, 0) // in Berlin
		if advance(midnight-1) != 0 || advance(midnight) != 1 || advance(midnight) != 0 || f.current(t).Version != 2 {
			t.Errorf("version %d is in force", f.current(t).Version)
		}
		f.apply(t, good(t, "effective: 2022-01-01", "effective: 2027-01-01"), midnight)
		f.apply(t, sample.Halm(), midnight)
		if advance(clock.UTC(2027, 2, 1, 0, 0, 0)) != 0 || f.current(t).Version != 4 {
			t.Error("an overtaken plan came into force after a newer version")
		}
	})
}

func TestStoreRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		none := d.Read(ctx, func(tx *db.Tx) error {
			_, err := f.Current(tx)
			return err
		})
		if errs.CodeOf(none) != charter.None {
			t.Errorf("before the first: %v", none)
		}
		bad, _ := edit(t, "    basis:     ", "    bases:     ")
		f.refused(t, bad, charter.Invalid)
		f.refused(t, nil, charter.Invalid)
		f.apply(t, sample.Halm(), day)
		f.refused(t, good(t, "id: halm", "id: other"), charter.OtherBusiness)
		if f.current(t).Version != 1 {
			t.Error("a refused charter left a version behind")
		}
		if err := d.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`update charter_version set promise = promise || ' '`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		altered := d.Read(ctx, func(tx *db.Tx) error {
			_, err := open(t, d).Current(tx)
			return err
		})
		if errs.CodeOf(altered) != charter.Altered {
			t.Errorf("a charter changed in the database: %v", altered)
		}
	})
}

func (f fixture) refused(t *testing.T, c *charter.Charter, code errs.Code) {
	t.Helper()
	err := f.db.Write(ctx, func(tx *db.Tx) error {
		_, err := f.Apply(tx, c, day, term.ByEngine)
		return err
	})
	if errs.CodeOf(err) != code {
		t.Errorf("applied with %v, want %s", err, code)
	}
}

func TestNoticesAreKeptAsPublished(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		applied := f.apply(t, sample.Halm(), day)
		for _, want := range applied.Notices {
			if err := d.Read(ctx, func(tx *db.Tx) error {
				a, err := f.Notice(tx, 1, want.Lang)
				if err != nil {
					return err
				}
				b, err := f.NoticeByID(tx, want.ID)
				if a != want || b != want || len(a.Complete()) > 0 {
					t.Errorf("the notice in %s is not what was applied", want.Lang)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`update charter_notice set html = 'x'`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		err := d.Read(ctx, func(tx *db.Tx) error {
			_, err := f.Notice(tx, 1, "en")
			return err
		})
		if errs.CodeOf(err) != charter.Altered {
			t.Errorf("a notice changed in the database: %v", err)
		}
	})
}

// refusedFor parses the sample with an edit, wants a problem of a rule on the
// line of a text, and wants Apply to refuse it.
func (f fixture) refusedFor(t *testing.T, rule, place string, pairs ...string) {
	t.Helper()
	c, problems := edit(t, pairs...)
	promise, _ := c.Documents()
	before, _, ok := strings.Cut(string(promise), place)
	line := strings.Count(before, "\n") + 1
	if !ok || !slices.ContainsFunc(problems, func(p charter.Problem) bool {
		return p.Rule == rule && p.Line == line && p.File == charter.PromiseFile
	}) {
		t.Errorf("want %s on line %d; got %v", rule, line, problems)
	}
	f.refused(t, c, charter.Invalid)
}

// letterBasis is what the sample says of the letter's basis.
const letterBasis = `    basis:                          # may we use the data
      default: consent
      UK: legitimate interests
      assessment: lia/letter-uk.md
      interest: {en: to tell buyers about more coffee like theirs, de: Käufern mehr Kaffee wie den ihren zu zeigen}
`

func TestCON01_APurposeWithoutBasisIsNotRegistered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		f.refusedFor(t, "CON-01", "  letter:\n", letterBasis, "")
		f.refusedFor(t, "CON-01", "basis: because", letterBasis, "    basis: because\n")
		f.refusedFor(t, "CON-01", "basis: {US-CA", letterBasis, "    basis: {US-CA: consent}\n")
		f.refusedFor(t, "CON-01", "basis: legal obligation", `basis: {law: "AO §147"}`, "basis: legal obligation")
		f.refusedFor(t, "CON-01", "basis: legitimate", letterBasis, "    basis: legitimate interests\n")
		f.apply(t, sample.Halm(), day)
		letter, _ := f.current(t).Purpose("letter")
		if letter.Basis("EU").Kind != charter.Consent || letter.Basis(rulepack.Strict).Kind != charter.Consent {
			t.Error("the good charter lost its basis")
		}
		f.apply(t, good(t, "      default: consent\n", "      default: consent\n      US-CA: contract\n"), day)
		if old := f.version(t, 1); basisOf(old) != charter.Consent || basisOf(f.current(t)) != charter.Contract {
			t.Error("a changed basis rewrote history")
		}
	})
}

func basisOf(c *charter.Charter) charter.BasisKind {
	p, _ := c.Purpose("letter")
	return p.Basis("US-CA").Kind
}

func (f fixture) version(t *testing.T, n int64) *charter.Charter {
	t.Helper()
	var c *charter.Charter
	if err := f.db.Read(ctx, func(tx *db.Tx) (err error) {
		c, err = f.Version(tx, n)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCON06_WithdrawingIsAsEasyAsGiving(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		with := func(s string) []string {
			return []string{"    control: unticked box\n", "    control: unticked box\n" + s}
		}
		f.refusedFor(t, "LNT-09", "  signup:\n", with("    steps: 2\n    withdraw: {steps: 3}\n")...)
		f.refusedFor(t, "LNT-09", "  signup:\n", with("    steps: 2\n    withdraw: {steps: 2, login: true}\n")...)
		f.apply(t, good(t, with("    steps: 2\n    withdraw: {steps: 2, login: false}\n")...), day)
	})
}

func TestPRF03_OnlyTheProtectiveDefaultIsAccepted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		f.apply(t, sample.Halm(), day)
		key := func(rest string) []string {
			return []string{"asks:   ", "preferences:\n  share_partners: {title: {en: Share with partners, de: Mit Partnern teilen}" + rest + "}\nasks:   "}
		}
		f.refusedFor(t, "PRF-03", "  share_partners", key(", default: true")...)
		f.refusedFor(t, "PRF-03", "  share_partners", key("")...)
		f.refusedFor(t, "PRF-03", "  share_partners", key(", of: [nobody, everybody], default: everybody")...)
		f.refusedFor(t, "PRF-03", "  none: ", "de: Für alle gleich}, uses: []", "de: Für alle gleich}, uses: [roast]")
		if f.current(t).Version != 1 {
			t.Error("a lax default was put in force")
		}
		f.apply(t, good(t, key(", default: false")...), day)
		if p := f.current(t).Preferences; len(p) != 1 || p[0].Default != "false" {
			t.Errorf("preferences are %v", p)
		}
	})
}

func TestTheLedgerKnowsWhatWasApplied(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		a := f.apply(t, sample.Halm(), day)
		for _, want := range []string{`"version":1`, sample.Halm().Hash(), a.Notices[0].Hash, `"letter"`} {
			if !strings.Contains(string(a.Entry.Content), want) {
				t.Errorf("the entry lacks %s: %s", want, a.Entry.Content)
			}
		}
		if a.Entry.Kind != charter.KindApplied {
			t.Errorf("the entry is a %s", a.Entry.Kind)
		}
	})
}

// CON-04: a form whose consent is required is rejected with LNT-03 and
// E_CONSENT_INVALID; the same form without it is put in force.
func TestCON04_ConsentIsNeverACondition(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := open(t, d)
		const checkout = "    at: https://halm.example/checkout\n"
		_, problems := edit(t, checkout, checkout+"    required: true\n")
		if err := problems.Err(); errs.CodeOf(err) != errs.ConsentInvalid ||
			!slices.ContainsFunc(problems, func(p charter.Problem) bool {
				return p.Rule == "LNT-03" && strings.Contains(p.Msg, "nobody has to agree")
			}) {
			t.Errorf("a required consent: %v", err)
		}
		c, _ := edit(t, checkout, checkout+"    required: true\n")
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			_, err := f.Apply(tx, c, day, "staff:test")
			return err
		})
		if err == nil {
			t.Error("a charter with a required consent was put in force")
		}
		f.apply(t, good(t, checkout, checkout+"    required: false\n"), day)
		_, problems = edit(t, "    for: {purpose: letter, channel: email}\n    fields: [email, name, address]", "    for: {purpose: orders, channel: email}\n    fields: [email, name, address]")
		if problems.Err() == nil {
			t.Error("consent was asked for what the service needs anyway")
		}
	})
}
