// Package schema holds the JSON Schemas (2020-12) of the charter's two
// documents, as published for editors and for other programs.
//
// Two annotations of our own tell what to do about a value that does not fit:
// x-rule names the requirement, x-say is the sentence.
package schema

import (
	_ "embed" // the schemas
	"encoding/json"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

var (
	//go:embed charter.schema.json
	charterJSON []byte
	//go:embed house.schema.json
	houseJSON []byte
)

// Charter is the schema of charter.yaml, as published.
func Charter() []byte { return charterJSON }

// House is the schema of house.yaml, as published.
func House() []byte { return houseJSON }

// Fault is a value that does not fit.
type Fault struct {
	Path []string // names and positions from the top
	Rule string   // the requirement, "" for a mere matter of form
	Say  string   // what to do
}

// CheckCharter gives every fault of charter.yaml's value.
func CheckCharter(value any) []Fault { return check(charter(), value) }

// CheckHouse gives every fault of house.yaml's value.
func CheckHouse(value any) []Fault { return check(house(), value) }

type compiled struct {
	schema *jsonschema.Schema
	raw    any
}

var (
	charter = sync.OnceValue(func() compiled { return compile("charter.schema.json", charterJSON) })
	house   = sync.OnceValue(func() compiled { return compile("house.schema.json", houseJSON) })
)

// compile panics when an embedded schema is not in order, which a test rules
// out.
func compile(name string, text []byte) compiled {
	raw, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		panic(name + ": " + err.Error())
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, raw); err != nil {
		panic(name + ": " + err.Error())
	}
	return compiled{c.MustCompile(name), raw}
}

func check(c compiled, value any) []Fault {
	err := c.schema.Validate(value)
	if err == nil {
		return nil
	}
	top, ok := err.(*jsonschema.ValidationError)
	if !ok {
		return []Fault{{Say: "write values that JSON has: text, numbers, true, false, lists and mappings"}}
	}
	var out []Fault
	c.leaves(top, &out)
	return out
}

// leaves collects the errors that have no further cause.
func (c compiled) leaves(e *jsonschema.ValidationError, out *[]Fault) {
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			c.leaves(cause, out)
		}
		return
	}
	rule, say := c.annotation(e.SchemaURL)
	at := func(path []string, text string) {
		*out = append(*out, Fault{path, rule, text})
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, p := range k.Properties {
			*out = append(*out, Fault{under(e.InstanceLocation, p), "CHARTER", "leave out " + quote(p) + ": the charter has no such word here"})
		}
	case *kind.Required:
		for _, p := range k.Missing {
			r, s := c.annotation(e.SchemaURL + "/properties/" + p)
			if s == "" {
				r, s = rule, "write "+p
			} else {
				s = "write " + p + ": " + s
			}
			*out = append(*out, Fault{e.InstanceLocation, r, s})
		}
	case *kind.Type:
		at(e.InstanceLocation, first(say, "write "+words(k.Want)))
	case *kind.Enum:
		at(e.InstanceLocation, first(say, "write one of: "+list(k.Want)))
	case *kind.PropertyNames:
		at(under(e.InstanceLocation, k.Property), first(say, "name it with small letters, digits and _"))
	default:
		at(e.InstanceLocation, first(say, "give this value the form that doc/charter.md describes"))
	}
}

// annotation finds the nearest x-rule and x-say at or above a place in the
// schema.
func (c compiled) annotation(url string) (rule, say string) {
	_, pointer, _ := strings.Cut(url, "#")
	node := c.raw
	note := func() {
		m, _ := node.(map[string]any)
		if r, ok := m["x-rule"].(string); ok {
			rule = r
		}
		if s, ok := m["x-say"].(string); ok {
			say = s
		}
	}
	note()
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		node = child(node, unescape(step))
		note()
	}
	m, _ := node.(map[string]any)
	if ref, ok := m["$ref"].(string); ok {
		r, s := c.annotation(ref)
		if _, own := m["x-rule"]; !own && r != "CHARTER" {
			rule = r
		}
		if _, own := m["x-say"]; !own {
			say = s
		}
	}
	return rule, say
}

func child(node any, step string) any {
	switch n := node.(type) {
	case map[string]any:
		return n[step]
	case []any:
		if i, err := strconv.Atoi(step); err == nil && i < len(n) {
			return n[i]
		}
	}
	return nil
}

func unescape(s string) string {
	return strings.NewReplacer("~1", "/", "~0", "~", "%20", " ", "%5E", "^", "%24", "$").Replace(s)
}

func under(path []string, name string) []string {
	return append(append([]string{}, path...), name)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func words(types []string) string {
	names := map[string]string{"object": "a mapping", "array": "a list", "string": "text", "boolean": "true or false", "integer": "a whole number", "number": "a number"}
	out := make([]string, len(types))
	for i, t := range types {
		out[i] = first(names[t], t)
	}
	return strings.Join(out, " or ")
}

func list(values []any) string {
	out := make([]string, len(values))
	for i, v := range values {
		b, _ := json.Marshal(v)
		out[i] = strings.Trim(string(b), `"`)
	}
	return strings.Join(out, ", ")
}

func quote(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "..."
	}
	return strconv.Quote(s)
}
