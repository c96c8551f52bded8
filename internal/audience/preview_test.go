package audience

import (
	"strings"
	"testing"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

var agreed = []consent.Kind{consent.Given}

// Everybody who meets the condition and is left out is in one slice, with words
// and a remedy; the slices and the reachable add up.
func TestFunnelAddsUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d)
		w.arrive(30, who{acts: agreed, orders: 1})
		w.arrive(12, who{acts: []consent.Kind{consent.Given, consent.Withdrawn}, orders: 1})
		w.arrive(13, who{acts: []consent.Kind{consent.Refused}, orders: 1})
		w.arrive(14, who{orders: 1})
		w.arrive(15, who{acts: agreed, noAge: true, orders: 1})
		w.arrive(16, who{acts: agreed, noAddress: true, orders: 1})
		w.arrive(11, who{acts: agreed, orders: 1, facts: []customer.Fact{{Kind: customer.Deceased, Detail: customer.WithValue(customer.On)}}})
		w.arrive(20, who{acts: agreed})

		f := w.ask(`country == "DE" && count("Order Completed", days(90)) >= 1`, true)
		if f.Match.Shown != "111" || f.Permitted.Shown != "46" || f.Reachable.Shown != "30" {
			t.Errorf("match %s, permitted %s, reachable %s", f.Match, f.Permitted, f.Reachable)
		}
		want := map[errs.Code]int64{errs.Withdrawn: 12, errs.NoConsent + "/CON-11": 13, errs.NoConsent + "/CON-01": 14,
			errs.AgeUnknown: 15, CodeNoAddress: 16, errs.Restricted: 11}
		var sum int64
		for _, s := range f.Excluded {
			key := s.Code
			if key == errs.NoConsent {
				key += "/" + errs.Code(s.Requirement)
			}
			if s.Count.N != want[key] || s.Words == "" || s.Remedy == "" {
				t.Errorf("slice %+v, want %d", s, want[key])
			}
			sum += s.Count.N
		}
		if sum != f.Match.N-f.Reachable.N || len(f.Excluded) != len(want) {
			t.Errorf("%d left out in %d slices", sum, len(f.Excluded))
		}
		if len(f.Sample) != maxSample || strings.Contains(f.Sample[0].Address, "person") || !strings.Contains(f.Sample[0].Address, "*") {
			t.Errorf("sample = %+v", f.Sample)
		}
		if n := w.rows("select count(*) from data_use"); n != maxSample {
			t.Errorf("%d uses recorded, want one a person shown", n)
		}
		// writing to everybody who agreed looks at nobody's data
		if f := w.ask("true", true); f.Permitted.Shown != "81" {
			t.Errorf("permitted without choosing = %s, want 81", f.Permitted)
		}
	})
}

// CON-01: a purpose without a legal basis evaluates to nobody.
func TestCON01_SegmentWithoutBasisIsDenied(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d)
		w.arrive(20, who{acts: agreed})
		const noBasis = "  newsletter_de:\n    title: {en: News, de: Neues}\n    about: {en: News., de: Neues.}\n    email: opt-in\n" +
			"    uses: {email: to send it, country: the right shop}\n    keep: 24 months after last contact\n    owner: marketing\n\npersonalisation:"
		promise, house := sample.Documents()
		_, problems := charter.Parse([]byte(strings.Replace(string(promise), "personalisation:", noBasis, 1)), house)
		if !strings.Contains(problems.Error(), "CON-01") {
			t.Errorf("a purpose without a basis can be declared: %v", problems)
		}
		denied := func(what string, err error) {
			t.Helper()
			if !errs.Is(err, errs.Forbidden) || errs.CodeOf(err) != errs.NoBasis {
				t.Errorf("%s: err = %v, want FORBIDDEN %s", what, err, errs.NoBasis)
			}
		}
		f, err := w.Preview(ctx, Question{Purpose: "newsletter_de", Channel: term.Email, Condition: "true", Actor: "staff:test", Personal: true})
		denied("preview", err)
		if f.Match.N != 0 || f.Match.Shown != "" || len(f.Sample) != 0 {
			t.Errorf("preview tells %+v", f)
		}
		old := Segment{ID: 7, Name: "old", Purpose: "newsletter_de", Expression: "true"}
		w.read(func(tx *db.Tx) error {
			_, err := w.ConditionOf(tx, old)
			denied("saved segment", err)
			list, err := w.Members(tx, &Condition{purpose: "newsletter_de", root: fixed(true)}, term.Email, 0, 100)
			denied("members", err)
			if len(list) != 0 {
				t.Errorf("%d profiles", len(list))
			}
			return nil
		})
		err = d.Write(ctx, func(tx *db.Tx) error { _, err := w.SaveSegment(tx, old); return err })
		denied("save", err)
		// with a basis the same question is answered
		w.apply("personalisation:", strings.Replace(noBasis, "    email: opt-in", "    basis: consent\n    email: opt-in", 1))
		if _, err := w.Preview(ctx, Question{Purpose: "newsletter_de", Channel: term.Email, Condition: "true", Actor: "staff:test"}); err != nil {
			t.Errorf("with a basis: %v", err)
		}
	})
}

// MIN-03: data collected for one purpose do not select people for another.
func TestMIN03_DeliveryPhoneSelectsNobodyForAdvertising(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d)
		w.apply("  country: {kind: country,", "  delivery_phone: {kind: phone, keep_in: vault, from: [checkout]}\n  country: {kind: country,",
			"address: delivery,", "address: delivery, delivery_phone: the driver,")
		err := d.Write(ctx, func(tx *db.Tx) error {
			_, err := w.SaveSegment(tx, Segment{Name: "by phone", Purpose: "letter", Expression: "has(delivery_phone)", Author: "staff:test"})
			return err
		})
		if errs.CodeOf(err) != errs.PurposeMismatch || !strings.Contains(err.Error(), "collected for *orders*") {
			t.Errorf("err = %v, want %s", err, errs.PurposeMismatch)
		}
		if n := w.rows("select count(*) from segment"); n != 0 {
			t.Errorf("%d segments saved", n)
		}
	})
}

// MIN-04: an analyst sees no number under 10 and no rows, and the query is on
// record.
func TestMIN04_AnalystSeesNoSmallNumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d)
		w.arrive(4, who{acts: agreed, roast: "dark"})
		w.arrive(3, who{roast: "dark"})
		w.arrive(40, who{acts: agreed, roast: "light"})
		w.arrive(12, who{acts: agreed})
		f := w.ask(`roast == "dark"`, false)
		for _, c := range []Count{f.Match, f.Permitted, f.Reachable} {
			if c.Shown != "<10" || c.N != 0 {
				t.Errorf("shown %+v, want <10", c)
			}
		}
		if len(f.Excluded) != 0 || len(f.Sample) != 0 {
			t.Errorf("slices %+v, sample %+v", f.Excluded, f.Sample)
		}
		if n := w.rows("select count(*) from use_run where run_id = $1 and actor = $2 and what = 'preview'", f.Run, "staff:test"); n != 1 {
			t.Error("the query is not on record")
		}
		if f := w.ask(`roast == "light"`, false); f.Match.Shown != "about 40" || len(f.Sample) != 0 {
			t.Errorf("match %+v, sample %+v", f.Match, f.Sample)
		}
		if f := w.ask("true", true); len(f.Sample) != maxSample {
			t.Errorf("with personal access the sample has %d", len(f.Sample))
		}
	})
}

// Two almost equal audiences would tell about the few who make the difference.
func TestAlmostEqualAudiencesAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d)
		w.arrive(30, who{acts: agreed, roast: "dark"})
		w.arrive(1, who{acts: agreed, roast: "light"})
		w.arrive(12, who{acts: agreed, roast: "medium"})
		preview := func(condition string, actor term.Actor, personal bool) error {
			_, err := w.Preview(ctx, Question{Purpose: "letter", Channel: term.Email, Condition: condition, Actor: actor, Personal: personal})
			return err
		}
		w.must(preview(`roast in ["dark", "medium"]`, "staff:a", false))
		w.must(preview(`roast in ["medium", "dark"]`, "staff:a", false)) // the same
		w.must(preview(`roast == "dark"`, "staff:a", false))             // 12 fewer
		if err := preview(`has(roast)`, "staff:a", false); errs.CodeOf(err) != CodeTooSimilar {
			t.Errorf("one more person: err = %v, want %s", err, CodeTooSimilar)
		}
		if err := preview(`has(roast)`, "staff:b", false); errs.CodeOf(err) != CodeTooSimilar {
			t.Errorf("a colleague: err = %v, want %s", err, CodeTooSimilar)
		}
		w.must(preview(`has(roast)`, "staff:a", true))
		w.clock.Advance(rememberTime + 1)
		w.must(preview(`roast == "dark"`, "staff:b", false))
	})
}

func TestMembersPageByPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d)
		in := map[id.Customer]bool{}
		for _, c := range w.arrive(23, who{acts: agreed, orders: 2}) {
			in[c] = true
		}
		w.arrive(5, who{acts: agreed, orders: 1})
		w.arrive(5, who{orders: 2})
		w.arrive(5, who{acts: agreed, orders: 2, noAddress: true})
		w.arrive(5, who{acts: agreed, orders: 2, noAge: true})
		w.read(func(tx *db.Tx) error {
			now, err := w.store.Current(tx)
			w.must(err)
			c, err := w.Compile(now, "letter", `count("Order Completed") == 2`)
			w.must(err)
			var after id.Customer
			var all int
			for {
				page, err := w.Members(tx, c, term.Email, after, 10)
				w.must(err)
				for _, m := range page {
					if m <= after || !in[m] {
						t.Errorf("%s does not belong here", m)
					}
					after, all = m, all+1
				}
				if len(page) < 10 {
					break
				}
			}
			if all != len(in) {
				t.Errorf("%d members, want %d", all, len(in))
			}
			return nil
		})
	})
}

func TestSegmentsAreSavedCheckedAndListed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d)
		save := func(name, expression string) (g Segment, err error) {
			err = d.Write(ctx, func(tx *db.Tx) (err error) {
				g, err = w.SaveSegment(tx, Segment{Name: name, Purpose: "letter", Expression: expression, Author: "staff:test"})
				return err
			})
			return g, err
		}
		g, err := save(" Dark ", `roast == "dark"`)
		w.must(err)
		for name, c := range map[string]struct {
			name, expression string
			code             errs.Code
		}{
			"taken":   {"Dark", "true", db.Exists},
			"empty":   {" ", "true", "segment_name"},
			"address": {"ada@example.org", "true", "segment_name"},
			"broken":  {"New", "roast ==", CodeSyntax},
		} {
			if _, err := save(c.name, c.expression); errs.CodeOf(err) != c.code {
				t.Errorf("%s: err = %v, want %s", name, err, c.code)
			}
		}
		w.read(func(tx *db.Tx) error {
			got, err := w.Segment(tx, g.ID)
			if err != nil || got != g || got.Name != "Dark" {
				t.Errorf("segment = %+v, %v", got, err)
			}
			list, err := w.Segments(tx, 0, 10)
			if err != nil || len(list) != 1 {
				t.Errorf("segments = %+v, %v", list, err)
			}
			c, err := w.ConditionOf(tx, got)
			if err != nil || c.Describe("de") != "„Lieblingsröstung“ ist „dark“" {
				t.Errorf("condition = %v, %v", c, err)
			}
			return nil
		})
		w.write(func(tx *db.Tx) error { return w.DeleteSegment(tx, g.ID) })
		if err := d.Write(ctx, func(tx *db.Tx) error { return w.DeleteSegment(tx, g.ID) }); !errs.Is(err, errs.NotFound) {
			t.Errorf("deleting twice: %v", err)
		}
	})
}
