package faulttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/client"
	"candor/internal/db/dbtest"
	"candor/internal/message"
	"candor/internal/message/messagetest"
)

// said is a withdrawal as its answer had it.
type said struct {
	answered time.Time
	left     []string
}

// While a campaign leaves from two servers on PostgreSQL (from one, on SQLite),
// every second recipient withdraws, at either, and one of the two is killed. Once
// a withdrawal has been answered, no DATA to that person begins at the mail server,
// by one clock; a mail that left while they withdrew was named in the answer. At the
// end sends, mail server and ledger agree.
func TestNoMailAfterAnAnsweredWithdrawal(t *testing.T) {
	const people, sayers = 200, 6
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		sink := messagetest.NewSink(t, true)
		sink.Hold = func(string) { time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond) }
		s := newSite(t, place, people, relayTo(t, sink))
		trust := filepath.Join(t.TempDir(), "relay.pem")
		must(t, os.WriteFile(trust, sink.Certificate(), 0o600))
		s.env = append(s.env, "SSL_CERT_FILE="+trust)
		servers := []*server{s.start(s.file)}
		two := strings.HasPrefix(place, "postgres")
		if two {
			servers = append(servers, s.start(s.second(relayTo(t, sink))))
		}
		made := launch(t, servers[0].api)

		var mu sync.Mutex
		withdrawn := map[string]said{}
		var wg sync.WaitGroup
		next := make(chan int)
		for range sayers {
			wg.Go(func() {
				for i := range next {
					at := servers[rand.IntN(len(servers))]
					r, err := at.api.RecordConsent(ctx, s.customers[i].String(), client.Consent{Purpose: "letter", Channel: "email", Kind: "withdrawn", Lang: "en"})
					if err == nil { // of one without an answer nothing is promised
						mu.Lock()
						withdrawn[address(i)] = said{time.Now(), r.Left}
						mu.Unlock()
					}
				}
			})
		}
		for n, i := range rand.Perm(people)[:people/2] {
			if two && n == people/4 {
				servers[1].kill()
			}
			inStep(sink, n/2)
			next <- i
		}
		close(next)
		wg.Wait()
		again := s.leasesEnd()
		p := ended(t, servers[0].api, made)
		servers[0].kill()

		came := 0
		for _, m := range sink.Mails() {
			w, ok := withdrawn[m.To]
			if !ok {
				continue
			}
			came++
			if m.At.After(w.answered) {
				t.Errorf("a mail began %s after its recipient's withdrawal was answered", m.At.Sub(w.answered))
			}
		}
		mails := len(sink.Mails())
		states := s.states()
		if states[message.Cancelled]+states[message.Denied] == 0 || came == 0 || len(withdrawn) < people/4 {
			t.Errorf("nothing is shown: %v, %d withdrew, %d of them had got it", states, len(withdrawn), came)
		}
		if p.Accepted != int64(states[message.Accepted]) || mails < states[message.Accepted] || mails > states[message.Accepted]+states[message.Uncertain] {
			t.Errorf("sends %v, the campaign says %+v, %d mails came", states, p, mails)
		}
		s.overtaken(withdrawn)
		s.verify()
		t.Logf("%d withdrew, %d of them had the mail before, %d were checked again; sends %v", len(withdrawn), came, again, states)
	})
}

// inStep waits, at most for a moment, until so many mails came: withdrawals are to
// fall among the mails, not before them.
func inStep(sink *messagetest.Sink, mails int) {
	for range 200 {
		if len(sink.Mails()) >= mails+1 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// states counts the sends by how they ended.
func (s *site) states() map[message.State]int {
	s.t.Helper()
	out := map[message.State]int{}
	for _, c := range s.customers {
		for _, x := range s.sendsOf(c) {
			out[x.State]++
			if x.EndedAt == 0 {
				s.t.Errorf("a send is still %s", x.State)
			}
		}
	}
	return out
}

func address(i int) string { return fmt.Sprintf("fault%d@kunde.example", i) }

// overtaken fails when a message that left while its recipient withdrew was not
// named in the answer.
func (s *site) overtaken(withdrawn map[string]said) {
	s.t.Helper()
	for i, c := range s.customers {
		w, ok := withdrawn[address(i)]
		if !ok {
			continue
		}
		for _, x := range s.sendsOf(c) {
			gone := x.State == message.Accepted || x.State == message.Uncertain
			if gone && x.Overtaken > 0 && len(w.left) == 0 {
				s.t.Error("a message left while its recipient withdrew, and the answer did not say so")
			}
			if gone && x.Overtaken == 0 && x.HandedAt.Time().After(w.answered) {
				s.t.Error("a message was handed over after a withdrawal was answered")
			}
		}
	}
}
