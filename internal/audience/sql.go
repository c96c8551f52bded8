package audience

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/event"
	"candor/internal/term"
)

// plan says how the events of a person are reached.
type plan uint8

const (
	probe   plan = iota // look up each customer's events: for a page, or one
	grouped             // read an event's rows once and group them: for a count
)

// sqlWriter writes a condition as SQL. Arguments are numbered in the order they
// are first needed, whatever their place in the text.
type sqlWriter struct {
	where strings.Builder
	args  []any
	first int // number of the first argument
	at    clock.Instant
	plan  plan
	known bool         // only people of whom something is known: the trait row stands for the customer
	looks bool         // at traits
	order []term.Event // grouped: the events, in the order they were met
	parts map[term.Event]*part
}

// part is what is taken from one event's rows, grouped by customer.
type part struct {
	alias   string
	columns []string // expressions, named v0, v1, ...
	from    int64    // the earliest instant any of them looks at
}

// query is a condition ready to run: what comes after from, and after where.
type query struct {
	from, where string
	args        []any
}

// query writes the condition as SQL over the customer row c.
func (c *Condition) query(at clock.Instant, p plan, first int) query {
	w := &sqlWriter{first: first, at: at, plan: p, known: narrows(c.root), parts: map[term.Event]*part{}}
	c.root.sql(w)
	return query{from: w.from(), where: w.where.String(), args: w.args}
}

// from joins the rows the condition looks at to the customer. Where a field must
// be known, one table is read instead of two: a third of the time on SQLite.
func (w *sqlWriter) from() string {
	var b strings.Builder
	switch {
	case w.known:
		b.WriteString(customer.TraitTable + " c")
	case w.looks:
		b.WriteString(customer.Table + " c left join " + customer.TraitTable + " t on t.customer_id = c.customer_id")
	default:
		b.WriteString(customer.Table + " c")
	}
	for _, ev := range w.order {
		p := w.parts[ev]
		b.WriteString(" left join (select e.customer_id")
		for i, col := range p.columns {
			fmt.Fprintf(&b, ", %s as v%d", col, i)
		}
		fmt.Fprintf(&b, " from %s e where e.name = %s and e.occurred_at between %s and %s group by e.customer_id) %s on %s.customer_id = c.customer_id",
			event.Table, w.arg(ev), w.arg(p.from), w.arg(w.at), p.alias, p.alias)
	}
	return b.String()
}

// arg adds an argument and gives its place.
func (w *sqlWriter) arg(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", w.first+len(w.args)-1)
}

func (w *sqlWriter) put(format string, args ...any) { fmt.Fprintf(&w.where, format, args...) }

func (n all) sql(w *sqlWriter)  { w.join(n.kids, " and ") }
func (n some) sql(w *sqlWriter) { w.join(n.kids, " or ") }

func (w *sqlWriter) join(kids []node, sep string) {
	w.put("(")
	for i, k := range kids {
		if i > 0 {
			w.put("%s", sep)
		}
		k.sql(w)
	}
	w.put(")")
}

func (n no) sql(w *sqlWriter) {
	w.put("not (")
	n.kid.sql(w)
	w.put(")")
}

func (n fixed) sql(w *sqlWriter) {
	if n {
		w.put("1 = 1")
		return
	}
	w.put("1 = 0")
}

func (n inStage) sql(w *sqlWriter) {
	if len(n.rules) == 0 {
		fixed(false).sql(w)
		return
	}
	w.put("case")
	for _, r := range n.rules {
		w.put(" when ")
		r.rule.sql(w)
		if r.counts {
			w.put(" then 1")
		} else {
			w.put(" then 0")
		}
	}
	w.put(" else 0 end = 1")
}

func (n test) sql(w *sqlWriter) {
	switch k := n.value.kind(); {
	case n.value.from == fromCount && n.exists(w):
	case n.value.from != fromField && k != KindMoment:
		w.compare(w.overEvents(n.value), n.op, n.whole)
	case k == KindMoment && !n.known:
		w.within(w.column(n.value), n.span(w.at))
	case k == KindText:
		n.textSQL(w)
	default:
		n.wholeSQL(w)
	}
}

// exists writes "at least one" and "none" as what they are; a look-up stops at
// the first row then.
func (n test) exists(w *sqlWriter) bool {
	some := n.op == ge && n.whole[0] == 1 || n.op == gt && n.whole[0] == 0
	none := n.op == eq && n.whole[0] == 0 || n.op == lt && n.whole[0] == 1 || n.op == le && n.whole[0] == 0
	if w.plan == grouped || !some && !none {
		return false
	}
	if none {
		w.put("not ")
	}
	w.put("exists (select 1 %s)", w.lookup(n.value))
	return true
}

func (n test) textSQL(w *sqlWriter) {
	x := "coalesce(" + w.column(n.value) + ", '')"
	switch {
	case n.known:
		w.put("%s <> ''", x)
	case n.op == ne:
		w.put("%s not in ('', %s)", x, w.arg(n.texts[0]))
	case len(n.texts) == 1:
		w.put("%s = %s", x, w.arg(n.texts[0]))
	default:
		w.put("%s in %s", x, w.list(n.texts))
	}
}

// list adds texts as arguments and gives them in brackets.
func (w *sqlWriter) list(texts []string) string {
	marks := make([]string, len(texts))
	for i, s := range texts {
		marks[i] = w.arg(s)
	}
	return "(" + strings.Join(marks, ", ") + ")"
}

func (n test) wholeSQL(w *sqlWriter) {
	x := fmt.Sprintf("coalesce(%s, %s)", w.column(n.value), w.arg(int64(unset)))
	switch {
	case n.known:
		w.put("%s <> %s", x, w.arg(int64(unset)))
	case n.op == lt || n.op == le || n.op == ne:
		w.put("(%s %s %s and %s <> %s)", x, sqlOp(n.op), w.arg(n.whole[0]), x, w.arg(int64(unset)))
	default:
		w.compare(x, n.op, n.whole)
	}
}

// compare writes a comparison of an expression that is never null.
func (w *sqlWriter) compare(x string, o op, whole []int64) {
	if o != in {
		w.put("%s %s %s", x, sqlOp(o), w.arg(whole[0]))
		return
	}
	w.put("%s in (", x)
	for i, n := range whole {
		if i > 0 {
			w.put(", ")
		}
		w.put("%s", w.arg(n))
	}
	w.put(")")
}

// within writes that a moment is known and in a span.
func (w *sqlWriter) within(x string, s span) {
	x = fmt.Sprintf("coalesce(%s, %s)", x, w.arg(int64(unset)))
	if !s.outside {
		w.put("%s between %s and %s", x, w.arg(s.lo), w.arg(min(s.hi, s.cap)))
		return
	}
	w.put("(%s not between %s and %s and %s between %s and %s)", x, w.arg(s.lo), w.arg(s.hi), x, w.arg(int64(unset+1)), w.arg(s.cap))
}

// column gives the expression of a value that may be null.
func (w *sqlWriter) column(v value) string {
	switch {
	case v.from != fromField:
		return w.overEvents(v)
	case w.known:
		return w.fresh("c.", v.field)
	}
	w.looks = true
	return w.fresh("t.", v.field)
}

// fresh gives a field's column, null where its value is too old for the purpose.
func (w *sqlWriter) fresh(row string, f *Field) string {
	if f.Stale == nil {
		return row + f.Slot
	}
	return "(case when " + customer.StaleSQL("c.customer_id", w.arg(f.ID), w.arg(f.Stale(w.at))) + " then null else " + row + f.Slot + " end)"
}

// overEvents gives the expression of a value over events: a count or a sum is
// never null, a first or last moment is null when there is none.
func (w *sqlWriter) overEvents(v value) string {
	if w.plan == grouped {
		return w.groupedColumn(v)
	}
	return "(select " + w.aggregate(v, false) + " " + w.lookup(v) + ")"
}

// lookup finds the events of one customer that a value looks at.
func (w *sqlWriter) lookup(v value) string {
	s := fmt.Sprintf("from %s e where e.customer_id = c.customer_id and e.name = %s", event.Table, w.arg(v.event.Name))
	if from := v.since(w.at); from > unset+1 {
		s += " and e.occurred_at >= " + w.arg(from)
	}
	s += " and e.occurred_at <= " + w.arg(w.at)
	if v.from == fromSum {
		s += " and e.currency = " + w.arg(v.currency)
	}
	if v.family != "" {
		s += " and e.family in " + w.list(v.goods)
	}
	return s
}

// groupedColumn gives the column of an event's group that holds a value.
func (w *sqlWriter) groupedColumn(v value) string {
	p := w.parts[v.event.Name]
	if p == nil {
		p = &part{alias: fmt.Sprintf("e%d", len(w.order)), from: math.MaxInt64}
		w.parts[v.event.Name] = p
		w.order = append(w.order, v.event.Name)
	}
	p.from = min(p.from, v.since(w.at))
	p.columns = append(p.columns, w.aggregate(v, true))
	col := fmt.Sprintf("%s.v%d", p.alias, len(p.columns)-1)
	if v.kind() == KindMoment {
		return col
	}
	return "coalesce(" + col + ", 0)"
}

// aggregate gives the expression that adds up events. In a group it chooses its
// own rows; in a look-up the rows are chosen already.
func (w *sqlWriter) aggregate(v value, choose bool) string {
	var conditions []string
	if from := v.since(w.at); choose && from > unset+1 {
		conditions = append(conditions, "e.occurred_at >= "+w.arg(from))
	}
	if choose && v.from == fromSum {
		conditions = append(conditions, "e.currency = "+w.arg(v.currency))
	}
	if choose && v.family != "" {
		conditions = append(conditions, "e.family in "+w.list(v.goods))
	}
	chosen := func(x, otherwise string) string {
		if len(conditions) == 0 {
			return x
		}
		return "case when " + strings.Join(conditions, " and ") + " then " + x + " else " + otherwise + " end"
	}
	switch v.from {
	case fromFirst:
		return "min(" + chosen("e.occurred_at", "null") + ")"
	case fromLast:
		return "max(" + chosen("e.occurred_at", "null") + ")"
	case fromSum:
		return "coalesce(sum(" + chosen("e.amount", "0") + "), 0)"
	}
	if len(conditions) == 0 {
		return "count(*)"
	}
	return "sum(" + chosen("1", "0") + ")"
}

func sqlOp(o op) string {
	switch o {
	case eq:
		return "="
	case ne:
		return "<>"
	}
	return string(o)
}

// counting chooses how a count over all customers reaches their events: by
// looking up the few that a field leaves over, or else by grouping. Measured in
// doc/audience.md.
func (c *Condition) counting() plan {
	if narrows(c.root) {
		return probe
	}
	return grouped
}

// narrows reports whether a comparison with a field must hold.
func narrows(n node) bool {
	switch n := n.(type) {
	case test:
		return n.value.from == fromField && !n.known && n.op != ne
	case all:
		return slices.ContainsFunc(n.kids, narrows)
	}
	return false
}
