package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/demo"
	"candor/internal/errs"
	"candor/internal/export"
	"candor/internal/id"
	"candor/internal/incident"
	"candor/internal/message"
	"candor/internal/personal"
	"candor/internal/request"
	"candor/internal/staff"
	"candor/internal/term"
)

// busyFrom is how many customers a demo has that shows an office with work in it.
const busyFrom = 1000

// askedBefore is how long ago somebody asked for a copy of their data and has not
// been answered: the deadline is near.
const askedBefore = 10 * 24 * time.Hour

// weekly is what happens at the end of each of the last weeks before today.
func (d *Demo) weekly(people []demo.Person, now clock.Instant, clk *demo.Clock) func(context.Context) error {
	small := len(people) < busyFrom
	asked, answered := small, small
	return func(ctx context.Context) error {
		if err := d.renew(ctx); err != nil {
			return err
		}
		if !asked && now.Sub(d.App.Clock.Now()) <= askedBefore {
			asked = true
			if err := d.ask(ctx, people[busyFrom/2], d.App.Desk.AskAccess); err != nil {
				return err
			}
		}
		if d.campaign != 0 && !answered {
			answered = true
			if err := d.respond(ctx); err != nil {
				return err
			}
		}
		if d.campaign == 0 && !small && now.Sub(d.App.Clock.Now()) <= sentBefore {
			if err := d.send(ctx, clk); err != nil {
				return err
			}
		}
		return d.App.Audience.FindStages(ctx)
	}
}

// renew publishes the promise anew, once: nobody leaves it unread for three years.
func (d *Demo) renew(ctx context.Context) error {
	return d.App.DB.Write(ctx, func(tx *db.Tx) error {
		if d.notice > 0 {
			return nil
		}
		c, err := d.App.Charter.Current(tx)
		if err != nil {
			return err
		}
		if c.Hash() == sample.Halm().Hash() {
			now := d.App.Clock.Now()
			if _, err := d.App.Charter.Apply(tx, sample.Renewed(clock.DateOf(now.Time())), now, term.ByEngine); err != nil {
				return err
			}
			if c, err = d.App.Charter.Current(tx); err != nil {
				return err
			}
		}
		d.notice = c.Version
		return nil
	})
}

// busy lets some things wait for whoever comes to the office: requests, drafts,
// data that do not fit, and a concern.
func (d *Demo) busy(ctx context.Context, people []demo.Person, now clock.Instant) error {
	if len(people) < busyFrom {
		return nil
	}
	for i, ask := range []func(context.Context, request.NewRequest) (request.Request, error){d.App.Desk.Restrict, d.App.Desk.ReportDeath, d.App.Desk.AskAccess} {
		if err := d.ask(ctx, people[busyFrom/2+1+i], ask); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context) error{d.drafts, d.misfits, d.concern, d.files} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ask lets a customer ask for their right.
func (d *Demo) ask(ctx context.Context, who demo.Person, ask func(context.Context, request.NewRequest) (request.Request, error)) error {
	var found []id.Customer
	err := d.App.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = d.App.Gate.Find(tx, demo.Identity(who))
		return err
	})
	for _, c := range found {
		if err == nil {
			_, err = ask(ctx, request.NewRequest{Customer: c, Via: "portal", Actor: term.ByCustomer})
		}
	}
	return err
}

// drafts are campaigns that somebody has begun.
func (d *Demo) drafts(ctx context.Context) error {
	for _, x := range []struct{ name, who, en, de string }{
		{"Winter beans", `count("Order Completed", days(730)) >= 1`, "Winter beans are in", "Die Winterbohnen sind da"},
		{"We miss you", `count("Order Completed", days(730)) >= 1 && count("Order Completed", days(180)) == 0`, "Still brewing?", "Noch am Brühen?"},
	} {
		text := func(subject, body string) message.Text {
			return message.Text{Subject: subject, HTML: "<h1>" + subject + "</h1>\n<p>" + body + "</p>"}
		}
		_, err := d.App.Campaigns.Create(ctx, campaign.Change{Name: x.name, Purpose: "letter", Channel: term.Email, Audience: x.who,
			Content: message.Content{Class: message.Marketing, Texts: map[term.Lang]message.Text{
				"en": text(x.en, "This month we roast a washed coffee from Huila, Colombia: red apple, caramel, a clean finish."),
				"de": text(x.de, "Diesen Monat rösten wir einen gewaschenen Kaffee aus Huila in Kolumbien: roter Apfel, Karamell, klarer Abgang."),
			}}}, staff.Actor(d.admin))
		if err != nil {
			return err
		}
	}
	return nil
}

// misfits are messages of the shop whose values are of the wrong kind, and one
// with a property that was never declared.
func (d *Demo) misfits(ctx context.Context) error {
	var batch bytes.Buffer
	for i, props := range []string{`"value": "twelve fifty"`, `"value": "9.90 EUR"`, `"value": 1250, "coupon": "SPRING"`} {
		if i > 0 {
			batch.WriteByte(',')
		}
		fmt.Fprintf(&batch, `{"type":"track","event":"Order Completed","userId":"1000%d","messageId":"misfit-%d","properties":{"order_id":"88%d","family":"beans",%s}}`, i+1, i, i, props)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/v1/batch", bytes.NewReader(append([]byte(`{"batch":[`), append(batch.Bytes(), "]}"...)...)))
	if err != nil {
		return err
	}
	r.RemoteAddr = "127.0.0.1:1"
	r.SetBasicAuth(d.WriteKey, "")
	mux, said := http.NewServeMux(), &status{http.Header{}, http.StatusOK}
	d.App.Collector.Register(mux)
	mux.ServeHTTP(said, r)
	if said.code != http.StatusOK {
		return errs.New(errs.Internal, "demo", "the shop's messages were answered with %d", said.code)
	}
	return nil
}

// status is an answer of which only the status is read.
type status struct {
	head http.Header
	code int
}

func (s *status) Header() http.Header         { return s.head }
func (s *status) WriteHeader(code int)        { s.code = code }
func (s *status) Write(b []byte) (int, error) { return len(b), nil }

// concern is a report of what may have gone wrong.
func (d *Demo) concern(ctx context.Context) error {
	return d.App.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := d.App.incidents().Report(tx, incident.NewReport{Kinds: []incident.Kind{incident.Confidentiality}, By: staff.Actor(d.admin),
			Text: "A parcel went out with the delivery note of another order in it: name and street of somebody else. The customer told us by phone and will send the note back."})
		return err
	})
}

// files are one that the sample administrator took out and has to delete soon, and
// one of more people that a colleague asks for: it waits for somebody else.
func (d *Demo) files(ctx context.Context) error {
	var noa id.Staff
	var dark *audience.Condition
	err := d.App.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := d.App.Charter.Current(tx)
		if err != nil {
			return err
		}
		if dark, err = d.App.Audience.Compile(c, "letter", demoFile); err != nil {
			return err
		}
		if noa, err = d.App.Staff.Add(tx, staff.NewPerson{Name: personal.Seal("Noa Brandt"), Email: personal.Seal("noa@halm.example")}, term.ByEngine); err != nil {
			return err
		}
		return d.App.Staff.Give(tx, noa, c.Business.ID, "marketer", term.ByEngine)
	})
	if err != nil {
		return err
	}
	n := export.New{Kind: export.Audience, Purpose: "letter", Operation: term.Serve, Channel: term.Email, Fields: []term.Field{"email", "roast"}, Who: demoFile, Keep: 48 * time.Hour,
		By: staff.Actor(d.admin), Head: "customer"}
	n.Page = d.App.Exports.Everyone(n, func(tx *db.Tx, page []id.Customer) ([]id.Customer, error) {
		return d.App.Audience.Among(tx, dark, page)
	})
	if _, err := d.App.Exports.Write(ctx, io.Discard, n); err != nil && !errs.Is(err, errs.Conflict) && !errs.Is(err, errs.Forbidden) {
		return err
	}
	n.By, n.Who, n.Keep = staff.Actor(noa), "everybody who may be written to", 0
	n.Page = d.App.Exports.Everyone(n, nil)
	_, err = d.App.Exports.Write(ctx, io.Discard, n)
	if err = d.App.Approvals.Settle(ctx, err); errs.CodeOf(err) == errs.DualControl {
		return nil
	}
	return err
}

// demoFile chooses few people.
const demoFile = `roast == "dark" && count("Order Completed", days(60)) >= 1`
