package internal_test

import (
	"go/ast"
	"testing"
)

// dialing names, per package of the library, what opens a connection outwards.
var dialing = map[string][]string{
	"net":                             {"Dial", "DialTimeout", "Dialer", "DialTCP", "DialUDP", "DialIP", "DialUnix", "DefaultResolver", "LookupHost", "LookupIP", "LookupMX", "LookupTXT"},
	"net/http":                        {"Get", "Head", "Post", "PostForm", "Client", "DefaultClient", "Transport", "DefaultTransport"},
	"net/smtp":                        {"Dial", "SendMail"},
	"net/http/httputil":               {"ReverseProxy", "NewSingleHostReverseProxy"},
	"crypto/tls":                      {"Dial", "DialWithDialer", "Dialer"},
	"github.com/emersion/go-smtp":     {"Dial", "DialTLS", "DialStartTLS", "SendMail"},
	"github.com/wneessen/go-mail":     {"NewClient"},
	"github.com/coreos/go-oidc/v3":    {"*"},
	"github.com/jackc/pgx/v5":         {"Connect", "ConnectConfig"},
	"github.com/jackc/pgx/v5/pgxpool": {"*"},
}

// mayDial lists the packages that open connections outwards, with the reason.
var mayDial = map[string]string{
	"internal/egress":      "the one door out: checks the address in the dialer",
	"internal/db":          "the database",
	"client":               "the API's client is a program of its own",
	"internal/browsertest": "drives a browser against a local server",
}

func TestOnlyEgressDialsOut(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() || allowed(mayDial, s.dir) {
			continue
		}
		for pkg, names := range dialing {
			alias := s.nameOf(pkg)
			if alias == "" {
				continue
			}
			if names[0] == "*" {
				t.Errorf("%s imports %s: only egress dials out", s.path, pkg)
				continue
			}
			for _, sel := range selectors(s.file, alias) {
				for _, n := range names {
					if sel.Sel.Name == n {
						t.Errorf("%s: %s.%s: only egress dials out", at(sel), pkg, n)
					}
				}
			}
		}
	}
}

// mayReveal lists the packages that turn a personal.Value into its raw text,
// with the reason.
var mayReveal = map[string]string{
	"internal/personal":            "defines it",
	"internal/admission":           "checks a value against its declaration before it is stored",
	"internal/customer":            "normalises an address and makes its keyed digest",
	"internal/residue":             "looks for what is left of a value",
	"internal/gate":                "seals values and makes digests on the way in",
	"internal/gate/internal/vault": "encrypts",
	"internal/message":             "writes a message to the person",
	"internal/portal":              "shows the person their own data",
	"internal/guarded":             "compares digests of staff's addresses with a customer's",
	"internal/staff":               "seals names and addresses of staff and compares passwords",
	"internal/web":                 "shows staff who is signed in",
	"internal/web/customers":       "shows staff what their role sees, for a purpose, on record",
	"internal/request":             "puts the person's copy together",
	"internal/api":                 "answers a program that named a purpose, with what the pass allows",
	"internal/audit":               "makes a digest of an address and forgets both with the process",
	"internal/export":              "writes a file for somebody who may take it out, on record",
	"internal/sharing":             "gives a recipient the fields that the charter promises it",
	"internal/intake":              "reads files of the business and hands them to the gate",
}

func TestRevealIsCalledOnlyByThoseListed(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() || mayReveal[s.dir] != "" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Reveal" {
				t.Errorf("%s: %s reveals personal values and is not listed with a reason", at(n), s.dir)
			}
			return true
		})
	}
}

// selectors finds what a file takes from an imported package.
func selectors(f *ast.File, alias string) []*ast.SelectorExpr {
	var out []*ast.SelectorExpr
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == alias {
			out = append(out, sel)
		}
		return true
	})
	return out
}

func allowed(list map[string]string, dir string) bool {
	for d := range list {
		if under(dir, d) {
			return true
		}
	}
	return false
}

// maySkip lists the packages whose tests may skip, with the reason. Everywhere
// else a skipped test proves nothing, so it fails.
var maySkip = map[string]string{
	"internal/db/dbtest":    "a machine without PostgreSQL, outside CI",
	"internal/browsertest":  "a machine without Chromium, outside CI",
	"internal/collect":      "a machine without node, outside CI",
	"internal/api":          "answers a program that named a purpose, with what the pass allows",
	"internal/intake":       "a machine without the shared data, outside CI",
	"internal/tool/release": "a machine that is not Debian, outside CI",
	"internal/insight":      "a machine without the shared data, outside CI",
}

func TestNoTestSkips(t *testing.T) {
	for _, s := range sources(t) {
		if allowed(maySkip, s.dir) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			switch sel.Sel.Name {
			case "Skip", "Skipf", "SkipNow":
				if x.Name == "t" || x.Name == "tb" || x.Name == "b" || x.Name == "f" {
					t.Errorf("%s: tests do not skip; list the package with a reason if this one must", at(n))
				}
			case "Short":
				if x.Name == "testing" {
					t.Errorf("%s: every test runs always", at(n))
				}
			}
			return true
		})
	}
}
