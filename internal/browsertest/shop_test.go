package browsertest_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"candor/internal/app"
	"candor/internal/browsertest"
	"candor/internal/campaign"
	"candor/internal/charter/sample"
	"candor/internal/config"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/id"
	"candor/internal/mailbox"
	"candor/internal/message"
	"candor/internal/term"
)

// shop is the whole platform with the sample business, serving.
type shop struct {
	*app.App
	t      *testing.T
	url    string
	people []demo.Person
	ids    []id.Customer
	seen   map[id.Mail]bool // mails that fresh gave
}

// open starts the platform on a database with some invented customers.
func open(t *testing.T, place string, customers int) *shop {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Config{Data: t.TempDir(), Database: place, URL: "http://" + l.Addr().String()}
	if err := cfg.Fill(); err != nil {
		t.Fatal(err)
	}
	clk := &demo.Clock{}
	now := clk.Now()
	a, err := app.Open(t.Context(), cfg, app.Options{Clock: clk, Log: slog.New(slog.DiscardHandler), Mailbox: true})
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{App: a, t: t, url: cfg.URL, people: demo.People(customers, 1, now)}
	clk.Set(now.Add(-demo.Past))
	if _, err := a.ApplyCharter(t.Context(), sample.Halm(), term.ByEngine); err != nil {
		t.Fatal(err)
	}
	seeder := demo.Seeder{Gate: a.Gate, Clock: clk, Controller: sample.Halm().Business.ID}
	if s.ids, err = seeder.Run(t.Context(), s.people, now); err != nil {
		t.Fatal(err)
	}
	clk.Live()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx, l) }()
	t.Cleanup(func() {
		stop()
		<-done
		_ = a.Close()
	})
	return s
}

// onSQLite is open on the embedded database, for what only the browser shows.
func onSQLite(t *testing.T, customers int) *shop {
	t.Helper()
	return open(t, dbtest.SQLitePlace(t), customers)
}

// choices is the link of a mail to a customer's choices.
func (s *shop) choices(i int) string {
	l := message.Link{Scope: message.Choices, Customer: s.ids[i], Controller: "halm", Channel: term.Email}
	return s.url + "/privacy/c/" + l.Seal(s.Ring)
}

// mail waits for the newest mail to an address that the filter likes.
func (s *shop) mail(to string, like func(mailbox.Letter) bool) mailbox.Letter {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var got struct {
			Mails []mailbox.Letter `json:"mails"`
		}
		r, err := http.Get(s.url + s.Mailbox.Path() + "mails.json")
		if err != nil {
			s.t.Fatal(err)
		}
		b, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err := json.Unmarshal(b, &got); err != nil {
			s.t.Fatal(err)
		}
		for _, m := range got.Mails {
			if strings.Contains(m.To, to) && like(m) {
				return m
			}
		}
	}
	s.t.Fatal("the mail has not come")
	return mailbox.Letter{}
}

// about is a filter: a mail whose subject says something.
func about(words string) func(mailbox.Letter) bool {
	return func(m mailbox.Letter) bool { return strings.Contains(m.Subject, words) }
}

var digits = regexp.MustCompile(`\b\d{4} \d{4}\b`)

// fresh is a filter: a mail that was not seen before.
func (s *shop) fresh() func(mailbox.Letter) bool {
	return func(m mailbox.Letter) bool {
		if s.seen == nil {
			s.seen = map[id.Mail]bool{}
		}
		old := s.seen[m.ID]
		s.seen[m.ID] = true
		return !old
	}
}

// photograph takes a picture of a mail, as HTML and, when asked, as text.
func (s *shop) photograph(tab *browsertest.Tab, m mailbox.Letter, name string, text bool) {
	s.t.Helper()
	at := s.url + s.Mailbox.Path() + "mail/" + m.ID.String()
	tab.Open(at + "/page")
	for _, dark := range []bool{false, true} {
		tab.Screenshot(name, 375, dark)
		if tab.Overflows() {
			s.t.Errorf("%s is wider than a phone", name)
		}
	}
	if strings.ContainsAny(m.Text+m.Subject, "{}") || len(m.Text) < 80 || len(m.HTML) < 500 {
		s.t.Errorf("%s: the mail is not whole: %s", name, m.Text)
	}
	if text {
		tab.Open(at + "?view=text")
		tab.Screenshot(name+"-text", 375, false)
	}
}

// letter sends a campaign and gives the mail that came to an address.
func (s *shop) letter(to string) mailbox.Letter {
	s.t.Helper()
	text := message.Text{Subject: "The harvest from Huila is here", Preview: "Sweet, bright, and gone by spring",
		HTML: `<h1>The harvest from Huila is here</h1><p>Sweet like a ripe plum, bright like a morning. We roast it {{ roast | default: "medium" }} for you.</p>` +
			`<p class="button"><a href="https://halm.example/huila">Taste it</a></p><p>Until soon,<br>your roasters</p>`}
	german := text
	german.Subject, german.Preview = "Die Ernte aus Huila ist da", "Süß, hell, und im Frühling vorbei"
	german.HTML = strings.NewReplacer("The harvest from Huila is here", "Die Ernte aus Huila ist da", "Sweet like a ripe plum, bright like a morning. We roast it", "Süß wie eine reife Pflaume, hell wie ein Morgen. Wir rösten ihn",
		`"medium" }} for you`, `"mittel" }} für Sie`, "Taste it", "Probieren", "Until soon,", "Bis bald,", "your roasters", "Ihre Rösterei").Replace(text.HTML)
	c, err := s.Campaigns.Create(s.t.Context(), campaign.Change{Name: "Huila", Purpose: "letter", Channel: term.Email,
		Content: message.Content{Class: message.Marketing, Topic: "beans", Texts: map[term.Lang]message.Text{"en": text, "de": german}}}, "staff:test")
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.Campaigns.Launch(s.t.Context(), c.ID, "staff:test"); err != nil {
		s.t.Fatal(err)
	}
	return s.mail(to, func(m mailbox.Letter) bool { return strings.Contains(m.Subject, "Huila") })
}

// customer finds the one customer of an address.
func (s *shop) customer(raw string) id.Customer {
	s.t.Helper()
	i, err := customer.Email(raw)
	if err != nil {
		s.t.Fatal(err)
	}
	var found []id.Customer
	err = s.DB.Read(s.t.Context(), func(tx *db.Tx) (err error) {
		found, err = s.Gate.Find(tx, i)
		return err
	})
	if err != nil || len(found) != 1 {
		s.t.Fatalf("%d customers have the address: %v", len(found), err)
	}
	return found[0]
}
