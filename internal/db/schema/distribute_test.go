package schema_test

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/db/schema"
)

// Every table has its place, each is distributed once, and nothing before what it
// refers to. Keys hold on one node: they begin with what a table is distributed by.
func TestDistributeFollowsTheRules(t *testing.T) {
	tables, err := schema.Current()
	if err != nil {
		t.Fatal(err)
	}
	list := schema.Distribute(tables, 64)
	text := strings.Join(list, "\n")
	for _, table := range tables {
		n := strings.Count(text, "('"+table.Name+"'")
		if want := map[schema.Place]int{schema.Local: 0}[table.Place()]; table.Place() != schema.Local && n != 1 || table.Place() == schema.Local && n != want {
			t.Errorf("%s (%s) is distributed %d times", table.Name, table.Place(), n)
		}
		if table.OfCustomer() && table.Place() == schema.Reference {
			t.Errorf("%s holds customers and would be whole on every node", table.Name)
		}
		if table.Place() != schema.Spread && table.Place() != schema.ByDigest {
			continue
		}
		by := table.Primary[0]
		for _, key := range table.Unique {
			if !slices.Contains(key, by) {
				t.Errorf("%s: the unique index on %v cannot be held without %s", table.Name, key, by)
			}
		}
	}
	customer := slices.IndexFunc(list, func(s string) bool { return strings.Contains(s, "('customer'") })
	for i, s := range list {
		if strings.Contains(s, "colocate_with => 'customer'") && i < customer || strings.Contains(s, "create_reference_table") && i > customer {
			t.Errorf("%s stands at the wrong place", s)
		}
		if strings.Count(s, ";") != 1 {
			t.Errorf("more than one statement: %s", s)
		}
	}
}
