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

// stepUp asks for a code on the page of choices, reads it in the mail and types
// it.
func (s *shop) stepUp(tab *browsertest.Tab, to string) {
	s.t.Helper()
	tab.Go("form[action$='/code'] button")
	tab.Fill("#code", digits.FindString(s.mail(to, func(m mailbox.Letter) bool { return digits.MatchString(m.Text) }).Text))
	tab.Go("main form button")
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
