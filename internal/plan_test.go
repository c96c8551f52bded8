package internal_test

import (
	"cmp"
	"context"
	"errors"
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/db/schema"
)

// scans are the statements that may look at every row of a customer's table,
// with the reason. The key is the folder and how the statement begins.
var scans = map[string]string{
	"internal/audience/index: select":                                        "reads all customers once, when the index is made",
	"internal/customer: select distinct field from trait_value":              "daily, for the fields that no purpose needs any more",
	"internal/gate: select customer_id, packed from standing_whole where $1": "of some customers; of all, once, for the audience index",
	"internal/gate/internal/vault: select distinct field from sealed_value":  "daily, as for traits",
	"internal/mailbox: delete from mail":                                     "the demo's mailbox, which is bounded",
	"internal/message: delete from contact_count":                            "hourly; a row lives for a month",
	"internal/message: delete from service_count":                            "hourly; a row lives for two days",
	"internal/request: select kind, sum":                                     "daily, for the evidence of how deadlines were kept",
}

// statement is one SQL statement of the source. Pieces that are put together at
// run time stand as an argument.
type statement struct{ dir, text string }

// TestStatementsOfCustomersUseTheirKeys asks both engines how they would run
// every statement of the source that names a customer's table, and finds those
// that would look at every row.
func TestStatementsOfCustomersUseTheirKeys(t *testing.T) {
	tables := ofCustomers(t)
	var list []statement
	for _, s := range statements(t) {
		reads, writes := named(s.text, tables)
		if len(reads)+len(writes) > 0 {
			list = append(list, s)
		}
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		explained := 0
		for _, s := range list {
			plan, err := explain(d, s.text)
			if err != nil {
				continue // a piece of one that is put together
			}
			explained++
			for name := range tables {
				if scanned(plan, name) && !mayScan(s) {
					t.Errorf("%s looks at every row of %s:\n%s\n%s", s.dir, name, s.text, plan)
				}
			}
		}
		if explained < len(list)*2/3 || explained < 100 {
			t.Errorf("only %d of %d statements could be explained", explained, len(list))
		}
	})
}

func mayScan(s statement) bool {
	for begins, reason := range scans {
		if dir, text, _ := strings.Cut(begins, ": "); s.dir == dir && strings.HasPrefix(s.text, text) && reason != "" {
			return true
		}
	}
	return false
}

func ofCustomers(t *testing.T) map[string]schema.Table {
	t.Helper()
	all, err := schema.Current()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]schema.Table{}
	for _, table := range all {
		if table.OfCustomer() {
			out[table.Name] = table
		}
	}
	return out
}

var (
	space   = regexp.MustCompile(`\s+`)
	wholeOf = regexp.MustCompile(`^(select|update|delete from) `)
)

// statements gives the source's SQL statements, constants filled in.
func statements(t *testing.T) []statement {
	t.Helper()
	constants := map[string]map[string]ast.Expr{}
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		if constants[s.dir] == nil {
			constants[s.dir] = map[string]ast.Expr{}
		}
		for _, decl := range s.file.Decls {
			g, ok := decl.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, spec := range g.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
					for i, name := range v.Names {
						constants[s.dir][name.Name] = v.Values[i]
					}
				}
			}
		}
	}
	var out []statement
	for _, s := range sources(t) {
		if s.isTest() || exempt(s.dir) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			switch n.(type) {
			case *ast.BinaryExpr, *ast.BasicLit:
			default:
				return true
			}
			text := strings.TrimSpace(space.ReplaceAllString(folded(e, constants[s.dir]), " "))
			if wholeOf.MatchString(text) {
				out = append(out, statement{s.dir, text})
				return false
			}
			return true
		})
	}
	return out
}

// folded is the text of an expression; what is not known before the program runs
// becomes an argument.
func folded(e ast.Expr, constants map[string]ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, _ := strconv.Unquote(e.Value)
			return s
		}
	case *ast.BinaryExpr:
		return folded(e.X, constants) + folded(e.Y, constants)
	case *ast.ParenExpr:
		return folded(e.X, constants)
	case *ast.Ident:
		if v, ok := constants[e.Name]; ok {
			return folded(v, constants)
		}
	}
	return "$1"
}

var argument = regexp.MustCompile(`\$([0-9]+)`)

var errUndo = errors.New("undo")

// explain gives how an engine would run a statement, whatever its arguments are.
func explain(d *db.DB, text string) (plan string, err error) {
	most := 0
	for _, m := range argument.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1])
		most = max(most, n)
	}
	err = d.Write(context.Background(), func(tx *db.Tx) error {
		plan = ""
		if d.Dialect() == db.SQLite {
			rows, err := tx.Query("explain query plan "+text, make([]any, most)...)
			return cmp.Or(db.Each(rows, err, func(scan db.Scan) error {
				var line string
				err := scan(new(any), new(any), new(any), &line)
				plan += line + "\n"
				return err
			}), errUndo)
		}
		execute := "explain execute asked"
		if most > 0 {
			execute += "(null" + strings.Repeat(", null", most-1) + ")"
		}
		for _, q := range []string{"set local enable_seqscan = off", "set local plan_cache_mode = force_generic_plan", "prepare asked as " + text} {
			if _, err := tx.Exec(q); err != nil {
				return err
			}
		}
		rows, err := tx.Query(execute)
		err = db.Each(rows, err, func(scan db.Scan) error {
			var line string
			err := scan(&line)
			plan += line + "\n"
			return err
		})
		_, _ = tx.Exec("deallocate asked")
		return cmp.Or(err, errUndo)
	})
	if errors.Is(err, errUndo) {
		err = nil
	}
	return plan, err
}

// scanned reports whether a plan looks at every row of a table.
func scanned(plan, table string) bool {
	for line := range strings.Lines(plan) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "SCAN "+table+" ") || line == "SCAN "+table || strings.Contains(line, "Seq Scan on "+table+" ") {
			return true
		}
	}
	return false
}
