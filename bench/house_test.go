package bench

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"candor/internal/app"
	"candor/internal/charter/sample"
	"candor/internal/collect"
	"candor/internal/config"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
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
	url       string
	token     string
	keys      []string
	customers []id.Customer
	client    *http.Client
}

// open starts the platform on an engine with n customers who agreed to the
// letter and bought something.
func open(b *testing.B, engine string, n int) *house {
	b.Helper()
	ctx, stop := context.WithCancel(context.Background())
	cfg := config.Config{Data: b.TempDir(), Database: dbtestPlace(b, engine), URL: "http://127.0.0.1:1"}
	if engine == "PostgreSQL" {
		cfg.Keys, cfg.Journal = dbtest.EmptyPostgresPlace(b), dbtest.EmptyPostgresPlace(b)
	}
	must(b, cfg.Fill())
	a, err := app.Open(ctx, cfg, app.Options{Log: slog.New(slog.DiscardHandler), Mailbox: true})
	must(b, err)
	_, err = a.ApplyCharter(ctx, sample.Halm(), term.ByEngine)
	must(b, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	h := &house{app: a, url: "http://" + l.Addr().String(), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	for i := range keys {
		_, key, err := a.Collector.Sources().Create(ctx, collect.Source{Name: fmt.Sprint("server ", i), Class: collect.Server, Mode: collect.Live,
			NoticeVersion: 1, Namespace: shop, Controller: sample.Halm().Business.ID})
		must(b, err)
		h.keys = append(h.keys, key)
	}
	must(b, a.DB.Write(ctx, func(tx *db.Tx) (err error) {
		h.token, _, err = a.Tokens.Mint(tx, token.New{Label: "bench", Scopes: token.Scopes, For: 24 * time.Hour, By: term.ByEngine})
		return err
	}))
	h.fill(b, n)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, l) }()
	b.Cleanup(func() {
		stop()
		<-ended
		_ = a.Close()
	})
	return h
}

func dbtestPlace(b *testing.B, engine string) string {
	if engine == "PostgreSQL" {
		return dbtest.PostgresPlace(b)
	}
	return ""
}

// fill makes the customers through the gate, as an import does.
func (h *house) fill(b *testing.B, n int) {
	b.Helper()
	const step = 500
	for start := 0; start < n; start += step {
		list := make([]gate.Arrival, 0, step)
		for i := start; i < min(start+step, n); i++ {
			list = append(list, person(b, i))
		}
		taken, err := h.app.Gate.Take(context.Background(), list)
		must(b, err)
		for _, t := range taken {
			if t.Refused != nil || len(t.Notes) > 0 {
				b.Fatal(t.Refused, t.Notes)
			}
			h.customers = append(h.customers, t.Customer)
		}
	}
}

// person is one customer's first arrival.
func person(b *testing.B, i int) gate.Arrival {
	user, err := customer.UserID(shop, fmt.Sprint(100_000+i))
	must(b, err)
	mail, err := customer.Email(address(i))
	must(b, err)
	return gate.Arrival{
		Identities: []customer.Identity{user, mail},
		Provenance: customer.Provenance{Source: "shop", Method: customer.Stated, Confidence: customer.Certain},
		Values:     map[term.Field]personal.Value{"email": personal.Seal(address(i)), "name": personal.Seal("Ada Lovelace")},
		Traits:     map[term.Field]any{"country": "DE"},
		Events: []event.New{{Name: "Order Completed", MessageID: fmt.Sprint("order-", i), Props: map[string]any{"order_id": fmt.Sprint(i), "value": 1900, "family": "coffee"},
			Amount: 1900, Currency: "EUR", Family: "coffee", Ref: fmt.Sprint(i)}},
		Facts: []customer.Fact{
			{Kind: customer.Age, Detail: customer.WithValue("adult"), Source: "shop"},
			{Kind: customer.Residence, Detail: map[string]string{"value": "DE", "evidence": "address"}, Source: "shop"},
		},
		Acts: []consent.Act{{Purpose: "letter", Channel: term.Email, Kind: consent.Given, Ask: "signup", Lang: "en", Method: consent.ByPortal,
			ControlDefault: consent.Unset, Action: consent.Tick, Strength: consent.Documented, Actor: term.ByCustomer, Source: "portal"}},
	}
}

func address(i int) string { return fmt.Sprintf("customer%d@post.example", i) }

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
