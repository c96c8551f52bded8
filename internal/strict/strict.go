// Package strict reads JSON so that every reader must read it alike (I-JSON,
// RFC 7493).
//
// encoding/json matches names case-insensitively, takes the last of duplicates
// and repairs broken text; another program may take the first, or the other
// case. Where a signature, a consent or an identity is read, that difference is
// an attack. Here names that are equal or differ by case alone, invalid UTF-8,
// lone surrogates, the character NUL and nesting deeper than Depth are errors.
// Numbers stay the text that was sent, so none is rounded.
//
// Errors name what is wrong and never repeat the input.
package strict

import (
	"unicode/utf8"

	"candor/internal/errs"
)

// Depth is how deep values may nest.
const Depth = 24

// Number is a JSON number as it was written.
type Number string

// Raw is one JSON value, cut out but not yet checked inside.
type Raw []byte

// The codes of what is refused.
const (
	Malformed    errs.Code = "json_malformed"
	DuplicateKey errs.Code = "json_duplicate_key"
	TooDeep      errs.Code = "json_too_deep"
	NotText      errs.Code = "json_not_utf8"
	NUL          errs.Code = "json_nul"
)

var (
	errMalformed = errs.New(errs.Invalid, Malformed, "this is not valid JSON")
	errDuplicate = errs.New(errs.Invalid, DuplicateKey, "two names in one object are the same, or differ by case alone")
	errDeep      = errs.New(errs.Invalid, TooDeep, "the JSON nests deeper than %d levels", Depth)
	errText      = errs.New(errs.Invalid, NotText, "the text is not valid UTF-8")
	errNUL       = errs.New(errs.Invalid, NUL, "a text may not contain the character NUL")
)

// Parse reads one value: nil, bool, Number, string, []any or map[string]any. It
// returns INVALID with one of this package's codes.
func Parse(data []byte) (any, error) {
	p, err := newParser(data)
	if err != nil {
		return nil, err
	}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	return v, p.end()
}

// Object is Parse of an object; any other value is INVALID.
func Object(data []byte) (map[string]any, error) {
	v, err := Parse(data)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errMalformed
	}
	return m, nil
}

// Fields cuts an object into its members without reading them, so that one bad
// member does not spoil the others. Its own names are checked as in Parse.
func Fields(data []byte) (map[string]Raw, error) {
	p, err := newParser(data)
	if err != nil {
		return nil, err
	}
	p.space()
	out := map[string]Raw{}
	err = p.members(func(name string) error {
		raw, err := p.cut()
		out[name] = raw
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, p.end()
}

// Items cuts an array into its elements without reading them.
func Items(data []byte) ([]Raw, error) {
	p, err := newParser(data)
	if err != nil {
		return nil, err
	}
	p.space()
	var out []Raw
	err = p.elements(func() error {
		raw, err := p.cut()
		out = append(out, raw)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, p.end()
}

func newParser(data []byte) (*parser, error) {
	if !utf8.Valid(data) {
		return nil, errText
	}
	return &parser{data: data}, nil
}
