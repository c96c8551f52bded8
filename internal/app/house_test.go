package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/collect"
	"candor/internal/config"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/message/messagetest"
	"candor/internal/personal"
	"candor/internal/term"
)

// house is the whole platform with some of the sample's customers in it.
type house struct {
	*App
	t      *testing.T
	clk    *demo.Clock
	now    clock.Instant
	people []demo.Person
	ids    []id.Customer
	seen   map[string]bool // links that came by mail before
}

// each runs a test on both engines, under the sample's charter with some of its
// text replaced, old and new by turns.
func each(t *testing.T, customers int, fn func(t *testing.T, h *house), replace ...string) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		h := &house{t: t, clk: &demo.Clock{}, now: clock.System{}.Now()}
		cfg := config.Config{Data: t.TempDir(), Database: place, URL: "http://127.0.0.1:1"}
		h.must(cfg.Fill())
		var err error
		h.App, err = Open(ctx, cfg, Options{Clock: h.clk, Log: slog.New(slog.DiscardHandler), Mailbox: true})
		h.must(err)
		t.Cleanup(func() { _ = h.Close() })
		go func() { _ = h.Mailbox.Run(t.Context()) }()
		h.clk.Set(h.now.Add(-demo.Past))
		_, err = h.ApplyCharter(ctx, edited(t, replace...), term.ByEngine)
		h.must(err)
		h.people = demo.People(customers, 1, h.now)
		h.ids, err = (&demo.Seeder{Gate: h.Gate, Clock: h.clk, Controller: "halm"}).Run(ctx, h.people, h.now)
		h.must(err)
		h.clk.Set(h.now)
		fn(t, h)
	})
}

func edited(t *testing.T, replace ...string) *charter.Charter {
	t.Helper()
	promise, house := sample.Documents()
	text := string(promise)
	for i := 0; i+1 < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("the sample's charter has no %q", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	c, problems := charter.Parse([]byte(text), house)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

// The parts of a charter that some tests add to the sample's.
var (
	withFraud = []string{"\npersonalisation:", `
  fraud_scoring:
    title: {en: Prevent fraud, de: Betrug verhindern}
    about: {en: We compare orders to notice fraud., de: "Wir vergleichen Bestellungen, um Betrug zu bemerken."}
    basis: {default: legitimate interests, assessment: lia/fraud.md, interest: {en: not to be cheated, de: nicht betrogen zu werden}}
    uses: {name: to compare, Order Completed: to compare}
    keep: 24 months after last order
    owner: accounts

personalisation:`}
	withScore = []string{
		"\n  roast:\n", "\n  churn_score: {kind: count, keep_in: trait, category: inferences, title: {en: Chance to leave, de: Abwanderung}, from: [archive]}\n  roast:\n",
		"      roast: beans you like", "      churn_score: to write less to those who are about to leave\n      roast: beans you like",
	}
	withBirthYear = []string{
		"\n  roast:\n", "\n  birth_year: {kind: birth year, keep_in: trait, from: [checkout]}\n  roast:\n",
		"uses: {email: order updates,", "uses: {birth_year: age of majority, email: order updates,",
	}
)

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) write(fn func(tx *db.Tx) error) {
	h.t.Helper()
	h.must(h.DB.Write(ctx, fn))
}

// later moves the clock and does the work that is due.
func (h *house) later(d time.Duration) {
	h.t.Helper()
	h.clk.Set(h.clk.Now().Add(d))
	_, err := h.Sender.Drain(ctx)
	h.must(err)
	_, err = h.Jobs.Drain(ctx)
	h.must(err)
}

// ask asks the gate.
func (h *house) ask(c id.Customer, p term.Purpose, op term.Operation, ch term.Channel) (d gate.Decision) {
	h.t.Helper()
	h.must(h.DB.Read(ctx, func(tx *db.Tx) (err error) {
		d, err = h.Gate.Decide(tx, gate.Request{Customer: c, Controller: "halm", Purpose: p, Operation: op, Channel: ch, Actor: "program:test"})
		return err
	}))
	return d
}

func (h *house) shares(c id.Customer, p term.Purpose, to term.Recipient) (d gate.Decision) {
	h.t.Helper()
	h.must(h.DB.Read(ctx, func(tx *db.Tx) (err error) {
		d, err = h.Gate.Decide(tx, gate.Request{Customer: c, Controller: "halm", Purpose: p, Operation: term.Share, Recipient: to, Actor: "program:test"})
		return err
	}))
	return d
}

func (h *house) allows(what string, d gate.Decision) {
	h.t.Helper()
	if !d.Allowed() {
		h.t.Errorf("%s is denied: %v", what, d.Reasons)
	}
}

func (h *house) denies(what string, d gate.Decision, code errs.Code) {
	h.t.Helper()
	if d.Allowed() || !d.Has(code) {
		h.t.Errorf("%s: %v %v, want DENY %s", what, d.Outcome, d.Reasons, code)
	}
}

// tells lets a source tell something of a customer.
func (h *house) tells(source string, c id.Customer, values map[term.Field]personal.Value, traits map[term.Field]any) gate.Taken {
	h.t.Helper()
	taken, err := h.Gate.Take(ctx, []gate.Arrival{{
		Customer: c, Values: values, Traits: traits, At: h.Clock.Now(),
		Provenance: customer.Provenance{Source: source, Method: customer.Imported, At: h.Clock.Now(), Confidence: customer.Certain},
	}})
	h.must(err)
	return taken[0]
}

func (h *house) count(query string, args ...any) int64 {
	h.t.Helper()
	return count(h.t, h.App, query, args...)
}

// relay makes a sender over a relay that a test answers for.
func (h *house) relay() (*message.Sender, *messagetest.Sink) {
	h.t.Helper()
	sink := messagetest.NewSink(h.t, false)
	s, err := message.New(message.Config{DB: h.DB, Ring: h.Ring, Gate: h.Gate, Charter: h.Charter, Ledger: h.Ledger, Clock: h.Clock,
		Relay: message.Relay{Addr: sink.Addr, TLS: message.PlainText, Door: sink.Door()}, Unsigned: true, BaseURL: h.Config.URL, Log: h.Log})
	h.must(err)
	return s, sink
}

// plan plans a marketing message to a customer, as a campaign does.
func (h *house) plan(c id.Customer, entry string) {
	h.t.Helper()
	h.write(func(tx *db.Tx) error {
		now := h.Clock.Now()
		d, err := message.InsertDraft(tx, message.Draft{Controller: "halm", Purpose: "letter", Channel: term.Email, Sender: "letter@halm.example", CreatedAt: now,
			Content: message.Content{Class: message.Marketing, Texts: map[term.Lang]message.Text{"en": {Subject: "New beans", HTML: "<p>New beans have come in.</p>"}}}})
		if err != nil {
			return err
		}
		hash, err := message.Approve(tx, d.ID, "staff:test", now)
		if err != nil {
			return err
		}
		_, err = message.Put(tx, h.Ring, now, []message.Plan{{
			Key:     message.Key{Program: "campaign", Node: "test", Customer: c, Entry: entry, Channel: term.Email},
			Message: d.ID, Controller: "halm", Purpose: "letter", Class: message.Marketing, Lang: "en", ContentHash: hash,
		}})
		return err
	})
}

// identify tells of a customer as the shop's server does.
func identify(h *house, userID, traits string) {
	h.t.Helper()
	_, key, err := h.Collector.Sources().Create(ctx, collect.Source{Name: "shop", Class: collect.Server, Mode: collect.Live, NoticeVersion: 1,
		Namespace: demo.Namespace, Controller: "halm"})
	h.must(err)
	r := httptest.NewRequest(http.MethodPost, "/v1/identify", strings.NewReader(
		`{"userId": "`+userID+`", "messageId": "`+id.New[id.Use]().String()+`", "traits": `+traits+`}`))
	r.SetBasicAuth(key, "")
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		h.t.Fatalf("identify: %d %s", w.Code, w.Body)
	}
}
