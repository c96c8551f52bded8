package app

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"candor/internal/campaign"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
)

// reader is a customer of age who agreed to the letter, has bought, and lives in
// Germany.
func (h *house) reader(raw string) id.Customer {
	h.t.Helper()
	c := buys(h.t, h.App, raw)
	h.write(func(tx *db.Tx) error {
		for _, f := range []customer.Fact{
			{Kind: customer.Address, Channel: term.Email, Detail: customer.WithValue("confirmed")},
			{Kind: customer.Age, Detail: customer.WithValue("adult")},
			{Kind: customer.Residence, Detail: map[string]string{"value": "DE", "evidence": "declared"}},
		} {
			f.Customer, f.Actor = c, term.ByCustomer
			if _, err := h.Gate.AddFact(tx, f); err != nil {
				return err
			}
		}
		_, _, err := h.Gate.Record(tx, consent.Act{Customer: c, Purpose: "letter", Channel: term.Email, Kind: consent.Given, Method: consent.ByPortal, Lang: "en",
			ControlDefault: consent.Unset, Action: consent.Tick, Strength: consent.Documented, Actor: term.ByCustomer})
		return err
	})
	return c
}

// campaign launches one and sends it; it gives the mails that came.
func (h *house) campaign(audience string, topic term.Topic, html string) (campaign.Campaign, string) {
	h.t.Helper()
	text := func(subject string) message.Text { return message.Text{Subject: subject, HTML: html} }
	c, err := h.Campaigns.Create(ctx, campaign.Change{Name: "beans", Purpose: "letter", Channel: term.Email, Audience: audience,
		Content: message.Content{Class: message.Marketing, Topic: topic, Texts: map[term.Lang]message.Text{"en": text("New beans"), "de": text("Neue Bohnen")}}}, "staff:test")
	h.must(err)
	_, err = h.Campaigns.Launch(ctx, c.ID, "staff:test")
	h.must(err)
	before := h.count("select count(*) from mail")
	for range 6 {
		h.later(20 * time.Second)
	}
	got := visit(h.App, http.MethodGet, h.Mailbox.Path()+"mails.json", nil).Body.String()
	if h.count("select count(*) from mail") == before {
		got = ""
	}
	return c, got
}

var whyLink = regexp.MustCompile(`/privacy/why/[A-Za-z0-9_-]+`)

// PRF-06: from a message sent to those who bought within 90 days, the link names
// the purchase history, where it comes from and a switch; the switch removes
// this use and leaves the letter; a person's own facts need a code.
func TestPRF06_WhyAndASwitch(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		c := h.reader("ada@post.example")
		identifyOrder(h, c)
		_, mails := h.campaign(`count("Order Completed", days(90)) >= 1`, "", "<p>New beans have come in, roasted {{ roast | default: \"as you like\" }}.</p>")
		link := whyLink.FindString(mails)
		if link == "" {
			t.Fatal("the mail has no link that says why")
		}
		page := visit(h.App, http.MethodGet, link, nil).Body.String()
		for _, want := range []string{"Your orders", "our shop", "90", "You agreed to get", "Do not choose me by these data", `action="` + link + `/unchoose"`} {
			if !strings.Contains(page, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
		if german := visit(h.App, http.MethodGet, link+"?lang=de", nil).Body.String(); !strings.Contains(german, "Ihre Bestellungen") || !strings.Contains(german, "unser Laden") {
			t.Error("the page does not speak German")
		}
		for _, secret := range []string{"ada@post.example", "Ada Stein"} {
			if strings.Contains(page, secret) {
				t.Errorf("the page shows %q to whoever holds the link", secret)
			}
		}
		h.allows("choosing before", h.ask(c, "letter", term.Use, ""))
		if w := visit(h.App, http.MethodPost, link+"/unchoose", url.Values{}); w.Code != http.StatusSeeOther {
			t.Fatalf("the switch: %d", w.Code)
		}
		h.denies("choosing after the switch", h.ask(c, "letter", term.Use, ""), errs.Objected)
		h.allows("the letter after the switch", h.ask(c, "letter", term.Serve, term.Email))
		if page := visit(h.App, http.MethodGet, link, nil).Body.String(); !strings.Contains(page, "You are no longer chosen by these data") {
			t.Error("the page does not show the switch's state")
		}
		h.clk.Set(h.clk.Now().Add(2 * 24 * time.Hour))
		if _, mails := h.campaign(`count("Order Completed", days(90)) >= 1`, "", "<p>More beans.</p>"); mails != "" {
			t.Error("a person was chosen by data they took back")
		}
		h.clk.Set(h.clk.Now().Add(2 * 24 * time.Hour))
		if _, mails := h.campaign("", "", "<p>For everybody.</p>"); mails == "" {
			t.Error("what goes to everybody does not come")
		}
	})
}

func identifyOrder(h *house, c id.Customer) {
	h.t.Helper()
	now := h.Clock.Now()
	taken, err := h.Gate.Take(ctx, []gate.Arrival{{Customer: c, At: now, Provenance: customer.Provenance{Source: "shop", Method: customer.Observed, At: now, Confidence: customer.Certain},
		Events: []event.New{{Name: "Order Completed", OccurredAt: now.Add(-24 * time.Hour), MessageID: "o" + c.String(), Props: map[string]any{"order_id": "H-1", "family": "coffee"}, Family: "coffee"}}}})
	h.must(err)
	if taken[0].Refused != nil || taken[0].Inserted != 1 {
		h.t.Fatal(taken[0])
	}
}

// A message keeps to what the person wishes: the dial bounds what it shows, the
// rhythm how often one comes, and a topic left out does not come; "too personal"
// turns the dial down one level and counts against the campaign.
func TestMessagesKeepToWishes(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		c := h.reader("ada@post.example")
		h.tells("shop", c, nil, map[term.Field]any{"roast": "dark"})
		wish := func(w gate.Wish) {
			h.t.Helper()
			w.Actor = term.ByCustomer
			h.write(func(tx *db.Tx) error {
				_, err := h.Gate.Wish(tx, c, w)
				return err
			})
		}
		const html = "<p>Beans for you: {{ roast | default: \"all kinds\" }}.</p>"
		if _, mails := h.campaign("", "", html); !strings.Contains(mails, "for you: all kinds") {
			t.Error("without a choice the message is personal")
		}
		wish(gate.Wish{Kind: customer.Dial, Value: "purchase"})
		h.clk.Set(h.clk.Now().Add(2 * 24 * time.Hour))
		made, mails := h.campaign("", "beans", html)
		if !strings.Contains(mails, "for you: dark") {
			t.Error("the level that the person chose does not count")
		}
		level := func() string {
			var w gate.Wishes
			h.must(h.DB.Read(ctx, func(tx *db.Tx) (err error) { w, err = h.Gate.Wishes(tx, c); return err }))
			return w.Level
		}
		link := whyLink.FindString(mails)
		if w := visit(h.App, http.MethodPost, link+"/less", url.Values{}); w.Code != http.StatusSeeOther || level() != "taste" {
			t.Errorf("too personal: %d, the level is %s", w.Code, level())
		}
		if p, err := h.Campaigns.Progress(ctx, made.ID); err != nil || p.Too != 1 {
			t.Errorf("the campaign counts %d, %v", p.Too, err)
		}
		h.clk.Set(h.clk.Now().Add(2 * 24 * time.Hour))
		wish(gate.Wish{Kind: customer.Unwanted, Purpose: "letter", Value: "brewing"})
		if _, mails := h.campaign("", "brewing", "<p>How to brew.</p>"); mails != "" {
			t.Error("a topic that was left out came")
		}
		wish(gate.Wish{Kind: customer.Rhythm, Purpose: "letter", Value: "monthly"})
		h.clk.Set(h.clk.Now().Add(5 * 24 * time.Hour))
		if _, mails := h.campaign("", "beans", "<p>Again.</p>"); mails != "" {
			t.Error("a second message of the month came")
		}
		h.clk.Set(h.clk.Now().Add(31 * 24 * time.Hour))
		if _, mails := h.campaign("", "beans", "<p>Next month.</p>"); mails == "" {
			t.Error("the message of the next month does not come")
		}
		wish(gate.Wish{Kind: customer.Pause, Until: h.Clock.Now().Add(30 * 24 * time.Hour)})
		h.denies("the letter in a pause", h.ask(c, "letter", term.Serve, term.Email), errs.FreqCap)
	})
}
