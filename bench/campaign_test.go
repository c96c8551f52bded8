package bench

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/message"
	"candor/internal/message/messagetest"
	"candor/internal/term"
)

// mails is how many mails one campaign has.
const mails = 5_000

// campaigns sends one campaign for each way of signing to a mail server on this
// machine, each mail with a hand-over, a decision and a ledger entry of its own.
func campaigns(b *testing.B, out *tabwriter.Writer, engine string) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(b, err)
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	must(b, err)
	for _, mode := range []struct {
		name   string
		target float64
		signer *message.Signer
	}{{"unsigned", 3_000, nil}, {"ed25519", 2_200, signer(b, ed)}, {"RSA-2048", 1_000, signer(b, long)}} {
		if name := "campaign, " + mode.name; strings.Contains(name, *only) {
			write(out, name, engine, mode.target, []figure{sendCampaign(b, engine, name, mode.signer)})
		}
	}
}

// letter is what a campaign says.
var letter = message.Content{Class: message.Marketing, Texts: map[term.Lang]message.Text{
	"en": {Subject: "New beans, {{ name | default: 'dear reader' }}", HTML: "<p>New beans are in.</p>"},
	"de": {Subject: "Neue Bohnen, {{ name | default: 'liebe Leserin' }}", HTML: "<p>Neue Bohnen sind da.</p>"}}}

func sendCampaign(b *testing.B, engine, name string, signer *message.Signer) figure {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	place := dbtestPlace(b, engine)
	if place == "" {
		place = dbtest.SQLitePlace(b)
	}
	d, err := db.Open(ctx, place)
	must(b, err)
	defer func() { _ = d.Close() }()
	w := messagetest.NewWorld(b, d)
	sink := messagetest.NewSink(b, false)
	cfg := message.Config{DB: d, Ring: w.Ring, Gate: w.Gate, Charter: w.Store, Ledger: w.Log, Clock: w.Clock, Unsigned: signer == nil,
		Relay: message.Relay{Addr: sink.Addr, TLS: message.PlainText, Door: sink.Door(), Timeout: 10 * time.Second}, BaseURL: "https://mail.halm.example"}
	if signer != nil {
		cfg.Signers = map[string]*message.Signer{"halm.example": signer}
	}
	sender, err := message.New(cfg)
	must(b, err)
	book := campaign.New(campaign.Config{DB: d, Ring: w.Ring, Charter: w.Store, Sender: sender, Ledger: w.Log, Jobs: w.Jobs, Clock: w.Clock,
		Audience: audience.New(audience.Config{DB: d, Gate: w.Gate, Charter: w.Store, Clock: w.Clock})})
	w.Readers(mails)
	made, err := book.Create(ctx, campaign.Change{Name: "bench", Purpose: "letter", Channel: term.Email, Content: letter}, "staff:bench")
	must(b, err)
	_, err = book.Launch(ctx, made.ID, "staff:bench")
	must(b, err)
	go func() { _ = w.Log.Run(ctx) }()
	defer profile(b, engine+" "+name)()
	before, start, effort := processTime(), time.Now(), d.Effort()
	planned := make(chan error, 1)
	go func() {
		_, err := w.Jobs.Drain(ctx)
		planned <- err
	}()
	n := 0
	for all := false; ; time.Sleep(time.Millisecond) {
		sent, err := sender.Drain(ctx) // while the rest is being planned, as a server does
		must(b, err)
		if n += sent; all {
			break
		}
		select {
		case err := <-planned:
			must(b, err)
			all = true // what was planned last is sent in one more turn
		default:
		}
	}
	took, cpu, spent := time.Since(start), processTime()-before, d.Effort()
	if n < mails*8/10 || len(sink.Mails()) != n { // a tenth is held out, to compare with
		b.Fatalf("%d handed over, %d arrived, of %d", n, len(sink.Mails()), mails)
	}
	return figure{perSecond: float64(n) / took.Seconds(), cpu: cpu / time.Duration(n), units: int64(n),
		effort: db.Effort{Statements: spent.Statements - effort.Statements, Commits: spent.Commits - effort.Commits}}
}

func signer(b *testing.B, key any) *message.Signer {
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	must(b, err)
	s, err := message.NewSigner("halm.example", "bench", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
	must(b, err)
	return s
}
