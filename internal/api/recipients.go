package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/sharing"
	"candor/internal/term"
)

func (a *API) recipientRoutes(h huma.API) {
	handle(a, h, endpoint{id: "list-recipients", method: http.MethodGet, path: "/recipients", scope: Read, summary: "Recipients that are registered, and how they are reached"}, a.listRecipients)
	handle(a, h, endpoint{id: "register-recipient", method: http.MethodPut, path: "/recipients/{recipient}", scope: Admin, summary: "Say how a recipient of the charter is reached"}, a.registerRecipient)
	handle(a, h, endpoint{id: "share", method: http.MethodPost, path: "/recipients/{recipient}/share", scope: Send, status: http.StatusAccepted,
		summary: "Give a customer's promised fields to a recipient"}, a.share)
	handle(a, h, endpoint{id: "permitted-list", method: http.MethodPost, path: "/recipients/{recipient}/list", scope: Admin,
		summary: "The customers that a recipient may be given, as CSV; each row is a disclosure on record"}, a.permittedList)
	handle(a, h, endpoint{id: "compare", method: http.MethodPost, path: "/recipients/{recipient}/compare", scope: Admin,
		summary: "Compare what a counterpart believes with what is allowed; the stricter wins"}, a.compareDrift)
	handle(a, h, endpoint{id: "list-deliveries", method: http.MethodGet, path: "/recipients/{recipient}/deliveries", scope: Read, summary: "What a recipient was given and told"}, a.listDeliveries)
	handle(a, h, endpoint{id: "acknowledge", method: http.MethodPost, path: "/recipients/{recipient}/deliveries/{delivery}/acknowledge", scope: Admin,
		summary: "Say, for a recipient without a webhook, that it has done what it was told"}, a.acknowledge)
}

// RecipientPath is the recipient of a path, by its name in the charter.
type RecipientPath struct {
	Recipient term.Recipient `path:"recipient" maxLength:"100"`
}

// RecipientList is the register.
type RecipientList struct {
	Recipients []sharing.Recipient `json:"recipients"`
}

func (a *API) listRecipients(ctx context.Context, _ *struct{}) (*body[RecipientList], error) {
	var out RecipientList
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		out.Recipients, err = a.Sharing.All(tx)
		return err
	})
	out.Recipients = orEmpty(out.Recipients)
	return answered(out, err)
}

// RecipientInput says how a recipient is reached.
type RecipientInput struct {
	Kind     sharing.Kind   `json:"kind" enum:"webhook,manual"`
	URL      string         `json:"url,omitempty" maxLength:"500" doc:"Of a webhook: https, without a query."`
	Owner    string         `json:"owner,omitempty" maxLength:"100" doc:"Without a webhook: the role of the house that passes notices on."`
	Feeds    []term.Purpose `json:"feeds,omitempty" maxItems:"50" doc:"Purposes whose data follow permission by themselves."`
	Consents bool           `json:"consents,omitempty" doc:"It hears of consent records of the people it knows."`
}

// Registered is a registration. The secret is shown this once.
type Registered struct {
	sharing.Recipient
	Secret string `json:"secret"`
}

func (a *API) registerRecipient(ctx context.Context, in *struct {
	RecipientPath
	Body RecipientInput
}) (*body[Registered], error) {
	c, _ := callerOf(ctx)
	var out Registered
	err := a.DB.Write(ctx, func(tx *db.Tx) (err error) {
		out.Recipient, out.Secret, err = a.Sharing.Register(tx, sharing.Recipient{Name: in.Recipient, Kind: in.Body.Kind, URL: in.Body.URL,
			Owner: in.Body.Owner, Feeds: orEmpty(in.Body.Feeds), Consents: in.Body.Consents}, c.actor())
		return err
	})
	return answered(out, err)
}

// ShareInput names whose data go, and for which purpose.
type ShareInput struct {
	Customer id.Customer  `json:"customer"`
	Purpose  term.Purpose `json:"purpose" minLength:"1" maxLength:"100"`
}

func (a *API) share(ctx context.Context, in *struct {
	RecipientPath
	Body ShareInput
}) (*body[sharing.Delivery], error) {
	return answered(a.Sharing.Share(ctx, in.Body.Customer, in.Recipient, in.Body.Purpose))
}

// ListInput names the purpose of a list.
type ListInput struct {
	Purpose   term.Purpose `json:"purpose" minLength:"1" maxLength:"100"`
	Condition string       `json:"condition,omitempty" maxLength:"4000" doc:"Narrows the list to those who meet it."`
	Days      int          `json:"days,omitempty" minimum:"0" maximum:"90" doc:"After how many the file is to be deleted; left out, 14."`
}

// PermittedList is a list of people for a recipient.
type PermittedList struct {
	Rows     int64         `json:"rows"`
	Export   id.Export     `json:"export_id" doc:"Under which it is to be said that the file is deleted."`
	DeleteBy clock.Instant `json:"delete_by"`
	CSV      string        `json:"csv" doc:"The recipient's reference to each person, then the fields it gets."`
}

func (a *API) permittedList(ctx context.Context, in *struct {
	RecipientPath
	Body ListInput
}) (*body[PermittedList], error) {
	c, _ := callerOf(ctx)
	l := sharing.List{Recipient: in.Recipient, Purpose: in.Body.Purpose, Actor: c.actor(), Only: in.Body.Condition, Keep: time.Duration(in.Body.Days) * 24 * time.Hour}
	if l.Only != "" {
		rules, err := a.current(ctx)
		if err != nil {
			return nil, err
		}
		condition, err := a.Audience.Compile(rules.Charter(), l.Purpose, l.Only)
		if err != nil {
			return nil, err
		}
		l.Among = func(tx *db.Tx, page []id.Customer) ([]id.Customer, error) {
			return a.Audience.Among(tx, condition, page)
		}
	}
	var text bytes.Buffer
	listed, err := a.Sharing.Write(ctx, &text, l)
	return answered(PermittedList{listed.People, listed.ID, listed.DeleteBy, text.String()}, err)
}

// DriftInput is a part of a counterpart's export.
type DriftInput struct {
	Purpose term.Purpose `json:"purpose" minLength:"1" maxLength:"100"`
	Channel term.Channel `json:"channel" minLength:"1" maxLength:"20"`
	Apply   bool         `json:"apply,omitempty" doc:"Their no becomes ours."`
	Rows    []struct {
		Email      string `json:"email" maxLength:"320"`
		Subscribed bool   `json:"subscribed"`
	} `json:"rows" maxItems:"1000"`
}

// DriftReport says how each row compares.
type DriftReport struct {
	Verdicts []sharing.Verdict       `json:"verdicts" doc:"In the order of the rows."`
	Counts   map[sharing.Verdict]int `json:"counts"`
	Taken    int                     `json:"taken_over" doc:"Noes that were put on record here."`
}

func (a *API) compareDrift(ctx context.Context, in *struct {
	RecipientPath
	Body DriftInput
}) (*body[DriftReport], error) {
	d := sharing.Drift{Recipient: in.Recipient, Purpose: in.Body.Purpose, Channel: in.Body.Channel, Apply: in.Body.Apply}
	for _, r := range in.Body.Rows {
		d.Rows = append(d.Rows, sharing.DriftRow{Address: personal.Seal(r.Email), Subscribed: r.Subscribed})
	}
	out := DriftReport{Counts: map[sharing.Verdict]int{}}
	run := a.DB.Read
	if d.Apply {
		run = a.DB.Write
	}
	err := run(ctx, func(tx *db.Tx) (err error) {
		out.Verdicts, out.Taken, err = a.Sharing.Compare(tx, d)
		return err
	})
	for _, v := range out.Verdicts {
		out.Counts[v]++
	}
	out.Verdicts = orEmpty(out.Verdicts)
	return answered(out, err)
}

// DeliveryList is a page of what a recipient was given and told.
type DeliveryList struct {
	Deliveries []sharing.Delivery `json:"deliveries"`
	Next       string             `json:"next_cursor,omitempty"`
}

func (a *API) listDeliveries(ctx context.Context, in *struct {
	RecipientPath
	Paging
}) (*body[DeliveryList], error) {
	var after id.Delivery
	if err := openCursor(a.Ring, "deliveries", in.Cursor, &after); err != nil {
		return nil, err
	}
	var out DeliveryList
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		out.Deliveries, err = sharing.To(tx, in.Recipient, after, in.Limit)
		return err
	})
	if n := len(out.Deliveries); n == in.Limit {
		out.Next = sealCursor(a.Ring, "deliveries", out.Deliveries[n-1].ID)
	}
	out.Deliveries = orEmpty(out.Deliveries)
	return answered(out, err)
}

// Done says whether a delivery was open.
type Done struct {
	Done bool `json:"done"`
}

func (a *API) acknowledge(ctx context.Context, in *struct {
	RecipientPath
	Delivery string `path:"delivery" maxLength:"40"`
}) (*body[Done], error) {
	d, err := id.Parse[id.Delivery](in.Delivery)
	if err != nil {
		return nil, errs.New(errs.NotFound, "no_such_delivery", "there is no such delivery")
	}
	var out Done
	err = a.DB.Write(ctx, func(tx *db.Tx) (err error) {
		out.Done, err = a.Sharing.Acknowledge(tx, in.Recipient, d)
		return err
	})
	return answered(out, err)
}
