package client

import "context"

// Question about an audience: the people who meet a condition, for a purpose and
// a channel.
type AudienceQuestion struct {
	Purpose   string `json:"purpose"`
	Channel   string `json:"channel"`
	Condition string `json:"condition"`
	Lang      string `json:"lang,omitempty"`
}

// Count is a number of people as it may be shown.
type Count struct {
	Shown string `json:"shown"` // "1,230", "about 120" or "<10"
	N     int64  `json:"n"`     // the number shown; 0 when it is under 10
	About bool   `json:"about"` // rounded to tens
}

// Slice is a part of those who meet a condition and are left out.
type Slice struct {
	Code        string `json:"code"`
	Requirement string `json:"requirement"`
	Words       string `json:"words"`
	Remedy      string `json:"remedy"` // what may lawfully be done about it
	Way         string `json:"way"`    // the same in a word, such as "ask_again" or "rest"
	Count       Count  `json:"count"`
}

// Funnel is the way from those who meet a condition to those who can be written to.
type Funnel struct {
	Purpose   string  `json:"purpose"`
	Channel   string  `json:"channel"`
	Condition string  `json:"condition"`
	Words     string  `json:"words"`
	Match     Count   `json:"match"`
	Permitted Count   `json:"permitted"`
	Reachable Count   `json:"reachable"`
	Excluded  []Slice `json:"excluded"`
	Sample    []struct {
		Customer string `json:"customer"`
		Address  string `json:"address"` // masked
	} `json:"sample,omitempty"`
}

// Preview says how many people a condition reaches, and why not more.
func (c *Client) Preview(ctx context.Context, q AudienceQuestion) (Funnel, error) {
	var out Funnel
	return out, c.post(ctx, "/audiences/preview", q, &out)
}

// Clause is one part of a condition, and whether it is true of a customer.
type Clause struct {
	Text  string   `json:"text"`
	Words string   `json:"words"`
	Data  string   `json:"data,omitempty"` // the kind of data it looks at
	True  bool     `json:"true"`
	Parts []Clause `json:"parts,omitempty"`
}

// Explanation says why a customer meets a condition or does not.
type Explanation struct {
	Meets  bool   `json:"meets"`
	Words  string `json:"words"`
	Clause Clause `json:"clause"`
}

// Explain holds one customer against a condition. It is a use of their data for
// the purpose, and on record.
func (c *Client) Explain(ctx context.Context, customer, purpose, condition string) (Explanation, error) {
	var out Explanation
	return out, c.post(ctx, "/audiences/explain", map[string]any{"customer": customer, "purpose": purpose, "condition": condition}, &out)
}
