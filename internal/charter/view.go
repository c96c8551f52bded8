package charter

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"candor/internal/strict/yamldoc"
	"candor/internal/term"
)

// document is one of the two files while it is read. It collects problems.
type document struct {
	file     string
	root     *yaml.Node
	problems *Problems
	langs    []term.Lang
}

// view is a value in a document, with the way to it. A view of nothing gives
// empty values, so that reading goes on after a fault of form, which the schema
// has reported.
type view struct {
	doc  *document
	node *yaml.Node
	path []string
}

func (d *document) top() view { return view{doc: d, node: d.root} }

// problem reports what is wrong with the value.
func (v view) problem(rule, msg string) {
	v.doc.add(yamldoc.Line(v.doc.root, v.path), rule, strings.Join(v.path, ".")+": "+msg)
}

func (d *document) add(line int, rule, msg string) {
	p := Problem{d.file, line, rule, msg}
	if !slices.Contains(*d.problems, p) {
		*d.problems = append(*d.problems, p)
	}
}

// get gives the value of a name.
func (v view) get(name string) view {
	return view{v.doc, yamldoc.Get(v.node, name), append(slices.Clone(v.path), name)}
}

func (v view) exists() bool { return v.node != nil }

func (v view) isMapping() bool { return v.node != nil && v.node.Kind == yaml.MappingNode }

// each visits the names of a mapping in the order written.
func (v view) each(fn func(name string, value view)) {
	if !v.isMapping() {
		return
	}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		name := v.node.Content[i].Value
		fn(name, view{v.doc, v.node.Content[i+1], append(slices.Clone(v.path), name)})
	}
}

// text gives a scalar as written.
func (v view) text() string {
	if v.node == nil || v.node.Kind != yaml.ScalarNode || v.node.Tag == "!!null" {
		return ""
	}
	return v.node.Value
}

func (v view) isTrue() bool { return v.node != nil && v.node.Tag == "!!bool" && v.text() == "true" }

func (v view) number() int {
	n, _ := strconv.Atoi(v.text())
	return n
}

// list gives the scalars of a sequence.
func (v view) list() []string {
	if v.node == nil || v.node.Kind != yaml.SequenceNode {
		return nil
	}
	var out []string
	for _, c := range v.node.Content {
		if c.Kind == yaml.ScalarNode {
			out = append(out, c.Value)
		}
	}
	return out
}

// texts reads a text in every language and reports those that lack it.
func (v view) texts() Texts {
	if !v.exists() {
		return nil
	}
	out := Texts{}
	v.each(func(lang string, t view) {
		if !slices.Contains(v.doc.langs, term.Lang(lang)) {
			t.problem("NOT-06", "the charter has no language "+lang+"; add it to business.languages or leave it out")
			return
		}
		if strings.TrimSpace(t.text()) != "" {
			out[term.Lang(lang)] = t.text()
		}
	})
	for _, lang := range v.doc.langs {
		if _, ok := out[lang]; !ok {
			v.problem("NOT-06", "write the text in "+string(lang)+" too: every text exists in every language of the charter")
		}
	}
	return out
}

// named turns a list of words into names of one kind.
func named[T ~string](words []string) []T {
	out := make([]T, len(words))
	for i, w := range words {
		out[i] = T(w)
	}
	return out
}
