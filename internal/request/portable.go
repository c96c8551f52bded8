package request

import (
	"archive/zip"
	"context"
	_ "embed" // the schema
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// Portable is what a person gave or caused, in a form that another service reads
// (GDPR 20): what rests on consent or contract, without anything that was
// inferred or derived. PortableSchema describes it.
type Portable struct {
	Schema string          `json:"schema"` // "candor/portable/v1"
	Made   clock.Instant   `json:"made_at"`
	From   string          `json:"from"` // the controller
	Data   []PortableDatum `json:"data"`
	Events []PortableEvent `json:"events"`
}

// PortableDatum is one value that the person gave.
type PortableDatum struct {
	Field   string        `json:"field"`
	Value   string        `json:"value"`
	Source  string        `json:"source"`
	Learned clock.Instant `json:"learned_at"`
}

// PortableEvent is something that the person did.
type PortableEvent struct {
	Event      string         `json:"event"`
	At         clock.Instant  `json:"at"`
	Properties map[string]any `json:"properties"`
}

//go:embed portable.schema.json
var portableSchema []byte

// PortableSchema is the JSON Schema of Portable, as published.
func PortableSchema() []byte { return slices.Clone(portableSchema) }

// Portable makes a person's data ready to take elsewhere. The caller has made
// sure that the person receives it.
func (d *Desk) Portable(ctx context.Context, who id.Customer) (Portable, error) {
	out := Portable{Schema: "candor/portable/v1", Made: d.Clock.Now(), Data: []PortableDatum{}, Events: []PortableEvent{}}
	var pass gate.Pass
	err := d.DB.Write(ctx, func(tx *db.Tx) (err error) {
		pass, _, err = d.Gate.Use(tx, gate.Request{Customer: who, Operation: term.Rights, Actor: term.ByCustomer, Controller: d.controller(tx)})
		return err
	})
	if err != nil {
		return Portable{}, err
	}
	err = d.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := d.Charter.Current(tx)
		if err != nil {
			return err
		}
		out.From = c.Business.Controller
		held, err := d.Gate.Held(ctx, tx, pass)
		if err != nil {
			return err
		}
		for _, h := range held {
			if f, ok := c.Field(h.Field); ok && !h.Superseded && given(c, f, h) {
				out.Data = append(out.Data, PortableDatum{string(h.Field), valueOf(h), h.Source, h.At})
			}
		}
		out.Events, err = portableEvents(tx, c, who)
		return err
	})
	return out, err
}

// controller is the brand whose data these are; "" when no charter is in force,
// which the gate refuses.
func (d *Desk) controller(tx *db.Tx) term.Controller {
	c, err := d.Charter.Current(tx)
	if err != nil {
		return ""
	}
	return c.Business.ID
}

func valueOf(h gate.Held) string {
	if h.Value.IsZero() {
		return fmt.Sprint(h.Trait)
	}
	return h.Value.Reveal()
}

// given reports whether a value was given or observed and is used on the ground
// of consent or a contract.
func given(c *charter.Charter, f *charter.Field, h gate.Held) bool {
	if f.Category == charter.Inferences || f.Derived != "" || h.Method == customer.Derived || h.Guessed() {
		return false
	}
	return slices.ContainsFunc(c.Purposes, func(p charter.Purpose) bool {
		_, used := p.UsesField(f.ID)
		return used && byAgreement(&p)
	})
}

func byAgreement(p *charter.Purpose) bool {
	k := p.Basis(rulepack.Strict).Kind
	return k == charter.Consent || k == charter.Contract
}

// mostEvents bounds the events of one file.
const mostEvents = 1_000_000

func portableEvents(tx *db.Tx, c *charter.Charter, who id.Customer) ([]PortableEvent, error) {
	out := []PortableEvent{}
	all, err := event.Latest(tx, who, mostEvents)
	for _, e := range all {
		wanted := slices.ContainsFunc(c.Purposes, func(p charter.Purpose) bool {
			_, used := p.UsesEvent(e.Name)
			return used && byAgreement(&p)
		})
		if wanted {
			out = append(out, PortableEvent{Event: string(e.Name), At: e.OccurredAt, Properties: e.Props})
		}
	}
	return out, err
}

// WriteCSV writes the same as two tables in a ZIP file. No cell is read as a
// formula.
func (p Portable) WriteCSV(w io.Writer) error {
	z := zip.NewWriter(w)
	data := [][]string{{"field", "value", "source", "learned_at"}}
	for _, d := range p.Data {
		data = append(data, []string{d.Field, d.Value, d.Source, d.Learned.String()})
	}
	events := [][]string{{"event", "at", "properties"}}
	for _, e := range p.Events {
		props, err := json.Marshal(e.Properties)
		if err != nil {
			return err
		}
		events = append(events, []string{e.Event, e.At.String(), string(props)})
	}
	for _, table := range []struct {
		name string
		rows [][]string
	}{{"data.csv", data}, {"events.csv", events}} {
		f, err := z.Create(table.name)
		if err != nil {
			return err
		}
		if err := writeTable(f, table.rows); err != nil {
			return err
		}
	}
	return z.Close()
}

func writeTable(w io.Writer, rows [][]string) error {
	c := csv.NewWriter(w)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, s := range row {
			if cells[i] = s; s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
				cells[i] = "'" + s
			}
		}
		if err := c.Write(cells); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
