package faulttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"candor/client"
	"candor/internal/clock"
	"candor/internal/db/dbtest"
	"candor/internal/id"
	"candor/internal/message/messagetest"
	"candor/internal/moment"
)

// deaths names, in the environment of a program under test, the file that says at
// which moment it dies.
const deaths = "CANDOR_FAULT_DEATH"

// watchDeath kills this process, as a power cut does, when the moment that the file
// names has come as often as it says. There need not be a file yet.
func watchDeath(file string) {
	var seen atomic.Int64
	moment.Watch(func(m moment.Name) {
		b, err := os.ReadFile(file)
		if err != nil {
			return
		}
		times, name, _ := strings.Cut(string(b), " ")
		n, _ := strconv.ParseInt(times, 10, 64)
		if name == string(m) && seen.Add(1) == n {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // nothing goes on meanwhile
		}
	})
}

// dies writes down at which moment the programs of the site die.
func (s *site) dies(m moment.Name, nth int) {
	s.t.Helper()
	must(s.t, os.WriteFile(s.death+".new", []byte(fmt.Sprintf("%d %s", nth, m)), 0o600))
	must(s.t, os.Rename(s.death+".new", s.death))
}

func (s *site) lives() { _ = os.Remove(s.death) }

// diesAt has a server that is at work die at a moment.
func (s *site) diesAt(p *server, m moment.Name, nth int) {
	s.t.Helper()
	s.dies(m, nth)
	defer s.lives()
	done := make(chan struct{})
	go func() { _ = p.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(40 * time.Second):
		s.t.Fatalf("the server did not come to the moment when %s", m)
	}
}

// runsUntil runs a command of the program that dies at a moment.
func (s *site) runsUntil(m moment.Name, nth int, args ...string) {
	s.t.Helper()
	s.dies(m, nth)
	defer s.lives()
	cmd := exec.Command(candor, args...)
	cmd.Env = append(os.Environ(), s.env...)
	out, err := cmd.CombinedOutput()
	if state, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !state.Signaled() {
		s.t.Fatalf("%v did not come to the moment when %s: %v %s", args, m, err, out)
	}
}

// The moments at which the servers of a test die.
var (
	sending   = []moment.Name{moment.Claimed, moment.HandedOver, moment.Begun, moment.Left}
	answering = []moment.Name{moment.Numbered, moment.Anchored, moment.Flushed, moment.Committed}
	working   = []moment.Name{moment.Worked, moment.Imported, moment.KeyGone}
	making    = []moment.Name{moment.Migrating}
	rotating  = []moment.Name{moment.Renewed, moment.Wrapped, moment.AllWrapped}
	restoring = []moment.Name{moment.Loaded, moment.Halted, moment.Replayed, moment.Reopened}
)

func TestEveryMomentIsDiedAt(t *testing.T) {
	met := map[moment.Name]bool{}
	for _, list := range [][]moment.Name{sending, answering, working, making, rotating, restoring} {
		for _, m := range list {
			met[m] = true
		}
	}
	for _, m := range moment.All {
		if !met[m] {
			t.Errorf("no server dies when %s", m)
		}
	}
}

// Shops send batches, people agree and withdraw, a campaign leaves, a file is
// imported and people are erased, while the server dies at one named moment after
// the other. Of what was answered nothing is lost and nothing is there twice; each
// long work ends.
func TestKilledAtEveryMoment(t *testing.T) {
	const readers, others, erased, rows = 150, 3, 2, 1200
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		sink := messagetest.NewSink(t, true)
		s := newSite(t, place, readers+others+erased, relayTo(t, sink))
		trust := filepath.Join(t.TempDir(), "relay.pem")
		must(t, os.WriteFile(trust, sink.Certificate(), 0o600))
		s.env = append(s.env, "SSL_CERT_FILE="+trust)
		l := &life{site: s, wavering: &wavering{site: s, said: map[id.Customer]*heard{}},
			collecting: &collecting{site: s, people: readers + others, first: clock.At(time.Now().Add(-24 * time.Hour).Truncate(time.Millisecond))}}
		l.begins()
		for _, c := range s.customers[readers:] { // they are no recipients
			_, err := l.server.api.RecordConsent(ctx, c.String(), client.Consent{Purpose: "letter", Channel: "email", Kind: "withdrawn", Lang: "en"})
			must(t, err)
		}
		made := launch(t, l.server.api)
		s.planned(l.server.api, made, readers)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { l.collecting.shop(stop) })
		for i := range others {
			wg.Go(func() { l.wavering.person(s.customers[readers+i], stop) })
		}
		for _, m := range sending {
			l.diesAt(m, 1)
		}
		for _, m := range answering {
			l.diesAt(m, 1+rand.IntN(3))
		}
		l.diesAt(moment.Worked, 1)
		in := s.importing(l.server.api, rows)
		l.diesAt(moment.Imported, 1)
		gone := s.customers[readers+others:]
		asked := s.erasing(l.server.api, gone)
		l.diesAt(moment.KeyGone, 1)
		close(stop)
		wg.Wait()
		p := ended(t, l.server.api, made)
		if p.Accepted+p.Uncertain != readers {
			t.Errorf("of %d: %+v", readers, p)
		}
		s.within(60*time.Second, "the import ends", func() bool {
			got, err := l.server.api.Import(ctx, in.ID)
			return err == nil && got.State == "done"
		})
		for _, r := range asked {
			s.within(60*time.Second, "an erasure is certified", func() bool { _, err := l.server.api.Certificate(ctx, r); return err == nil })
		}
		l.server.kill()
		l.collecting.onceEach("after the last death")
		l.wavering.allThere()
		s.reconcile(sink, p)
		s.everyRecordIsInTheLedger(3 * erased) // they agreed, withdrew and were erased
		s.gone(gone)
		if n := s.count(s.cfg.Database, `select count(*) from identity where kind = 'user'`); n < rows {
			t.Errorf("%d rows were imported, want %d", n, rows)
		}
		s.verify()
		acts := l.wavering.total()
		t.Logf("%d batches and %d acts answered, %d and %d not; %+v", len(l.collecting.answered), acts.answered, l.collecting.failed.Load(), acts.unanswered, p)
	})
}

// life is a server that dies and is started again, and who works with it.
type life struct {
	*site
	*collecting
	*wavering
	server *server
}

func (l *life) begins() {
	l.server = l.site.start(l.site.file)
	l.collecting.url.Store(l.server.url)
	l.wavering.api.Store(l.server.api)
}

// diesAt has the server die at a moment and starts another.
func (l *life) diesAt(m moment.Name, nth int) {
	l.site.t.Helper()
	l.site.diesAt(l.server, m, nth)
	l.site.leasesEnd()
	l.begins()
}

// importing starts an import of so many customers.
func (s *site) importing(api *client.Client, rows int) client.Import {
	s.t.Helper()
	var file strings.Builder
	file.WriteString("id,mail,land\n")
	for i := range rows {
		fmt.Fprintf(&file, "new-%d,new%d@kunde.example,DE\n", i, i)
	}
	in, err := api.BeginImport(ctx, "source: crm\ncolumns: {id: identity user crm, mail: field email, land: field country}\n")
	must(s.t, err)
	_, err = api.SendFile(ctx, in.ID, strings.NewReader(file.String()))
	must(s.t, err)
	_, err = api.StartImport(ctx, in.ID)
	must(s.t, err)
	return in
}

func (s *site) erasing(api *client.Client, who []id.Customer) (requests []string) {
	s.t.Helper()
	for _, c := range who {
		r, err := api.Erase(ctx, c.String(), "letter of 3 March")
		must(s.t, err)
		requests = append(requests, r.ID)
	}
	return requests
}

// gone fails when anything is left of people who were erased.
func (s *site) gone(who []id.Customer) {
	s.t.Helper()
	for _, c := range who {
		for _, table := range []string{"customer", "identity", "sealed_value", "fact", "standing", "consent_record", "event", "send"} {
			if n := s.count(s.cfg.Database, "select count(*) from "+table+" where customer_id = $1", c); n > 0 {
				s.t.Errorf("%d rows of somebody erased are left in %s", n, table)
			}
		}
		if s.count(s.cfg.Keys, `select count(*) from data_key where customer_id = $1`, c) > 0 {
			s.t.Error("the key of somebody erased is left")
		}
	}
}

// RGT-12 and SEC-10, with a power cut at every moment of a restore: nothing serves
// before it has been ended, whoever withdrew or was erased since the backup is so
// again, and the ledger has one more epoch.
func TestKilledWhileRestoring(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place, 4, noMail)
		running := s.start(s.file)
		s.within(10*time.Second, "the ledger is whole", func() bool {
			return s.count(s.cfg.Database, `select count(*) from ledger_entry where pos is null`) == 0
		})
		folder := t.TempDir()
		out, err := exec.Command(candor, "backup", "--config", s.file, "--to", folder).CombinedOutput()
		if err != nil {
			t.Fatalf("candor backup: %v %s", err, out)
		}
		files, err := filepath.Glob(folder + "/*")
		if err != nil || len(files) != 1 {
			t.Fatalf("%v in the folder of backups: %v", files, err)
		}
		withdrew, objected, erased, stays := s.customers[0], s.customers[1], s.customers[2], s.customers[3]
		for c, kind := range map[id.Customer]string{withdrew: "withdrawn", objected: "objected"} {
			_, err := running.api.RecordConsent(ctx, c.String(), client.Consent{Purpose: "letter", Channel: "email", Kind: kind, Lang: "en"})
			must(t, err)
		}
		request := s.erasing(running.api, []id.Customer{erased})[0]
		s.within(30*time.Second, "the erasure is certified", func() bool { _, err := running.api.Certificate(ctx, request); return err == nil })
		running.kill()

		s.cfg.Database = filepath.Join(t.TempDir(), "new.db")
		if strings.HasPrefix(place, "postgres") {
			s.cfg.Database = dbtest.EmptyPostgresPlace(t)
		}
		s.file = s.writeConfig(s.cfg, noMail)
		s.runsUntil(moment.Loaded, 1, "restore", files[0], "--config", s.file, "--yes")
		for _, m := range restoring[1:] {
			s.runsUntil(m, 1, "serve", "--config", s.file)
		}
		running = s.start(s.file)
		for c, want := range map[id.Customer]string{withdrew: "DENY", objected: "DENY", stays: "ALLOW"} {
			d, err := running.api.Decide(ctx, client.Question{Customer: c.String(), Purpose: "letter", Operation: "serve", Channel: "email"})
			must(t, err)
			if d.Outcome != want {
				t.Errorf("after the restore: %s, want %s", d.Outcome, want)
			}
		}
		running.kill()
		s.gone([]id.Customer{erased})
		s.verify()
	})
}
