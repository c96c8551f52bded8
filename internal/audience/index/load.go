package index

import (
	"slices"
	"strconv"
	"strings"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

// Plan is what an index holds: what a charter lets conditions look at.
type Plan struct {
	Version    string // an index of another version is read anew
	Controller term.Controller
	Slots      []string // columns of the trait table in use
	Events     []EventKind
	Families   []string // what events may say to mean a family of goods; the rest is left out
}

// reader reads rows of customers as the index holds them.
type reader struct {
	x    *Index
	plan *Plan
	tx   *db.Tx
	now  clock.Instant
	rows map[id.Customer]*Row
}

// scope chooses customers in SQL, by a range of ids or by a list.
type scope struct {
	where string
	args  []any
}

// rangeOf chooses the customers from one id to another.
func rangeOf(from, to id.Customer) scope {
	return scope{"customer_id >= $1 and customer_id <= $2", []any{from, to}}
}

// listSizes are how many customers one statement asks for: few, so that all stay
// prepared.
var listSizes = []int{1, 8, 64, 512}

// listOf chooses at most 512 customers. A list is filled up by repeating its last.
func listOf(list []id.Customer) scope {
	size := listSizes[slices.IndexFunc(listSizes, func(n int) bool { return n >= len(list) })]
	marks := make([]string, size)
	args := make([]any, size)
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(i+1)
		args[i] = list[min(i, len(list)-1)]
	}
	return scope{"customer_id in (" + strings.Join(marks, ", ") + ")", args}
}

// more gives the place of the n-th argument after the scope's.
func (s scope) more(n int) string { return "$" + strconv.Itoa(len(s.args)+n) }

func (s scope) with(args ...any) []any { return append(slices.Clone(s.args), args...) }

// read reads the rows of those of the customers who exist, in the order of ids.
func (r *reader) read(s scope) ([]Row, error) {
	rows, err := r.tx.Query("select customer_id from customer where "+s.where+" order by customer_id", s.args...)
	ids, err := db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	out := make([]Row, len(ids))
	r.rows = make(map[id.Customer]*Row, len(ids))
	for i, c := range ids {
		out[i] = Row{Customer: c, Events: make([][]Happening, len(r.plan.Events)), Next: clock.Never}
		r.rows[c] = &out[i]
	}
	for _, part := range []func(scope) error{r.traits, r.addresses, r.standings, r.events} {
		if err := part(s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// traits reads the columns in use.
func (r *reader) traits(s scope) error {
	if len(r.plan.Slots) == 0 {
		return nil
	}
	columns := make([]int, len(r.plan.Slots))
	texts, numbers := make([]string, len(columns)), make([]int64, len(columns))
	var c id.Customer
	dest := []any{&c}
	for i, slot := range r.plan.Slots {
		columns[i] = r.x.Column(slot)
		if slot[0] == 't' {
			dest = append(dest, &texts[i])
		} else {
			dest = append(dest, &numbers[i])
		}
	}
	rows, err := r.tx.Query("select customer_id, "+strings.Join(r.plan.Slots, ", ")+" from "+customer.TraitTable+" where "+s.where, s.args...)
	return db.Each(rows, err, func(scan db.Scan) error {
		if err := scan(dest...); err != nil {
			return err
		}
		for i, slot := range r.plan.Slots {
			number := Signed(numbers[i])
			if slot[0] == 't' {
				number = r.x.Text(columns[i], texts[i])
			}
			r.give(c, columns[i], number)
		}
		return nil
	})
}

// give notes a number; 0 is what is not known and not noted.
func (r *reader) give(c id.Customer, column int, number uint64) {
	if row := r.rows[c]; row != nil && number != 0 {
		row.Values = append(row.Values, Value{column, number})
	}
}

// AddressColumn is 1 for those who have an address on a channel that mail has
// not come back from.
func AddressColumn(ch term.Channel) string { return "address " + customer.AddressKind(ch) }

func (r *reader) addresses(s scope) error {
	for _, ch := range []term.Channel{term.Email, term.SMS} {
		column := r.x.Column(AddressColumn(ch))
		rows, err := r.tx.Query("select distinct customer_id from identity where "+s.where+" and kind = "+s.more(1)+" and invalid_at = 0",
			s.with(customer.AddressKind(ch))...)
		err = db.Each(rows, err, func(scan db.Scan) error {
			var c id.Customer
			err := scan(&c)
			r.give(c, column, 1)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// The columns of a permission: what it is now (State), and the day, numbered from
// 1970, on which serving will end; 0 when it never will, or is not allowed now.
func StandingColumn(p term.Purpose, ch term.Channel) string {
	return "standing " + string(p) + " " + string(ch)
}

// EndsColumn is the column of that day.
func EndsColumn(p term.Purpose, ch term.Channel) string {
	return "ends " + string(p) + " " + string(ch)
}

// standings reads what is allowed now and when that changes.
func (r *reader) standings(s scope) error {
	var who id.Customer
	var before gate.Standing
	ended := true
	return gate.EachStanding(r.tx, s.where, s.args, func(c id.Customer, i *gate.Standing) {
		if i.Controller != r.plan.Controller || i.Recipient != "" || i.Scope != "" || i.Until <= r.now {
			return
		}
		switch {
		case i.From <= r.now:
			r.give(c, r.x.Column(StandingColumn(i.Purpose, i.Channel)), r.x.State(State{int64(i.Ops), i.Because, i.Rules}))
			who, before, ended = c, *i, !i.Ops.Has(term.Serve)
			r.changes(c, i.Until)
		case who != c || before.StandingKey != i.StandingKey:
			r.changes(c, i.From)
		case !ended && !i.Ops.Has(term.Serve):
			ended = true
			r.give(c, r.x.Column(EndsColumn(i.Purpose, i.Channel)), uint64(DayOf(i.From)))
		}
	})
}

// changes notes that a row changes by itself at an instant.
func (r *reader) changes(c id.Customer, at clock.Instant) {
	if row := r.rows[c]; row != nil {
		row.Next = min(row.Next, at)
	}
}

// DayOf numbers the UTC day of an instant after 1970.
func DayOf(at clock.Instant) int64 { return int64(at) / (24 * 60 * perMinute) }

// events reads what has happened by now.
func (r *reader) events(s scope) error {
	rows, err := r.tx.Query("select customer_id, name, occurred_at, amount, currency, family from "+event.Table+" where "+s.where, s.args...)
	return db.Each(rows, err, func(scan db.Scan) error {
		var c id.Customer
		var name string
		var at clock.Instant
		var amount int64
		var l Label
		if err := scan(&c, &name, &at, &amount, &l.Currency, &l.Family); err != nil {
			return err
		}
		n, declared := r.x.Event(name)
		row := r.rows[c]
		switch {
		case !declared || row == nil:
		case at > r.now:
			row.Next = min(row.Next, at)
		default:
			row.Events[n] = append(row.Events[n], r.happening(n, at, amount, l))
		}
		return nil
	})
}

// happening leaves out what no condition looks at.
func (r *reader) happening(n int, at clock.Instant, amount int64, l Label) Happening {
	kind := r.plan.Events[n]
	if !kind.Money {
		amount, l.Currency = 0, ""
	}
	if !kind.Family || !slices.Contains(r.plan.Families, l.Family) {
		l.Family = ""
	}
	return Happening{Minute: MinuteOf(at), Label: r.x.Label(l), Amount: amount}
}
