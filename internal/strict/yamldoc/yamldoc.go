// Package yamldoc reads YAML that people write and programs must not misread:
// one document, plain values, no name twice.
//
// Refused are: text that is not UTF-8 or holds NUL, documents over a size,
// aliases and merge keys (a few lines of them can expand to gigabytes), tags,
// nesting deeper than Depth, a name twice in one mapping (also in another case)
// and a second document. Each fault has its line.
package yamldoc

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The limits.
const (
	Depth = 24      // of nesting
	Nodes = 200_000 // values and names in a document
)

// Fault is one reason why a document is refused.
type Fault struct {
	Line int
	Msg  string // what to do
}

func (f Fault) String() string { return fmt.Sprintf("line %d: %s", f.Line, f.Msg) }

// Read reads a document of at most limit bytes and gives its topmost value. The
// node is nil when the text is not YAML at all.
func Read(text []byte, limit int) (*yaml.Node, []Fault) {
	if f, bad := unreadable(text, limit); bad {
		return nil, []Fault{f}
	}
	dec := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc, more yaml.Node
	if err := decode(dec, &doc); err != nil {
		return nil, []Fault{fault(err)}
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, []Fault{{1, "write a mapping of names to values"}}
	}
	w := walker{}
	w.node(doc.Content[0], 1)
	if err := decode(dec, &more); !errors.Is(err, io.EOF) {
		w.add(max(1, more.Line), "leave out what follows the line ---: one document a file")
	}
	return doc.Content[0], w.faults
}

// decode keeps a panic of the parser from stopping the program.
func decode(dec *yaml.Decoder, into *yaml.Node) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("yaml: the text cannot be read")
		}
	}()
	return dec.Decode(into)
}

func unreadable(text []byte, limit int) (Fault, bool) {
	if len(text) > limit {
		return Fault{1, fmt.Sprintf("shorten the document to at most %d bytes", limit)}, true
	}
	for i, line := range strings.Split(string(text), "\n") {
		if !utf8.ValidString(line) {
			return Fault{i + 1, "save the file as UTF-8"}, true
		}
		if strings.ContainsRune(line, 0) {
			return Fault{i + 1, "take the character NUL out"}, true
		}
	}
	return Fault{}, false
}

var lineOf = regexp.MustCompile(`line (\d+)`)

// fault words a parser's error without repeating the text.
func fault(err error) Fault {
	if errors.Is(err, io.EOF) {
		return Fault{1, "the document is empty; write a mapping of names to values"}
	}
	line := 1
	if m := lineOf.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	return Fault{max(1, line), "this is not YAML: check indentation, quotes and brackets here and on the line before"}
}

type walker struct {
	faults []Fault
	nodes  int
}

func (w *walker) add(line int, format string, args ...any) {
	w.faults = append(w.faults, Fault{line, fmt.Sprintf(format, args...)})
}

func (w *walker) node(n *yaml.Node, depth int) {
	w.nodes++
	switch {
	case w.nodes == Nodes:
		w.add(n.Line, "shorten the document: it has too many values")
		return
	case w.nodes > Nodes:
		return
	case depth > Depth:
		w.add(n.Line, "nest at most %d levels deep", Depth)
		return
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		w.add(n.Line, "write the value out: anchors (&) and aliases (*) are not allowed")
		return
	}
	if n.Style&yaml.TaggedStyle != 0 {
		w.add(n.Line, "leave out the tag that starts with !")
	}
	if n.Kind == yaml.MappingNode {
		w.names(n)
	}
	for _, child := range n.Content {
		w.node(child, depth+1)
	}
}

func (w *walker) names(n *yaml.Node) {
	seen := map[string]string{}
	for i := 0; i < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode || k.Tag == "!!merge" || k.Value == "" {
			w.add(k.Line, "use a plain word as a name")
			continue
		}
		folded := strings.ToLower(k.Value)
		if was, twice := seen[folded]; twice {
			w.add(k.Line, "%s is here twice; keep one", quote(was))
		}
		seen[folded] = k.Value
	}
}

func quote(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "..."
	}
	return strconv.Quote(s)
}
