package customer

import (
	"encoding/json"
	"strconv"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

// FactKind says what a fact is about.
type FactKind string

// The kinds of facts. Each names its values; a fact is lifted by a later one of
// the same kind and key whose value is Off.
const (
	Restriction FactKind = "restriction" // GDPR 18; on, off
	Hold        FactKind = "hold"        // records kept for a legal matter; on, off
	Deceased    FactKind = "deceased"    // believed at once; on, off
	Care        FactKind = "care"        // a person to be left in peace; on, off
	Dispute     FactKind = "dispute"     // a claim or complaint is open; on, off
	Pause       FactKind = "pause"       // no marketing until Until
	Age         FactKind = "age"         // a Band; see AgeDetail
	Residence   FactKind = "residence"   // a country or market; Detail.evidence says how we know
	Purchase    FactKind = "purchase"    // At is when; Detail.family and Detail.ref
	Contract    FactKind = "contract"    // from At until Until
	SoftOptIn   FactKind = "soft-opt-in" // see Offer: the address came with a sale, with the offer to refuse
	Inquiry     FactKind = "inquiry"     // the person asked about goods; At is when, Detail.ref the inquiry
	Indirect    FactKind = "indirect"    // data obtained elsewhere; At is when, Detail.source from whom
	Interaction FactKind = "interaction" // positive; At is 00:00 UTC of its day
	Address     FactKind = "address"     // of Channel: confirmed, unconfirmed, bounced, invalid, none
	Suppressed  FactKind = "suppressed"  // the endpoint of Channel; on, off
	GPC         FactKind = "gpc"         // Global Privacy Control was seen, or an opt-out like it; on
	Signal      FactKind = "signal"      // what a browser or a consent tool said: gpc, gpp, tcf or explicit; Detail says of what
	Objection   FactKind = "objection"   // GDPR 21; on, off
	Notified    FactKind = "notice"      // a notice was delivered; Detail.notice, Detail.version, Detail.mail; off when that mail came back
	Dial        FactKind = "dial"        // the level of personalisation that the person chose
	Rhythm      FactKind = "rhythm"      // how often a purpose may write; one that the charter offers, or ""
	Guarded     FactKind = "guarded"     // a record that nobody of the staff opens alone; on, off; Detail.why
	Unwanted    FactKind = "unwanted"    // topics of a purpose that the person leaves out, joined by commas
)

// FactKinds lists them all.
var FactKinds = []FactKind{Restriction, Hold, Deceased, Care, Dispute, Pause, Age, Residence, Purchase,
	Contract, SoftOptIn, Inquiry, Indirect, Interaction, Address, Suppressed, GPC, Signal, Objection, Notified, Dial, Rhythm, Guarded, Unwanted}

// Values that many kinds share.
const (
	On  = "on"
	Off = "off"
)

// Fact is something that bears on what is allowed. Facts are append-only: of
// those with the same kind, controller, purpose and channel the one recorded
// last counts, whatever time it speaks of.
type Fact struct {
	ID         id.Fact
	Customer   id.Customer
	Kind       FactKind
	Controller term.Controller // "" is every one
	Purpose    term.Purpose    // "" is every one
	Channel    term.Channel    // "" is every one
	At         clock.Instant   // when it began
	Until      clock.Instant   // when it ends; 0 is open
	Detail     map[string]string
	Actor      term.Actor
	Source     string        // where it came from, such as "src_..." or "gpc"
	RecordedAt clock.Instant // ours, never claimed
	Origin     id.Customer   // the customer it was recorded for, when merged since; else 0
}

// Value is the fact's value, Detail["value"].
func (f Fact) Value() string { return f.Detail["value"] }

// WithValue makes a Detail of one value.
func WithValue(v string) map[string]string { return map[string]string{"value": v} }

// InsertFact records a fact. A fact without an id or a recording time is given
// none here: the gate sets both. Only the gate calls it, under the Lock.
func InsertFact(tx *db.Tx, f Fact) error { return InsertFacts(tx, []Fact{f}) }

// InsertFacts records several.
func InsertFacts(tx *db.Tx, list []Fact) error {
	rows := make([][]any, len(list))
	for i, f := range list {
		detail, err := json.Marshal(f.Detail)
		if err != nil {
			return err
		}
		if f.Detail == nil {
			detail = []byte("{}")
		}
		rows[i] = []any{f.Customer, f.ID, f.Kind, f.Controller, f.Purpose, f.Channel, f.At, f.Until,
			string(detail), f.Actor, f.Source, f.RecordedAt, f.Origin}
	}
	_, err := tx.InsertMany("insert into fact (customer_id, fact_id, kind, controller, purpose, channel, at, until_at,"+
		" detail, actor, source, recorded_at, origin) values", "", rows)
	return err
}

const factColumns = "customer_id, fact_id, kind, controller, purpose, channel, at, until_at, detail, actor, source, recorded_at, origin"

// FactsOf gives all facts of a customer in the order they were recorded.
func FactsOf(tx *db.Tx, c id.Customer) ([]Fact, error) {
	rows, err := tx.Query("select "+factColumns+" from fact where customer_id = $1 order by recorded_at, fact_id", c)
	return db.Collect(rows, err, scanFact)
}

// FactsOfMany is FactsOf for several customers.
func FactsOfMany(tx *db.Tx, list []id.Customer) (map[id.Customer][]Fact, error) {
	out := make(map[id.Customer][]Fact, len(list))
	err := db.In(tx, list, func(marks string, args []any) error {
		rows, err := tx.Query("select "+factColumns+" from fact where customer_id in ("+marks+") order by customer_id, recorded_at, fact_id", args...)
		found, err := db.Collect(rows, err, scanFact)
		for _, f := range found {
			out[f.Customer] = append(out[f.Customer], f)
		}
		return err
	})
	return out, err
}

func scanFact(scan db.Scan) (Fact, error) {
	var f Fact
	var detail string
	err := scan(&f.Customer, &f.ID, &f.Kind, &f.Controller, &f.Purpose, &f.Channel, &f.At, &f.Until,
		&detail, &f.Actor, &f.Source, &f.RecordedAt, &f.Origin)
	if err != nil {
		return Fact{}, err
	}
	return f, json.Unmarshal([]byte(detail), &f.Detail)
}

// Having gives those of the customers who have a fact of a kind that nothing
// lifted.
func Having(tx *db.Tx, kind FactKind, list []id.Customer) (map[id.Customer]bool, error) {
	out := map[id.Customer]bool{}
	err := db.In(tx, list, func(marks string, args []any) error {
		last := strconv.Itoa(len(args) + 1)
		rows, err := tx.Query("select "+factColumns+" from fact where customer_id in ("+marks+") and kind = $"+last+
			" order by customer_id, recorded_at, fact_id", append(args, kind)...)
		found, err := db.Collect(rows, err, scanFact)
		for _, f := range found {
			out[f.Customer] = f.Value() != Off
		}
		return err
	})
	return out, err
}
