package faulttest

import (
	"strings"
	"sync"
	"testing"

	"candor/client"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/gate"
	"candor/internal/id"
)

const noMail = `{relay: "smtp://127.0.0.1:1"}`

// A thousand acts of one person, a yes and a no by turns, arrive at the same time at
// two servers that share nothing but PostgreSQL (at one, on SQLite). Who asks
// afterwards, wherever, hears what the last record says.
func TestConcurrentConsentAtTwoServers(t *testing.T) {
	const people, pairs = 1, 500
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place, people, noMail)
		servers := []*server{s.start(s.file)}
		if strings.HasPrefix(place, "postgres") {
			servers = append(servers, s.start(s.second(noMail)))
		}
		begin := make(chan struct{})
		var wg sync.WaitGroup
		for i := range pairs {
			for n, kind := range []consent.Kind{consent.Given, consent.Withdrawn} {
				wg.Go(func() {
					<-begin
					said := client.Consent{Purpose: "letter", Channel: "email", Kind: string(kind), Lang: "en"}
					if kind == consent.Given {
						said.ControlDefault, said.Action = string(consent.Unset), string(consent.Tick)
					}
					at := servers[(i+n)%len(servers)]
					if _, err := at.api.RecordConsent(ctx, s.customers[i%people].String(), said); err != nil {
						t.Errorf("%s: %v", kind, err)
					}
				})
			}
		}
		close(begin)
		wg.Wait()
		given := 0
		for _, c := range s.customers {
			records := s.recordsOf(c)
			last := s.checkChain(records)
			for _, r := range records {
				if r.Kind == consent.Given {
					given++
				}
			}
			for i, at := range servers {
				d, err := at.api.Decide(ctx, client.Question{Customer: c.String(), Purpose: "letter", Operation: "serve", Channel: "email"})
				must(t, err)
				if (d.Outcome == "ALLOW") != (last.Kind == consent.Given) {
					t.Errorf("server %d says %s, the last record says %s", i, d.Outcome, last.Kind)
				}
			}
		}
		if given != pairs+people {
			t.Errorf("%d agreements are on record, %d were answered with success", given, pairs+people)
		}
		for _, at := range servers {
			at.kill()
		}
		s.everyRecordIsInTheLedger(0)
		s.verify()
	})
}

func (s *site) recordsOf(c id.Customer) (out []consent.Record) {
	s.t.Helper()
	s.read(func(tx *db.Tx) (err error) {
		out, err = consent.Of(tx, c)
		return err
	})
	return out
}

// checkChain checks one customer's records and gives the one with the highest
// revision.
func (s *site) checkChain(records []consent.Record) consent.Record {
	s.t.Helper()
	if n := consent.Verify(records); n != 0 {
		s.t.Errorf("the chain breaks at %d of %d", n, len(records))
	}
	last, seen := records[len(records)-1], map[int64]bool{}
	for _, r := range records {
		if r.Rev > last.Rev || seen[r.Rev] {
			s.t.Errorf("revision %d of record %d is not in order; the last has %d", r.Rev, r.Seq, last.Rev)
		}
		seen[r.Rev] = true
	}
	return last
}

// everyRecordIsInTheLedger counts consent records against the ledger's entries
// of them, of which so many are of people who were erased since.
func (s *site) everyRecordIsInTheLedger(erased int64) {
	s.t.Helper()
	var records, proven, entries int64
	s.read(func(tx *db.Tx) error {
		err := tx.QueryRow(`select count(*) from consent_record`).Scan(&records)
		if err == nil {
			err = tx.QueryRow(`select count(*) from consent_record r join ledger_entry e on e.entry_id = r.entry_id`).Scan(&proven)
		}
		if err == nil {
			err = tx.QueryRow(`select count(*) from ledger_entry where kind = $1`, gate.KindConsent).Scan(&entries)
		}
		return err
	})
	if records != proven || records+erased != entries {
		s.t.Errorf("%d consent records, %d with an entry, %d entries", records, proven, entries)
	}
}
