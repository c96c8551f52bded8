package audience

import (
	"strconv"
	"strings"

	"candor/internal/audience/index"
	"candor/internal/clock"
	"candor/internal/term"
)

// node is a part of a condition that is true or false about a person.
type node interface {
	holds(p *Person, at clock.Instant) bool
	sql(w *sqlWriter)
	sift(v *index.View, at clock.Instant, s *index.Set)
	write(b *strings.Builder, inner bool)
	words(l term.Lang) string
	explain(e *explainer) Clause
}

// all is true when each part is; any when one is; no when its part is false;
// fixed always or never.
type (
	all   struct{ kids []node }
	some  struct{ kids []node }
	no    struct{ kid node }
	fixed bool
)

// inStage is true of people whose lifecycle stage is one of those named (or,
// when other is set, is a stage but none of them). Rules are tried in order; the
// first that holds is the person's stage.
type inStage struct {
	names []term.Stage
	other bool
	shown []map[term.Lang]string
	rules []stageRule
}

// stageRule is the rule of a stage, and whether being in it makes inStage true.
type stageRule struct {
	rule   node
	counts bool
}

// op compares two values.
type op string

const (
	eq op = "=="
	ne op = "!="
	lt op = "<"
	le op = "<="
	gt op = ">"
	ge op = ">="
	in op = "in"
)

// flip gives the operator with its sides exchanged.
func (o op) flip() op {
	switch o {
	case lt:
		return gt
	case le:
		return ge
	case gt:
		return lt
	case ge:
		return le
	}
	return o
}

// origin says where a compared value comes from.
type origin uint8

const (
	fromField origin = iota
	fromCount        // how often an event happened
	fromSum          // what an event's amounts add up to, in one currency
	fromFirst        // when an event first happened
	fromLast         // when it last did
)

// ever is the window of a count or a sum over all time.
const ever = -1

// value is the left side of a comparison.
type value struct {
	from     origin
	field    *Field
	event    *Event
	within   int64  // days, or ever
	family   string // of a count: the family of goods it is cut to, or ""
	goods    []string
	property string // of a sum
	currency string // of money
	age      bool   // days passed since the moment, instead of the moment
}

// test compares one value with literals. What it holds beside the operator
// depends on the kind of the value: texts, whole numbers (also minor units of
// money, days of an age, days since 1970 of a date).
type test struct {
	value value
	op    op
	known bool // has(field): any value will do
	texts []string
	whole []int64
}

func (n all) write(b *strings.Builder, inner bool)  { writeJoined(b, n.kids, " && ", inner) }
func (n some) write(b *strings.Builder, inner bool) { writeJoined(b, n.kids, " || ", inner) }

func (n no) write(b *strings.Builder, _ bool) {
	b.WriteString("!(")
	n.kid.write(b, false)
	b.WriteByte(')')
}

func (n fixed) write(b *strings.Builder, _ bool) { b.WriteString(strconv.FormatBool(bool(n))) }

func writeJoined(b *strings.Builder, kids []node, sep string, inner bool) {
	if inner {
		b.WriteByte('(')
	}
	for i, k := range kids {
		if i > 0 {
			b.WriteString(sep)
		}
		k.write(b, true)
	}
	if inner {
		b.WriteByte(')')
	}
}

func (n inStage) write(b *strings.Builder, _ bool) {
	if len(n.names) == 1 {
		o := eq
		if n.other {
			o = ne
		}
		b.WriteString("stage " + string(o) + " " + strconv.Quote(string(n.names[0])))
		return
	}
	b.WriteString("stage in [")
	for i, s := range n.names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(string(s)))
	}
	b.WriteByte(']')
}

func (n test) write(b *strings.Builder, _ bool) {
	if n.known {
		b.WriteString("has(" + string(n.value.field.ID) + ")")
		return
	}
	b.WriteString(n.value.text())
	b.WriteString(" " + string(n.op) + " ")
	if n.op == in {
		b.WriteByte('[')
	}
	for i := range n.literals() {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(n.literal(i))
	}
	if n.op == in {
		b.WriteByte(']')
	}
}

// text writes the value as the language does.
func (v value) text() string {
	window := ""
	if v.within != ever {
		window = ", days(" + strconv.FormatInt(v.within, 10) + ")"
	}
	name := ""
	if v.event != nil {
		name = strconv.Quote(string(v.event.Name))
	}
	since := func(word string) string {
		if v.age {
			return "since_" + word
		}
		return word
	}
	switch v.from {
	case fromCount:
		if v.family != "" {
			window += ", family(" + strconv.Quote(v.family) + ")"
		}
		return "count(" + name + window + ")"
	case fromSum:
		return "sum(" + name + ", " + strconv.Quote(v.property) + window + ")"
	case fromFirst:
		return since("first") + "(" + name + ")"
	case fromLast:
		return since("last") + "(" + name + ")"
	}
	if v.age {
		return "since(" + string(v.field.ID) + ")"
	}
	return string(v.field.ID)
}

// literals counts the literals of the right side.
func (n test) literals() int { return max(1, len(n.texts), len(n.whole)) }

// literal writes one literal of the right side as the language does.
func (n test) literal(i int) string {
	kind := n.value.kind()
	if kind == KindText {
		return strconv.Quote(n.texts[i])
	}
	w := n.whole[i]
	switch {
	case n.value.age:
		return "days(" + strconv.FormatInt(w, 10) + ")"
	case kind == KindFlag:
		return strconv.FormatBool(w != 0)
	case kind == KindMoment:
		return "date(" + strconv.Quote(dateOf(w).String()) + ")"
	case kind == KindMoney:
		return "money(" + amount(w, n.value.currency) + ", " + strconv.Quote(n.value.currency) + ")"
	}
	return strconv.FormatInt(w, 10)
}

// kind is the kind of the value itself, before any age is taken.
func (v value) kind() Kind {
	switch v.from {
	case fromCount:
		return KindWhole
	case fromSum:
		return KindMoney
	case fromFirst, fromLast:
		return KindMoment
	}
	return v.field.Kind
}

// since is the first instant whose events a value looks at: the midnight that
// began the window, and never before what may still be read for the purpose.
func (v value) since(at clock.Instant) int64 {
	from := int64(unset + 1)
	if v.within != ever {
		from = startOf(dayOf(at) - v.within)
	}
	if v.event.Since != nil {
		from = max(from, int64(v.event.Since(at)))
	}
	return from
}
