package internal_test

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// factPackages hold what decides standing. Only the gate writes there, because
// it writes the standing that follows in the same transaction.
var factPackages = []string{"internal/customer", "internal/event", "internal/consent"}

// mayWriteFacts lists who else may, with the reason.
var mayWriteFacts = map[string]string{
	"internal/gate": "the door",
}

func TestOnlyTheGateWritesFacts(t *testing.T) {
	writers := map[string]map[string]bool{}
	for _, dir := range factPackages {
		writers[dir] = writersOf(t, dir)
		if len(writers[dir]) == 0 {
			t.Errorf("%s has no writer: the search is wrong", dir)
		}
	}
	for _, s := range sources(t) {
		if s.isTest() || allowed(mayWriteFacts, s.dir) || slices.Contains(factPackages, s.dir) {
			continue
		}
		for dir, names := range writers {
			alias := s.nameOf(module + "/" + dir)
			if alias == "" {
				continue
			}
			for _, sel := range selectors(s.file, alias) {
				if names[sel.Sel.Name] {
					t.Errorf("%s: %s.%s writes facts; only the gate may, with the standing that follows", at(sel), alias, sel.Sel.Name)
				}
			}
		}
	}
}

// writersOf finds a package's functions that change a table, themselves or
// through another of the package. The person's own rights (Export, Erase) are
// methods and so not among them.
func writersOf(t *testing.T, dir string) map[string]bool {
	funcs := map[string]*ast.FuncDecl{}
	for _, s := range sources(t) {
		if s.dir != dir || s.isTest() {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Body != nil {
				funcs[f.Name.Name] = f
			}
		}
	}
	out := map[string]bool{}
	for name, f := range funcs {
		if changesTable(f) {
			out[name] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for name, f := range funcs {
			if !out[name] && callsAny(f, out) {
				out[name], grown = true, true
			}
		}
	}
	maps.DeleteFunc(out, func(name string, _ bool) bool { return !ast.IsExported(name) })
	delete(out, "Lock") // taking a customer's lock changes their revision and nothing else
	delete(out, "LockAll")
	return out
}

func changesTable(f *ast.FuncDecl) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(lit.Value)
		text = strings.TrimSpace(text)
		for _, verb := range []string{"insert into ", "update ", "delete from "} {
			found = found || err == nil && strings.HasPrefix(text, verb)
		}
		return true
	})
	return found
}

func callsAny(f *ast.FuncDecl, names map[string]bool) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if name, ok := call.Fun.(*ast.Ident); ok && names[name.Name] {
				found = true
			}
		}
		return true
	})
	return found
}
