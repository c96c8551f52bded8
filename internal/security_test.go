package internal_test

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// weak lists packages of the library that are wrong nearly everywhere, with those
// who may import them and why.
var weak = map[string]map[string]string{
	"math/rand":      {},
	"crypto/md5":     {"internal/residue": "looks for what others made with it"},
	"crypto/sha1":    {"internal/staff": "RFC 6238's default, which every authenticator speaks", "internal/residue": "looks for what others made with it"},
	"crypto/des":     {},
	"crypto/rc4":     {},
	"text/template":  {"internal/charter": "the notice as plain text"},
	"unsafe":         {},
	"plugin":         {},
	"net/http/pprof": {},
	"expvar":         {},
	"net/http/cgi":   {},
	"encoding/gob":   {},
	"os/exec":        {"internal/cli": "opens a browser for the demo", "internal/tool": "builds and tests", "internal/browsertest": "starts a browser"},
	"math/rand/v2":   {"internal/db": "spreads repeated transactions", "internal/audience/index": "picks a sample", "internal/demo": "invents customers", "bench": "spreads load"},
}

func TestWeakPackagesAreNotUsed(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		for _, imported := range s.imports() {
			if may, listed := weak[imported]; listed && !allowed(may, s.dir) {
				t.Errorf("%s imports %s; use something stronger, or list the package with a reason", s.path, imported)
			}
		}
	}
}

// publicFiles lists who may write what others on the machine may read.
var publicFiles = map[string]string{
	"internal/tool":        "what is given away and what is in the repository",
	"internal/browsertest": "pictures of pages",
	"internal/cli":         "the documents of a new charter, which are published",
}

// What the program writes is for its own user; connections are bounded in time
// and verified.
func TestSourceKeepsToSafeCalls(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() || under(s.dir, "bench") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				safeCall(t, s, n)
			case *ast.KeyValueExpr:
				if name, ok := n.Key.(*ast.Ident); ok && name.Name == "InsecureSkipVerify" {
					t.Errorf("%s: certificates are verified", at(n))
				}
			case *ast.CompositeLit:
				safeLiteral(t, s, n)
			case *ast.SelectorExpr:
				if text(n) == "http.DefaultServeMux" || text(n) == "http.DefaultClient" {
					t.Errorf("%s: %s is shared with whoever imports net/http", at(n), text(n))
				}
			}
			return true
		})
	}
}

// mode is where a call has the rights of what it makes.
var mode = map[string]int{"os.WriteFile": 2, "os.Mkdir": 1, "os.MkdirAll": 1, "os.OpenFile": 2, "os.Chmod": 1}

func safeCall(t *testing.T, s source, call *ast.CallExpr) {
	t.Helper()
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	name := text(sel)
	switch name {
	case "http.ListenAndServe", "http.ListenAndServeTLS", "http.Serve", "http.Handle", "http.HandleFunc":
		t.Errorf("%s: %s has no time limits; use an http.Server with a mux of its own", at(call), name)
	}
	i, writes := mode[name]
	if !writes || i >= len(call.Args) || allowed(publicFiles, s.dir) {
		return
	}
	lit, ok := call.Args[i].(*ast.BasicLit)
	if !ok || lit.Kind != token.INT {
		return
	}
	if rights, err := strconv.ParseInt(lit.Value, 0, 64); err == nil && rights&0o077 != 0 {
		t.Errorf("%s: %s with rights %s: what the program writes is for its own user", at(call), name, lit.Value)
	}
}

func safeLiteral(t *testing.T, _ source, lit *ast.CompositeLit) {
	t.Helper()
	sel, ok := lit.Type.(*ast.SelectorExpr)
	if !ok {
		return
	}
	want := map[string]string{"http.Server": "ReadHeaderTimeout", "tls.Config": "MinVersion"}[text(sel)]
	if want == "" {
		return
	}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && kv.Key.(*ast.Ident).Name == want {
			return
		}
	}
	t.Errorf("%s: %s without %s", at(lit), text(sel), want)
}

func text(sel *ast.SelectorExpr) string {
	if x, ok := sel.X.(*ast.Ident); ok {
		return x.Name + "." + sel.Sel.Name
	}
	return ""
}

// npm packages are locked, installed without running anything of theirs, and
// whole: every one has the checksum that is verified.
func TestNPMPackagesAreLocked(t *testing.T) {
	script, err := os.ReadFile("../scripts/test")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(script), "npm ci --ignore-scripts") {
		t.Error("scripts/test installs npm packages otherwise than with npm ci --ignore-scripts")
	}
	manifests, err := filepath.Glob("../test/*/package.json")
	if err != nil || len(manifests) == 0 {
		t.Fatalf("no manifests: %v", err)
	}
	for _, m := range manifests {
		lock, err := os.ReadFile(filepath.Join(filepath.Dir(m), "package-lock.json"))
		if err != nil {
			t.Errorf("%s is not locked: %v", m, err)
			continue
		}
		if packages, whole := strings.Count(string(lock), `"node_modules/`), strings.Count(string(lock), `"integrity":`); packages == 0 || packages != whole {
			t.Errorf("%s: %d packages, %d of them with a checksum", m, packages, whole)
		}
	}
}
