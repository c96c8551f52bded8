package client

import (
	"context"
	"net/url"
	"strconv"
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
	Mode      string   `json:"mode,omitempty"` // use puts an allowed use on the customer's record; "" only asks
}

// Reason is one failed check.
type Reason struct {
	Code        string `json:"code"`
	Requirement string `json:"requirement"`
	Text        string `json:"text"`
}

// Decision is the gate's answer. Without the scope reasons it has outcome and
// until alone.
type Decision struct {
	Outcome  string    `json:"outcome"`        // ALLOW or DENY
	Until    time.Time `json:"until,omitzero"` // zero when it does not change by itself
	Reasons  []Reason  `json:"reasons,omitempty"`
	Fields   []string  `json:"fields,omitempty"`
	Stale    []string  `json:"stale,omitempty"` // of Fields, those too old to be acted upon
	Basis    string    `json:"basis,omitempty"`
	Evidence []string  `json:"evidence,omitempty"`
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

// Ask is a question to put to a person of one's own accord.
type Ask struct {
	Customer  string `json:"customer"`
	Purpose   string `json:"purpose"`
	Channel   string `json:"channel,omitempty"`
	Recipient string `json:"recipient,omitempty"`
}

// MayAsk is whether a person may be asked now, and why not.
type MayAsk struct {
	May     bool      `json:"may"`
	From    time.Time `json:"from,omitzero"` // after a no
	Reasons []Reason  `json:"reasons,omitempty"`
}

// MayAsk asks whether a person may be asked now.
func (c *Client) MayAsk(ctx context.Context, a Ask) (MayAsk, error) {
	var out MayAsk
	return out, c.post(ctx, "/may-ask", a, &out)
}

// page is the query of a list.
func page(cursor string, limit int) string {
	if limit <= 0 {
		limit = 100
	}
	return "?limit=" + strconv.Itoa(limit) + "&cursor=" + url.QueryEscape(cursor)
}
