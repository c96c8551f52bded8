package app

import (
	"context"
	"time"

	"candor/internal/campaign"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/demo"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/staff"
	"candor/internal/term"
)

const (
	sentBefore  = 25 * 24 * time.Hour // how long ago the sample campaign was sent, at most
	sentHoldout = 30                  // percent of its people who were left out by chance
	sentTo      = `count("Order Completed", days(90)) >= 1`
	buysEvery   = 7 // of those written to, one in so many buys because of it
	cameBack    = 4 // mails that the recipients' servers took and gave back
)

// send lets the engine send a campaign while the clock stands in the past: it is
// planned by its job, checked and handed over to the mailbox, as ever. The hours
// of all recipients are waited for, and the mailbox refuses the first address.
func (d *Demo) send(ctx context.Context, clk *demo.Clock) error {
	err := d.App.DB.Write(ctx, func(tx *db.Tx) (err error) {
		d.admin, err = d.administrator(tx)
		return err
	})
	if err != nil {
		return err
	}
	d.App.Mailbox.RefuseNext()
	d.App.Mailbox.Start()
	d.App.Sender.SetPace(0)
	defer d.App.Sender.SetPace(d.App.Config.Mail.Pace)
	if d.campaign, err = d.launch(ctx); err != nil {
		return err
	}
	if _, err := d.App.Jobs.Drain(ctx); err != nil {
		return err
	}
	for range 4 {
		if _, err := d.App.Sender.Drain(ctx); err != nil {
			return err
		}
		clk.Set(clk.Now().Add(6 * time.Hour))
	}
	if err := d.giveBack(ctx); err != nil {
		return err
	}
	return d.watched(ctx)
}

// launch writes and launches the campaign as the sample administrator.
func (d *Demo) launch(ctx context.Context) (id.Campaign, error) {
	holdout := sentHoldout
	text := func(subject, body string) message.Text {
		return message.Text{Subject: subject, HTML: "<h1>" + subject + "</h1>\n<p>" + body + "</p>"}
	}
	c, err := d.App.Campaigns.Create(ctx, campaign.Change{Name: "New harvest", Purpose: "letter", Channel: term.Email, Audience: sentTo, Holdout: &holdout,
		Content: message.Content{Class: message.Marketing, Texts: map[term.Lang]message.Text{
			"en": text("The new harvest is here", "Two coffees of the new harvest are in the roastery: a bright one from Ethiopia, and a round one from Guatemala."),
			"de": text("Die neue Ernte ist da", "Zwei Kaffees der neuen Ernte sind in der Rösterei: ein heller aus Äthiopien und ein runder aus Guatemala."),
		}}}, staff.Actor(d.admin))
	if err != nil {
		return 0, err
	}
	_, err = d.App.Campaigns.Launch(ctx, c.ID, staff.Actor(d.admin))
	return c.ID, err
}

// giveBack tells of mails that could not be delivered after all, as the relay does.
func (d *Demo) giveBack(ctx context.Context) error {
	var list []message.Delivery
	err := d.App.DB.Read(ctx, func(tx *db.Tx) (err error) {
		list, err = message.Deliveries(tx, d.App.Ring, message.Log{Program: campaign.Program, ID: int64(d.campaign), State: message.Accepted, Limit: cameBack})
		return err
	})
	for _, l := range list {
		if err == nil {
			err = d.App.Sender.Report(ctx, message.Report{MessageID: l.MessageID, Fate: message.CameBack, Code: 550, Status: [3]int{5, 1, 1}, Source: "dsn"})
		}
	}
	return err
}

// watched lets the engine note that the campaign is done.
func (d *Demo) watched(ctx context.Context) error {
	err := d.App.DB.Write(ctx, func(tx *db.Tx) error { return d.App.Jobs.Now(tx, campaign.JobWatch) })
	if err == nil {
		_, err = d.App.Jobs.Drain(ctx)
	}
	return err
}

// respond lets some of those who were written to buy.
func (d *Demo) respond(ctx context.Context) error {
	now := d.App.Clock.Now()
	var all []id.Customer
	err := d.App.DB.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = message.Receivers(tx, campaign.Program, int64(d.campaign))
		return err
	})
	if err != nil {
		return err
	}
	var orders []gate.Arrival
	for i := 0; i < len(all); i += buysEvery {
		number := "harvest-" + all[i].String()
		orders = append(orders, gate.Arrival{
			Customer: all[i], At: now, Provenance: customer.Provenance{Source: "shop", Method: customer.Stated, At: now, Confidence: customer.Certain},
			Events: []event.New{{Name: "Order Completed", OccurredAt: now, MessageID: number, Props: map[string]any{"order_id": number, "value": int64(1490), "family": "coffee"},
				Amount: 1490, Currency: "EUR", Family: "coffee", Ref: number}},
		})
	}
	_, err = d.App.Gate.Take(ctx, orders)
	return err
}
