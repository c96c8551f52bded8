package internal_test

import (
	"go/ast"
	"go/token"
	"strconv"
	"testing"

	"candor/internal/ledger"
	"candor/internal/web/trust"
)

// TestEveryKindOfEntryHasWords finds the kinds that the source declares and holds
// them against what the ledger's page says of each.
func TestEveryKindOfEntryHasWords(t *testing.T) {
	found := 0
	check := func(n ast.Expr) {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return
		}
		kind, _ := strconv.Unquote(lit.Value)
		if found++; trust.WordsOf(ledger.Kind(kind)) == kind {
			t.Errorf("%s: the ledger's page has no words for entries of the kind %s; add them to internal/web/trust/kind.go", at(n), kind)
		}
	}
	for _, s := range sources(t) {
		name := s.nameOf(module + "/internal/ledger")
		if s.isTest() || name == "" && s.dir != "internal/ledger" {
			continue
		}
		isKind := func(e ast.Expr) bool {
			if sel, ok := e.(*ast.SelectorExpr); ok {
				pkg, _ := sel.X.(*ast.Ident)
				return pkg != nil && pkg.Name == name && sel.Sel.Name == "Kind"
			}
			own, ok := e.(*ast.Ident)
			return ok && name == "" && own.Name == "Kind"
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if isKind(n.Type) {
					for _, v := range n.Values {
						check(v)
					}
				}
			case *ast.CallExpr:
				if isKind(n.Fun) && len(n.Args) == 1 {
					check(n.Args[0])
				}
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Append" && len(n.Args) == 4 {
					check(n.Args[1])
				}
			}
			return true
		})
	}
	if found < 25 {
		t.Errorf("found %d kinds: the search is wrong", found)
	}
}
