// Package db runs one SQL text on two engines: SQLite, embedded, and
// PostgreSQL. It knows no domain; the packages above own their tables and their
// SQL and never see a driver.
//
// The common subset: $N arguments, columns of type bigint, text, bytea and
// double precision, instants as bigint, flags as bigint 0 or 1, JSON as text
// read in Go, insert ... on conflict ... returning. No booleans, no like, no
// implicit order of nulls.
//
// On SQLite one goroutine owns the only write connection and commits what
// queued up during the last commit as one group: see sqlite.go. On PostgreSQL
// transactions are READ COMMITTED; whoever changes or relies on a customer's
// standing first locks the customer's row (customer.Lock).
//
// A function given to Write may run more than once and must not do I/O or wait:
// JSON, hashing and sealing happen before it.
package db

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"candor/internal/errs"
	"candor/internal/observe"
)

// Dialect names the engine. At most two packages may branch on it.
type Dialect string

// The engines.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	engine  engine
	dialect Dialect
}

// engine is what differs: how a transaction is run.
type engine interface {
	write(ctx context.Context, fn func(*Tx) error) error
	read(ctx context.Context, fn func(*Tx) error) error
	glance(ctx context.Context, fn func(*Tx) error) error
	close() error
	spent() Effort
}

// Open opens the database at a place and brings its schema up to date.
//
// A place that starts with postgres:// or postgresql:// is a PostgreSQL URL; it
// must use TLS or a Unix socket (SEC-06), and its database must have collation
// C. Anything else is the path of a SQLite file, made when absent.
func Open(ctx context.Context, place string) (*DB, error) {
	return OpenWith(ctx, place, Migrations())
}

// OpenWith is Open for a store with a schema of its own, such as the key store.
func OpenWith(ctx context.Context, place string, migrations fs.FS) (*DB, error) {
	if isPostgres(place) {
		return openPostgres(ctx, place, migrations)
	}
	return openSQLite(ctx, place, migrations)
}

// OpenReader opens a database that a server may be using, to read it alone. Its
// schema stays as it is; Write fails.
func OpenReader(ctx context.Context, place string) (*DB, error) {
	if isPostgres(place) {
		return readPostgres(place)
	}
	return readSQLite(ctx, place)
}

// Limit bounds the connections to PostgreSQL of this process, which shares the
// server's limit with others. SQLite has one writer whatever is asked.
func (d *DB) Limit(conns int) {
	if e, ok := d.engine.(*pgEngine); ok && conns > 0 {
		e.pool.SetMaxOpenConns(conns)
		e.pool.SetMaxIdleConns(conns)
	}
}

var errReader = errs.New(errs.Internal, errs.FailClosed, "the database was opened to be read alone")

func isPostgres(place string) bool {
	return strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
}

// Dialect tells which engine this is.
func (d *DB) Dialect() Dialect { return d.dialect }

// Write runs fn in a transaction and returns when its changes are on disk. An
// error from fn undoes all that fn did and is returned as it is. It returns
// UNAVAILABLE when the commit failed: nothing of fn is stored then, except that a
// PostgreSQL which went away during the commit may have stored it.
func (d *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	return watched(ctx, "write", d.engine.write, fn)
}

// Read runs fn in a transaction that sees one state of the database. Changing
// statements fail.
func (d *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	return watched(ctx, "read", d.engine.read, fn)
}

// watched counts a transaction and its time.
func watched(ctx context.Context, work string, run func(context.Context, func(*Tx) error) error, fn func(*Tx) error) error {
	start := time.Now()
	ctx, span := observe.Begin(ctx, "database "+work)
	err := run(ctx, fn)
	span.End(err)
	observe.Transactions.Took(start, work)
	if errs.Is(err, errs.Unavailable) {
		observe.FailedTransactions.Add(1, work)
	}
	return err
}

// Glance is Read for one single statement, which sees one state by itself: it
// spares the beginning and the end of a transaction. A second statement fails.
func (d *DB) Glance(ctx context.Context, fn func(*Tx) error) error {
	return d.engine.glance(ctx, fn)
}

// Far tells whether the engine is another process, so that each statement is a trip.
func (d *DB) Far() bool { return d.dialect == Postgres }

// Writers is how many transactions it is worth bringing at a time, by somebody who
// gathers what many want written: on SQLite one, since a second would only wait for
// the first, and could have gathered more meanwhile.
func (d *DB) Writers() int {
	if d.Far() {
		return 2
	}
	return 1
}

// Close waits for the running group and closes the database.
func (d *DB) Close() error { return d.engine.close() }

// A Flusher makes something durable outside the database before a commit: the
// protection journal. Flush is called once a commit with the items of every
// transaction in it, in order; when it fails, the commit does not happen.
type Flusher interface{ Flush(items []any) error }

// runner is a connection or a transaction, with prepared statements kept.
type runner interface {
	exec(ctx context.Context, query string, args []any) (sql.Result, error)
	query(ctx context.Context, query string, args []any) (*sql.Rows, error)
	each(ctx context.Context, query string, list [][]any, read func(i int, scan Scan) error) error
}

// Tx is a running transaction. It is used by one goroutine and not after the
// function that received it has returned.
type Tx struct {
	ctx     context.Context
	run     runner
	dialect Dialect
	flush   []flushItem
	after   []func()
	kept    map[any]any
	closed  bool
	single  bool // one statement is all there may be
	effort  *effort
}

type flushItem struct {
	to   Flusher
	item any
}

// Dialect tells which engine runs the transaction.
func (t *Tx) Dialect() Dialect { return t.dialect }

// Context is for libraries that want one; it is never cancelled on SQLite.
func (t *Tx) Context() context.Context { return t.ctx }

// Before hands an item to a Flusher just before the commit. It is dropped when
// the transaction is undone.
func (t *Tx) Before(f Flusher, item any) { t.flush = append(t.flush, flushItem{f, item}) }

// After runs fn once the changes are on disk, on the caller's goroutine.
func (t *Tx) After(fn func()) { t.after = append(t.after, fn) }

// Keep remembers a value under a key of the caller's own type until the end of
// the transaction: what many ask for and a transaction does not change. nil
// forgets it.
func (t *Tx) Keep(key, value any) {
	if t.kept == nil {
		t.kept = map[any]any{}
	}
	t.kept[key] = value
}

// Kept gives what Keep remembered, or nil.
func (t *Tx) Kept(key any) any { return t.kept[key] }

// Exec runs a statement and gives the number of rows it changed.
func (t *Tx) Exec(query string, args ...any) (int64, error) {
	args, err := t.ready(args)
	if err != nil {
		return 0, err
	}
	res, err := t.run.exec(t.ctx, query, args)
	if err != nil {
		return 0, translate(err)
	}
	n, err := res.RowsAffected()
	return n, translate(err)
}

// Query runs a statement that gives rows. Use Collect to read them.
func (t *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	args, err := t.ready(args)
	if err != nil {
		return nil, err
	}
	rows, err := t.run.query(t.ctx, query, args)
	return rows, translate(err)
}

// QueryRow runs a statement that gives at most one row. Its Scan returns
// NOT_FOUND when there is none.
func (t *Tx) QueryRow(query string, args ...any) Row {
	rows, err := t.Query(query, args...)
	return Row{rows, err}
}

func (t *Tx) ready(args []any) ([]any, error) {
	if t.closed {
		return nil, fmt.Errorf("db: transaction used after its function returned, or for a second statement of a glance")
	}
	t.closed = t.single
	t.effort.statements.Add(1)
	return plain(args)
}

// Row is the answer of QueryRow.
type Row struct {
	rows *sql.Rows
	err  error
}

// Scan reads the row's columns. It returns NOT_FOUND when there is no row.
func (r Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer func() { _ = r.rows.Close() }()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return translate(err)
		}
		return errNoRow
	}
	if err := r.rows.Scan(dest...); err != nil {
		return fmt.Errorf("db: scan: %w", err)
	}
	return translate(r.rows.Close())
}

var errNoRow = errs.New(errs.NotFound, "not_found", "there is no such record")

// Scan reads one row's columns; it is what Collect gives to its reader.
type Scan func(dest ...any) error

// Collect reads all rows of tx.Query with one function:
//
//	rows, err := tx.Query(...)
//	events, err := db.Collect(rows, err, scanEvent)
func Collect[T any](rows *sql.Rows, err error, read func(Scan) (T, error)) ([]T, error) {
	var out []T
	err = Each(rows, err, func(scan Scan) error {
		v, err := read(scan)
		out = append(out, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Each is Collect for rows that need not be kept.
func Each(rows *sql.Rows, err error, read func(Scan) error) error {
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := read(rows.Scan); err != nil {
			return fmt.Errorf("db: scan: %w", err)
		}
	}
	return translate(rows.Err())
}
