// Package requirement reads doc/requirements.md, the catalogue that the engine
// is held to, and finds the tests that carry each requirement. A test carries
// one when its name starts with the id: TestCON07_WithdrawalCancelsQueuedSend.
package requirement

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// Doc is where the catalogue stands, from the module's root.
const Doc = "doc/requirements.md"

// Total is the number of requirements in the catalogue.
const Total = 146

// Requirement is one line of the catalogue.
type Requirement struct {
	ID    string // such as CON-07
	Text  string // one line in our own words
	Where string // the packages that enforce it, or "–" while none does
}

// Enforced reports whether a package is named as enforcing it.
func (r Requirement) Enforced() bool { return r.Where != "–" }

var row = regexp.MustCompile(`^\| ([A-Z]+(?:-[A-Z]+)?-[0-9]{2}) \| (.+) \| (.+) \|$`)

// Parse reads the catalogue. It fails on an id that stands twice.
func Parse(doc io.Reader) ([]Requirement, error) {
	var out []Requirement
	seen := map[string]bool{}
	lines := bufio.NewScanner(doc)
	for lines.Scan() {
		m := row.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		if seen[m[1]] {
			return nil, fmt.Errorf("%s stands twice", m[1])
		}
		seen[m[1]] = true
		out = append(out, Requirement{ID: m[1], Text: m[2], Where: strings.TrimSpace(m[3])})
	}
	return out, lines.Err()
}

var named = regexp.MustCompile(`^Test([A-Z]+?)([0-9]{2})_`)

// In gives the id that a test's name carries, or "".
func In(name string) string {
	m := named.FindStringSubmatch(name)
	if m == nil {
		return ""
	}
	group := m[1]
	if group == "MINAGE" {
		group = "MIN-AGE"
	}
	return group + "-" + m[2]
}

// Test is a test function that carries a requirement.
type Test struct {
	Name string
	File string
}

// Tests finds the tests of a module by the requirement they carry.
func Tests(root fs.FS) (map[string][]Test, error) {
	out := map[string][]Test{}
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "node_modules" || d.Name() == "testdata" || (len(d.Name()) > 1 && d.Name()[0] == '.') {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, "_test.go") {
			return nil
		}
		return inFile(root, p, out)
	})
	for _, tests := range out {
		sort.Slice(tests, func(i, j int) bool { return tests[i].Name < tests[j].Name })
	}
	return out, err
}

func inFile(root fs.FS, p string, out map[string][]Test) error {
	text, err := fs.ReadFile(root, p)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(token.NewFileSet(), path.Base(p), text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
			if id := In(fn.Name.Name); id != "" {
				out[id] = append(out[id], Test{Name: fn.Name.Name, File: p})
			}
		}
	}
	return nil
}

// Report writes each requirement with its tests, and the counts. bites tells
// the tests that were shown to fail when enforcing code is switched off: only
// they carry a requirement (make mutate).
func Report(w io.Writer, all []Requirement, tests map[string][]Test, bites map[string]bool) {
	group, met, tested, enforced := "", 0, 0, 0
	for _, r := range all {
		if g := r.ID[:strings.LastIndex(r.ID, "-")]; g != group {
			group = g
			fmt.Fprintf(w, "\n%s\n", g)
		}
		mark := " "
		if r.Enforced() {
			enforced++
			mark = "·"
		}
		if len(tests[r.ID]) > 0 {
			tested++
			mark = "○"
		}
		if slices.ContainsFunc(tests[r.ID], func(t Test) bool { return bites[t.Name] }) {
			met++
			mark = "✓"
		}
		fmt.Fprintf(w, "%s %-10s %s\n", mark, r.ID, r.Text)
		for _, t := range tests[r.ID] {
			fmt.Fprintf(w, "             %s  %s\n", t.Name, t.File)
		}
	}
	fmt.Fprintf(w, "\n%d requirements: %d carried by a test that fails with the code switched off (✓), %d with a test (✓ ○), %d with a place in the code (✓ ○ ·).\n",
		len(all), met, tested, enforced)
}
