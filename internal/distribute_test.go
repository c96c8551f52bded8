package internal_test

import (
	"regexp"
	"strings"
	"testing"

	"candor/internal/db/schema"
)

// moved finds a change of the key that a row is distributed by.
var moved = regexp.MustCompile(`(?is)^update .* set [^=]*\bcustomer_id\s*=`)

// On a distributed engine a statement joins customers' tables with each other and
// with reference tables, never with what the coordinator alone has; a row never
// moves by an update of its key; and no statement locks rows for later.
func TestStatementsCanBeDistributed(t *testing.T) {
	tables, err := schema.Current()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]schema.Table{}
	for _, table := range tables {
		all[table.Name] = table
	}
	looked := 0
	for _, s := range statements(t) {
		reads, writes := named(s.text, all)
		spread, local, moves := "", "", false
		for _, name := range writes {
			moves = moves || all[name].Place() == schema.Spread
		}
		for _, name := range append(reads, writes...) {
			switch all[name].Place() {
			case schema.Spread, schema.ByDigest:
				spread = name
			case schema.Local:
				local = name
			}
		}
		looked++
		if spread != "" && local != "" {
			t.Errorf("%s joins %s, which is distributed, with %s, which is not:\n%s", s.dir, spread, local, s.text)
		}
		if moves && moved.MatchString(s.text) {
			t.Errorf("%s moves a row; insert it anew and delete the old one:\n%s", s.dir, s.text)
		}
		if lower := strings.ToLower(s.text); strings.Contains(lower, "for update") || strings.Contains(lower, "for share") || strings.Contains(lower, "skip locked") {
			t.Errorf("%s locks rows, which is refused across nodes:\n%s", s.dir, s.text)
		}
	}
	if looked < 300 {
		t.Errorf("only %d statements were looked at", looked)
	}
}
