package app

import (
	"testing"

	"candor/internal/db/schema"
)

// uncovered are tables with a customer's columns that no source erases, each
// with the reason.
var uncovered = map[string]string{
	"request":        "the bare facts of a request outlive the erasure; the id then leads to nobody",
	"export_erasure": "what holders of files must still delete of an erased person; the id then leads to nobody",
	"erasure_notice": "what recipients must still be told of an erasure; the id then leads to nobody",
	"erasure_step":   "receipts of the erasure itself",
	"suppression":    "a keyed digest, kept so that nobody writes to the address again (MIN-08)",
	"claim":          "evidence for legal claims, sealed under a key of its own, until they are barred (GDPR 17(3)(e))",
	"service_count":  "a keyed digest of an address, for two days; no customer is known to it",
}

// Erasure cannot forget a column: every table that holds something of a customer
// is covered by a source, and every table a source names can be scanned.
func TestEverySourceCoversTheSchema(t *testing.T) {
	tables, err := schema.Current()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]schema.Table{}
	for _, table := range tables {
		byName[table.Name] = table
	}
	covered := map[string]bool{}
	for _, s := range (&App{}).sources() {
		for _, name := range s.Tables() {
			covered[name] = true
			if _, ok := byName[name].Column("customer_id"); !ok {
				t.Errorf("the store %s names %s, which has no customer_id to erase by", s.Store(), name)
			}
		}
	}
	for _, table := range tables {
		if table.OfCustomer() && !covered[table.Name] && uncovered[table.Name] == "" {
			t.Errorf("no source erases %s, which holds a customer's columns", table.Name)
		}
	}
}
