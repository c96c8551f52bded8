package internal_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	maxFileLines     = 500
	maxFunctionLines = 100
)

func TestFilesAndFunctionsStaySmall(t *testing.T) {
	for _, s := range sources(t) {
		if s.lines > maxFileLines {
			t.Errorf("%s has %d lines; at most %d", s.path, s.lines, maxFileLines)
		}
		for _, d := range s.file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1; n > maxFunctionLines {
				t.Errorf("%s: %s has %d lines; at most %d", at(fn), fn.Name.Name, n, maxFunctionLines)
			}
		}
	}
}

// later matches the words that put work off.
var later = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX|HA` + `CK)\b`)

func TestNothingIsPutOff(t *testing.T) {
	for _, ending := range []string{".go", ".sql", ".css", ".html", ".js", ".mjs", ".md", ".yaml"} {
		err := walk(ending, func(name string) error {
			text, err := os.ReadFile(filepath.Join("..", name))
			if err != nil {
				return err
			}
			for i, line := range strings.Split(string(text), "\n") {
				if later.MatchString(line) {
					t.Errorf("%s:%d: finish it or leave it out: %s", name, i+1, strings.TrimSpace(line))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	said, first := map[string]bool{}, map[string]string{}
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		first[s.dir] = s.path
		if s.file.Doc != nil {
			said[s.dir] = true
		}
	}
	for dir, name := range first {
		if !said[dir] {
			t.Errorf("%s: package has no comment that says what it is", name)
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && receiverExported(d) {
					t.Errorf("%s: %s has no comment", at(d), d.Name.Name)
				}
			case *ast.GenDecl:
				undocumented(t, d)
			}
		}
	}
}

// undocumented reports the exported types, constants and variables of a
// declaration that nothing explains: neither the group nor the line.
func undocumented(t *testing.T, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
				t.Errorf("%s: %s has no comment", at(spec), spec.Name.Name)
			}
		case *ast.ValueSpec:
			if spec.Names[0].IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
				t.Errorf("%s: %s has no comment", at(spec), spec.Names[0].Name)
			}
		}
	}
}

// known are methods of the library's interfaces, which speak for themselves.
var known = map[string]bool{"String": true, "Error": true, "Unwrap": true, "MarshalText": true, "UnmarshalText": true, "MarshalJSON": true, "UnmarshalJSON": true, "ServeHTTP": true, "Len": true, "Less": true, "Swap": true}

// receiverExported reports whether a function needs a comment because it is
// reachable from outside: it has no receiver, or one of an exported type.
func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	if known[d.Name.Name] {
		return false
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if index, ok := typ.(*ast.IndexExpr); ok {
		typ = index.X
	}
	name, ok := typ.(*ast.Ident)
	return ok && name.IsExported()
}
