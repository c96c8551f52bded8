package db

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"candor/internal/errs"
	"candor/internal/moment"
)

// pgEngine runs READ COMMITTED transactions and repeats those that lost a
// deadlock, a serialization race, or their connection before the commit.
type pgEngine struct {
	pool *sql.DB
	effort
}

// maxPostgresConns bounds one process; several processes share a server's limit.
const maxPostgresConns = 24

// tries is how often a transaction that lost a race is run.
const tries = 8

func openPostgres(ctx context.Context, place string, migrations fs.FS) (*DB, error) {
	e, err := connectPostgres(place)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, e.pool, migrations); err != nil {
		return nil, errors.Join(err, e.pool.Close())
	}
	return &DB{engine: e, dialect: Postgres}, nil
}

// readPostgres opens a database to be read alone.
func readPostgres(place string) (*DB, error) {
	e, err := connectPostgres(place)
	if err != nil {
		return nil, err
	}
	return &DB{engine: pgReader{e}, dialect: Postgres}, nil
}

type pgReader struct{ *pgEngine }

func (pgReader) write(context.Context, func(*Tx) error) error { return errReader }

func connectPostgres(place string) (*pgEngine, error) {
	cfg, err := pgx.ParseConfig(place)
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "bad_database_url", "the database URL cannot be read; write postgres://user@host/name?sslmode=verify-full")
	}
	if err := refusePlaintext(cfg); err != nil {
		return nil, err
	}
	e := &pgEngine{pool: stdlib.OpenDB(*cfg)}
	e.pool.SetMaxOpenConns(maxPostgresConns)
	e.pool.SetMaxIdleConns(maxPostgresConns)
	return e, nil
}

// refusePlaintext is SEC-06: TLS or a Unix socket on every hop, with no
// fall-back to neither.
func refusePlaintext(cfg *pgx.ConnConfig) error {
	plaintext := func(host string, tls bool) bool { return !tls && !strings.HasPrefix(host, "/") }
	bad := plaintext(cfg.Host, cfg.TLSConfig != nil)
	for _, f := range cfg.Fallbacks {
		bad = bad || plaintext(f.Host, f.TLSConfig != nil)
	}
	if bad {
		return errs.New(errs.Invalid, "plaintext_database", "the database connection would not be encrypted; set sslmode=verify-full (or require) in the URL, or use a Unix socket")
	}
	return nil
}

func prepare(ctx context.Context, pool *sql.DB, migrations fs.FS) error {
	var collate string
	err := pool.QueryRowContext(ctx, "select datcollate from pg_database where datname = current_database()").Scan(&collate)
	if err != nil {
		return errs.Wrap(err, errs.Unavailable, errs.FailClosed, "the database cannot be reached; check its URL and that it runs")
	}
	if collate != "C" {
		return errs.New(errs.Invalid, "wrong_collation", "the database has collation %s; make one with: create database candor template template0 encoding 'UTF8' locale 'C'", collate)
	}
	return migrate(ctx, pool, Postgres, migrations)
}

func (e *pgEngine) write(ctx context.Context, fn func(*Tx) error) error {
	return e.repeat(ctx, &sql.TxOptions{}, fn)
}

func (e *pgEngine) read(ctx context.Context, fn func(*Tx) error) error {
	return e.repeat(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}, fn)
}

func (e *pgEngine) glance(ctx context.Context, fn func(*Tx) error) error {
	conn, err := e.pool.Conn(ctx)
	if err != nil {
		return translate(err)
	}
	defer func() { _ = conn.Close() }()
	tx := &Tx{ctx: ctx, run: pgTx{conn, conn}, dialect: Postgres, single: true, effort: &e.effort}
	defer func() { tx.closed = true }()
	return fn(tx)
}

func (e *pgEngine) repeat(ctx context.Context, opts *sql.TxOptions, fn func(*Tx) error) error {
	var err error
	for try := range tries {
		if try > 0 {
			time.Sleep(time.Duration(1+rand.IntN(1<<try)) * time.Millisecond)
		}
		var tx *Tx
		tx, err = e.once(ctx, opts, fn)
		if err == nil {
			for _, after := range tx.after {
				after()
			}
			return nil
		}
		if !isBusy(err) && (!isCut(err) || errors.Is(err, errUnsure)) {
			return err
		}
	}
	return err
}

func (e *pgEngine) once(ctx context.Context, opts *sql.TxOptions, fn func(*Tx) error) (*Tx, error) {
	conn, err := e.pool.Conn(ctx)
	if err != nil {
		return nil, translate(err)
	}
	defer func() { _ = conn.Close() }()
	stx, err := conn.BeginTx(ctx, opts)
	if err != nil {
		return nil, translate(err)
	}
	defer func() { _ = stx.Rollback() }()
	tx := &Tx{ctx: ctx, run: pgTx{stx, conn}, dialect: Postgres, effort: &e.effort}
	defer func() { tx.closed = true }()
	if err := fn(tx); err != nil {
		return nil, err
	}
	if err := flush([]*call{{tx: tx}}); err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, errs.FailClosed, "the change could not be stored; nothing was changed, try again")
	}
	if !opts.ReadOnly {
		moment.Reached(moment.Flushed)
	}
	if err := stx.Commit(); err != nil {
		if isBusy(err) {
			return nil, translate(err)
		}
		return nil, errs.Wrap(errors.Join(errUnsure, err), errs.Unavailable, errs.FailClosed, "the database went away while it stored the change: look whether it is there before you repeat it")
	}
	if !opts.ReadOnly {
		moment.Reached(moment.Committed)
		e.commits.Add(1)
	}
	return tx, nil
}

// errUnsure is of a commit without an answer: it may have happened.
var errUnsure = errors.New("db: no answer to a commit")

func (e *pgEngine) close() error { return e.pool.Close() }

// pgTx leaves the keeping of prepared statements to the driver.
type pgTx struct {
	tx interface { // a transaction, or the connection itself
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
	conn *sql.Conn // that the transaction runs on
}

func (t pgTx) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	return t.tx.ExecContext(ctx, query, args...)
}

func (t pgTx) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, query, args...)
}

// each sends the statement with all its arguments at once and then reads the
// answers: one trip to the server, whatever their number.
func (t pgTx) each(ctx context.Context, query string, list [][]any, read func(i int, scan Scan) error) error {
	return t.conn.Raw(func(c any) error {
		var all pgx.Batch
		for _, args := range list {
			all.Queue(query, args...)
		}
		answers := c.(*stdlib.Conn).Conn().SendBatch(ctx, &all)
		for i := range list {
			rows, err := answers.Query()
			if err != nil {
				_ = answers.Close()
				return err
			}
			for rows.Next() {
				err = errors.Join(err, read(i, rows.Scan))
			}
			rows.Close()
			if err = errors.Join(err, rows.Err()); err != nil {
				_ = answers.Close()
				return err
			}
		}
		return answers.Close()
	})
}
