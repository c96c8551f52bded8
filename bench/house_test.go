package bench

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"candor/internal/app"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/collect"
	"candor/internal/config"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message/messagetest"
	"candor/internal/personal"
	"candor/internal/term"
	"candor/internal/token"
)

// shop is whose customers' numbers are.
const shop = "shop"

// keys is how many servers' keys send: each may send so much a second.
const keys = 8

// house is the running platform with the sample business and its customers.
type house struct {
	app       *app.App
	cfg       config.Config
	url       string
	token     string
	keys      []string
	customers []id.Customer // number i has address(i)
	made      int           // so many came through the gate; the others are copies, whose sealed values do not open
	client    *http.Client
	clock     clock.Clock // nil for the machine's
	sink      *messagetest.Sink
	stop      func()
}

// mostMade is how many customers come through the gate. More are copied.
const mostMade = 10_000

// open starts the platform on an engine with n customers who agreed to the
// letter and bought something. Its mails go to a mail server on this machine.
func open(b *testing.B, engine string, n int, c clock.Clock) *house {
	b.Helper()
	h := &house{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}, stop: func() {}, clock: c, sink: messagetest.NewSink(b, true),
		cfg: config.Config{Data: b.TempDir(), Database: dbtestPlace(b, engine), URL: "http://127.0.0.1:1"}}
	h.cfg.Mail = h.mail(b)
	if engine == "PostgreSQL" {
		h.cfg.Keys, h.cfg.Journal = dbtest.EmptyPostgresPlace(b), dbtest.EmptyPostgresPlace(b)
	}
	must(b, h.cfg.Fill())
	h.enter(b)
	b.Cleanup(func() { h.leave(b) })
	ctx := context.Background()
	_, err := h.app.ApplyCharter(ctx, sample.Halm(), term.ByEngine)
	must(b, err)
	for i := range keys {
		_, key, err := h.app.Collector.Sources().Create(ctx, collect.Source{Name: fmt.Sprint("server ", i), Class: collect.Server, Mode: collect.Live,
			NoticeVersion: 1, Namespace: shop, Controller: sample.Halm().Business.ID})
		must(b, err)
		h.keys = append(h.keys, key)
	}
	must(b, h.app.DB.Write(ctx, func(tx *db.Tx) (err error) {
		h.token, _, err = h.app.Tokens.Mint(tx, token.New{Label: "bench", Scopes: token.Scopes, For: 24 * time.Hour, By: term.ByEngine})
		return err
	}))
	h.customers = h.fill(b, min(n, mostMade), 0, "")
	h.made = len(h.customers)
	h.grow(b, n)
	h.run(b)
	return h
}

// mail is the part of the configuration about mails: the sink, which the process
// is made to trust, and a key that signs.
func (h *house) mail(b *testing.B) config.Mail {
	dir := b.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		must(b, os.WriteFile(path, content, 0o600))
		return path
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(b, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(b, err)
	b.Setenv("SSL_CERT_FILE", write("sink.pem", h.sink.Certificate()))
	return config.Mail{Relay: "smtp://" + messagetest.User + "@" + h.sink.Addr, PasswordFile: write("password", []byte(messagetest.Password)), Pace: 100_000,
		DKIM: []config.DKIM{{Domain: "halm.example", Selector: "bench", KeyFile: write("dkim.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}}}
}

// enter opens the platform at its places.
func (h *house) enter(b *testing.B) {
	b.Helper()
	a, err := app.Open(context.Background(), h.cfg, app.Options{Log: slog.New(slog.DiscardHandler), Clock: h.clock})
	must(b, err)
	h.app, h.stop = a, func() {}
}

// run sets it to work.
func (h *house) run(b *testing.B) {
	b.Helper()
	ctx, stop := context.WithCancel(context.Background())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	h.url = "http://" + l.Addr().String()
	ended := make(chan error, 1)
	go func(a *app.App) { ended <- a.Run(ctx, l) }(h.app)
	h.stop = func() {
		stop()
		<-ended
	}
}

// calm waits until what follows a start is done: the audience index is read, and
// no job waits for three looks in a row.
func (h *house) calm(b *testing.B) {
	b.Helper()
	for still, deadline := 0, time.Now().Add(10*time.Minute); still < 3; time.Sleep(200 * time.Millisecond) {
		still++
		must(b, h.app.DB.Read(context.Background(), func(tx *db.Tx) error {
			in, err := h.app.Charter.Current(tx)
			if err != nil {
				return err
			}
			jobs, err := h.app.Jobs.Backlog(tx)
			if !h.app.Audience.Indexed(in) || jobs.Due > 0 {
				still = 0
			}
			return err
		}))
		if time.Now().After(deadline) {
			b.Fatal("the platform does not come to rest")
		}
	}
}

// leave ends its work and closes it.
func (h *house) leave(b *testing.B) {
	h.stop()
	h.stop = func() {}
	must(b, h.app.Close())
}

func dbtestPlace(b *testing.B, engine string) string {
	if engine == "PostgreSQL" {
		return dbtest.PostgresPlace(b)
	}
	return ""
}

// fill makes n customers through the gate, as an import does, the first with a
// number.
func (h *house) fill(b *testing.B, n, first int, country string) (made []id.Customer) {
	b.Helper()
	const step = 500
	for start := first; start < first+n; start += step {
		list := make([]gate.Arrival, 0, step)
		for i := start; i < min(start+step, first+n); i++ {
			list = append(list, person(b, i, country))
		}
		taken, err := h.app.Gate.Take(context.Background(), list)
		must(b, err)
		for _, t := range taken {
			if t.Refused != nil || len(t.Notes) > 0 {
				b.Fatal(t.Refused, t.Notes)
			}
			made = append(made, t.Customer)
		}
	}
	return made
}

// person is one customer's first arrival. Where they live, what they like and when
// they bought differs; "" for a country of their number.
func person(b *testing.B, i int, country string) gate.Arrival {
	user, err := customer.UserID(shop, fmt.Sprint(100_000+i))
	must(b, err)
	mail, err := customer.Email(address(i))
	must(b, err)
	if country == "" {
		country = []string{"DE", "DE", "DE", "AT", "FR"}[i%5]
	}
	bought := clock.At(time.Now()).Add(-time.Duration(i%7*20) * 24 * time.Hour)
	return gate.Arrival{
		Identities: []customer.Identity{user, mail},
		Provenance: customer.Provenance{Source: "shop", Method: customer.Stated, Confidence: customer.Certain},
		Values:     map[term.Field]personal.Value{"email": personal.Seal(address(i)), "name": personal.Seal("Ada Lovelace")},
		Traits:     map[term.Field]any{"country": country, "roast": []string{"dark", "medium", "light"}[i%3]},
		Events: []event.New{
			happened("Order Completed", fmt.Sprint("order-", i), bought),
			happened("Order Completed", fmt.Sprint("earlier-", i), bought.Add(-100*24*time.Hour)),
			happened("Product Viewed", fmt.Sprint("view-", i), bought),
		},
		Facts: []customer.Fact{
			{Kind: customer.Age, Detail: customer.WithValue("adult"), Source: "shop"},
			{Kind: customer.Residence, Detail: map[string]string{"value": country, "evidence": "address"}, Source: "shop"},
			{Kind: customer.Dial, Detail: customer.WithValue("purchase"), Source: "shop"},
		},
		Acts: []consent.Act{{Purpose: "letter", Channel: term.Email, Kind: consent.Given, Ask: "signup", Lang: "en", Method: consent.ByPortal,
			ControlDefault: consent.Unset, Action: consent.Tick, Strength: consent.Documented, Actor: term.ByCustomer, Source: "portal"}},
	}
}

// happened is an event of a shop.
func happened(name term.Event, message string, at clock.Instant) event.New {
	e := event.New{Name: name, OccurredAt: at, MessageID: message, Family: "coffee", Props: map[string]any{"family": "coffee"}}
	if name == "Order Completed" {
		e.Amount, e.Currency, e.Ref = 1900, "EUR", message
		e.Props["order_id"], e.Props["value"] = message, 1900
	}
	return e
}

func address(i int) string { return fmt.Sprintf("customer%d@post.example", i) }

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
