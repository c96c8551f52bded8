// Package internal_test holds the house rules that no compiler checks: who may
// import whom, who may dial out, who may name which table, how long a file may
// grow. Each test reads the source itself, so it needs no tool.
package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const module = "candor"

// source is one Go file of the module.
type source struct {
	path  string // from the module's root, with slashes
	dir   string
	lines int
	file  *ast.File
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// imports lists the file's imports, unquoted.
func (s source) imports() []string {
	var out []string
	for _, spec := range s.file.Imports {
		out = append(out, strings.Trim(spec.Path.Value, `"`))
	}
	return out
}

// nameOf gives the name under which the file uses an import, or "".
func (s source) nameOf(importPath string) string {
	for _, spec := range s.file.Imports {
		if strings.Trim(spec.Path.Value, `"`) != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

var fset = token.NewFileSet()

var readSources = sync.OnceValues(func() ([]source, error) {
	var out []source
	err := walk(".go", func(name string) error {
		f, err := parser.ParseFile(fset, filepath.Join("..", name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		out = append(out, source{path: name, dir: path.Dir(name), lines: fset.File(f.FileStart).LineCount(), file: f})
		return nil
	})
	return out, err
})

// sources gives every Go file of the module.
func sources(t *testing.T) []source {
	t.Helper()
	all, err := readSources()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("found %d Go files: the walk is wrong", len(all))
	}
	return all
}

// walk calls fn with each of the project's own files of one ending.
func walk(ending string, fn func(name string) error) error {
	return filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case "node_modules", "testdata", ".git", ".build":
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ending) {
			return nil
		}
		rel, err := filepath.Rel("..", p)
		if err != nil {
			return err
		}
		return fn(filepath.ToSlash(rel))
	})
}

// at names the place of a node for a failure.
func at(n ast.Node) string {
	p := fset.Position(n.Pos())
	return strings.TrimPrefix(filepath.ToSlash(p.String()), "../")
}

// under reports whether a folder is dir or inside it.
func under(folder, dir string) bool { return folder == dir || strings.HasPrefix(folder, dir+"/") }
