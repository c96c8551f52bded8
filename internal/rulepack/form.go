package rulepack

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	periodForm = regexp.MustCompile(`^([1-9][0-9]{0,3}) (hour|day|month|year)s?$`)
	spanForm   = regexp.MustCompile(`^([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])$`)
	lineForm   = regexp.MustCompile(`line (\d+)`)
)

// ParsePeriod reads "24 months", "14 days", "8 years" or "72 hours".
func ParsePeriod(s string) (Period, error) {
	m := periodForm.FindStringSubmatch(s)
	if m == nil {
		return Period{}, fmt.Errorf("write a period such as 24 months, 14 days or 72 hours")
	}
	n, _ := strconv.Atoi(m[1])
	switch m[2] {
	case "hour":
		return Period{Hours: n}, nil
	case "day":
		return Period{Days: n}, nil
	case "year":
		return Period{Months: 12 * n}, nil
	}
	return Period{Months: n}, nil
}

// String is what ParsePeriod reads.
func (p Period) String() string {
	switch {
	case p.Months != 0 && p.Months%12 == 0 && p.Months > 24:
		return count(p.Months/12, "year")
	case p.Months != 0:
		return count(p.Months, "month")
	case p.Days != 0:
		return count(p.Days, "day")
	case p.Hours != 0:
		return count(p.Hours, "hour")
	}
	return ""
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// UnmarshalYAML reads what ParsePeriod reads.
func (p *Period) UnmarshalYAML(n *yaml.Node) (err error) {
	*p, err = ParsePeriod(n.Value)
	return on(n, err)
}

// ParseSpan reads "08:00-20:00".
func ParseSpan(text string) (Span, error) {
	m := spanForm.FindStringSubmatch(text)
	if m == nil {
		return Span{}, fmt.Errorf("write hours such as 08:00-20:00")
	}
	var v [4]int
	for i := range v {
		v[i], _ = strconv.Atoi(m[i+1])
	}
	s := Span{v[0]*60 + v[1], v[2]*60 + v[3]}
	if s.From >= s.To || s.To > 24*60 {
		return Span{}, fmt.Errorf("let the hours end after they begin, by 24:00")
	}
	return s, nil
}

// UnmarshalYAML reads what ParseSpan reads.
func (s *Span) UnmarshalYAML(n *yaml.Node) (err error) {
	*s, err = ParseSpan(n.Value)
	return on(n, err)
}

// formError is a value of the wrong form, with its line.
type formError struct {
	line int
	msg  string
}

func (e formError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.msg) }

func on(n *yaml.Node, err error) error {
	if err == nil {
		return nil
	}
	return formError{n.Line, err.Error()}
}

// wording gives line and words of a decoder's error without the text it read.
func wording(err error) (int, string) {
	if e, ok := err.(formError); ok {
		return e.line, e.msg
	}
	line := 0
	if m := lineForm.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	return line, "a value here has the wrong form"
}

// unknown finds a name in a document that its form does not have.
func unknown(n *yaml.Node, into any) (*yaml.Node, bool) {
	return unknownIn(n, reflect.TypeOf(into).Elem())
}

var unmarshaler = reflect.TypeFor[yaml.Unmarshaler]()

func unknownIn(n *yaml.Node, t reflect.Type) (*yaml.Node, bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case reflect.PointerTo(t).Implements(unmarshaler):
	case t.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		fields := fieldsOf(t)
		for i := 0; i+1 < len(n.Content); i += 2 {
			ft, ok := fields[n.Content[i].Value]
			if !ok {
				return n.Content[i], true
			}
			if where, bad := unknownIn(n.Content[i+1], ft); bad {
				return where, true
			}
		}
	case t.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		for _, c := range n.Content {
			if where, bad := unknownIn(c, t.Elem()); bad {
				return where, true
			}
		}
	case t.Kind() == reflect.Map && n.Kind == yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			if where, bad := unknownIn(n.Content[i], t.Elem()); bad {
				return where, true
			}
		}
	}
	return nil, false
}

// fieldsOf gives the types of a struct's fields by their names in YAML.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("yaml")
		if strings.HasSuffix(tag, ",inline") {
			for k, v := range fieldsOf(f.Type) {
				out[k] = v
			}
			continue
		}
		if tag != "" {
			out[tag] = f.Type
		}
	}
	return out
}
