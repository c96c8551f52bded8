package message

import (
	"context"
	"fmt"
	"mime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message/messagetest"
	"candor/internal/term"
)

// post is a sender of the sample business with a real relay.
type post struct {
	*messagetest.World
	sink   *messagetest.Sink
	sender *Sender
	signer *Signer
}

func newPost(t testing.TB, d *db.DB) *post {
	t.Helper()
	p := &post{World: messagetest.NewWorld(t, d), sink: messagetest.NewSink(t, false), signer: testSigner(t, "ed25519")}
	p.sender = p.open()
	return p
}

// open opens a further sender, as another process does.
func (p *post) open() *Sender {
	p.T.Helper()
	s, err := New(Config{DB: p.DB, Ring: p.Ring, Gate: p.Gate, Charter: p.Store, Ledger: p.Log, Clock: p.Clock, Relay: relayTo(p.sink),
		Signers: map[string]*Signer{"halm.example": p.signer}, BaseURL: "https://mail.halm.example", Workers: 2})
	p.Must(err)
	return s
}

func letter() Content {
	return Content{Class: Marketing, Texts: map[term.Lang]Text{
		"en": {Subject: "New beans, {{ name | default: 'dear reader' }}", Preview: "From the hills", HTML: "<h1>New beans</h1><p>Dear {{ name | default: 'reader' }}, see <a href=\"https://halm.example/beans\">the beans</a>.</p>"},
		"de": {Subject: "Neue Bohnen, {{ name | default: 'liebe Leserin' }}", HTML: "<h1>Neue Bohnen</h1><p>Guten Tag {{ name | default: '' }}.</p>"},
	}}
}

// plain is a content without values.
func plain() Content {
	return Content{Class: Marketing, Texts: map[term.Lang]Text{
		"en": {Subject: "New beans", HTML: "<p>New beans.</p>"}, "de": {Subject: "Neue Bohnen", HTML: "<p>Neue Bohnen.</p>"}}}
}

// plan approves a content and plans it for customers.
func (p *post) plan(c Content, due clock.Instant, to ...id.Customer) Draft {
	p.T.Helper()
	var d Draft
	p.Write(func(tx *db.Tx) error {
		var err error
		if d, err = InsertDraft(tx, Draft{Controller: "halm", Purpose: "letter", Channel: term.Email, Content: c}); err != nil {
			return err
		}
		hash, err := Approve(tx, d.ID, "staff:test", p.Clock.Now())
		if err != nil {
			return err
		}
		_, err = Put(tx, p.Ring, p.Clock.Now(), plansFor(d.ID, hash, c.Class, due, to))
		return err
	})
	return d
}

func plansFor(m id.Message, hash []byte, class Class, due clock.Instant, to []id.Customer) []Plan {
	var out []Plan
	for _, c := range to {
		out = append(out, Plan{Key: Key{Program: "campaign", Node: m.String(), Customer: c, Entry: "1", Channel: term.Email}, ProgramID: int64(m),
			Message: m, Controller: "halm", Purpose: "letter", Class: class, ContentHash: hash, DueAt: due})
	}
	return out
}

func (p *post) drain() int {
	p.T.Helper()
	n, err := p.sender.Drain(context.Background())
	p.Must(err)
	return n
}

// the one send of a customer.
func (p *post) send(c id.Customer) Send {
	p.T.Helper()
	var list []Send
	p.Read(func(tx *db.Tx) (err error) {
		list, err = Of(tx, c)
		return err
	})
	if len(list) != 1 {
		p.T.Fatalf("%d sends", len(list))
	}
	return list[0]
}

func (p *post) stopWith(c id.Customer, method consent.Method) gate.Effects {
	p.T.Helper()
	var e gate.Effects
	p.Write(func(tx *db.Tx) (err error) {
		a := p.Act(consent.Withdrawn, "en")
		a.Customer, a.Method = c, method
		_, e, err = p.Gate.Record(tx, a)
		return err
	})
	return e
}

func TestHandOverSendsAWholeMail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		people := p.People(
			messagetest.Person{Email: "ada@kunde.example", Name: "Ada Löwe", Lang: "de", Letter: true},
			messagetest.Person{Email: "ben@kunde.example", Lang: "en", Letter: true},
			messagetest.Person{Email: "eve@kunde.example", Lang: "en"},
		)
		p.plan(letter(), 0, people...)
		if n := p.drain(); n != 2 {
			t.Fatalf("handed over %d: %+v", n, p.send(people[1]))
		}
		for _, m := range p.sink.Mails() {
			h, text, html := parseMail(t, m.Raw)
			if v := verifySigned(t, p.signer, m.Raw); v.Err != nil {
				t.Errorf("signature: %v", v.Err)
			}
			subject, _ := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
			want := map[string]string{"ada@kunde.example": "Neue Bohnen, Ada Löwe", "ben@kunde.example": "New beans, dear reader"}[m.To]
			if subject != want || m.From != "letter@halm.example" || h.Get("To") != "<"+m.To+">" {
				t.Errorf("%s: subject %q, from %q, to %q", m.To, subject, m.From, h.Get("To"))
			}
			if !oneClickURI.MatchString(h.Get("List-Unsubscribe")) || !oneClickPost.MatchString(h.Get("List-Unsubscribe-Post")) {
				t.Errorf("one-click headers %q %q", h.Get("List-Unsubscribe"), h.Get("List-Unsubscribe-Post"))
			}
			p.links(h.Get("List-Unsubscribe"), text)
			for _, must := range []string{"Speicherweg 4", "https://mail.halm.example/u/", "https://mail.halm.example/privacy/"} {
				if !strings.Contains(text, must) || !strings.Contains(html, must) {
					t.Errorf("%q is missing", must)
				}
			}
			if strings.Contains(strings.ReplaceAll(html, h.Get("To"), ""), "@kunde.example") {
				t.Error("the page holds the address")
			}
		}
		denied := p.send(people[2])
		if denied.State != Denied || len(denied.Reasons) == 0 {
			t.Errorf("without consent: %+v", denied)
		}
		if n := p.Count("select count(*) from ledger_entry where kind = 'send.handed'"); n != 2 {
			t.Errorf("%d entries of hand-overs", n)
		}
		if n := p.Count("select count(*) from send where payload <> ''"); n != 0 {
			t.Errorf("%d payloads are kept", n)
		}
		if p.drain() != 0 || len(p.sink.Mails()) != 2 {
			t.Error("something was sent twice")
		}
	})
}

// links checks that a mail's links open as what they are for.
func (p *post) links(header, text string) {
	p.T.Helper()
	token := strings.TrimSuffix(header[strings.LastIndexByte(header, '/')+1:], ">")
	l, err := OpenLink(p.Ring, token)
	if err != nil || l.Scope != Unsubscribe || l.Purpose != "letter" || l.Channel != term.Email || len(l.Endpoint) != 32 || l.Controller != "halm" {
		p.T.Errorf("unsubscribe link %+v: %v", l, err)
	}
	var holders []id.Customer
	p.Read(func(tx *db.Tx) (err error) {
		holders, err = customer.HoldersOf(tx, l.Endpoint)
		return err
	})
	if len(holders) != 1 || holders[0] != l.Customer {
		p.T.Errorf("the link's endpoint finds %v", holders)
	}
	_, rest, _ := strings.Cut(text, "/privacy/c/")
	token, _, _ = strings.Cut(rest, "\n")
	if l, err := OpenLink(p.Ring, token); err != nil || l.Scope != Choices {
		p.T.Errorf("choices link %+v: %v", l, err)
	}
}

func TestCON07_WithdrawalCancelsQueuedSend(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		c := p.Readers(1)[0]
		p.plan(plain(), p.Clock.Now().Add(5*time.Second), c) // queued for 10:00:05
		effects := p.Withdraw(c)                             // withdrawn at 10:00:00
		p.Clock.Advance(5 * time.Second)
		if n := p.drain(); n != 0 || len(p.sink.Mails()) != 0 {
			t.Fatalf("%d handed over, %d mails", n, len(p.sink.Mails()))
		}
		s := p.send(c)
		if s.State != Cancelled || !has(s.Reasons, errs.Withdrawn) {
			t.Errorf("state %s, reasons %v", s.State, s.Reasons)
		}
		var active int
		for _, r := range p.Terms.Recipients {
			if len(r.Gets["letter"]) > 0 {
				active++
			}
		}
		if active == 0 || effects.Revocations != active || p.Count("select count(*) from job where kind = $1", gate.JobRevoke) != active {
			t.Errorf("%d active recipients, %d revocations, %d jobs", active, effects.Revocations, p.Count("select count(*) from job where kind = $1", gate.JobRevoke))
		}
		if n := p.Count("select count(*) from ledger_entry where kind = 'send.denied'"); n != 1 {
			t.Errorf("%d denials on record", n)
		}
	})
}

func has(list []errs.Code, c errs.Code) bool {
	for _, x := range list {
		if x == c {
			return true
		}
	}
	return false
}

func TestMSG06_UnsubscribeStopsTheQueue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		people := p.Readers(2)
		p.Clock.Set(clock.UTC(2027, 3, 1, 11, 59, 0))
		p.plan(plain(), clock.UTC(2027, 3, 1, 12, 0, 30), people...)
		p.Clock.Set(clock.UTC(2027, 3, 1, 12, 0, 0))
		p.stopWith(people[0], consent.ByOneClick)
		p.Clock.Set(clock.UTC(2027, 3, 1, 12, 0, 30))
		p.drain()
		got := p.sink.To()
		if got["reader0@kunde.example"] != 0 || got["reader1@kunde.example"] != 1 {
			t.Errorf("sent to %v", got)
		}
		if s := p.send(people[0]); !has(s.Reasons, errs.Withdrawn) {
			t.Errorf("reasons %v", s.Reasons)
		}
	})
}

// A withdrawal may also come when the send is claimed, with other senders about.
func TestWithdrawalBeatsAClaim(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		c := p.Readers(1)[0]
		p.plan(plain(), 0, c)
		group, err := p.sender.claim(context.Background(), "me", 10)
		if err != nil || len(group) != 1 {
			t.Fatalf("claimed %d: %v", len(group), err)
		}
		if n := p.drain(); n != 0 {
			t.Fatal("a claimed send was taken by another")
		}
		p.Withdraw(c)
		list, err := p.sender.handOver(context.Background(), "me", group)
		if err != nil || len(list) != 0 {
			t.Fatalf("handed over %d: %v", len(list), err)
		}
		if s := p.send(c); s.State != Cancelled {
			t.Errorf("state %s %v", s.State, s.Reasons)
		}
	})
}

func TestWithdrawalNamesWhatHadLeft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		c := p.Readers(1)[0]
		m := p.plan(plain(), 0, c)
		var e gate.Effects
		p.sink.Hold = func(string) { e = p.Withdraw(c) } // the mail is at the relay, unanswered
		p.drain()
		if len(e.Left) != 1 || e.Left[0] != m.ID.String() {
			t.Errorf("left %v", e.Left)
		}
		left, err := p.sender.AwaitLeft(context.Background(), c, 5*time.Second)
		if err != nil || len(left) != 1 || left[0].State != Accepted || left[0].Message != m.ID {
			t.Errorf("await: %+v, %v", left, err)
		}
		if n := p.Count("select count(*) from ledger_entry where kind = 'send.overtaken'"); n != 1 {
			t.Errorf("%d incidents on record", n)
		}
	})
}

// Fifty workers with warm caches, and a withdrawal in the middle: nothing is
// handed over after it, and what was on its way is reported.
func TestPRF04_ChoicesBiteWithWarmWorkers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		c := p.Readers(1)[0]
		const workers = 50
		const planned = 300
		m := p.plan(serviceLike(), 0, c)
		p.Write(func(tx *db.Tx) error {
			var list []Plan
			for i := range planned - 1 {
				plan := plansFor(m.ID, m.Hash, Service, 0, []id.Customer{c})[0]
				plan.Key.Entry = fmt.Sprint("more ", i)
				list = append(list, plan)
			}
			_, err := Put(tx, p.Ring, p.Clock.Now(), list)
			return err
		})
		senders := make([]*Sender, workers)
		for i := range senders {
			senders[i] = p.sender
			if i%10 == 0 { // several processes, each with caches of its own
				senders[i] = p.open()
			}
		}
		var sent atomic.Int64
		once := make(chan struct{})
		var wg sync.WaitGroup
		for _, s := range senders {
			wg.Go(func() {
				for range 20 {
					holder := newHolder()
					group, err := s.claim(context.Background(), holder, 1)
					if err != nil || len(group) == 0 {
						continue // another worker took it
					}
					list, err := s.handOver(context.Background(), holder, group)
					if err != nil {
						t.Error(err)
						return
					}
					if len(list) > 0 && sent.Add(int64(len(list))) == 10 {
						close(once)
					}
				}
			})
		}
		select {
		case <-once:
		case <-time.After(30 * time.Second):
			t.Fatal("the workers did not begin")
		}
		e := p.Withdraw(c)
		before := p.Count("select count(*) from send where state = 'handed'")
		wg.Wait()
		after := p.Count("select count(*) from send where state = 'handed'")
		if after == planned {
			t.Error("the withdrawal came after everything; nothing is shown")
		}
		if before != after || after != len(e.Left) {
			t.Errorf("%d handed over at the withdrawal's answer, %d at the end, %d reported as left", before, after, len(e.Left))
		}
		if n := p.Count("select count(*) from send where state = 'handed' and overtaken_at = 0"); n != 0 {
			t.Errorf("%d on their way are not reported", n)
		}
		p.Clock.Advance(61 * time.Second)
		p.plan(serviceLike(), 0, c)
		if n := p.drain(); n != 0 {
			t.Errorf("%d left 61 s after", n)
		}
	})
}

// serviceLike is content without a cap, so that many may go to one person.
func serviceLike() Content {
	c := plain()
	c.Class = Service
	return c
}
