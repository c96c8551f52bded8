package gate

import (
	"context"
	"strings"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/rights"
)

// Traces gives a person what the gate holds about them besides their data: what
// they may be contacted for, and each recorded use.
type Traces struct{}

var _ rights.Source = Traces{}

// Store names the store.
func (Traces) Store() string { return "permissions and uses" }

// Tables lists what is covered.
func (Traces) Tables() []string { return []string{"standing", "standing_whole", "data_use", "merged"} }

// exportedUses bounds the uses of one copy.
const exportedUses = 100_000

// Export gives standing and uses.
func (Traces) Export(_ context.Context, tx *db.Tx, c id.Customer) (rights.Section, error) {
	out := rights.Section{Store: "permissions and uses"}
	stands, err := standingOf(tx, c)
	if err != nil {
		return out, err
	}
	for _, s := range stands {
		var ops []string
		for _, op := range s.Ops.List() {
			ops = append(ops, string(op))
		}
		out.Rows = append(out.Rows, map[string]any{"what": "permission", "purpose": s.Purpose, "channel": s.Channel,
			"recipient": s.Recipient, "allowed": strings.Join(ops, ", "), "from": s.From, "until": s.Until, "basis": s.Basis})
	}
	uses, err := usesOf(tx, c, exportedUses)
	for _, u := range uses {
		out.Rows = append(out.Rows, map[string]any{"what": "use", "at": u.At, "purpose": u.Purpose, "operation": u.Operation,
			"channel": u.Channel, "recipient": u.Recipient, "fields": u.Fields, "by": u.Actor, "basis": u.Basis})
	}
	if err != nil {
		return out, err
	}
	joined, err := mergedInto(tx, c)
	for _, m := range joined {
		out.Rows = append(out.Rows, map[string]any{"what": "joined profile", "at": m.at, "since": m.since, "said": m.kept.Records, "traits": m.kept.Traits})
	}
	return out, err
}

// Erase deletes them.
func (Traces) Erase(_ context.Context, tx *db.Tx, c id.Customer) (int64, error) {
	var total int64
	for _, query := range []string{
		`delete from standing where customer_id = $1`,
		`delete from standing_whole where customer_id = $1`,
		`delete from data_use where customer_id = $1`,
		`delete from merged where customer_id = $1`,
	} {
		n, err := tx.Exec(query, c)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}
