package internal_test

import (
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/tool/requirement"
)

// groups says how many requirements each group of the catalogue has.
var groups = []struct {
	name string
	n    int
}{
	{"CON", 14}, {"NOT", 8}, {"PRF", 10}, {"RGT", 18}, {"MIN", 9}, {"ACC", 4}, {"SEC", 11}, {"BRE", 8},
	{"VEN", 10}, {"TRN", 5}, {"ETH", 15}, {"MSG", 14}, {"GOV", 8}, {"SIG", 6}, {"MIN-AGE", 6},
}

func catalogue(t *testing.T) []requirement.Requirement {
	t.Helper()
	f, err := os.Open(filepath.Join("..", requirement.Doc))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	all, err := requirement.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTheCatalogueIsComplete(t *testing.T) {
	known := map[string]bool{}
	for _, r := range catalogue(t) {
		known[r.ID] = true
	}
	total := 0
	for _, g := range groups {
		for i := 1; i <= g.n; i++ {
			total++
			if id := fmt.Sprintf("%s-%02d", g.name, i); !known[id] {
				t.Errorf("%s lacks %s", requirement.Doc, id)
			}
		}
	}
	if total != requirement.Total || len(known) != total {
		t.Errorf("%s has %d ids, the groups have %d; it must be %d", requirement.Doc, len(known), total, requirement.Total)
	}
}

func TestTheCatalogueAndTheTestsAgree(t *testing.T) {
	all := map[string]requirement.Requirement{}
	for _, r := range catalogue(t) {
		all[r.ID] = r
		if !r.Enforced() {
			continue
		}
		for _, where := range strings.Split(r.Where, ", ") {
			if info, err := os.Stat(filepath.Join("..", "internal", where)); err != nil || !info.IsDir() {
				t.Errorf("%s is said to be enforced in %q, which is no package", r.ID, where)
			}
		}
	}
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !s.isTest() || fn.Recv != nil {
				continue
			}
			id := requirement.In(fn.Name.Name)
			if id == "" {
				continue
			}
			r, ok := all[id]
			if !ok {
				t.Errorf("%s: %s names no requirement of %s", at(fn), fn.Name.Name, requirement.Doc)
			} else if !r.Enforced() {
				t.Errorf("%s: %s carries %s, but %s names no package that enforces it", at(fn), fn.Name.Name, id, requirement.Doc)
			}
		}
	}
}
