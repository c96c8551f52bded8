package strict

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

type parser struct {
	data []byte
	at   int
}

func (p *parser) space() {
	for p.at < len(p.data) {
		switch p.data[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// peek gives the byte at hand, or 0 at the end; 0 itself begins no JSON value.
func (p *parser) peek() byte {
	if p.at < len(p.data) {
		return p.data[p.at]
	}
	return 0
}

func (p *parser) take(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.at++
	return true
}

func (p *parser) end() error {
	p.space()
	if p.at != len(p.data) {
		return errMalformed
	}
	return nil
}

func (p *parser) value(depth int) (any, error) {
	if depth >= Depth {
		return nil, errDeep
	}
	p.space()
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.text()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case p.word("true"):
		return true, nil
	case p.word("false"):
		return false, nil
	case p.word("null"):
		return nil, nil
	}
	return nil, errMalformed
}

func (p *parser) word(w string) bool {
	if len(p.data)-p.at < len(w) || string(p.data[p.at:p.at+len(w)]) != w {
		return false
	}
	p.at += len(w)
	return true
}

func (p *parser) object(depth int) (any, error) {
	out := map[string]any{}
	err := p.members(func(name string) (err error) {
		out[name], err = p.value(depth + 1)
		return err
	})
	return out, err
}

func (p *parser) array(depth int) (any, error) {
	out := []any{}
	err := p.elements(func() error {
		v, err := p.value(depth + 1)
		out = append(out, v)
		return err
	})
	return out, err
}

// members walks an object and calls read at each value.
func (p *parser) members(read func(name string) error) error {
	if !p.take('{') {
		return errMalformed
	}
	seen := map[string]struct{}{}
	for first := true; ; first = false {
		p.space()
		if first && p.take('}') {
			return nil
		}
		name, err := p.text()
		if err != nil {
			return err
		}
		key := fold(name)
		if _, ok := seen[key]; ok {
			return errDuplicate
		}
		seen[key] = struct{}{}
		p.space()
		if !p.take(':') {
			return errMalformed
		}
		if err := read(name); err != nil {
			return err
		}
		if done, err := p.next('}'); done || err != nil {
			return err
		}
	}
}

// elements walks an array and calls read at each value.
func (p *parser) elements(read func() error) error {
	if !p.take('[') {
		return errMalformed
	}
	p.space()
	if p.take(']') {
		return nil
	}
	for {
		if err := read(); err != nil {
			return err
		}
		if done, err := p.next(']'); done || err != nil {
			return err
		}
	}
}

// next passes a comma, or the end of what is walked.
func (p *parser) next(end byte) (done bool, err error) {
	p.space()
	if p.take(end) {
		return true, nil
	}
	if !p.take(',') {
		return false, errMalformed
	}
	return false, nil
}

// fold gives names that differ by case alone the same key.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			if r != 'k' && r != 's' {
				return r // only k and s have fellows beyond ASCII
			}
		}
		least := r
		for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
			least = min(least, o)
		}
		return least
	}, s)
}

func (p *parser) number() (any, error) {
	start := p.at
	p.take('-')
	if !p.take('0') && p.digits() == 0 {
		return nil, errMalformed
	}
	if p.take('.') && p.digits() == 0 {
		return nil, errMalformed
	}
	if p.take('e') || p.take('E') {
		if !p.take('+') {
			p.take('-')
		}
		if p.digits() == 0 {
			return nil, errMalformed
		}
	}
	return Number(p.data[start:p.at]), nil
}

func (p *parser) digits() int {
	start := p.at
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.at++
	}
	return p.at - start
}

func (p *parser) text() (string, error) {
	if !p.take('"') {
		return "", errMalformed
	}
	start := p.at
	for p.at < len(p.data) {
		switch c := p.data[p.at]; {
		case c == '"':
			p.at++
			return string(p.data[start : p.at-1]), nil
		case c == '\\':
			return p.escaped(start)
		case c == 0:
			return "", errNUL
		case c < ' ':
			return "", errMalformed
		}
		p.at++
	}
	return "", errMalformed
}

// escaped reads the rest of a text that has escapes.
func (p *parser) escaped(start int) (string, error) {
	out := append([]byte(nil), p.data[start:p.at]...)
	for p.at < len(p.data) {
		c := p.data[p.at]
		p.at++
		switch {
		case c == '"':
			return string(out), nil
		case c == 0:
			return "", errNUL
		case c < ' ':
			return "", errMalformed
		case c != '\\':
			out = append(out, c)
		default:
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		}
	}
	return "", errMalformed
}

var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (p *parser) escape() (rune, error) {
	c := p.peek()
	p.at++
	if r, ok := escapes[c]; ok {
		return r, nil
	}
	if c != 'u' {
		return 0, errMalformed
	}
	r, err := p.hex()
	if err != nil {
		return 0, err
	}
	if r == 0 {
		return 0, errNUL
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if !p.word(`\u`) {
		return 0, errText
	}
	low, err := p.hex()
	if err != nil {
		return 0, err
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, errText
	}
	return r, nil
}

func (p *parser) hex() (rune, error) {
	if len(p.data)-p.at < 4 {
		return 0, errMalformed
	}
	n, err := strconv.ParseUint(string(p.data[p.at:p.at+4]), 16, 16)
	if err != nil {
		return 0, errMalformed
	}
	p.at += 4
	return rune(n), nil
}

// cut passes one value, looking only at brackets and texts.
func (p *parser) cut() (Raw, error) {
	p.space()
	start, open := p.at, 0
	for p.at < len(p.data) {
		switch p.data[p.at] {
		case '"':
			p.skipText()
			if open == 0 {
				return p.data[start:p.at], nil
			}
			continue
		case '{', '[':
			open++
		case '}', ']':
			if open == 0 {
				return p.scalar(start)
			}
			if open--; open == 0 {
				p.at++
				return p.data[start:p.at], nil
			}
		case ',':
			if open == 0 {
				return p.scalar(start)
			}
		}
		p.at++
	}
	return nil, errMalformed
}

func (p *parser) scalar(start int) (Raw, error) {
	if p.at == start {
		return nil, errMalformed
	}
	return p.data[start:p.at], nil
}

func (p *parser) skipText() {
	for p.at++; p.at < len(p.data); p.at++ {
		switch p.data[p.at] {
		case '\\':
			p.at++
		case '"':
			p.at++
			return
		}
	}
	p.at = min(p.at, len(p.data))
}
