package internal_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"candor/internal/db/schema"
)

// owners says which packages own the tables of a migration: only they change
// them, and only they and the readers below name them at all.
var owners = map[string][]string{
	"0001_base.sql":     {"*"},
	"0010_ledger.sql":   {"internal/ledger", "internal/journal", "internal/job", "internal/outbox"},
	"0020_charter.sql":  {"internal/charter"},
	"0025_staff.sql":    {"internal/staff"},
	"0027_approval.sql": {"internal/approval"},
	"0030_customer.sql": {"internal/customer", "internal/event", "internal/gate"},
	"0040_consent.sql":  {"internal/consent", "internal/gate"},
	"0050_audience.sql": {"internal/audience"},
	"0055_insight.sql":  {"internal/insight"},
	"0060_message.sql":  {"internal/message", "internal/campaign", "internal/mailbox"},
	"0062_telling.sql":  {"internal/telling"},
	"0065_sharing.sql":  {"internal/sharing"},
	"0067_export.sql":   {"internal/export"},
	"0070_collect.sql":  {"internal/collect", "internal/intake"},
	"0080_request.sql":  {"internal/portal", "internal/request"},
	"0082_claim.sql":    {"internal/claim"},
	"0085_incident.sql": {"internal/incident"},
	"0090_api.sql":      {"internal/api", "internal/token"},
	"0095_evidence.sql": {"internal/evidence"},
}

// reader lets a package read a table it does not own, with the reason.
type reader struct{ dir, table string }

var readers = map[reader]string{
	{"internal/campaign", "event"}:          "orders of those written to and of those left out",
	{"internal/campaign", "consent_record"}: "how many said no after a message",
	{"internal/audience", "customer"}:       "counts customers by a condition",
	{"internal/audience", "trait"}:          "conditions on traits",
	{"internal/audience", "event"}:          "conditions on events",
	{"internal/audience", "standing"}:       "the funnel's permitted step, through gate.ReachSQL",

	{"internal/insight", "customer"}: "everybody, to look up the standing of each",
	{"internal/insight", "event"}:    "orders of those whose data a purpose may use, joined to gate.StandingSQL",

	{"internal/audience/index", "customer"}: "the audience index is read from it",
	{"internal/audience/index", "identity"}: "whether there is an address; no digest is read",
	{"internal/audience/index", "trait"}:    "the audience index is read from it",
	{"internal/audience/index", "event"}:    "the audience index is read from it",
}

// exempt are packages whose job is the database itself.
func exempt(dir string) bool { return under(dir, "internal/db") }

// sqlText matches a string that is SQL or a piece of it.
var sqlText = regexp.MustCompile(`(?is)^\s*\(?(select|insert into|update|delete from|with|from|join|left join|and|or|where|union|exists|not exists|order by|group by|returning|on conflict|values|create|drop|alter)\b|\$[0-9]|\(select `)

// word splits SQL into words and the few signs that matter here.
var word = regexp.MustCompile(`[a-z_][a-z0-9_.]*|[(),%]`)

// named gives the tables that a text of SQL reads and those that it changes.
func named(text string, tables map[string]schema.Table) (reads, writes []string) {
	words := word.FindAllString(strings.ToLower(text), -1)
	note := func(list []string, i int) []string {
		if i < len(words) {
			if _, ok := tables[words[i]]; ok {
				return append(list, words[i])
			}
		}
		return list
	}
	for i, w := range words {
		previous := ""
		if i > 0 {
			previous = words[i-1]
		}
		switch {
		case w == "into", w == "update" && previous != "do" && previous != "for", w == "from" && previous == "delete":
			writes = note(writes, i+1)
		case w == "join":
			reads = note(reads, i+1)
		case w == "from":
			for j := i + 1; j < len(words); j++ {
				reads = note(reads, j)
				if j++; j < len(words) && words[j] == "as" {
					j++
				}
				if j < len(words) && words[j] != "," {
					j++ // an alias
				}
				if j >= len(words) || words[j] != "," {
					break
				}
			}
		}
	}
	return reads, writes
}

func TestPackagesNameOnlyTheirOwnTables(t *testing.T) {
	tables := map[string]schema.Table{}
	all, err := schema.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range all {
		tables[table.Name] = table
		if owners[table.File] == nil {
			t.Errorf("migration %s has no owner in the list", table.File)
		}
	}
	for _, s := range sources(t) {
		if s.isTest() || exempt(s.dir) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil || !sqlText.MatchString(text) {
				return true
			}
			reads, writes := named(text, tables)
			for _, table := range reads {
				r := reader{s.dir, table}
				if !owns(s.dir, tables[table].File) && readers[r] == "" {
					t.Errorf("%s: %s reads %s, which is not its own", at(lit), s.dir, table)
				}
			}
			for _, table := range writes {
				if !owns(s.dir, tables[table].File) {
					t.Errorf("%s: %s changes %s, which is not its own", at(lit), s.dir, table)
				}
			}
			return true
		})
	}
}

func owns(dir, file string) bool {
	for _, owner := range owners[file] {
		if owner == "*" || under(dir, owner) {
			return true
		}
	}
	return false
}

func TestNamedFindsTables(t *testing.T) {
	tables := map[string]schema.Table{"customer": {}, "event": {}, "trait": {}}
	cases := []struct{ text, reads, writes string }{
		{"select 1 from customer where $1", "customer", ""},
		{"select 1 from customer c, event as e join trait t on true", "customer event trait", ""},
		{"insert into event (a) select a from trait on conflict (a) do update set a = 1", "trait", "event"},
		{"update customer set rev = rev + 1 from event", "event", "customer"},
		{"delete from trait where exists (select 1 from event)", "event", "trait"},
		{"select a from other_table", "", ""},
	}
	for _, c := range cases {
		if !sqlText.MatchString(c.text) {
			t.Errorf("%q is not taken for SQL", c.text)
		}
		reads, writes := named(c.text, tables)
		if strings.Join(reads, " ") != c.reads || strings.Join(writes, " ") != c.writes {
			t.Errorf("%q: reads %v, changes %v", c.text, reads, writes)
		}
	}
	if sqlText.MatchString("We may write from event to event") {
		t.Error("a sentence is taken for SQL")
	}
}

// TestNoVolatileTimeInSQL: instants come in as arguments, so that a statement
// means the same on every engine and shard.
func TestNoVolatileTimeInSQL(t *testing.T) {
	volatile := regexp.MustCompile(`(?i)\b(now\(\)|current_timestamp|random\(\)|gen_random_uuid|datetime\()`)
	for _, s := range sources(t) {
		if s.isTest() || exempt(s.dir) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && sqlText.MatchString(strings.Trim(lit.Value, "`\"")) && volatile.MatchString(lit.Value) {
				t.Errorf("%s: time and chance come in as arguments", at(lit))
			}
			return true
		})
	}
}
