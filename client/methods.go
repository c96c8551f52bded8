package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Question asks the gate.
type Question struct {
	Customer  string   `json:"customer"`
	Purpose   string   `json:"purpose"`
	Operation string   `json:"operation"` // store, serve, use, share, rights, claims, safety
	Channel   string   `json:"channel,omitempty"`
	Fields    []string `json:"fields,omitempty"`
	Recipient string   `json:"recipient,omitempty"`
}

// Reason is one failed check.
type Reason struct {
	Code        string `json:"code"`
	Requirement string `json:"requirement"`
	Text        string `json:"text"`
}

// Decision is the gate's answer.
type Decision struct {
	Outcome string    `json:"outcome"` // ALLOW or DENY
	Until   time.Time `json:"until"`   // zero when it does not change by itself
	Reasons []Reason  `json:"reasons"`
	Fields  []string  `json:"fields"`
	Basis   string    `json:"basis"`
}

// Decide asks the gate one question.
func (c *Client) Decide(ctx context.Context, q Question) (Decision, error) {
	var d Decision
	return d, c.post(ctx, "/decide", q, &d)
}

// DecideMany asks up to 1,000 questions; the answers are in their order.
func (c *Client) DecideMany(ctx context.Context, list []Question) ([]Decision, error) {
	var out struct {
		Decisions []Decision `json:"decisions"`
	}
	err := c.post(ctx, "/decide/batch", map[string]any{"requests": list}, &out)
	return out.Decisions, err
}

// Identity is an address or id that finds a customer.
type Identity struct {
	Kind      string `json:"kind"` // email, phone, user, anonymous, device, custom
	Namespace string `json:"namespace,omitempty"`
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

// CustomerPage is a page of customers' ids.
type CustomerPage struct {
	Customers []string `json:"customers"`
	Next      string   `json:"next_cursor"`
}

// Customers lists ids, from a cursor on; "" is the start.
func (c *Client) Customers(ctx context.Context, cursor string) (CustomerPage, error) {
	var out CustomerPage
	return out, c.get(ctx, "/customers?limit=1000&cursor="+url.QueryEscape(cursor), &out)
}

// Find gives the customers who hold an identity.
func (c *Client) Find(ctx context.Context, i Identity) ([]string, error) {
	var out CustomerPage
	err := c.post(ctx, "/customers/lookup", map[string]any{"identity": i}, &out)
	return out.Customers, err
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
	err := c.post(ctx, "/customers/"+url.PathEscape(customer)+"/values", in, &out)
	return out.Values, err
}

// Consent is what a customer said.
type Consent struct {
	Purpose        string `json:"purpose"`
	Channel        string `json:"channel,omitempty"`
	Kind           string `json:"kind"` // requested, given, refused, reconfirmed, withdrawn, objected
	Ask            string `json:"ask,omitempty"`
	ControlDefault string `json:"control_default,omitempty"`
	Action         string `json:"action,omitempty"`
	Evidence       string `json:"evidence,omitempty"`
}

// ConsentRecorded is a record with what it brought about.
type ConsentRecorded struct {
	Record struct {
		ID   string `json:"record"`
		Kind string `json:"kind"`
		Rev  int64  `json:"rev"`
	} `json:"record"`
	Counts     bool     `json:"counts"`
	Tightened  int      `json:"tightened"`
	Opened     int      `json:"opened"`
	Left       []string `json:"left"`
	ReceiptURL string   `json:"receipt_url"`
}

// RecordConsent puts on record what a customer said.
func (c *Client) RecordConsent(ctx context.Context, customer string, in Consent) (ConsentRecorded, error) {
	var out ConsentRecorded
	return out, c.post(ctx, "/customers/"+url.PathEscape(customer)+"/consents", in, &out)
}

// Receipt gives a consent record with its proof. It fails with the code
// proof_pending for about a second after the act.
func (c *Client) Receipt(ctx context.Context, customer, record string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "/customers/"+url.PathEscape(customer)+"/consents/"+url.PathEscape(record)+"/receipt", &out)
	return out, err
}

// Ledger is the ledger's name, key and newest checkpoint.
type Ledger struct {
	Origin     string `json:"origin"`
	Key        string `json:"key"`
	Checkpoint string `json:"checkpoint"`
}

// Ledger gives what one needs to check proofs.
func (c *Client) Ledger(ctx context.Context) (Ledger, error) {
	var out Ledger
	return out, c.get(ctx, "/ledger", &out)
}

// Token is a new token; Secret is shown this once.
type Token struct {
	Secret string `json:"secret"`
	Token  struct {
		ID     string   `json:"token_id"`
		Scopes []string `json:"scopes"`
	} `json:"token"`
}

// SetUp trades the set-up code for the first administrator's token.
func (c *Client) SetUp(ctx context.Context, code string) (Token, error) {
	var out Token
	return out, c.post(ctx, "/setup", map[string]any{"code": code}, &out)
}

// MakeToken makes a token.
func (c *Client) MakeToken(ctx context.Context, label string, scopes ...string) (Token, error) {
	var out Token
	return out, c.post(ctx, "/tokens", map[string]any{"label": label, "scopes": scopes}, &out)
}

// RevokeToken ends a token at once.
func (c *Client) RevokeToken(ctx context.Context, token string) error {
	return c.do(ctx, http.MethodDelete, "/tokens/"+url.PathEscape(token), nil, nil)
}

// Preview says how many people a condition reaches, as the server shows it.
func (c *Client) Preview(ctx context.Context, purpose, channel, condition string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.post(ctx, "/audiences/preview", map[string]any{"purpose": purpose, "channel": channel, "condition": condition}, &out)
	return out, err
}

// Erase opens an erasure and gives the request's number.
func (c *Client) Erase(ctx context.Context, customer string) (string, error) {
	var out struct {
		ID string `json:"request_id"`
	}
	err := c.post(ctx, "/requests/erasure", map[string]any{"customer": customer}, &out)
	return out.ID, err
}
