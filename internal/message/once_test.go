package message

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/id"
	"candor/internal/message/messagetest"
)

func TestMarketingIsNeverSentTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		people := p.Readers(3)
		var mended atomic.Bool
		p.sink.Drop = func(to string) bool { return to == "reader1@kunde.example" && !mended.Load() } // dies after DATA
		m := p.plan(plain(), 0, people...)
		p.drain()
		if s := p.send(people[1]); s.State != Uncertain {
			t.Errorf("state %s %v", s.State, s.Reasons)
		}
		mended.Store(true)
		p.Write(func(tx *db.Tx) error { // planned again, as a program that crashed does
			d, err := GetDraft(tx, m.ID)
			if err != nil {
				return err
			}
			n, err := Put(tx, p.Ring, p.Clock.Now(), plansFor(m.ID, d.ApprovedHash, Marketing, 0, people))
			if n != 0 {
				t.Errorf("%d sends were planned twice", n)
			}
			return err
		})
		p.Clock.Advance(time.Hour)
		p.Must(p.sender.Recover(context.Background()))
		p.drain()
		if got := p.sink.To(); got["reader0@kunde.example"] != 1 || got["reader1@kunde.example"] != 0 || got["reader2@kunde.example"] != 1 {
			t.Errorf("sent to %v", got)
		}
	})
}

func TestServiceMessageGoesOnceMoreWithTheSameMessageID(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		c := p.Readers(1)[0]
		var seen []string
		var drops atomic.Int64
		p.sink.Drop = func(string) bool { return drops.Add(1) == 1 }
		p.plan(serviceLike(), 0, c)
		p.drain()
		for _, m := range p.sink.Mails() {
			h, _, _ := parseMail(t, m.Raw)
			seen = append(seen, h.Get("Message-ID"))
		}
		s := p.send(c)
		if len(seen) != 1 || seen[0] != "<"+MessageID(p.Ring, s.Key, "halm.example")+">" || s.State != Accepted || s.Attempt != 2 {
			t.Errorf("Message-IDs %v, state %s, attempt %d", seen, s.State, s.Attempt)
		}
	})
}

// A process dies with sends in every state. What had not begun is checked anew
// and leaves, or is cancelled when the recipient withdrew; of what had begun
// marketing is uncertain, and reported when it was overtaken.
func TestLeaseThatEndedIsRecovered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		people := p.Readers(7)
		claimed, handed, begun, service, handedGone, begunGone, denied := people[0], people[1], people[2], people[3], people[4], people[5], people[6]
		p.plan(plain(), 0, claimed, handed, begun, handedGone, begunGone, denied)
		p.plan(serviceLike(), 0, service)
		ctx := context.Background()
		group, err := p.sender.claim(ctx, "dead", 10)
		if err != nil || len(group) != 7 {
			t.Fatalf("claimed %d: %v", len(group), err)
		}
		group = slices.DeleteFunc(group, func(x Send) bool { return x.Customer == claimed })
		list, err := p.sender.handOver(ctx, "dead", group)
		if err != nil || len(list) != 6 {
			t.Fatalf("handed over %d: %v", len(list), err)
		}
		list = slices.DeleteFunc(list, func(r ready) bool { return !slices.Contains([]id.Customer{begun, service, begunGone}, r.send.Customer) })
		p.Write(func(tx *db.Tx) error { _, err := p.sender.begin(tx, "dead", list); return err })
		p.Withdraw(handedGone)
		p.Withdraw(begunGone)
		p.Must(p.sender.Recover(ctx))
		if s := p.send(claimed); s.State != Claimed {
			t.Errorf("the lease has not ended, but the state is %s", s.State)
		}
		p.Clock.Advance(leaseTime + time.Second)
		p.Must(p.sender.Recover(ctx))
		for c, want := range map[id.Customer]State{claimed: Planned, handed: Planned, begun: Uncertain, service: Planned, handedGone: Cancelled, begunGone: Uncertain} {
			if s := p.send(c); s.State != want {
				t.Errorf("state %s, want %s", s.State, want)
			}
		}
		if n := p.Count("select count(*) from ledger_entry where kind = 'send.overtaken'"); n != 1 {
			t.Errorf("%d incidents on record", n)
		}
		p.Withdraw(denied)
		p.drain()
		got := p.sink.To()
		for i, want := range []int{1, 1, 0, 1, 0, 0, 0} {
			if n := got[fmt.Sprintf("reader%d@kunde.example", i)]; n != want {
				t.Errorf("reader %d got %d", i, n)
			}
		}
		if s := p.send(handed); s.State != Accepted || s.Attempt != 1 {
			t.Errorf("what had not begun: %s in attempt %d", s.State, s.Attempt)
		}
	})
}

// A withdrawal that comes while a group leaves stops every mail of the group that
// has not begun, and so does the end of the lease.
func TestAGroupOnItsWayIsLookedAtBurstByBurst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		people := p.Readers(3 * burstSize)
		p.plan(plain(), 0, people...)
		ctx := context.Background()
		group, err := p.sender.claim(ctx, "me", len(people))
		p.Must(err)
		list, err := p.sender.handOver(ctx, "me", group)
		p.Must(err)
		last := list[burstSize].send.Customer
		var once sync.Once
		p.sink.Hold = func(string) { once.Do(func() { p.Withdraw(last) }) }
		p.sink.Data = func(string) error {
			if len(p.sink.Mails()) == 2*burstSize-2 { // the last of the second burst: nothing begins after it
				p.Clock.Advance(leaseTime)
			}
			return nil
		}
		w, err := p.sender.line(ctx)
		p.Must(err)
		p.Must(p.sender.deliver(ctx, "me", w, list))
		if s := p.send(last); s.State != Cancelled {
			t.Errorf("withdrawn meanwhile: %s", s.State)
		}
		for state, want := range map[State]int{Accepted: 2*burstSize - 1, Planned: burstSize} {
			if n := p.Count("select count(*) from send where state = '" + string(state) + "'"); n != want {
				t.Errorf("%d are %s, want %d", n, state, want)
			}
		}
		if n := len(p.sink.Mails()); n != 2*burstSize-1 {
			t.Errorf("%d mails left", n)
		}
	})
}

func TestRelayRepliesEndOrPostpone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		people := p.Readers(3)
		var greylisted atomic.Int64
		p.sink.Rcpt = func(to string) error {
			switch {
			case to == "reader0@kunde.example":
				return messagetest.Reply(550, 5, 1, 1)
			case to == "reader1@kunde.example" && greylisted.Add(1) == 1:
				return messagetest.Reply(451, 4, 7, 1)
			}
			return nil
		}
		p.sink.Data = func(to string) error {
			if to == "reader2@kunde.example" {
				return messagetest.Reply(554, 5, 7, 1)
			}
			return nil
		}
		p.plan(plain(), 0, people...)
		p.drain()
		if s := p.send(people[0]); s.State != Refused || s.Reply != 550 {
			t.Errorf("bounced: %s %d", s.State, s.Reply)
		}
		if s := p.send(people[1]); s.State != Planned || s.Reply != 451 {
			t.Errorf("put off: %s %d", s.State, s.Reply)
		}
		if s := p.send(people[2]); s.State != Refused || s.Reply != 554 {
			t.Errorf("refused: %s %d", s.State, s.Reply)
		}
		if n := p.Count("select count(*) from fact where kind = 'address'"); n != 1 {
			t.Errorf("%d bounces on record", n)
		}
		p.Clock.Advance(5 * time.Minute)
		p.drain()
		if s := p.send(people[1]); s.State != Accepted || p.sink.To()["reader1@kunde.example"] != 1 {
			t.Errorf("after the pause: %s, %v", s.State, p.sink.To())
		}
		p.Clock.Advance(48 * time.Hour)
		p.sink.Rcpt, p.sink.Data = nil, nil
		p.plan(plain(), 0, people...)
		p.drain()
		if got := p.sink.To(); got["reader0@kunde.example"] != 0 || got["reader2@kunde.example"] != 1 {
			t.Errorf("after a bounce: %v", got)
		}
	})
}

func TestRelayThatIsDownCostsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		c := p.Readers(1)[0]
		p.plan(plain(), 0, c)
		addr := p.sender.relay.Addr
		p.sender.relay.Addr = "127.0.0.1:1"
		p.sender.relay.Door = relayTo(p.sink).Door
		if _, err := p.sender.Drain(context.Background()); err == nil {
			t.Error("no error")
		}
		if s := p.send(c); s.State != Planned || s.Attempt != 0 {
			t.Errorf("state %s, attempt %d", s.State, s.Attempt)
		}
		p.sender.relay.Addr = addr
		p.Clock.Advance(2 * time.Minute)
		if n := p.drain(); n != 1 {
			t.Errorf("handed over %d", n)
		}
	})
}

// Two processes with four connections each send every mail once.
func TestTwoSendersShareTheWork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		people := p.Readers(120)
		p.plan(plain(), 0, people...)
		var wg sync.WaitGroup
		for _, s := range []*Sender{p.sender, p.open()} {
			wg.Go(func() {
				if _, err := s.Drain(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got := p.sink.To()
		for to, n := range got {
			if n != 1 {
				t.Errorf("%s got %d", to, n)
			}
		}
		if len(got) != 120 {
			t.Errorf("%d people got a mail", len(got))
		}
	})
}

func TestCapsHoldAlsoAgainstEachOther(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		c := p.Readers(1)[0]
		for range 6 { // the letter promises at most three a week
			p.plan(plain(), 0, c)
		}
		p.drain()
		sent := p.Count("select count(*) from send where state = 'accepted'")
		if denied := p.Count("select count(*) from send where state = 'denied' and reasons = 'E_FREQ_CAP'"); sent != 3 || denied != 3 {
			t.Errorf("%d sent, %d denied", sent, denied)
		}
		p.Clock.Advance(6 * 24 * time.Hour)
		p.plan(plain(), 0, c)
		if n := p.drain(); n != 0 {
			t.Error("one more within seven days")
		}
		p.Clock.Advance(24 * time.Hour)
		p.plan(plain(), 0, c)
		if n := p.drain(); n != 1 {
			t.Error("none in the next week")
		}
	})
}
