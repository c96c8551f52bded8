package faulttest

import (
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"candor/client"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/db/dbtest"
	"candor/internal/id"
	"candor/internal/message/messagetest"
)

// PostgreSQL crashes while shops send batches, people agree and withdraw, and a
// campaign leaves; it comes back, and is stopped in order and started once more.
// The server lives on: it says that it is not ready, answers that it is away and
// nothing else, and goes on by itself. All that was answered is there, once; the
// campaign ends without anybody's help, and nobody has its mail twice.
func TestPostgresStopsAndStarts(t *testing.T) {
	const people, readers = 304, 300 // the others agree and withdraw
	cluster := newCluster(t)
	sink := messagetest.NewSink(t, true)
	sink.Hold = func(string) { time.Sleep(10 * time.Millisecond) }
	s := newSite(t, dbtest.EmptyPostgresPlace(t), people, relayTo(t, sink))
	trust := filepath.Join(t.TempDir(), "relay.pem")
	must(t, os.WriteFile(trust, sink.Certificate(), 0o600))
	s.env = append(s.env, "SSL_CERT_FILE="+trust)
	running := s.start(s.file)
	for _, c := range s.customers[readers:] { // they are no recipients
		_, err := running.api.RecordConsent(ctx, c.String(), client.Consent{Purpose: "letter", Channel: "email", Kind: "withdrawn", Lang: "en"})
		must(t, err)
	}

	c := &collecting{site: s, people: people, first: clock.At(time.Now().Add(-24 * time.Hour).Truncate(time.Millisecond))}
	c.url.Store(running.url)
	w := &wavering{site: s, said: map[id.Customer]*heard{}}
	w.api.Store(running.api)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	made := launch(t, running.api)
	s.planned(running.api, made, readers)
	for i := range people - readers {
		wg.Go(func() { c.shop(stop) })
		wg.Go(func() { w.person(s.customers[readers+i], stop) })
	}
	for _, how := range []string{"immediate", "fast"} {
		time.Sleep(600 * time.Millisecond)
		cluster.halt(how)
		time.Sleep(200 * time.Millisecond) // what was being answered
		full := c.batches()
		if code := running.probe("readyz"); code != http.StatusServiceUnavailable {
			t.Errorf("without its database the server is ready: %d", code)
		}
		if code := running.probe("healthz"); code != http.StatusOK {
			t.Errorf("without its database the server is dead: %d", code)
		}
		time.Sleep(500 * time.Millisecond)
		if n := c.batches() - full; n > 0 {
			t.Errorf("%d batches were taken without a database", n)
		}
		cluster.start()
		s.within(10*time.Second, "the server is ready again", func() bool { return running.probe("readyz") == http.StatusOK })
		so := w.total().answered
		c.more(5)
		s.within(10*time.Second, "acts are taken again", func() bool { return w.total().answered > so })
	}
	close(stop)
	wg.Wait()
	time.Sleep(time.Second)
	s.leasesEnd()
	p := ended(t, running.api, made)
	if p.Accepted+p.Uncertain != readers {
		t.Errorf("of %d: %+v", readers, p)
	}
	s.within(10*time.Second, "the ledger is whole", func() bool {
		return s.count(s.cfg.Database, `select count(*) from ledger_entry where pos is null`) == 0
	})
	running.kill()
	c.onceEach("after PostgreSQL came back")
	w.allThere()
	s.reconcile(sink, p)
	s.everyRecordIsInTheLedger(0)
	s.verify()
	acts := w.total()
	t.Logf("%d batches and %d acts answered, %d and %d not; %+v", len(c.answered), acts.answered, c.failed.Load(), acts.unanswered, p)
	if acts.unanswered == 0 || c.failed.Load() == 0 {
		t.Error("nothing met a database that was away")
	}
}

// cluster is a PostgreSQL of a test's own, that may stop.
type cluster struct {
	t   *testing.T
	dir string
}

// newCluster starts one, and has the test's databases made in it.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "candor-pg") // not the test's folder: the path of a socket is short
	must(t, err)
	c := &cluster{t, dir}
	t.Cleanup(func() { _, _ = c.run("stop"); _ = os.RemoveAll(dir) })
	t.Setenv(dbtest.Server, c.start())
	return c
}

func (c *cluster) run(args ...string) (string, error) {
	cmd := exec.Command("../../scripts/postgres", args...)
	cmd.Env = append(os.Environ(), "CANDOR_POSTGRES_DIR="+c.dir, "CANDOR_POSTGRES_KEEPS=on")
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

func (c *cluster) start() string {
	c.t.Helper()
	out, err := c.run("start")
	must(c.t, err)
	return out
}

func (c *cluster) halt(how string) {
	c.t.Helper()
	_, err := c.run("halt", how)
	must(c.t, err)
}

// probe asks how a server is, and gives the status.
func (p *server) probe(name string) int {
	r, err := http.Get(p.url + "/" + name)
	if err != nil {
		return 0
	}
	defer func() { _ = r.Body.Close() }()
	_, _ = io.Copy(io.Discard, r.Body)
	return r.StatusCode
}

func (s *site) within(most time.Duration, what string, done func() bool) {
	s.t.Helper()
	for end := time.Now().Add(most); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("not within %s: %s", most, what)
		}
	}
}

// planned waits until a campaign knows its recipients.
func (s *site) planned(api *client.Client, made client.Campaign, readers int64) {
	s.t.Helper()
	s.within(20*time.Second, "the campaign is planned", func() bool {
		p, err := api.Progress(ctx, made.ID)
		return err == nil && p.Planned == readers
	})
}

// wavering are people who agree and withdraw by turns.
type wavering struct {
	*site
	api atomic.Pointer[client.Client] // of the server that runs

	mu   sync.Mutex
	said map[id.Customer]*heard
}

// heard is what became of one person's acts.
type heard struct{ answered, unanswered int }

// person has one agree and withdraw by turns until told to stop.
func (w *wavering) person(c id.Customer, stop chan struct{}) {
	mine := &heard{}
	w.mu.Lock()
	w.said[c] = mine
	w.mu.Unlock()
	for kind := consent.Given; ; {
		select {
		case <-stop:
			return
		default:
		}
		said := client.Consent{Purpose: "letter", Channel: "email", Kind: string(kind), Lang: "en"}
		if kind == consent.Given {
			said.ControlDefault, said.Action = string(consent.Unset), string(consent.Tick)
		}
		_, err := w.api.Load().RecordConsent(ctx, c.String(), said)
		w.mu.Lock()
		if err == nil {
			mine.answered++
			kind = map[consent.Kind]consent.Kind{consent.Given: consent.Withdrawn, consent.Withdrawn: consent.Given}[kind]
		} else {
			mine.unanswered++
			var told *client.Error // none from a server that is dead
			if errors.As(err, &told) && told.Status != http.StatusServiceUnavailable {
				w.t.Errorf("a person was told: %v", err)
			}
		}
		w.mu.Unlock()
		time.Sleep(20 * time.Millisecond)
	}
}

func (w *wavering) total() (sum heard) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.said {
		sum.answered += h.answered
		sum.unanswered += h.unanswered
	}
	return sum
}

// allThere holds the records against what was answered. An act without an answer
// may be on record.
func (w *wavering) allThere() {
	w.t.Helper()
	const before = 2 // they agreed, and withdrew, before it began
	for c, h := range w.said {
		records := w.recordsOf(c)
		w.checkChain(records)
		if n := len(records) - before; n < h.answered || n > h.answered+h.unanswered {
			w.t.Errorf("of a person are %d acts on record; %d were answered and %d not", n, h.answered, h.unanswered)
		}
	}
}
