// Package dump writes all rows of a database as a stream and loads them into an
// empty one, on either engine: what one wrote the other reads. It knows the
// tables from the schema and no meaning of any.
//
// For each table a line of JSON names it and its columns. Then come its rows: a
// byte 1 and the values, each after a byte that is 0 for null; integers as
// varints, texts and bytes after their length. A byte 0 ends the table, an empty
// line the stream.
package dump

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"candor/internal/db"
	"candor/internal/db/schema"
	"candor/internal/errs"
)

// left lists tables that belong to running processes and not to the data.
var left = []string{"lease"}

// Counts is how many rows each table has.
type Counts map[string]int64

type table struct {
	Name    string   `json:"table"`
	Columns []string `json:"columns"`
	types   []string
}

func tables() ([]table, error) {
	all, err := schema.Current()
	if err != nil {
		return nil, err
	}
	var out []table
	for _, t := range all {
		if slices.Contains(left, t.Name) {
			continue
		}
		one := table{Name: t.Name}
		for _, c := range t.Columns {
			one.Columns, one.types = append(one.Columns, c.Name), append(one.types, c.Type)
		}
		out = append(out, one)
	}
	return out, nil
}

// Schema names the schema of this program: a stream is loaded by a program of
// the same.
func Schema() (string, error) {
	text, err := schema.Text(db.Migrations())
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8]), err
}

// Write writes all rows as one transaction sees them.
func Write(tx *db.Tx, to io.Writer) (Counts, error) {
	list, err := tables()
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(to, 1<<16)
	counts := Counts{}
	for _, t := range list {
		head, err := json.Marshal(t)
		if err != nil {
			return nil, err
		}
		_, _ = w.Write(append(head, '\n'))
		if counts[t.Name], err = t.write(tx, w); err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	_ = w.WriteByte('\n')
	return counts, w.Flush()
}

func (t table) write(tx *db.Tx, w *bufio.Writer) (n int64, err error) {
	rows, err := tx.Query("select " + strings.Join(t.Columns, ", ") + " from " + t.Name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	var buf []byte
	values := make([]any, len(t.Columns))
	for i, typ := range t.types {
		values[i] = holder(typ)
	}
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			return n, err
		}
		buf = append(buf[:0], 1)
		for _, v := range values {
			buf = appendValue(buf, v)
		}
		if _, err := w.Write(buf); err != nil {
			return n, err
		}
		n++
	}
	return n, errorsOf(rows.Err(), w.WriteByte(0))
}

func errorsOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

func holder(typ string) any {
	switch typ {
	case "bigint":
		return &sql.NullInt64{}
	case "double precision":
		return &sql.NullFloat64{}
	case "bytea":
		return &[]byte{}
	}
	return &sql.NullString{}
}

func appendValue(buf []byte, v any) []byte {
	switch v := v.(type) {
	case *sql.NullInt64:
		if v.Valid {
			return binary.AppendVarint(append(buf, 1), v.Int64)
		}
	case *sql.NullFloat64:
		if v.Valid {
			return binary.BigEndian.AppendUint64(append(buf, 1), math.Float64bits(v.Float64))
		}
	case *sql.NullString:
		if v.Valid {
			return append(binary.AppendUvarint(append(buf, 1), uint64(len(v.String))), v.String...)
		}
	case *[]byte: // never null in our schema; a driver gives empty bytes as none
		return append(binary.AppendUvarint(append(buf, 1), uint64(len(*v))), *v...)
	}
	return append(buf, 0)
}

// Empty reports whether a database holds no rows of anybody's.
func Empty(tx *db.Tx) (bool, error) {
	list, err := tables()
	if err != nil {
		return false, err
	}
	for _, t := range list {
		var n int64
		if err := tx.QueryRow("select count(*) from (select 1 from " + t.Name + " limit 1) p").Scan(&n); err != nil {
			return false, err
		}
		if n > 0 {
			return false, nil
		}
	}
	return true, nil
}

// batch is how many rows are inserted at once.
const batch = 500

// Load reads what Write wrote into an empty database, in the caller's
// transaction. It returns INVALID for a stream of another schema or one that
// ends early.
func Load(tx *db.Tx, from io.Reader) (Counts, error) {
	return read(from, func(t table, rows [][]any) error {
		_, err := tx.InsertMany("insert into "+t.Name+" ("+strings.Join(t.Columns, ", ")+") values", "", rows)
		return err
	})
}

// Check reads a stream as Load does and keeps nothing.
func Check(from io.Reader) (Counts, error) {
	return read(from, func(table, [][]any) error { return nil })
}

func read(from io.Reader, insert func(table, [][]any) error) (Counts, error) {
	list, err := tables()
	if err != nil {
		return nil, err
	}
	known := map[string]table{}
	for _, t := range list {
		known[t.Name] = t
	}
	r := bufio.NewReaderSize(from, 1<<16)
	counts := Counts{}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return nil, short(err)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			return counts, nil
		}
		var head table
		if err := json.Unmarshal(line, &head); err != nil {
			return nil, errShort
		}
		t, ok := known[head.Name]
		if !ok || !slices.Equal(t.Columns, head.Columns) {
			return nil, errs.New(errs.Invalid, "other_schema", "the rows of %s are of another version of the program; load them with that one and upgrade it after", head.Name)
		}
		if counts[t.Name], err = t.read(r, insert); err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
}

var errShort = errs.New(errs.Invalid, "backup_torn", "the backup ends early or is not one; take another")

func short(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF || err == bufio.ErrBufferFull {
		return errShort
	}
	return err
}

func (t table) read(r *bufio.Reader, insert func(table, [][]any) error) (n int64, err error) {
	var rows [][]any
	hand := func() error {
		err := insert(t, rows)
		n += int64(len(rows))
		rows = rows[:0]
		return err
	}
	for {
		more, err := r.ReadByte()
		if err != nil {
			return n, short(err)
		}
		if more == 0 {
			return n, hand()
		}
		row := make([]any, len(t.Columns))
		for i, typ := range t.types {
			if row[i], err = readValue(r, typ); err != nil {
				return n, short(err)
			}
		}
		if rows = append(rows, row); len(rows) == batch {
			if err := hand(); err != nil {
				return n, err
			}
		}
	}
}

// longest bounds one value.
const longest = 1 << 30

func readValue(r *bufio.Reader, typ string) (any, error) {
	if present, err := r.ReadByte(); err != nil || present == 0 {
		return nil, err
	}
	switch typ {
	case "bigint":
		return binary.ReadVarint(r)
	case "double precision":
		var b [8]byte
		_, err := io.ReadFull(r, b[:])
		return math.Float64frombits(binary.BigEndian.Uint64(b[:])), err
	}
	n, err := binary.ReadUvarint(r)
	if err != nil || n > longest {
		return nil, errorsOf(err, errShort)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	if typ == "text" {
		return string(b), nil
	}
	return b, nil
}
