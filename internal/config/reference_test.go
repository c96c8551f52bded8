package config

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write doc/configuration.md anew")

const reference = "../../doc/configuration.md"

// The reference says what the code says: names, variables, defaults, meaning.
func TestReferenceIsWhatTheCodeSays(t *testing.T) {
	want := written(t)
	if *update {
		if err := os.WriteFile(reference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("doc/configuration.md is not what the code says: make reference")
	}
	for _, part := range strings.Split(string(got), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(part, "```")
		if _, err := Parse([]byte(text), nil); err != nil {
			t.Errorf("the example is refused: %v", err)
		}
	}
}

func written(t *testing.T) string {
	t.Helper()
	says := comments(t)
	usual := Config{Data: "DATA", URL: "https://example.com"}
	if err := usual.Fill(); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(head)
	table(&b, says, reflect.ValueOf(usual), "")
	b.WriteString(tail)
	return b.String()
}

// table writes the settings of a struct, and then those of the structs in it.
func table(b *strings.Builder, says map[string]string, of reflect.Value, path string) {
	b.WriteString("\n| setting | variable | default | what it is |\n|---|---|---|---|\n")
	type below struct {
		path string
		of   reflect.Value
	}
	var later []below
	for i := range of.NumField() {
		f, name := of.Field(i), join(path, of.Type().Field(i).Tag.Get("yaml"))
		variable, usual := "`"+Variable(name)+"`", "–"
		switch {
		case f.Kind() == reflect.Struct:
			later = append(later, below{name, f})
			continue
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			later = append(later, below{name, reflect.New(f.Type().Elem()).Elem()})
			variable = "in the file alone"
		case f.Kind() == reflect.Slice:
			variable += ", joined by commas"
		case !f.IsZero() && name != "data" && name != "url":
			usual = "`" + strings.Replace(fmt.Sprint(f.Interface()), "DATA/", "data/", 1) + "`"
		}
		if strings.Contains(path, "dkim") {
			variable = "–"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", name, variable, usual, says[of.Type().Name()+"."+of.Type().Field(i).Name])
	}
	for _, l := range later {
		fmt.Fprintf(b, "\n## %s\n\n%s\n", l.path, says[l.of.Type().Name()])
		table(b, says, l.of, l.path)
	}
}

// comments reads what stands beside each field, and over each type.
func comments(t *testing.T) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "config.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	line := func(g *ast.CommentGroup) string { return strings.Join(strings.Fields(g.Text()), " ") }
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		name := g.Specs[0].(*ast.TypeSpec).Name.Name
		out[name] = line(g.Doc)
		for _, field := range g.Specs[0].(*ast.TypeSpec).Type.(*ast.StructType).Fields.List {
			text := line(field.Comment)
			if text == "" {
				text = line(field.Doc)
			}
			if _, part := field.Type.(*ast.Ident); text == "" && (!part || field.Type.(*ast.Ident).Name != field.Names[0].Name) {
				t.Errorf("%s.%s has no comment", name, field.Names[0].Name)
			}
			out[name+"."+field.Names[0].Name] = text
		}
	}
	return out
}

const head = `# Configuration

A server reads one file, ` + "`candor serve --config candor.yaml`" + `, and then the environment, which goes before the file. Everything is checked at the start: what is wrong is
named with its line, or its variable, and all of it at once. Values are never repeated in an error. ` + "`candor doctor --config candor.yaml`" + ` goes further and looks at what the settings point to.

Secrets stand in files of their own that only the server's user can read, and the configuration names the files. This page is made from the comments in
` + "`internal/config/config.go`" + ` (` + "`make reference`" + `).
`

const tail = `
## An example

` + "```yaml" + `
data: /var/lib/candor
database: postgres://candor@db.internal/candor?sslmode=verify-full
keys: postgres://candor@keys.internal/candor_keys?sslmode=verify-full
journal: postgres://candor@journal.internal/candor_journal?sslmode=verify-full
url: https://privacy.shop.example
proxies: [10.0.0.0/24]
charter: /etc/candor/charter
backups: /backup
mail:
  relay: smtp://shop@relay.internal:587
  password_file: /etc/candor/relay-password
  pace: 50
  dkim:
    - {domain: shop.example, selector: candor, key_file: /etc/candor/dkim.pem}
egress:
  allow: [collector.internal]
metrics:
  listen: 127.0.0.1:9090
` + "```" + `
`
