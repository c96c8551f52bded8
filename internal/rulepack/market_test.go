package rulepack

import (
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/term"
)

// TestDeadlineTable holds the clocks of the catalogue's table that are data of a
// pack: what the law says and our own, earlier limit, through the pack itself.
// The numbers of its rows are in the names.
func TestDeadlineTable(t *testing.T) {
	s := load(t)
	for _, v := range []struct {
		row, market, name, at, zone, place string
		safe, legal                        string // the last day in the zone
	}{
		{"D-01", "EU", "request-answer", "2026-03-05 09:00", "Europe/Berlin", "DE", "2026-04-05", "2026-04-07"},
		{"D-02", "EU", "request-refusal", "2026-01-31 09:00", "Europe/Berlin", "DE", "2026-02-28", "2026-03-02"},
		{"D-03", "UK", "request-answer", "2026-03-02 09:00", "Europe/London", "UK", "2026-04-01", "2026-04-02"},
		{"D-03 rolls over Easter", "UK", "request-answer", "2026-03-03 09:00", "Europe/London", "UK", "2026-04-02", "2026-04-07"},
		{"D-03 extended", "UK", "request-extended", "2026-03-02 09:00", "Europe/London", "UK", "2026-06-01", "2026-06-02"},
		{"D-04", "UK", "complaint-acknowledge", "2026-03-02 09:00", "Europe/London", "UK", "2026-03-31", "2026-04-01"},
		{"D-05", "US-CA", "request-acknowledge", "2026-06-26 09:00", "America/Los_Angeles", "", "2026-07-10", "2026-07-13"},
		{"D-06", "US-CA", "request-answer", "2026-03-02 09:00", "America/Los_Angeles", "", "2026-04-15", "2026-04-16"},
		{"D-06 extended", "US-CA", "request-extended", "2026-03-02 09:00", "America/Los_Angeles", "", "2026-05-30", "2026-05-31"},
		{"D-07", "US-CA", "opt-out", "2026-06-26 09:00", "America/Los_Angeles", "", "2026-07-17", "2026-07-20"},
		{"D-08", "US-CA", "automated-opt-out", "2027-06-25 09:00", "America/Los_Angeles", "", "2027-07-16", "2027-07-19"},
		{"D-11", "US-CA", "metrics", "2026-12-31 23:00", "America/Los_Angeles", "", "2027-06-01", "2027-07-01"},
		{"D-12", "US-CA", "policy-review", "2026-01-15 09:00", "America/Los_Angeles", "", "2026-12-15", "2027-01-15"},
		{"D-13 review", "US-CA", "risk-assessment-review", "2026-01-15 09:00", "America/Los_Angeles", "", "2028-12-16", "2029-01-15"},
		{"D-13 change", "US-CA", "risk-assessment-change", "2026-03-02 09:00", "America/Los_Angeles", "", "2026-03-17", "2026-04-16"},
		{"D-13 filing", "US-CA", "risk-assessment-filing", "2026-03-02 09:00", "America/Los_Angeles", "", "2028-03-02", "2028-04-01"},
		{"D-13 filing, then yearly", "US-CA", "risk-assessment-filing", "2028-04-01 09:00", "America/Los_Angeles", "", "2029-03-02", "2029-04-01"},
		{"D-14 large", "US-CA", "cyber-audit-large", "2026-03-02 09:00", "America/Los_Angeles", "", "2028-02-01", "2028-04-01"},
		{"D-14 medium", "US-CA", "cyber-audit-medium", "2026-03-02 09:00", "America/Los_Angeles", "", "2029-01-31", "2029-04-01"},
		{"D-14 small", "US-CA", "cyber-audit-small", "2031-03-02 09:00", "America/Los_Angeles", "", "2031-01-31", "2031-04-01"},
		{"D-15", "US", "request-answer", "2026-03-02 09:00", "America/New_York", "", "2026-04-15", "2026-04-16"},
		{"D-15 extended", "US", "request-extended", "2026-03-02 09:00", "America/New_York", "", "2026-05-30", "2026-05-31"},
		{"D-16", "US", "appeal-answer", "2026-03-02 09:00", "America/New_York", "", "2026-04-16", "2026-04-16"},
		{"D-17 simple", "BR", "request-simple", "2026-03-02 09:00", "America/Sao_Paulo", "", "2026-03-02", "2026-03-03"},
		{"D-17 full", "BR", "request-answer", "2026-03-02 09:00", "America/Sao_Paulo", "", "2026-03-16", "2026-03-17"},
		{"D-18", "EU", "indirect-notice", "2026-08-31 09:00", "Europe/Berlin", "DE", "2026-09-30", "2026-09-30"},
		{"D-22", "BR", "breach-authority", "2026-04-02 09:00", "America/Sao_Paulo", "", "2026-04-07", "2026-04-08"},
		{"D-22 people", "BR", "breach-people", "2026-04-02 09:00", "America/Sao_Paulo", "", "2026-04-07", "2026-04-08"},
		{"D-22 supplement", "BR", "breach-supplement", "2026-04-02 09:00", "America/Sao_Paulo", "", "2026-04-30", "2026-05-05"},
		{"D-23 people", "US-CA", "breach-people", "2026-03-02 09:00", "America/Los_Angeles", "", "2026-03-27", "2026-04-01"},
		{"D-23 attorney general", "US-CA", "breach-authority", "2026-03-02 09:00", "America/Los_Angeles", "", "2026-03-12", "2026-03-17"},
		{"D-26", "US", "opt-out", "2026-06-26 09:00", "America/New_York", "", "2026-07-10", "2026-07-13"},
		{"D-27", "CA", "opt-out", "2026-06-26 09:00", "America/Toronto", "", "2026-07-10", "2026-07-13"},
		{"D-28", "AU", "opt-out", "2026-03-31 09:00", "Australia/Sydney", "", "2026-04-07", "2026-04-09"},
		{"D-36", "EU", "prior-consultation", "2026-03-02 09:00", "Europe/Berlin", "DE", "2026-04-27", "2026-04-27"},
		{"D-36 extended", "EU", "prior-consultation-extended", "2026-03-02 09:00", "Europe/Berlin", "DE", "2026-06-08", "2026-06-08"},
		{"D-38", "US-CA", "vendor-cannot-comply", "2026-06-26 09:00", "America/Los_Angeles", "", "2026-07-03", "2026-07-06"},
		{"D-39 fetch", "US-CA", "deletion-list", "2026-03-02 09:00", "America/Los_Angeles", "", "2026-04-01", "2026-04-16"},
		{"D-39 delete", "US-CA", "deletion-list-done", "2026-03-02 09:00", "America/Los_Angeles", "", "2026-04-01", "2026-04-16"},
		{"D-39 register", "US-CA", "broker-registration", "2026-03-02 09:00", "America/Los_Angeles", "", "2026-12-31", "2027-01-31"},
		{"D-40", "US", "parental-notice", "2026-03-02 09:00", "America/New_York", "", "2026-03-16", "2026-03-16"},
	} {
		p, ok := s.Pack(term.Market(v.market))
		if !ok {
			t.Fatalf("no pack %s", v.market)
		}
		z := zone(t, v.zone)
		got, err := p.Due(ClockName(v.name), Event{At: local(t, v.at, z), Zone: z, Place: v.place})
		if err != nil {
			t.Fatalf("%s: %v", v.row, err)
		}
		if got.Safe != date(t, v.safe).End(z) || got.Legal != date(t, v.legal).End(z) {
			t.Errorf("%s %s %s: safe %v, legal %v; want the ends of %s, %s", v.row, v.market, v.name, got.Safe.In(z), got.Legal.In(z), v.safe, v.legal)
		}
	}
}

// TestElapsedClocks holds the clocks that run in hours and seconds.
func TestElapsedClocks(t *testing.T) {
	s := load(t)
	berlin := zone(t, "Europe/Berlin")
	aware := local(t, "2026-03-27 10:20", berlin)
	for _, v := range []struct {
		row, market, name string
		safe, legal       clock.Instant
	}{
		{"D-19", "EU", "breach-authority", local(t, "2026-03-30 11:20", berlin), local(t, "2026-03-30 12:00", berlin)},
		{"D-19", "UK", "breach-authority", local(t, "2026-03-30 11:20", berlin), local(t, "2026-03-30 12:00", berlin)},
		{"D-20", "EU", "breach-people", aware.Add(24 * time.Hour), aware.Add(24 * time.Hour)},
		{"D-20", "UK", "breach-people", aware.Add(24 * time.Hour), aware.Add(24 * time.Hour)},
		{"D-21", "EU", "processor-breach", aware.Add(24 * time.Hour), aware.Add(24 * time.Hour)},
		{"D-25", "EU", "opt-out", aware.Add(time.Minute), aware.Add(time.Minute)},
		{"D-25", "UK", "opt-out", aware.Add(time.Minute), aware.Add(time.Minute)},
		{"D-29", "EU", "one-click", aware.Add(time.Minute), aware.Add(time.Minute)},
		{"D-29", "US", "one-click", aware.Add(time.Minute), aware.Add(time.Minute)},
		{"D-30", "US", "opt-out-confirmation", aware.Add(5 * time.Minute), aware.Add(5 * time.Minute)},
	} {
		p, _ := s.Pack(term.Market(v.market))
		got, err := p.Due(ClockName(v.name), Event{At: aware, Zone: berlin, Place: "DE"})
		if err != nil || got.Safe != v.safe || got.Legal != v.legal {
			t.Errorf("%s %s %s: %v, %v, %v", v.row, v.market, v.name, got.Safe.In(berlin), got.Legal.In(berlin), err)
		}
	}
}

// TestTermTable holds the table's validities and minimum periods: the last
// instant of a validity is before its day begins, that of a bar when it ends.
func TestTermTable(t *testing.T) {
	s := load(t)
	from := date(t, "2026-02-10")
	for _, v := range []struct{ row, market, name, ends string }{
		{"D-10", "US-CA", "request-records", "2028-02-11"},
		{"D-24", "BR", "breach-register", "2031-02-11"},
		{"D-24", "CA", "breach-register", "2028-02-11"},
		{"D-24", "EU", "breach-register", "2031-02-11"},
		{"D-27", "CA", "unsubscribe-contacts", "2026-04-12"},
		{"D-28", "AU", "unsubscribe-contacts", "2026-03-13"},
		{"D-30", "US", "suppression-list", "2031-02-11"},
		{"D-37", "EU", "sub-processor-objection", "2026-03-13"},
		{"D-43", "EU", "price-reference", "2026-03-13"},
		{"D-44", "EU", "subscription-reminder", "2026-03-13"},
		{"D-46", "EU", "phone-silence", "2026-04-12"},
		{"the longest", "STRICT", "breach-register", "2031-02-11"},
	} {
		p, _ := s.Pack(term.Market(v.market))
		term, ok := p.AtLeast(TermName(v.name))
		if got := term.BarredUntil(from, time.UTC); !ok || got != date(t, v.ends).Start(time.UTC) {
			t.Errorf("%s %s %s ends %v, want %s", v.row, v.market, v.name, got, v.ends)
		}
	}
	for _, v := range []struct{ row, market, name, ends string }{
		{"D-32", "US", "health-sale-authorisation", "2027-02-09"},
		{"D-41", "EU", "assessment", "2027-02-10"},
		{"D-42", "UK", "training", "2027-02-10"},
		{"D-45", "EU", "backup-after-erasure", "2026-05-11"},
		{"CON-08", "EU", "claims", "2029-02-10"},
		{"CON-08", "UK", "claims", "2032-02-10"},
		{"CON-08", "US", "claims", "2030-02-10"},
		{"CON-08", "US-CA", "claims", "2031-02-10"},
		{"CON-08", "CA", "claims", "2029-02-10"},
		{"CON-08", "BR", "claims", "2031-02-10"},
		{"CON-08", "AU", "claims", "2032-02-10"},
		{"the shortest", "STRICT", "claims", "2029-02-10"},
		{"the shortest", "STRICT", "assessment", "2027-02-10"},
	} {
		p, _ := s.Pack(term.Market(v.market))
		term, ok := p.AtMost(TermName(v.name))
		if got := term.ValidUntil(from, time.UTC); !ok || got != date(t, v.ends).Start(time.UTC) {
			t.Errorf("%s %s %s ends %v, want %s", v.row, v.market, v.name, got, v.ends)
		}
	}
	for m, want := range map[term.Market]string{"EU": "2026-08-11", "UK": "2026-08-11", "US": "2026-08-11", "CA": "2026-08-11", "BR": "2026-08-11", "AU": "2026-08-11", Strict: "2027-02-11"} {
		p, _ := s.Pack(m)
		if got := p.ReaskBar(Refusal).BarredUntil(from, time.UTC); got != date(t, want).Start(time.UTC) {
			t.Errorf("D-34: in %s nobody asks again until %v, want %s", m, got, want)
		}
		if got := p.ReaskBar(SaleRefusal).BarredUntil(from, time.UTC); got != date(t, "2027-02-11").Start(time.UTC) {
			t.Errorf("D-09: in %s nobody asks again until %v", m, got)
		}
		if p.ConsentTTL(Tracker).Months != 6 || p.ConfirmWithin() != 72*time.Hour || p.UnconfirmedDelete() != 14*24*time.Hour || p.UnsubscribeLives() != 60*24*time.Hour {
			t.Errorf("D-26, D-33, D-35 in %s: the life of a choice or a link differs", m)
		}
	}
}

// TestPermissionsOfTheMarkets holds the matrix of permissions to contact
// (MSG-01), and where something may stand for a yes.
func TestPermissionsOfTheMarkets(t *testing.T) {
	s := load(t)
	for _, v := range []struct {
		market     term.Market
		email, sms Permission
		afterSale  bool // may stand for a yes by e-mail
		implied    bool
	}{
		{"EU", OptIn, OptIn, true, false}, {"UK", OptIn, OptIn, true, false}, {"CA", OptIn, OptIn, false, true},
		{"BR", OptIn, OptIn, false, false}, {"AU", OptIn, OptIn, false, false}, {"US", OptOut, OptIn, true, false}, {"US-CA", OptOut, OptIn, true, false},
		{Strict, OptIn, OptIn, false, false},
	} {
		p, ok := s.Pack(v.market)
		if !ok {
			t.Fatalf("no pack of %s", v.market)
		}
		if p.PermissionModel(term.Email) != v.email || p.PermissionModel(term.SMS) != v.sms || p.MayAfterSale(term.Email) != v.afterSale || p.Implied().IsZero() == v.implied {
			t.Errorf("%s: %s, %s, after a sale %v, implied %+v", v.market, p.PermissionModel(term.Email), p.PermissionModel(term.SMS), p.MayAfterSale(term.Email), p.Implied())
		}
	}
	if ca, _ := s.Pack("CA"); ca.Implied() != (ImpliedConsent{Period{Months: 24}, Period{Months: 6}}) {
		t.Errorf("Canada: %+v", ca.Implied())
	}
}
