package rulepack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/term"
)

func TestEasterSunday(t *testing.T) {
	for year, want := range map[int]string{
		2024: "2024-03-31", 2025: "2025-04-20", 2026: "2026-04-05", 2027: "2027-03-28",
		2028: "2028-04-16", 2029: "2029-04-01", 2030: "2030-04-21", 1961: "1961-04-02", 2038: "2038-04-25",
	} {
		if got := Easter(year).String(); got != want {
			t.Errorf("Easter of %d is %s, want %s", year, got, want)
		}
	}
}

func TestHolidays(t *testing.T) {
	s := load(t)
	for _, v := range []struct{ place, day, name string }{
		{"DE-HH", "2026-04-03", "Karfreitag"}, {"DE-HH", "2026-04-06", "Ostermontag"}, {"DE-HH", "2026-05-01", "Tag der Arbeit"},
		{"DE-HH", "2024-05-09", "Christi Himmelfahrt"}, {"DE-HH", "2030-06-10", "Pfingstmontag"},
		{"DE-HH", "2027-10-31", "Reformationstag"}, {"DE", "2027-10-31", ""}, {"DE-XX", "2026-10-03", "Tag der Deutschen Einheit"},
		{"DE-BY", "2026-06-04", "Fronleichnam"}, {"DE-HH", "2026-06-04", ""},
		{"DE-SN", "2026-11-18", "Buß- und Bettag"}, {"DE-SN", "2028-11-22", "Buß- und Bettag"}, {"DE-SN", "2029-11-21", "Buß- und Bettag"},
		{"DE-BE", "2025-05-08", "80. Jahrestag der Befreiung"}, {"DE-BE", "2026-05-08", ""},
		{"US-CA", "2026-07-03", "Independence Day"}, {"US-CA", "2026-11-26", "Thanksgiving Day"}, {"US-CA", "2026-11-27", "Day after Thanksgiving"},
		{"US-CA", "2027-07-05", "Independence Day"}, {"US", "2026-11-27", ""}, {"US-CA", "2026-05-25", "Memorial Day"}, {"US-CA", "2028-01-17", "Martin Luther King Jr. Day"},
		{"CA", "2026-07-01", "Canada Day"}, {"CA", "2026-05-18", "Victoria Day"}, {"BR", "2026-04-03", "Paixão de Cristo"}, {"BR", "2023-11-20", ""},
		{"UK", "2027-12-27", "Christmas Day"}, {"UK", "2027-12-28", "Boxing Day"}, {"UK", "2028-01-03", "New Year's Day"}, {"UK", "2026-08-31", "Summer bank holiday"},
	} {
		c, ok := s.Calendar(v.place)
		if !ok {
			t.Fatalf("no calendar of %s", v.place)
		}
		if got := c.Holiday(date(t, v.day)); got != v.name {
			t.Errorf("%s on %s is %q, want %q", v.place, v.day, got, v.name)
		}
	}
	if _, ok := s.Calendar("FR"); ok {
		t.Error("there is no calendar of France yet")
	}
}

func TestGermanHolidaysAYear(t *testing.T) {
	s := load(t)
	for place, want := range map[string]int{"DE": 9, "DE-HH": 10, "DE-BE": 10, "DE-BW": 12, "DE-BB": 12, "DE-SL": 12, "DE-TH": 11} {
		c, _ := s.Calendar(place)
		for year := 2024; year <= 2030; year++ {
			n := 0
			for d := clock.On(year, 1, 1); d.Year == year; d = d.AddDays(1) {
				if c.Holiday(d) != "" {
					n++
				}
			}
			extra := 0
			if place == "DE-BE" && year == 2025 {
				extra = 1
			}
			coincide := 0
			if want+extra-coincide != n {
				t.Errorf("%s has %d holidays in %d, want %d", place, n, year, want+extra)
			}
		}
	}
}

func TestChoose(t *testing.T) {
	s := load(t)
	for _, v := range []struct {
		name    string
		e       Evidence
		market  term.Market
		because string
	}{
		{"stated", Evidence{Declared: "DE"}, "EU", "declared"},
		{"address before locale", Evidence{Address: "US-CA", Locale: "DE"}, "US-CA", "address"},
		{"phone before locale", Evidence{Phone: "FR", Locale: "US-CA"}, "EU", "phone"},
		{"locale alone", Evidence{Locale: "AT"}, "EU", "locale"},
		{"two countries of one market agree", Evidence{Declared: "DE", Address: "AT"}, "EU", "declared"},
		{"a state makes a country precise", Evidence{Declared: "US", Address: "US-CA"}, "US-CA", "declared"},
		{"a country does not contradict its state", Evidence{Declared: "US-CA", Phone: "US"}, "US-CA", "declared"},
		{"nothing known", Evidence{}, Strict, "missing"},
		{"network alone never chooses", Evidence{Network: "US-CA"}, Strict, "missing"},
		{"stated against address", Evidence{Declared: "US-CA", Address: "DE"}, Strict, "conflict"},
		{"address against phone", Evidence{Address: "US-CA", Phone: "DE"}, Strict, "conflict"},
		{"stated against an uncovered place", Evidence{Declared: "US-CA", Phone: "JP"}, Strict, "conflict"},
		{"no pack for the place", Evidence{Declared: "JP"}, Strict, "no pack"},
		{"another state", Evidence{Declared: "US-NY"}, "US", "declared"},
		{"a state unknown", Evidence{Declared: "US"}, "US", "declared"},
		{"the kingdom by either code", Evidence{Declared: "GB", Phone: "UK"}, "UK", "declared"},
		{"Canada is not California", Evidence{Declared: "CA", Address: "US-CA"}, Strict, "conflict"},
		{"network agrees", Evidence{Declared: "DE", Network: "FR"}, "EU", "declared"},
		{"network says a country of the state", Evidence{Declared: "US-CA", Network: "US"}, "US-CA", "declared"},
		{"network adds protection", Evidence{Declared: "US-CA", Network: "DE"}, Strict, "network"},
		{"network from a place without a pack", Evidence{Declared: "DE", Network: "JP"}, Strict, "network"},
	} {
		got := s.Choose(v.e)
		if got.Market != v.market || got.Because != v.because {
			t.Errorf("%s: %s because of %s, want %s because of %s", v.name, got.Market, got.Because, v.market, v.because)
		}
		if got.Pack == nil || got.Pack.Market != got.Market {
			t.Errorf("%s: the pack is not the market's", v.name)
		}
	}
}

func TestTheNetworkOnlyAddsProtection(t *testing.T) {
	s := load(t)
	places := []string{"", "DE", "FR", "US", "US-CA", "US-NY", "JP"}
	for _, declared := range places {
		for _, network := range places {
			without, with := s.Choose(Evidence{Declared: declared}), s.Choose(Evidence{Declared: declared, Network: network})
			if with.Market != without.Market && with.Market != Strict {
				t.Errorf("declared %q: the network %q changed %s to %s", declared, network, without.Market, with.Market)
			}
		}
	}
}

// TestStrictIsTheMostProtective compares STRICT with every pack, rule by rule.
func TestStrictIsTheMostProtective(t *testing.T) {
	s := load(t)
	strict := s.Strict()
	channels := []term.Channel{term.Email, term.SMS, term.Phone, term.Post, term.Push}
	for _, m := range s.Markets() {
		p, _ := s.Pack(m)
		for _, ch := range channels {
			if rank(strict.PermissionModel(ch)) > rank(p.PermissionModel(ch)) {
				t.Errorf("%s: %s asks for %s, STRICT only for %s", m, ch, p.PermissionModel(ch), strict.PermissionModel(ch))
			}
			w, sw := p.SendWindow(ch), strict.SendWindow(ch)
			if sw.Days.From < w.Days.From || sw.Days.To > w.Days.To || sw.Sunday.From < w.Sunday.From || sw.Sunday.To > w.Sunday.To {
				t.Errorf("%s: STRICT's window of %s is wider", m, ch)
			}
			if p.ConfirmNeeded(ch) && !strict.ConfirmNeeded(ch) {
				t.Errorf("%s: STRICT does not confirm %s", m, ch)
			}
		}
		for _, k := range []ConsentKind{Marketing, Tracker, HealthSale} {
			if strict.ConsentTTL(k).days() > p.ConsentTTL(k).days() || strict.ConsentTTL(k).IsZero() {
				t.Errorf("%s: a consent to %s lives longer under STRICT", m, k)
			}
		}
		for _, k := range []RefusalKind{Refusal, SaleRefusal} {
			if strict.ReaskBar(k).days() < p.ReaskBar(k).days() {
				t.Errorf("%s: STRICT asks again sooner after a %s", m, k)
			}
		}
		if a, b := strict.Ages(), p.Ages(); a.Consent < b.Consent || a.Profiling < b.Profiling || a.ConsentAt("AT") < b.ConsentAt("AT") {
			t.Errorf("%s: STRICT's ages are lower", m)
		}
		if p.SignalHonoured() && !strict.SignalHonoured() {
			t.Errorf("%s: STRICT ignores a signal", m)
		}
		if strict.UnsubscribeLives() < p.UnsubscribeLives() || strict.ConfirmWithin() > p.ConfirmWithin() || strict.UnconfirmedDelete() > p.UnconfirmedDelete() {
			t.Errorf("%s: STRICT's links are laxer", m)
		}
		for _, x := range strict.ErasureExceptions() {
			found := false
			for _, y := range p.ErasureExceptions() {
				found = found || x.Ground == y.Ground
			}
			if !found {
				t.Errorf("%s: STRICT keeps data on the ground %q, which this law does not know", m, x.Ground)
			}
		}
		for name := range p.rules.clocks {
			e := Event{At: local(t, "2026-06-26 09:00", time.UTC), Place: "DE-HH"}
			a, err := strict.Due(name, e)
			if err != nil {
				t.Fatal(err)
			}
			if b, _ := p.Due(name, e); a.Safe > b.Safe || a.Legal > b.Legal {
				t.Errorf("%s: STRICT's %s is later", m, name)
			}
		}
	}
}

// TestPolicyNumbers holds the protective values that others build on.
func TestPolicyNumbers(t *testing.T) {
	s := load(t)
	for _, p := range []*Pack{s.packs["EU"], s.packs["US-CA"], s.Strict()} {
		if p.ConfirmWithin() != 72*time.Hour || p.UnconfirmedDelete() != 14*24*time.Hour || p.UnsubscribeLives() != 60*24*time.Hour {
			t.Errorf("%s: links live %v, %v, %v", p.Market, p.ConfirmWithin(), p.UnconfirmedDelete(), p.UnsubscribeLives())
		}
		if p.Ages().Profiling != 18 || p.Ages().Consent != 16 || !p.SignalHonoured() || p.ConsentTTL(Marketing).Months != 24 || p.ReaskBar(SaleRefusal).Months != 12 {
			t.Errorf("%s: ages, signal, consent life or cool-down differ", p.Market)
		}
		if p.PermissionModel("carrier pigeon") != OptIn {
			t.Errorf("%s: an unknown channel needs no opt-in", p.Market)
		}
	}
	eu, ca := s.packs["EU"], s.packs["US-CA"]
	if eu.PermissionModel(term.Email) != OptIn || ca.PermissionModel(term.Email) != OptOut || s.Strict().PermissionModel(term.Post) != OptIn {
		t.Error("permission models differ")
	}
	if eu.ReaskBar(Refusal).Months != 6 || s.Strict().ReaskBar(Refusal).Months != 12 {
		t.Error("asking again: 6 months in a known place, 12 in an unknown one")
	}
	if eu.Ages().ConsentAt("AT") != 14 || eu.Ages().ConsentAt("DE") != 16 {
		t.Error("ages of consent by country differ")
	}
}

// TestTheUnitedStatesAreNowhereLaxerThanCalifornia: who says "US" may live in
// California.
func TestTheUnitedStatesAreNowhereLaxerThanCalifornia(t *testing.T) {
	s := load(t)
	us, ca := s.packs["US"], s.packs["US-CA"]
	for _, ch := range []term.Channel{term.Email, term.SMS, term.Phone, term.Post, term.Push} {
		if rank(us.PermissionModel(ch)) > rank(ca.PermissionModel(ch)) || us.SendWindow(ch) != ca.SendWindow(ch) {
			t.Errorf("%s is laxer", ch)
		}
	}
	e := Event{At: clock.UTC(2026, 3, 2, 9, 0, 0), Zone: time.UTC}
	for _, name := range []ClockName{RequestAcknowledge, RequestAnswer, RequestExtended, OptOutDone, BreachAuthority, "breach-people"} {
		a, err := us.Due(name, e)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := ca.Due(name, e); a.Safe > b.Safe {
			t.Errorf("%s is due later", name)
		}
	}
	for _, k := range []RefusalKind{Refusal, SaleRefusal} {
		if us.ReaskBar(k) != ca.ReaskBar(k) {
			t.Errorf("asking again after a %s", k)
		}
	}
	if us.Ages().Consent < ca.Ages().Consent || us.Ages().Profiling < ca.Ages().Profiling || !us.SignalHonoured() {
		t.Error("ages or signal are laxer")
	}
}

func TestOnlyNarrowsStrict(t *testing.T) {
	s := load(t)
	ca, err := s.Only([]term.Market{"US-CA"})
	if err != nil {
		t.Fatal(err)
	}
	if len(ca.Markets()) != 1 || ca.Choose(Evidence{Declared: "DE"}).Market != Strict || ca.Version() == s.Version() {
		t.Error("a set for California alone still knows Europe")
	}
	if _, err := s.Only([]term.Market{"MARS"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a market without a pack: %v", err)
	}
}

func TestWindowOpensInEveryZone(t *testing.T) {
	w := Window{Days: Span{9 * 60, 20 * 60}, Sunday: Span{12 * 60, 20 * 60}}
	east, west := zone(t, "America/New_York"), zone(t, "America/Los_Angeles")
	both := []*time.Location{west, east}
	for _, v := range []struct{ name, at, want string }{
		{"Tuesday evening: closed in the east", "2026-06-23 19:30", "2026-06-24 09:00"},
		{"open in both", "2026-06-23 12:00", "2026-06-23 12:00"},
		{"closes at 20:00 in the east", "2026-06-23 17:00", "2026-06-24 09:00"},
		{"Saturday evening to Sunday noon", "2026-06-27 19:30", "2026-06-28 12:00"},
		{"the clock changes on the Sunday", "2026-03-07 21:00", "2026-03-08 12:00"},
	} {
		if got := w.Open(local(t, v.at, west), both); got != local(t, v.want, west) {
			t.Errorf("%s: opens %v, want %s Pacific", v.name, got.In(west), v.want)
		}
	}
	if (Window{}).Open(clock.UTC(2026, 1, 1, 0, 0, 0), both) != clock.Never {
		t.Error("a window without hours opened")
	}
}

func TestAnOperatorsFileTakesThePlace(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("pack", "eu.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	stricter := strings.Replace(string(text), "link_lives: 72 hours", "link_lives: 24 hours", 1)
	s, err := Load(File{"own.yaml", []byte(stricter)})
	if err != nil {
		t.Fatal(err)
	}
	eu, _ := s.Pack("EU")
	if eu.ConfirmWithin() != 24*time.Hour || s.Strict().ConfirmWithin() != 24*time.Hour || s.Version() == load(t).Version() {
		t.Error("the operator's pack did not take the place of ours")
	}
}

func TestBadPacksAreRefusedAtTheirLine(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("pack", "eu.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	good := string(text)
	for _, v := range []struct{ name, old, new, want string }{
		{"unknown rule", "signal_honoured: true", "signal_honored: true", "no such rule"},
		{"wrong permission", "  email: opt-in", "  email: maybe", "opt-in"},
		{"forever", "marketing: 24 months", "marketing: forever", "write a period"},
		{"hours backwards", `days: "08:00-20:00"`, `days: "20:00-08:00"`, "end after they begin"},
		{"unknown way of counting", "EU-HOURS", "MOON", "name a rule"},
		{"not a place", "[AT,", "[Austria,", "ISO 3166"},
		{"not a zone", "Europe/Berlin", "Europe/Bärlin", "IANA"},
		{"no window", "send_window:", "no_window:", "no such rule"},
		{"a name twice", "unsubscribe:", "Confirm: {}\nunsubscribe:", "twice"},
		{"an alias", "pack: EU", "pack: &p EU", "anchors"},
		{"wrong type", "consent: 16", "consent: sixteen", "wrong form"},
	} {
		if strings.Count(good, v.old) == 0 {
			t.Fatalf("%s: the pack has no %q", v.name, v.old)
		}
		line := strings.Count(good[:strings.Index(good, v.old)], "\n") + 1
		_, err := Load(File{"own.yaml", []byte(strings.Replace(good, v.old, v.new, 1))})
		if err == nil || !strings.Contains(err.Error(), v.want) || !strings.HasPrefix(err.Error(), "own.yaml:") {
			t.Errorf("%s (line %d): %v", v.name, line, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, dir := range []string{"pack", "calendar"} {
		names, _ := filepath.Glob(filepath.Join(dir, "*.yaml"))
		for _, n := range names {
			if text, err := os.ReadFile(n); err == nil {
				f.Add(text)
			}
		}
	}
	f.Add([]byte("pack: EU\n<<: *x"))
	f.Add([]byte("calendar: DE\nchanged: 2026-01-01\ndays: [{name: x, month: 2, weekday: monday, nth: 4}]"))
	all := load(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		p, cals, err := Parse(File{"fuzz.yaml", text})
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatalf("not an INVALID error: %v", err)
			}
			return
		}
		for _, c := range cals {
			c.Holiday(clock.On(2026, 4, 3))
		}
		if p != nil && p.Market != Strict {
			r := reading{packs: map[term.Market]*Pack{Strict: all.floor, "EU": all.packs["EU"], p.Market: p}, calendars: all.calendars}
			if _, err := r.set(); err != nil && !errs.Is(err, errs.Invalid) {
				t.Fatalf("set: %v", err)
			}
		}
	})
}
