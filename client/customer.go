package client

import (
	"context"
	"encoding/json"
	"net/url"
	"time"
)

// Identity is an address or id that finds a customer.
type Identity struct {
	Kind      string `json:"kind"` // email, phone, user, anonymous, device, custom
	Namespace string `json:"namespace,omitempty"`
	Region    string `json:"region,omitempty"` // of a phone number written without its country's code
	Value     string `json:"value"`
}

// Provenance says where data come from. Source is never empty.
type Provenance struct {
	Source string `json:"source"`
	Method string `json:"method,omitempty"`
}

// Customer is what a source tells about one customer.
type Customer struct {
	Identities []Identity     `json:"identities"`
	Fields     map[string]any `json:"fields,omitempty"`
	Provenance Provenance     `json:"provenance"`
}

// Note says what was left out, and why.
type Note struct {
	Code  string `json:"code"`
	Field string `json:"field"`
}

// CustomerTaken is what became of a Customer.
type CustomerTaken struct {
	Customer string `json:"customer"`
	Created  bool   `json:"created"`
	Notes    []Note `json:"notes"`
}

// PutCustomer brings what is known about a customer.
func (c *Client) PutCustomer(ctx context.Context, in Customer) (CustomerTaken, error) {
	var out CustomerTaken
	return out, c.post(ctx, "/customers", in, &out)
}

// Stated is what a customer agreed to or refused. A yes counts with its evidence
// only: when, in which words or on which form, how, and to whom.
type Stated struct {
	Purpose string    `json:"purpose"`
	Channel string    `json:"channel,omitempty"`
	Agreed  bool      `json:"agreed"`
	At      time.Time `json:"at,omitzero"`
	Words   string    `json:"words,omitempty"`
	Form    string    `json:"form,omitempty"`
	Lang    string    `json:"lang,omitempty"`
	Method  string    `json:"method,omitempty"`
	Given   string    `json:"given,omitempty"`
	Proof   string    `json:"proof,omitempty"`
}

// UpsertRow is one customer of many.
type UpsertRow struct {
	Identities []Identity     `json:"identities"`
	Fields     map[string]any `json:"fields,omitempty"`
	Consents   []Stated       `json:"consents,omitempty"`
}

// UpsertResult is what became of one row: Code says why nothing of it was taken,
// Without why a yes counts for nothing.
type UpsertResult struct {
	Row         int      `json:"row"`
	Customer    string   `json:"customer"`
	Created     bool     `json:"created"`
	Permissions int      `json:"permissions"`
	Without     []string `json:"without"`
	Notes       []Note   `json:"notes"`
	Code        string   `json:"code"`
	Field       string   `json:"field"`
	Message     string   `json:"message"`
}

// Upsert brings what a source knows of up to 1,000 customers and gives a result
// for each row, in their order. The same rows again change nothing.
func (c *Client) Upsert(ctx context.Context, from Provenance, rows []UpsertRow) ([]UpsertResult, error) {
	var out struct {
		Rows []UpsertResult `json:"rows"`
	}
	err := c.post(ctx, "/customers/upsert", map[string]any{"provenance": from, "rows": rows}, &out)
	return out.Rows, err
}

// CustomerPage is a page of customers' ids.
type CustomerPage struct {
	Customers []string `json:"customers"`
	Next      string   `json:"next_cursor"`
}

// Customers lists ids, from a cursor on; "" is the start.
func (c *Client) Customers(ctx context.Context, cursor string, limit int) (CustomerPage, error) {
	var out CustomerPage
	return out, c.get(ctx, "/customers"+page(cursor, limit), &out)
}

// Find gives the customers who hold an identity.
func (c *Client) Find(ctx context.Context, i Identity) ([]string, error) {
	var out CustomerPage
	err := c.post(ctx, "/customers/lookup", map[string]any{"identity": i}, &out)
	return out.Customers, err
}

func customerPath(customer, rest string) string {
	return "/customers/" + url.PathEscape(customer) + rest
}

// Values reads values for a purpose. The reading is on record.
func (c *Client) Values(ctx context.Context, customer, purpose string, fields ...string) (map[string]string, error) {
	var out struct {
		Values map[string]string `json:"values"`
	}
	in := map[string]any{"purpose": purpose}
	if len(fields) > 0 {
		in["fields"] = fields
	}
	err := c.post(ctx, customerPath(customer, "/values"), in, &out)
	return out.Values, err
}

// Correct puts a value right, as the customer says it is (GDPR 16).
func (c *Client) Correct(ctx context.Context, customer, field, value string) error {
	return c.post(ctx, customerPath(customer, "/corrections"), map[string]any{"field": field, "value": value}, nil)
}

// Event is something that happened to a customer.
type Event struct {
	Identity   Identity       `json:"identity"`
	Name       string         `json:"name"`
	MessageID  string         `json:"message_id,omitempty"` // yours: the same event told twice is kept once
	OccurredAt time.Time      `json:"occurred_at,omitzero"`
	Properties map[string]any `json:"properties,omitempty"`
}

// EventTaken is what became of an event; Code says why it was refused.
type EventTaken struct {
	Customer  string `json:"customer"`
	Stored    bool   `json:"stored"`
	Duplicate bool   `json:"duplicate"`
	Code      string `json:"code"`
	Field     string `json:"field"`
	Notes     []Note `json:"notes"`
}

// PutEvents brings up to 500 events from one source; the results are in their
// order.
func (c *Client) PutEvents(ctx context.Context, from Provenance, events []Event) ([]EventTaken, error) {
	var out struct {
		Results []EventTaken `json:"results"`
	}
	err := c.post(ctx, "/events", map[string]any{"provenance": from, "events": events}, &out)
	return out.Results, err
}

// Happened is an event as it is on file. Amounts are in minor units.
type Happened struct {
	Name       string         `json:"name"`
	OccurredAt time.Time      `json:"occurred_at"`
	Properties map[string]any `json:"properties"`
	Currency   string         `json:"currency"`
}

// Events reads a customer's latest events for a purpose. The reading is on record.
func (c *Client) Events(ctx context.Context, customer, purpose string, limit int) ([]Happened, error) {
	var out struct {
		Events []Happened `json:"events"`
	}
	err := c.post(ctx, customerPath(customer, "/events"), map[string]any{"purpose": purpose, "limit": limit}, &out)
	return out.Events, err
}

// Standing is what a customer's data may be used for, from one time to another.
type Standing struct {
	Purpose    string    `json:"purpose"`
	Channel    string    `json:"channel"`
	Recipient  string    `json:"recipient"`
	From       time.Time `json:"from"`
	Until      time.Time `json:"until"` // zero when it does not end by itself
	Operations []string  `json:"operations"`
	Basis      string    `json:"basis"`
}

// Standing says what a customer may be used and contacted for.
func (c *Client) Standing(ctx context.Context, customer string) ([]Standing, error) {
	var out struct {
		Standings []Standing `json:"standings"`
	}
	err := c.get(ctx, customerPath(customer, "/standing"), &out)
	return out.Standings, err
}

// Consent is what a customer said.
type Consent struct {
	Purpose        string    `json:"purpose"`
	Channel        string    `json:"channel,omitempty"`
	Recipient      string    `json:"recipient,omitempty"`
	Kind           string    `json:"kind"` // requested, given, refused, reconfirmed, withdrawn, objected
	Ask            string    `json:"ask,omitempty"`
	Lang           string    `json:"lang,omitempty"`
	ControlDefault string    `json:"control_default,omitempty"`
	Action         string    `json:"action,omitempty"`
	Evidence       string    `json:"evidence,omitempty"`
	AssertedAt     time.Time `json:"asserted_at,omitzero"`
}

// ConsentRecord is a record as it is on file.
type ConsentRecord struct {
	ID         string    `json:"record"`
	Kind       string    `json:"kind"`
	Purpose    string    `json:"purpose"`
	Channel    string    `json:"channel"`
	Rev        int64     `json:"rev"`
	Method     string    `json:"method"`
	Strength   string    `json:"strength"`
	RecordedAt time.Time `json:"recorded_at"`
}

// ConsentRecorded is a record with what it brought about.
type ConsentRecorded struct {
	Record     ConsentRecord `json:"record"`
	Counts     bool          `json:"counts"`
	Tightened  int           `json:"tightened"`
	Opened     int           `json:"opened"`
	Left       []string      `json:"left"`
	ReceiptURL string        `json:"receipt_url"`
}

// RecordConsent puts on record what a customer said.
func (c *Client) RecordConsent(ctx context.Context, customer string, in Consent) (ConsentRecorded, error) {
	var out ConsentRecorded
	return out, c.post(ctx, customerPath(customer, "/consents"), in, &out)
}

// Signals are what arrived beside a customer's visit: strings of a consent tool,
// and whether the browser sent Global Privacy Control.
type Signals struct {
	TCF string `json:"tcf,omitempty"`
	GPP string `json:"gpp,omitempty"`
	GPC bool   `json:"gpc,omitempty"`
}

// Heed tells what a browser or consent tool says. It only lowers, and gives the
// refusals that followed. It fails with the code bad_tcf or bad_gpp for a string
// that cannot be read.
func (c *Client) Heed(ctx context.Context, customer string, in Signals) ([]ConsentRecord, error) {
	var out struct {
		Records []ConsentRecord `json:"records"`
	}
	return out.Records, c.post(ctx, customerPath(customer, "/signals"), in, &out)
}

// StopAll withdraws and objects to everything that may be stopped, and names
// messages that had already left.
func (c *Client) StopAll(ctx context.Context, customer string) (left []string, err error) {
	var out struct {
		Left []string `json:"left"`
	}
	err = c.post(ctx, customerPath(customer, "/stop"), nil, &out)
	return out.Left, err
}

// Consents lists a customer's consent records in their order.
func (c *Client) Consents(ctx context.Context, customer string) ([]ConsentRecord, error) {
	var out struct {
		Events []ConsentRecord `json:"events"`
	}
	err := c.get(ctx, customerPath(customer, "/consents"), &out)
	return out.Events, err
}

// Receipt gives a consent record with its proof. It fails with the code
// proof_pending for about a second after the act.
func (c *Client) Receipt(ctx context.Context, customer, record string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, customerPath(customer, "/consents/"+url.PathEscape(record)+"/receipt"), &out)
	return out, err
}
