package app

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/config"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/demo"
	"candor/internal/id"
	"candor/internal/sharing"
	"candor/internal/term"
)

// counterpart is a recipient's own server: it checks the signature, keeps what
// it gets, and answers as a test asks.
type counterpart struct {
	*httptest.Server
	t      *testing.T
	mu     sync.Mutex
	secret string
	silent bool // takes everything, acknowledges nothing
	got    []news
}

// news is what a counterpart was told.
type news struct {
	ID, Type, Subject, Purpose string
	Fields                     map[string]string
	Consent                    *struct{ Kind, Origin string }
}

func newCounterpart(t *testing.T) *counterpart {
	c := &counterpart{t: t}
	c.Server = httptest.NewTLSServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *counterpart) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	if want := signature(c.secret, r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), body); r.Header.Get("Webhook-Signature") != want {
		c.t.Error("a delivery's signature does not fit")
	}
	var n news
	if err := json.Unmarshal(body, &n); err != nil {
		c.t.Error(err)
	}
	if r.URL.RawQuery != "" {
		c.t.Error("a delivery has a query")
	}
	c.got = append(c.got, n)
	if !c.silent {
		_ = json.NewEncoder(w).Encode(map[string]string{"acknowledged": n.ID})
	}
}

// signature is Standard Webhooks' as its text describes it.
func signature(secret, message, stamp string, body []byte) string {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s.%s.%s", message, stamp, body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// told lists what was told of a type.
func (c *counterpart) told(kind string) []news {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []news
	for _, n := range c.got {
		if n.Type == kind {
			out = append(out, n)
		}
	}
	return out
}

// trade is the sample business with three recipients that are reached by webhook
// and some customers.
type trade struct {
	*App
	t   *testing.T
	clk *demo.Clock
	now clock.Instant
	ids []id.Customer
	to  map[term.Recipient]*counterpart
}

func newTrade(t *testing.T, place string) *trade {
	t.Helper()
	w := &trade{t: t, clk: &demo.Clock{}, now: clock.System{}.Now(), to: map[term.Recipient]*counterpart{}}
	pool := x509.NewCertPool()
	for _, r := range []term.Recipient{"carrier", "relay", "insurer"} {
		w.to[r] = newCounterpart(t)
		pool.AddCert(w.to[r].Certificate())
	}
	cfg := config.Config{Data: t.TempDir(), Database: place, URL: "http://127.0.0.1:1", Egress: config.Egress{Allow: []string{"127.0.0.1"}}}
	w.must(cfg.Fill())
	a, err := Open(ctx, cfg, Options{Clock: w.clk, Log: slog.New(slog.DiscardHandler), Mailbox: true, TLS: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}})
	w.must(err)
	t.Cleanup(func() { _ = a.Close() })
	w.App = a
	w.clk.Set(w.now.Add(-demo.Past))
	terms := withInsurer(t)
	_, err = a.ApplyCharter(ctx, terms, term.ByEngine)
	w.must(err)
	people := demo.People(3, 1, w.now)
	w.ids, err = (&demo.Seeder{Gate: a.Gate, Clock: w.clk, Controller: terms.Business.ID}).Run(ctx, people, w.now)
	w.must(err)
	w.clk.Set(w.now)
	w.settle()
	for r, c := range w.to {
		w.register(r, c, sharing.Recipient{Name: r, Kind: sharing.Webhook, URL: c.URL + "/hook"})
	}
	return w
}

// withInsurer is the sample's charter with one recipient more.
func withInsurer(t *testing.T) *charter.Charter {
	promise, house := sample.Documents()
	const before = "recipients:"
	i := bytes.Index(promise, []byte(before))
	end := i + bytes.IndexByte(promise[i:], '\n') + 1
	more := "  insurer: {name: Elbe Versicherung, what: {en: insures the parcel, de: versichert das Paket}, role: processor, country: DE, gets: {orders: [name]}}\n"
	c, problems := charter.Parse([]byte(string(promise[:end])+more+string(promise[end:])), house)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

func (w *trade) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *trade) register(name term.Recipient, c *counterpart, r sharing.Recipient) {
	w.t.Helper()
	w.must(w.DB.Write(ctx, func(tx *db.Tx) (err error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, c.secret, err = w.Sharing.Register(tx, r, term.ByEngine)
		return err
	}))
}

// settle lets everything follow that has happened.
func (w *trade) settle() {
	w.t.Helper()
	for range 4 {
		_, err := w.Ledger.Sequence(ctx)
		w.must(err)
		_, err = w.Outbox.Deliver(ctx)
		w.must(err)
		_, err = w.Jobs.Drain(ctx)
		w.must(err)
	}
}

func (w *trade) share(c id.Customer, p term.Purpose, list ...term.Recipient) {
	w.t.Helper()
	for _, r := range list {
		_, err := w.Sharing.Share(ctx, c, r, p)
		w.must(err)
	}
	w.settle()
}

// wait lets days pass.
func (w *trade) wait(d time.Duration) {
	w.now = w.now.Add(d)
	w.clk.Set(w.now)
	w.must(w.Sharing.Deliver(ctx))
	w.settle()
}

func (w *trade) withdraw(c id.Customer, source string) {
	w.t.Helper()
	w.must(w.DB.Write(ctx, func(tx *db.Tx) error {
		_, _, err := w.Gate.Record(tx, consent.Act{Customer: c, Purpose: "letter", Channel: term.Email, Kind: consent.Withdrawn, Method: consent.ByPortal,
			Strength: consent.Documented, Actor: term.ByCustomer, Source: source})
		return err
	}))
	w.settle()
}
