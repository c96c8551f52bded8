package message

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/message/messagetest"
	"candor/internal/term"
)

func TestEditedContentNeverLeaves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		people := p.Readers(2)
		m := p.plan(plain(), 0, people...)
		p.Write(func(tx *db.Tx) error { return EditDraft(tx, m.ID, letter(), "") })
		p.drain()
		if n := p.Count("select count(*) from send where state = 'denied' and reasons = 'E_CONTENT'"); n != 2 || len(p.sink.Mails()) != 0 {
			t.Errorf("%d denied, %d sent", n, len(p.sink.Mails()))
		}
		p.Write(func(tx *db.Tx) error { // approved anew: what was planned before stays denied
			_, err := Approve(tx, m.ID, "staff:test", p.Clock.Now())
			return err
		})
		if p.drain() != 0 {
			t.Error("a denied send left")
		}
	})
}

// SEC-08: templates and mail headers: hostile names become text in the one place
// they were meant for, and no header.
func TestSEC08_HostileValuesReachNoHeaderAndNoElement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		var list []messagetest.Person
		for i, v := range hostile {
			v = strings.Map(func(r rune) rune { // what the gate refuses at its door
				if r == 0 || r == 0xFFFD {
					return -1
				}
				return r
			}, strings.ToValidUTF8(v, ""))
			list = append(list, messagetest.Person{Email: fmt.Sprintf("h%d@kunde.example", i), Name: v, Lang: "en", Letter: true})
		}
		p.plan(letter(), 0, p.People(list...)...)
		p.drain()
		if got := len(p.sink.Mails()); got != len(list) {
			t.Errorf("%d of %d sent", got, len(list))
		}
		for _, m := range p.sink.Mails() {
			h, _, html := parseMail(t, m.Raw)
			if h.Get("Bcc") != "" || h.Get("X") != "" || len(h["Subject"]) != 1 {
				t.Errorf("headers %v", h)
			}
			_, body, _ := strings.Cut(html, `<div class="body">`)
			body, _, _ = strings.Cut(body, "</div>")
			if strings.Count(body, "<") != 6 { // h1, p and a, opened and closed
				t.Errorf("body %q", body)
			}
		}
	})
}

func TestNothingIsShownOfUnconfirmedPeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		c := p.People(messagetest.Person{Email: "typed@kunde.example", Name: "Visit example dot com", Unconfirmed: true})[0]
		content := Content{Class: Service, Texts: map[term.Lang]Text{"en": {Subject: "Order {{ name }}", HTML: "<p>{{ name }}</p>"}}}
		p.Write(func(tx *db.Tx) error {
			d, err := InsertDraft(tx, Draft{Controller: "halm", Purpose: "orders", Channel: term.Email, Content: content})
			if err != nil {
				return err
			}
			hash, err := Approve(tx, d.ID, "staff:test", p.Clock.Now())
			if err != nil {
				return err
			}
			plans := plansFor(d.ID, hash, Service, 0, []id.Customer{c})
			plans[0].Purpose = "orders"
			if _, err = Put(tx, p.Ring, p.Clock.Now(), plans); err != nil {
				return err
			}
			_, err = p.Gate.AddFact(tx, customer.Fact{Customer: c, Kind: customer.Purchase, At: p.Clock.Now(), Detail: map[string]string{"family": "coffee", "ref": "1"}, Actor: "source:test", Source: "test"})
			return err
		})
		p.drain()
		for _, m := range p.sink.Mails() {
			if strings.Contains(string(m.Raw), "example dot com") {
				t.Error("a name that nobody confirmed was sent")
			}
		}
		if s := p.send(c); s.State != Accepted {
			t.Errorf("state %s, %v", s.State, s.Reasons)
		}
	})
}

func TestServiceMailsAreSealedLimitedAndSent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		c := p.People(messagetest.Person{Email: "new@kunde.example", Name: "<b>Name</b>", Unconfirmed: true})[0]
		ask := func(entry string) {
			p.Write(func(tx *db.Tx) error {
				return p.sender.SendService(tx, ServiceMail{Kind: CodeMail, Customer: c, Controller: "halm", Lang: "de", Code: "12345678", Entry: entry})
			})
		}
		for i := range 8 {
			ask(fmt.Sprint(i))
		}
		ask("0") // the same mail again
		if n := p.Count("select count(*) from send where payload = ''"); n != 0 {
			t.Error("a payload is missing")
		}
		p.drain()
		if n := len(p.sink.Mails()); n != 5 {
			t.Errorf("%d codes were sent within the hour", n)
		}
		h, text, html := parseMail(t, p.sink.Mails()[0].Raw)
		if !strings.Contains(text, "1234 5678") || !strings.Contains(html, "1234 5678") || strings.Contains(text, "Name") || h.Get("List-Unsubscribe") != "" {
			t.Errorf("text %q", text)
		}
		if n := p.Count("select count(*) from send where payload <> ''"); n != 0 {
			t.Errorf("%d payloads are kept after the end", n)
		}
		p.Write(func(tx *db.Tx) error {
			return p.sender.SendService(tx, ServiceMail{Kind: ConfirmMail, Customer: c, Controller: "halm", Purpose: "letter", Lang: "en", Link: "/confirm/abc", Entry: "r1"})
		})
		p.drain()
		last := p.sink.Mails()[len(p.sink.Mails())-1]
		if _, text, _ := parseMail(t, last.Raw); !strings.Contains(text, "https://mail.halm.example/confirm/abc") || !strings.Contains(text, "Coffee letter") {
			t.Errorf("text %q", text)
		}
		p.Write(func(tx *db.Tx) error {
			err := p.sender.SendService(tx, ServiceMail{Kind: ConfirmMail, Customer: c, Controller: "halm", Link: "https://evil.example/", Entry: "x"})
			if !errs.Is(err, errs.Invalid) {
				t.Errorf("a foreign link: %v", err)
			}
			return nil
		})
	})
}

func TestClockThatStepsBackStopsSending(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		people := p.Readers(2)
		p.plan(plain(), 0, people[0])
		p.drain()
		p.plan(plain(), 0, people[1])
		p.Clock.Advance(-3 * time.Second)
		p.Write(func(tx *db.Tx) error {
			_, err := tx.Exec("update send set due_at = 0 where state = 'planned'")
			return err
		})
		if n, err := p.sender.Drain(context.Background()); n != 0 || errs.CodeOf(err) != errs.FailClosed {
			t.Errorf("%d sent, %v", n, err)
		}
		p.Clock.Advance(10 * time.Minute)
		if n := p.drain(); n != 1 {
			t.Errorf("%d sent after the clock caught up", n)
		}
	})
}

func TestKeyIsStableWhenTheRootKeyRotates(t *testing.T) {
	one := []byte(`[{"id":1,"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]`)
	two := []byte(`[{"id":1,"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},{"id":2,"key":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]`)
	a, err := keyring.Parse(one)
	if err != nil {
		t.Fatal(err)
	}
	b, err := keyring.Parse(two)
	if err != nil {
		t.Fatal(err)
	}
	k := Key{Program: "campaign", Node: "cam_1", Customer: 7, Entry: "1", Channel: term.Email}
	if string(k.Sum(a)) != string(k.Sum(b)) || MessageID(a, k.Sum(a), "x.example") != MessageID(b, k.Sum(b), "x.example") {
		t.Error("a rotation changes the key")
	}
	other := k
	other.Entry = "2"
	if string(k.Sum(a)) == string(other.Sum(a)) {
		t.Error("another entry has the same key")
	}
}

func TestErasureTakesTheSends(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		people := p.Readers(2)
		p.plan(plain(), 0, people...)
		p.drain()
		p.Write(func(tx *db.Tx) error {
			copied, err := Source{}.Export(context.Background(), tx, people[0])
			if err != nil || len(copied.Rows) != 1 {
				t.Errorf("copy %v: %v", copied, err)
			}
			n, err := Source{}.Erase(context.Background(), tx, people[0])
			if n == 0 || err != nil {
				t.Errorf("erased %d: %v", n, err)
			}
			n, err = Source{}.Erase(context.Background(), tx, people[0])
			if n != 0 {
				t.Errorf("erased %d more", n)
			}
			return err
		})
		if n := p.Count("select count(*) from send"); n != 1 {
			t.Errorf("%d sends are left", n)
		}
	})
}
