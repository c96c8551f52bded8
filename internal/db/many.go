package db

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// sizes are the numbers of rows, or of members of a list, that one statement
// takes: few, so that all of them stay prepared.
var sizes = []int{256, 64, 16, 4, 1}

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
		return each(found, err, read)
	})
}

func (t *Tx) inserts(head, tail string, rows [][]any, run func(query string, args []any) error) error {
	for _, n := range sizes {
		for len(rows) >= n {
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

func each(rows *sql.Rows, err error, read func(Scan) error) error {
	_, err = Collect(rows, err, func(s Scan) (struct{}, error) { return struct{}{}, read(s) })
	return err
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
