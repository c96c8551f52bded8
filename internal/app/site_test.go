package app

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/internal/campaign"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/config"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/message"
	"candor/internal/personal"
	"candor/internal/request"
	"candor/internal/term"
)

// site is an installation in a folder of its own, opened and closed as a server
// would.
type site struct {
	*App
	t   *testing.T
	cfg config.Config
	clk *demo.Clock
}

// newSite makes one on the engine of a place: with PostgreSQL, journal and key
// store are databases of their own.
func newSite(t *testing.T, place string) *site {
	t.Helper()
	s := &site{t: t, cfg: config.Config{Data: t.TempDir(), Database: place, URL: "http://127.0.0.1:1"}, clk: &demo.Clock{}}
	if onPostgres(place) {
		s.cfg.Keys, s.cfg.Journal = dbtest.EmptyPostgresPlace(t), dbtest.EmptyPostgresPlace(t)
	}
	s.must(s.cfg.Fill())
	s.clk.Set(clock.System{}.Now())
	s.open()
	_, err := s.ApplyCharter(ctx, sample.Halm(), term.ByEngine)
	s.must(err)
	return s
}

func onPostgres(place string) bool { return strings.HasPrefix(place, "postgres") }

func (s *site) open() {
	s.t.Helper()
	a, err := Open(ctx, s.cfg, s.options())
	s.must(err)
	s.App = a
	s.t.Cleanup(func() { _ = a.Close() })
}

func (s *site) options() Options {
	return Options{Clock: s.clk, Log: slog.New(slog.DiscardHandler), Mailbox: true}
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) later(d time.Duration) { s.clk.Set(s.clk.Now().Add(d)) }

// emptyMachine is another machine that has the keys and the journal and nothing
// else. The first one is gone.
func (s *site) emptyMachine(with ...string) *site {
	s.t.Helper()
	s.must(s.Close())
	out := &site{t: s.t, clk: s.clk, cfg: config.Config{Data: s.t.TempDir(), URL: s.cfg.URL}}
	for _, name := range append(with, "root.key", "ledger.key") {
		s.copyTo(out.cfg.Data, filepath.Join(s.cfg.Data, name))
	}
	if onPostgres(s.cfg.Database) {
		out.cfg.Database, out.cfg.Keys, out.cfg.Journal = dbtest.PostgresPlace(s.t), s.cfg.Keys, s.cfg.Journal
	} else {
		s.copyTo(out.cfg.Data, s.cfg.Keys)
		s.copyTo(out.cfg.Data, s.cfg.Journal)
	}
	s.must(out.cfg.Fill())
	return out
}

func (s *site) copyTo(dir, path string) {
	s.t.Helper()
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		s.must(os.CopyFS(filepath.Join(dir, filepath.Base(path)), os.DirFS(path)))
		return
	}
	b, err := os.ReadFile(path)
	s.must(err)
	s.must(os.WriteFile(filepath.Join(dir, filepath.Base(path)), b, 0o600))
}

func (s *site) backup() string {
	s.t.Helper()
	saved, err := Backup(ctx, s.cfg, s.t.TempDir(), "test")
	s.must(err)
	return saved.Path
}

func (s *site) restore(path string) Restored {
	s.t.Helper()
	done, err := Restore(ctx, s.cfg, path, s.options())
	s.must(err)
	s.open()
	return done
}

func mailTo(t *testing.T, raw string) customer.Identity {
	t.Helper()
	who, err := customer.Email(raw)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// join makes a customer who signed up and pressed the button of the mail.
func (s *site) join(raw string) id.Customer {
	s.t.Helper()
	who := mailTo(s.t, raw)
	agreed := consent.Act{Controller: "halm", Purpose: "letter", Channel: term.Email, Kind: consent.Given, Method: consent.ByForm, Ask: "signup",
		ControlDefault: consent.Unset, Action: consent.Tick, Strength: consent.Documented, Lang: "en", Actor: term.ByCustomer, Source: "form"}
	confirmed := agreed
	confirmed.Method = consent.ByConfirmed
	taken := s.take(gate.Arrival{
		Provenance: customer.Provenance{Source: "form:signup", Method: customer.Stated, At: s.clk.Now(), Confidence: customer.Certain},
		Identities: []customer.Identity{who}, Values: map[term.Field]personal.Value{"email": who.Value}, Acts: []consent.Act{agreed, confirmed},
		Facts: []customer.Fact{{Kind: customer.Age, Detail: customer.WithValue("adult"), Actor: term.ByCustomer, Source: "form"}},
	})
	if taken.Refused != nil {
		s.t.Fatal(taken.Refused)
	}
	return taken.Customer
}

func (s *site) take(a gate.Arrival) gate.Taken {
	s.t.Helper()
	taken, err := s.Gate.Take(ctx, []gate.Arrival{a})
	s.must(err)
	return taken[0]
}

func (s *site) says(c id.Customer, kind consent.Kind) {
	s.t.Helper()
	s.must(s.DB.Write(ctx, func(tx *db.Tx) error {
		_, _, err := s.Gate.Record(tx, consent.Act{Customer: c, Controller: "halm", Purpose: "letter", Channel: term.Email, Kind: kind,
			Method: consent.ByPortal, Strength: consent.Documented, Actor: term.ByCustomer, Source: "portal"})
		return err
	}))
}

func (s *site) fact(c id.Customer, kind customer.FactKind) {
	s.t.Helper()
	s.must(s.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := s.Gate.AddFact(tx, customer.Fact{Customer: c, Kind: kind, Detail: customer.WithValue(customer.On), Actor: term.ByCustomer, Source: "portal"})
		return err
	}))
}

func (s *site) erase(c id.Customer) request.Request {
	s.t.Helper()
	r, err := s.Desk.Erase(ctx, request.NewErasure{Customer: c, Via: "portal", Actor: term.ByCustomer})
	s.must(err)
	s.later(time.Minute)
	_, err = s.Jobs.Drain(ctx)
	s.must(err)
	return r
}

func (s *site) may(c id.Customer, op term.Operation) bool {
	s.t.Helper()
	var d gate.Decision
	s.must(s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		d, err = s.Gate.Decide(tx, gate.Request{Customer: c, Controller: "halm", Purpose: "letter", Operation: op, Channel: term.Email, Actor: "program:test"})
		return err
	}))
	return d.Allowed()
}

func (s *site) tables(c id.Customer) (left []string) {
	s.t.Helper()
	for _, table := range []string{"customer", "identity", "identity_lookup", "sealed_value", "event", "consent_record", "standing", "fact", "trait", "send"} {
		if count(s.t, s.App, "select count(*) from "+table+" where customer_id = $1", c) > 0 {
			left = append(left, table)
		}
	}
	return left
}

// choices is the page of a link from a mail that was sent before.
func (s *site) choices(c id.Customer) (int, string) {
	l := message.Link{Scope: message.Choices, Customer: c, Controller: "halm", Channel: term.Email}
	w := visit(s.App, http.MethodGet, "/privacy/c/"+l.Seal(s.Ring), nil)
	return w.Code, w.Body.String()
}

func (s *site) campaign() id.Campaign {
	s.t.Helper()
	text := message.Text{Subject: "New beans", HTML: "<p>New beans are in.</p>"}
	made, err := s.Campaigns.Create(ctx, campaign.Change{Name: "March", Purpose: "letter", Channel: term.Email,
		Content: message.Content{Class: message.Marketing, Texts: map[term.Lang]message.Text{"en": text, "de": text}}}, "staff:test")
	s.must(err)
	_, err = s.Campaigns.Launch(ctx, made.ID, "staff:test")
	s.must(err)
	_, err = s.Jobs.Drain(ctx)
	s.must(err)
	return made.ID
}

func (s *site) verify() ledger.Report {
	s.t.Helper()
	_, err := s.Ledger.Sequence(ctx)
	s.must(err)
	report, err := s.Ledger.Verify(ctx)
	s.must(err)
	return report
}
