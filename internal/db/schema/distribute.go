package schema

import (
	"fmt"
	"slices"
	"strings"
)

// Place says where the rows of a table are on a distributed engine (Citus).
type Place string

// The places.
const (
	Spread    Place = "distributed" // by customer, beside the customer's other rows
	ByDigest  Place = "by digest"   // a lookup table, by what is looked up
	Reference Place = "reference"   // small, and whole on every node: it is joined with customers' tables
	Local     Place = "local"       // on the coordinator alone: the sequence, queues, staff
)

// local lists the tables of the coordinator: what is numbered in one order, what
// is claimed from a queue, what only people who work here touch.
var local = strings.Fields(`
	setting lease goose_db_version
	ledger_entry ledger_tile ledger_tree ledger_checkpoint ledger_cosignature
	job job_period outbox outbox_number outbox_follower customer_change
	staff staff_role staff_recovery staff_passkey staff_invitation staff_session staff_look staff_weekly staff_try staff_address approval
	api_token api_setup api_answer audience_preview use_run
	quarantine source_count import list_audit upload upload_part upload_failure
	incident incident_count incident_step evidence_part evidence_day`)

// Place gives where a table's rows are.
func (t Table) Place() Place {
	switch {
	case slices.Contains(local, t.Name):
		return Local
	case t.Lookup:
		return ByDigest
	case t.OfCustomer() && len(t.Primary) > 0 && t.Primary[0] == "customer_id":
		return Spread
	}
	return Reference
}

// Distribute gives the statements that distribute a database's tables over the
// nodes of a Citus cluster, in an order in which each may run: what others refer
// to first. One statement does one thing.
func Distribute(tables []Table, shards int) []string {
	out := []string{"create extension if not exists citus;", fmt.Sprintf("set citus.shard_count = %d;", shards)}
	for _, t := range tables {
		if t.Place() == Reference {
			out = append(out, fmt.Sprintf("select create_reference_table('%s');", t.Name))
		}
	}
	out = append(out, "select create_distributed_table('customer', 'customer_id', colocate_with => 'none');")
	for _, t := range tables {
		switch t.Place() {
		case Spread:
			if t.Name != "customer" {
				out = append(out, fmt.Sprintf("select create_distributed_table('%s', 'customer_id', colocate_with => 'customer');", t.Name))
			}
		case ByDigest:
			out = append(out, fmt.Sprintf("select create_distributed_table('%s', '%s', colocate_with => 'none');", t.Name, t.Primary[0]))
		}
	}
	return out
}
