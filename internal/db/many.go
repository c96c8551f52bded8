package db

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// sizes are the numbers of rows, or of members of a list, that one statement
// takes: few, so that all of them stay prepared.
var sizes = []int{256, 64, 16, 4, 1}

// mostArgs is SQLite's limit on the arguments of one statement.
const mostArgs = 32766

// InsertMany inserts rows in as few statements as the engines allow:
//
//	tx.InsertMany("insert into tag (customer_id, name) values", "on conflict do nothing", rows)
//
// Every row has the same number of values. It gives the number of rows changed.
func (t *Tx) InsertMany(head, tail string, rows [][]any) (int64, error) {
	var total int64
	err := t.inserts(head, tail, rows, func(query string, args []any) error {
		n, err := t.Exec(query, args...)
		total += n
		return err
	})
	return total, err
}

// InsertReturning is InsertMany with a tail that ends in "returning ...": read
// gets each row that comes back.
func (t *Tx) InsertReturning(head, tail string, rows [][]any, read func(Scan) error) error {
	return t.inserts(head, tail, rows, func(query string, args []any) error {
		found, err := t.Query(query, args...)
		return Each(found, err, read)
	})
}

// QueryEach runs one statement with each of a list of arguments, strictly in
// their order, for what no statement over all of them does: taking locks. read
// gets the rows of each, into the plain types of columns. On PostgreSQL it is one
// trip to the server.
func (t *Tx) QueryEach(query string, list [][]any, read func(i int, scan Scan) error) error {
	if len(list) == 0 {
		return nil
	}
	plainly := make([][]any, len(list))
	for i := range list {
		var err error
		if plainly[i], err = plain(list[i]); err != nil {
			return err
		}
	}
	if _, err := t.ready(nil); err != nil {
		return err
	}
	return translate(t.run.each(t.ctx, query, plainly, read))
}

// ChangeMany changes many rows, each in its own way, in as few statements as the
// engines allow. The values are to be had as a table:
//
//	tx.ChangeMany("v (pos, tag_id)", "update tag set pos = v.pos from v where tag.tag_id = v.tag_id", rows)
func (t *Tx) ChangeMany(table, change string, rows [][]any) error {
	return t.inserts("with "+table+" as (values", ") "+change, rows, func(query string, args []any) error {
		_, err := t.Exec(query, args...)
		return err
	})
}

// ChangeReturning is ChangeMany with a change that ends in "returning ...": read
// gets each row that comes back, in no order.
func (t *Tx) ChangeReturning(table, change string, rows [][]any, read func(Scan) error) error {
	return t.inserts("with "+table+" as (values", ") "+change, rows, func(query string, args []any) error {
		found, err := t.Query(query, args...)
		return Each(found, err, read)
	})
}

func (t *Tx) inserts(head, tail string, rows [][]any, run func(query string, args []any) error) error {
	if len(rows) == 0 {
		return nil
	}
	if t.dialect == Postgres && (len(rows) > 1 || strings.HasPrefix(head, "with ")) && !anyNull(rows) {
		from, args, err := unnest(rows)
		if err != nil {
			return err
		}
		return run(strings.TrimSuffix(head, "values")+from+" "+tail, args)
	}
	for _, n := range sizes {
		for len(rows) >= n && n*len(rows[0]) <= mostArgs {
			width := len(rows[0])
			args := make([]any, 0, n*width)
			for _, r := range rows[:n] {
				if len(r) != width {
					return fmt.Errorf("db: rows of %d and %d values", width, len(r))
				}
				args = append(args, r...)
			}
			if err := run(head+" "+t.dialect.marks(1, n, width)+" "+tail, args); err != nil {
				return err
			}
			rows = rows[n:]
		}
	}
	return nil
}

// anyNull reports whether a value is null: then the type of its column is not
// known here.
func anyNull(rows [][]any) bool {
	return slices.ContainsFunc(rows, func(r []any) bool { return slices.Contains(r, nil) })
}

// unnest writes rows as one array a column: any number of them in one statement
// that PostgreSQL has prepared.
func unnest(rows [][]any) (string, []any, error) {
	args := make([]any, len(rows[0]))
	types := make([]string, len(args))
	for j := range args {
		var err error
		if types[j], args[j], err = column(rows, j); err != nil {
			return "", nil, err
		}
	}
	var b strings.Builder
	for j, name := range types {
		b.WriteString(", $" + strconv.Itoa(j+1) + "::" + name + "[]")
	}
	return "select * from unnest(" + b.String()[2:] + ")", args, nil
}

func column(rows [][]any, j int) (string, any, error) {
	first, err := plainValue(rows[0][j])
	if err != nil {
		return "", nil, err
	}
	switch first.(type) {
	case int64:
		list, err := typed[int64](rows, j)
		return "bigint", list, err
	case string:
		list, err := typed[string](rows, j)
		return "text", list, err
	case []byte:
		list, err := typed[[]byte](rows, j)
		return "bytea", list, err
	case float64:
		list, err := typed[float64](rows, j)
		return "double precision", list, err
	}
	return "", nil, fmt.Errorf("db: value $%d has no type", j+1)
}

func typed[T any](rows [][]any, j int) ([]T, error) {
	out := make([]T, len(rows))
	for i, r := range rows {
		if j >= len(r) {
			return nil, fmt.Errorf("db: rows of %d and %d values", len(rows[0]), len(r))
		}
		v, err := plainValue(r[j])
		if err != nil {
			return nil, err
		}
		of, ok := v.(T)
		if !ok {
			return nil, fmt.Errorf("db: value $%d is a %T in one row and a %T in another", j+1, out[0], v)
		}
		out[i] = of
	}
	return out, nil
}

// In runs fn for a part of a list at a time. Marks go between the brackets of
// "in ()". Arguments that stand before it in the text are given as before; those
// that stand after it are numbered from len(args)+1 and appended to args. A part
// is filled up to one of a few sizes by repeating its last member.
func In[T any](tx *Tx, list []T, fn func(marks string, args []any) error, before ...any) error {
	for len(list) > 0 {
		part := list[:min(sizes[0], len(list))]
		list = list[len(part):]
		size := sizes[0]
		for _, n := range sizes {
			if n >= len(part) {
				size = n
			}
		}
		args := append(make([]any, 0, len(before)+size), before...)
		for i := range size {
			args = append(args, part[min(i, len(part)-1)])
		}
		marks := tx.dialect.marks(len(before)+1, 1, size)
		if err := fn(marks[1:len(marks)-1], args); err != nil {
			return err
		}
	}
	return nil
}

type shape struct {
	dialect         Dialect
	first, n, width int
}

var shapes sync.Map // of shape to string

// marks writes ($1,$2),($3,$4) for n tuples of a width, numbered from first. For SQLite it writes
// (?,?),(?,?), which says the same: SQLite looks a name of a parameter up by
// walking through all of them, so long statements name none.
func (d Dialect) marks(first, n, width int) string {
	key := shape{d, first, n, width}
	if s, ok := shapes.Load(key); ok {
		return s.(string)
	}
	var b strings.Builder
	for i := range n * width {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%width == 0:
			b.WriteString("),(")
		default:
			b.WriteByte(',')
		}
		if d == SQLite {
			b.WriteByte('?')
		} else {
			b.WriteString("$" + strconv.Itoa(first+i))
		}
	}
	b.WriteByte(')')
	shapes.Store(key, b.String())
	return b.String()
}
