package message

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/message/messagetest"
)

// A relay that stalls costs its time limit and nothing else: before DATA the mail is
// tried again, after it nobody can know whether it left.
func TestARelayThatStalls(t *testing.T) {
	s := messagetest.NewSink(t, false)
	stall := func(at string) func(string) {
		return func(to string) {
			if strings.HasPrefix(to, at) {
				time.Sleep(700 * time.Millisecond)
			}
		}
	}
	s.Rcpt = func(to string) error { stall("rcpt@")(to); return nil }
	s.Hold = stall("data@")
	r := relayTo(s)
	r.Timeout = 150 * time.Millisecond
	raw, err := testMail().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]outcome{
		"rcpt@x.example": {state: Planned, broken: true}, "data@x.example": {state: Uncertain, broken: true}, "ok@x.example": {state: Accepted, code: 250},
	} {
		w, err := r.connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if got := w.send("letter@halm.example", to, raw); got != want || time.Since(begun) > 600*time.Millisecond {
			t.Errorf("%s: %+v after %s, want %+v", to, got, time.Since(begun), want)
		}
		_ = w.c.Close()
	}

	silent, err := net.Listen("tcp", "127.0.0.1:0") // says nothing at all
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	r.Addr, r.Door = silent.Addr().String(), (&messagetest.Sink{Addr: silent.Addr().String()}).Door()
	begun := time.Now()
	if _, err := r.connect(t.Context()); err == nil || time.Since(begun) > 600*time.Millisecond {
		t.Errorf("a silent relay: %v after %s", err, time.Since(begun))
	}
}

// A mail that a slow relay lets wait beyond its lease does not leave any more: it
// counts as uncertain then, and a withdrawal would not wait for it.
func TestNoMailLeavesAfterItsLease(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		people := p.Readers(4)
		p.plan(plain(), 0, people...)
		var once sync.Once
		p.sink.Rcpt = func(to string) error {
			if to == "reader2@kunde.example" {
				once.Do(func() {
					p.Clock.Advance(leaseTime + time.Second)
					p.Must(p.sender.Recover(context.Background()))
					for _, c := range people {
						if s := p.send(c); s.State == Uncertain {
							p.Withdraw(c) // is told of no mail on its way
						}
					}
				})
			}
			return nil
		}
		p.sender.workers = 1
		p.drain()
		before := len(p.sink.Mails())
		if before > 3 {
			t.Fatalf("%d mails left", before)
		}
		p.drain()
		got := p.sink.To()
		for i, c := range people {
			state, n := p.send(c).State, got["reader"+string(rune('0'+i))+"@kunde.example"]
			if state == Accepted && n != 1 || n > 1 || state != Accepted && state != Uncertain {
				t.Errorf("reader %d is %s and got %d", i, state, n)
			}
		}
		if len(p.sink.Mails()) != before || got["reader2@kunde.example"] != 0 {
			t.Errorf("after the lease there left %v", got)
		}
	})
}

// Two workers that check at the same moment the two mails for which a day has one
// place let one of them leave: the place is taken with the customer locked (MSG-11).
func TestWorkersRaceForOnePlace(t *testing.T) {
	const readers = 30
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		p.byPolicy()
		people := p.Readers(readers)
		p.plan(plain(), 1, people...)
		p.plan(plain(), 2, people...)
		var groups [2][]Send
		senders := [2]*Sender{p.sender, p.open()}
		for i, s := range senders {
			var err error
			groups[i], err = s.claim(t.Context(), string(rune('a'+i)), readers)
			p.Must(err)
		}
		var left [2][]ready
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i, s := range senders {
			for part := range slices.Chunk(groups[i], 5) {
				wg.Go(func() {
					list, err := s.handOver(t.Context(), string(rune('a'+i)), part)
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					left[i] = append(left[i], list...)
				})
			}
		}
		wg.Wait()
		if n := len(left[0]) + len(left[1]); n != readers {
			t.Errorf("%d mails may leave, want one for each of %d people", n, readers)
		}
		if n := p.ended(Denied, "E_FREQ_CAP"); n != readers {
			t.Errorf("%d were denied by the cap, want %d", n, readers)
		}
	})
}

// Servers whose clocks are an hour apart send every mail once, whichever takes the
// other's leases for ended.
func TestServersWhoseClocksAreApart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		p.plan(plain(), 0, p.Readers(60)...)
		ahead := p.open()
		ahead.clock = later{p}
		p.sink.Hold = func(string) { time.Sleep(2 * time.Millisecond) }
		stop := make(chan struct{})
		var wg, tidy sync.WaitGroup
		for _, s := range []*Sender{p.sender, ahead} {
			wg.Go(func() {
				if _, err := s.Drain(context.Background()); err != nil {
					t.Error(err)
				}
			})
			tidy.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(5 * time.Millisecond):
						p.Must(s.Recover(context.Background()))
					}
				}
			})
		}
		wg.Wait()
		close(stop)
		tidy.Wait()
		p.Clock.Advance(2 * time.Hour) // what the one ahead put back is due by its clock
		p.Must(p.sender.Recover(context.Background()))
		p.drain()
		for to, n := range p.sink.To() {
			if n != 1 {
				t.Errorf("%s got %d", to, n)
			}
		}
		accepted, uncertain := p.Count("select count(*) from send where state = 'accepted'"), p.Count("select count(*) from send where state = 'uncertain'")
		if accepted+uncertain != 60 || len(p.sink.Mails()) < accepted {
			t.Errorf("%d accepted, %d uncertain, %d mails", accepted, uncertain, len(p.sink.Mails()))
		}
	})
}

// later is a clock that is an hour ahead.
type later struct{ p *post }

func (l later) Now() clock.Instant { return l.p.Clock.Now().Add(time.Hour) }
