package message

import (
	"fmt"
	"regexp"
	"strings"
)

// word is one word of an expression: a name, a quoted text, a number or a sign.
var word = regexp.MustCompile(`^\s*(?:([a-z][a-z0-9_]*)|("[^"\\]*"|'[^'\\]*')|(-?[0-9]{1,9}(?:\.[0-9]{1,6})?)|(==|!=|<=|>=|<|>|\||:|,))`)

// filters lists what may follow a value, with how many arguments each takes.
var filters = map[string][2]int{
	"default": {1, 1}, "upcase": {0, 0}, "downcase": {0, 0}, "capitalize": {0, 0},
	"strip": {0, 0}, "truncate": {1, 2}, "truncatewords": {1, 2},
	"size": {0, 0}, "join": {0, 1}, "first": {0, 0}, "last": {0, 0}, "round": {0, 1},
}

var keywords = map[string]bool{"true": true, "false": true, "nil": true, "and": true, "or": true, "contains": true, "in": true}

func words(s string) ([]string, error) {
	var out []string
	for strings.TrimSpace(s) != "" {
		m := word.FindStringSubmatch(s)
		if m == nil {
			return nil, fmt.Errorf("cannot read %q", cut(strings.TrimSpace(s), 20))
		}
		out = append(out, strings.TrimSpace(m[0]))
		s = s[len(m[0]):]
	}
	return out, nil
}

// canonical writes words as the library wants them: a filter's colon belongs to
// its name.
func canonical(w []string) string {
	var b strings.Builder
	for i, word := range w {
		if i > 0 && word != ":" {
			b.WriteByte(' ')
		}
		b.WriteString(word)
	}
	return b.String()
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// output checks value | filter: argument | filter.
func (p *parser) output(expr string) (string, error) {
	w, err := words(expr)
	if err != nil {
		return "", err
	}
	if len(w) == 0 {
		return "", fmt.Errorf("an empty tag")
	}
	if err := p.operand(w[0]); err != nil {
		return "", err
	}
	for i := 1; i < len(w); {
		if w[i] != "|" || i+1 == len(w) {
			return "", fmt.Errorf("write a value as: name | filter: argument")
		}
		n, err := p.filter(w[i+1:])
		if err != nil {
			return "", err
		}
		i += 1 + n
	}
	return canonical(w), nil
}

// filter checks one filter with its arguments and gives the number of words.
func (p *parser) filter(w []string) (int, error) {
	takes, ok := filters[w[0]]
	if !ok {
		return 0, fmt.Errorf("%q is not a filter of the template language", cut(w[0], 20))
	}
	n, args := 1, 0
	for sign := ":"; n < len(w) && w[n] == sign; sign = "," {
		if n+1 == len(w) {
			return 0, fmt.Errorf("the filter %s lacks an argument", w[0])
		}
		if !literal(w[n+1]) {
			return 0, fmt.Errorf("an argument of a filter is a quoted text or a number")
		}
		n, args = n+2, args+1
	}
	if args < takes[0] || args > takes[1] {
		return 0, fmt.Errorf("the filter %s takes %d to %d arguments", w[0], takes[0], takes[1])
	}
	return n, nil
}

func literal(w string) bool {
	return w[0] == '"' || w[0] == '\'' || w[0] == '-' || w[0] >= '0' && w[0] <= '9'
}

func (p *parser) operand(w string) error {
	if literal(w) || w == "true" || w == "false" || w == "nil" {
		return nil
	}
	if keywords[w] || w[0] < 'a' || w[0] > 'z' {
		return fmt.Errorf("expected a name, a quoted text or a number, not %q", w)
	}
	for _, l := range p.loops {
		if l == w {
			return nil
		}
	}
	if _, ok := p.vars[w]; !ok {
		return fmt.Errorf("%q is not a field that this message may use for its purpose", w)
	}
	p.used[w] = true
	return nil
}

var comparison = map[string]bool{"==": true, "!=": true, "<": true, ">": true, "<=": true, ">=": true, "contains": true}

// condition checks value, or value sign value joined by and, or; of case and
// when it checks one value.
func (p *parser) condition(t *piece, full bool) error {
	w, err := words(t.args)
	if err != nil {
		return err
	}
	t.text = "{% " + t.name + " " + canonical(w) + " %}"
	for i := 0; ; {
		if i >= len(w) {
			return fmt.Errorf("%s lacks a value", t.name)
		}
		if err := p.operand(w[i]); err != nil {
			return err
		}
		i++
		if full && i < len(w) && comparison[w[i]] {
			if i+1 >= len(w) {
				return fmt.Errorf("%s lacks a value after %s", t.name, w[i])
			}
			if err := p.operand(w[i+1]); err != nil {
				return err
			}
			i += 2
		}
		if i == len(w) {
			return nil
		}
		if !full || w[i] != "and" && w[i] != "or" {
			return fmt.Errorf("cannot read %q in %s", cut(w[i], 20), t.name)
		}
		i++
	}
}
