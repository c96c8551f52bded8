package message

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The template language is a subset of Liquid, small enough to check before
// anything is approved: values, if, unless, case and for over a list; a few
// filters. What is not listed here does not exist: no raw, include, assign or
// capture, no loops over numbers, no code.

// limits of one template, so that rendering a mail costs little whatever was
// written.
const (
	maxSource  = 100 << 10 // bytes of source in one part
	maxTags    = 500
	maxNesting = 8
	maxValue   = 2000      // characters of one value
	maxList    = 50        // items of one list
	maxOutput  = 300 << 10 // bytes of one rendered part
)

// A Variable is a name that a template may use.
type Variable struct {
	Name     string
	List     bool // a list of texts, for a loop
	Personal bool // about the recipient; never part of an address or an attribute
}

// piece is a run of plain text, or one tag as it was written.
type piece struct {
	text string
	tag  bool
	out  bool // {{ ... }}
	name string
	args string
	line int
}

// Problem is one fault of a content, at a part and line, in words.
type Problem struct {
	Part string `json:"part"` // such as "de html"
	Line int    `json:"line,omitempty"`
	Code string `json:"code"` // E_CONTENT, or a linter rule
	Msg  string `json:"msg"`
}

func (p Problem) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s, line %d: %s (%s)", p.Part, p.Line, p.Msg, p.Code)
	}
	return fmt.Sprintf("%s: %s (%s)", p.Part, p.Msg, p.Code)
}

var (
	tagPattern = regexp.MustCompile(`\{\{-?([^{}%\n]*?)-?\}\}|\{%-?[ \t]*([a-z]+)([^{}%\n]*?)-?%\}`)
	loose      = regexp.MustCompile(`\{\{|\}\}|\{%|%\}`)
)

// split breaks a source into text and tags. Whatever it leaves over that looks
// like a tag is a fault, so that the library sees exactly the tags checked here.
func split(source string) ([]piece, error) {
	var out []piece
	at, line := 0, 1
	text := func(s string) error {
		if i := loose.FindStringIndex(s); i != nil {
			return fmt.Errorf("line %d: a tag is not closed, or holds a brace, a percent sign or a line break", line+strings.Count(s[:i[0]], "\n"))
		}
		if s != "" {
			out = append(out, piece{text: s, line: line})
		}
		line += strings.Count(s, "\n")
		return nil
	}
	for _, m := range tagPattern.FindAllStringSubmatchIndex(source, -1) {
		if err := text(source[at:m[0]]); err != nil {
			return nil, err
		}
		p := piece{text: source[m[0]:m[1]], tag: true, line: line}
		if m[2] >= 0 {
			p.out, p.args = true, strings.TrimSpace(source[m[2]:m[3]])
		} else {
			p.name, p.args = source[m[4]:m[5]], strings.TrimSpace(source[m[6]:m[7]])
		}
		out = append(out, p)
		at = m[1]
	}
	return out, text(source[at:])
}

// parser checks the tags of one part against the subset.
type parser struct {
	vars  map[string]Variable
	loops []string // names bound by the loops around
	open  []string // blocks that are open
	used  map[string]bool
}

// check parses a source and gives its pieces, each tag rewritten to its
// canonical form for the library.
func (p *parser) check(source string) ([]piece, error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("longer than %d KB", maxSource>>10)
	}
	pieces, err := split(source)
	if err != nil {
		return nil, err
	}
	tags := 0
	for i := range pieces {
		if !pieces[i].tag {
			continue
		}
		if tags++; tags > maxTags {
			return nil, fmt.Errorf("more than %d tags", maxTags)
		}
		if err := p.tag(&pieces[i]); err != nil {
			return nil, fmt.Errorf("line %d: %w", pieces[i].line, err)
		}
	}
	if len(p.open) > 0 {
		return nil, fmt.Errorf("%q is not closed", p.open[len(p.open)-1])
	}
	return pieces, nil
}

func (p *parser) tag(t *piece) error {
	if t.out {
		expr, err := p.output(t.args)
		t.text = "{{ " + expr + " }}"
		return err
	}
	switch t.name {
	case "if", "unless", "case":
		if err := p.enter(t.name); err != nil {
			return err
		}
		return p.condition(t, t.name != "case")
	case "elsif":
		if p.inside() != "if" {
			return fmt.Errorf("elsif outside of if")
		}
		return p.condition(t, true)
	case "when":
		if p.inside() != "case" {
			return fmt.Errorf("when outside of case")
		}
		return p.condition(t, false)
	case "else":
		if p.inside() == "" || t.args != "" {
			return fmt.Errorf("else outside of if, unless, case or for")
		}
		t.text = "{% else %}"
		return nil
	case "for":
		return p.loop(t)
	case "endif", "endunless", "endcase", "endfor":
		return p.leave(t)
	}
	return fmt.Errorf("%q is not part of the template language; use if, unless, case, for", t.name)
}

func (p *parser) inside() string {
	if len(p.open) == 0 {
		return ""
	}
	return p.open[len(p.open)-1]
}

func (p *parser) enter(name string) error {
	if len(p.open) >= maxNesting {
		return fmt.Errorf("more than %d levels", maxNesting)
	}
	p.open = append(p.open, name)
	return nil
}

func (p *parser) leave(t *piece) error {
	block := strings.TrimPrefix(t.name, "end")
	if p.inside() != block || t.args != "" {
		return fmt.Errorf("%s without %s", t.name, block)
	}
	p.open = p.open[:len(p.open)-1]
	if block == "for" {
		p.loops = p.loops[:len(p.loops)-1]
	}
	t.text = "{% " + t.name + " %}"
	return nil
}

var loopPattern = regexp.MustCompile(`^([a-z][a-z0-9_]*) in ([a-z][a-z0-9_]*)(?: limit: ?([0-9]{1,2}))?$`)

func (p *parser) loop(t *piece) error {
	m := loopPattern.FindStringSubmatch(t.args)
	if m == nil {
		return fmt.Errorf("write a loop as: for item in list")
	}
	if v, ok := p.vars[m[2]]; !ok || !v.List {
		return fmt.Errorf("%q is not a list that this message may use", m[2])
	}
	if _, ok := p.vars[m[1]]; ok || len(p.loops) > 0 {
		return fmt.Errorf("a loop inside a loop, or over a name that is taken")
	}
	p.used[m[2]] = true
	p.loops = append(p.loops, m[1])
	limit := maxList
	if m[3] != "" {
		limit, _ = strconv.Atoi(m[3])
	}
	t.text = fmt.Sprintf("{%% for %s in %s limit:%d %%}", m[1], m[2], limit)
	return p.enter("for")
}
