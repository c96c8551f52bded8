package internal_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// readsText is how a function is called that reads what came from outside.
var readsText = regexp.MustCompile(`^(Parse|Verify|Open|Read|Unpack|Compile|Decode)([A-Z]|$)`)

// unfuzzed are packages with such a function whose input is our own, or nobody's to
// choose.
var unfuzzed = map[string]string{
	"internal/db":                  "opens a place of the configuration",
	"internal/gate/internal/vault": "opens a place of the configuration; what is sealed is authenticated before it is read",
	"internal/db/schema":           "reads our own migrations",
	"internal/browsertest":         "opens a page in a test",
	"internal/app":                 "opens what the configuration names; packs, backups and lists are parsed below it",
}

// A package that reads what came from outside has a fuzz target, and every target
// has a corpus that is committed, which plain go test goes through.
func TestEveryParserIsFuzzed(t *testing.T) {
	reads, fuzzed := map[string]string{}, map[string]bool{}
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil {
				continue
			}
			name := f.Name.Name
			if s.isTest() && strings.HasPrefix(name, "Fuzz") {
				fuzzed[s.dir] = true
				seeds, err := os.ReadDir(filepath.Join("..", s.dir, "testdata", "fuzz", name))
				if err != nil || len(seeds) < 3 {
					t.Errorf("commit some inputs of %s to %s/testdata/fuzz/%s; after go test -fuzz there are some in $(go env GOCACHE)/fuzz", name, s.dir, name)
				}
			}
			if !s.isTest() && readsText.MatchString(name) && takesText(f) && !under(s.dir, "internal/tool") {
				reads[s.dir] = name
			}
		}
	}
	for dir, name := range reads {
		if !fuzzed[dir] && unfuzzed[dir] == "" {
			t.Errorf("%s has %s and no fuzz target", dir, name)
		}
	}
}

// takesText reports whether a function takes bytes, or text to parse.
func takesText(f *ast.FuncDecl) bool {
	for _, p := range f.Type.Params.List {
		switch x := p.Type.(type) {
		case *ast.ArrayType:
			if id, ok := x.Elt.(*ast.Ident); ok && id.Name == "byte" {
				return true
			}
		case *ast.SelectorExpr:
			if x.Sel.Name == "Reader" || x.Sel.Name == "ReaderAt" {
				return true
			}
		case *ast.Ident:
			if x.Name == "string" {
				return true
			}
		}
	}
	return false
}
