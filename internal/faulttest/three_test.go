package faulttest

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/message/messagetest"
)

// Three servers on one PostgreSQL send a campaign, and the one that numbers the
// ledger is killed amid its mails. Another takes the lease, under a higher fence,
// before long; the two send the rest: nobody has the mail twice and nobody is left
// out but those whose mail may have left. What the engine says, what the mail server
// has and what the ledger proves is the same.
func TestTheFirstOfThreeServersDies(t *testing.T) {
	const people, dies = 360, 120
	sink := messagetest.NewSink(t, true)
	var mails atomic.Int64
	reached := make(chan struct{})
	sink.Hold = func(string) {
		if mails.Add(1) == dies {
			close(reached)
		}
		time.Sleep(10 * time.Millisecond)
	}
	relay := relayTo(t, sink)
	s := newSite(t, dbtest.PostgresPlace(t), people, relay)
	trust := filepath.Join(t.TempDir(), "relay.pem")
	must(t, os.WriteFile(trust, sink.Certificate(), 0o600))
	s.env = append(s.env, "SSL_CERT_FILE="+trust)

	first := s.start(s.file)
	made := launch(t, first.api) // whose entries it numbers
	var before db.Lease
	s.within(10*time.Second, "the first server numbers the ledger", func() bool {
		before = s.sequencer()
		return before.Fence > 0 && before.Holder != ""
	})
	others := []*server{s.start(s.second(relay)), s.start(s.second(relay))}
	<-reached
	first.kill()
	s.leasesEnd()
	s.within(db.LeaseTime+10*time.Second, "another numbers the ledger", func() bool {
		now := s.sequencer()
		return now.Holder != before.Holder && now.Fence > before.Fence
	})
	p := ended(t, others[0].api, made)
	if p.Accepted+p.Uncertain != people || p.Uncertain > 3*onTheWay {
		t.Errorf("of %d: %+v", people, p)
	}
	s.within(10*time.Second, "the ledger is whole", func() bool {
		return s.count(s.cfg.Database, `select count(*) from ledger_entry where pos is null`) == 0
	})
	for _, o := range others {
		if q := ended(t, o.api, made); q.Accepted != p.Accepted || q.Uncertain != p.Uncertain {
			t.Errorf("one server says %+v, another %+v", p, q)
		}
		o.kill()
	}
	s.reconcile(sink, p)
	s.verify()
	t.Logf("%d accepted, %d uncertain", p.Accepted, p.Uncertain)
}

// sequencer is who numbers the ledger.
func (s *site) sequencer() (l db.Lease) {
	s.t.Helper()
	s.read(func(tx *db.Tx) error {
		rows, err := tx.Query(`select holder, fence from lease where name = 'ledger'`)
		return db.Each(rows, err, func(scan db.Scan) error { return scan(&l.Holder, &l.Fence) })
	})
	return l
}
