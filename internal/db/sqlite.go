package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"candor/internal/errs"
	"candor/internal/moment"
)

// sqliteEngine has one writer and a few readers on a file in WAL mode.
//
// The writer takes all calls that queued up during the last commit, runs one
// after the other, and commits them together: a caller waits for one fsync, and
// the fsync is shared. One that fails undoes nothing of the others. There is no timer. A call's context can keep it from
// starting, not stop it once started, since an interrupted statement would roll
// back the calls of others.
type sqliteEngine struct {
	writeDB, readDB *sql.DB
	writer          *conn
	readers         chan *conn

	mu      sync.Mutex
	queue   []*call
	closing bool
	wake    chan struct{}
	done    chan struct{}

	stop, copied chan struct{} // of what copies beside the writer

	apart int // how many more groups run their calls in savepoints

	effort
}

// call is one function waiting for the writer.
type call struct {
	ctx    context.Context
	fn     func(*Tx) error
	tx     *Tx
	err    error
	panics any
	done   chan struct{}
}

var errClosed = errs.New(errs.Unavailable, errs.FailClosed, "the database is closing; nothing was changed")

func openSQLite(ctx context.Context, path string, migrations fs.FS) (*DB, error) {
	e := &sqliteEngine{wake: make(chan struct{}, 1), done: make(chan struct{}), stop: make(chan struct{}), copied: make(chan struct{})}
	var err error
	if e.writeDB, err = sql.Open("sqlite", dsn(path, "")); err != nil {
		return nil, err
	}
	e.writeDB.SetMaxOpenConns(1)
	if err := migrate(ctx, e.writeDB, SQLite, migrations); err != nil {
		_ = e.writeDB.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if e.readDB, err = sql.Open("sqlite", dsn(path, "&_pragma=query_only(1)&_pragma=cache_size(-8000)")); err != nil {
		return nil, errors.Join(err, e.writeDB.Close())
	}
	if err := e.connect(ctx); err != nil {
		return nil, errors.Join(err, e.readDB.Close(), e.writeDB.Close())
	}
	copier, err := e.readDB.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, e.readDB.Close(), e.writeDB.Close())
	}
	go e.loop()
	go e.checkpoints(newConn(copier))
	return &DB{engine: e, dialect: SQLite}, nil
}

// readSQLite opens readers alone.
func readSQLite(ctx context.Context, path string) (*DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, errs.Wrap(err, errs.NotFound, "no_database", "there is no database at %s", path)
	}
	e := &sqliteEngine{closing: true, done: make(chan struct{})}
	var err error
	if e.readDB, err = sql.Open("sqlite", dsn(path, "&_pragma=query_only(1)&_pragma=cache_size(-8000)")); err != nil {
		return nil, err
	}
	if err := e.connectReaders(ctx); err != nil {
		return nil, errors.Join(err, e.readDB.Close())
	}
	return &DB{engine: readerOf{e}, dialect: SQLite}, nil
}

// readerOf is an engine without a writer.
type readerOf struct{ *sqliteEngine }

func (readerOf) write(context.Context, func(*Tx) error) error { return errReader }

func (e readerOf) close() error {
	e.closeReaders()
	return e.readDB.Close()
}

// dsn sets WAL with a full sync at each commit, and has the writer checkpoint at
// 64 MB rather than at 4. What is deleted is overwritten: it is gone from the file.
func dsn(path, more string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=wal_autocheckpoint(16000)&_pragma=cache_size(-32000)" +
		"&_pragma=temp_store(MEMORY)&_pragma=secure_delete(1)" + more
}

func (e *sqliteEngine) connect(ctx context.Context) error {
	w, err := e.writeDB.Conn(ctx)
	if err != nil {
		return err
	}
	e.writer = newConn(w)
	return e.connectReaders(ctx)
}

func (e *sqliteEngine) connectReaders(ctx context.Context) error {
	n := max(4, runtime.GOMAXPROCS(0)*2)
	e.readers = make(chan *conn, n)
	for range n {
		r, err := e.readDB.Conn(ctx)
		if err != nil {
			return err
		}
		e.readers <- newConn(r)
	}
	return nil
}

func (e *sqliteEngine) write(ctx context.Context, fn func(*Tx) error) error {
	c := &call{ctx: ctx, fn: fn, done: make(chan struct{})}
	e.mu.Lock()
	if e.closing {
		e.mu.Unlock()
		return errClosed
	}
	e.queue = append(e.queue, c)
	e.mu.Unlock()
	e.nudge()
	<-c.done
	if c.panics != nil {
		panic(c.panics)
	}
	if c.err == nil {
		for _, after := range c.tx.after {
			after()
		}
	}
	return c.err
}

func (e *sqliteEngine) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// loop is the writer. It ends when the engine is closing and the queue is empty.
func (e *sqliteEngine) loop() {
	defer close(e.done)
	for range e.wake {
		for {
			e.mu.Lock()
			group, closing := e.queue, e.closing
			e.queue = nil
			e.mu.Unlock()
			if len(group) == 0 {
				if closing {
					return
				}
				break
			}
			e.commit(group)
		}
	}
}

// commit runs a group of calls in one transaction and tells each caller how it
// went. A lost transaction or a failed commit fails every caller.
func (e *sqliteEngine) commit(group []*call) {
	err := e.runGroup(group)
	moment.Reached(moment.Committed)
	for _, c := range group {
		if err != nil && c.panics == nil && c.err == nil {
			c.err = errs.Wrap(err, errs.Unavailable, errs.FailClosed, "the change could not be stored; nothing was changed, try again")
		}
		close(c.done)
	}
}

// runGroup runs the calls of a group in one transaction. A savepoint for each
// would keep the failure of one from undoing the others, but it makes SQLite copy
// every page that the call changes; so the group runs without, and when a call
// fails all of it is undone and runs anew, each call in a savepoint of its own,
// as do the next groups.
func (e *sqliteEngine) runGroup(group []*call) error {
	if e.apart == 0 {
		alone, err := e.transact(group, e.runCall)
		if err == nil || !alone || len(group) == 1 {
			return err
		}
		e.apart = apartGroups
	}
	e.apart--
	_, err := e.transact(group, e.runApart)
	return err
}

// apartGroups is for how many groups calls run in savepoints after a failure.
const apartGroups = 50

// transact runs the calls of a group in a transaction and commits it. It reports
// whether a call's own failure is what undid it.
func (e *sqliteEngine) transact(group []*call, run func(*call) error) (failed bool, err error) {
	ctx := context.Background()
	if _, err := e.writer.exec(ctx, "begin immediate", nil); err != nil {
		return false, err
	}
	var ran []*call
	for _, c := range group {
		if c.err = c.ctx.Err(); c.err != nil {
			continue
		}
		if err = run(c); err != nil {
			failed = c.err != nil || c.panics != nil
			break
		}
		if c.err == nil && c.panics == nil {
			ran = append(ran, c)
		}
	}
	if err == nil {
		err = flush(ran)
	}
	if err == nil {
		moment.Reached(moment.Flushed)
		_, err = e.writer.exec(ctx, "commit", nil)
		e.commits.Add(1)
	}
	if err != nil {
		_, _ = e.writer.exec(ctx, "rollback", nil)
	}
	return failed, err
}

// runCall runs one function. Its own error, which undoes the group, lands in the
// call too.
func (e *sqliteEngine) runCall(c *call) error {
	c.tx = &Tx{ctx: context.WithoutCancel(c.ctx), run: e.writer, dialect: SQLite, effort: &e.effort}
	c.panics, c.err = protect(c.tx, c.fn)
	if c.panics != nil {
		return errPanic
	}
	return c.err
}

var errPanic = errors.New("db: a function panicked")

// runApart runs one function in a savepoint. Its own error lands in the call;
// the error returned means that the whole transaction is lost.
func (e *sqliteEngine) runApart(c *call) error {
	ctx := context.Background()
	if _, err := e.writer.exec(ctx, "savepoint one", nil); err != nil {
		return err
	}
	if err := e.runCall(c); err != nil {
		if _, err := e.writer.exec(ctx, "rollback to one", nil); err != nil {
			return err
		}
	}
	_, err := e.writer.exec(ctx, "release one", nil)
	return err
}

// protect runs fn and catches a panic, so that it reaches its own caller and
// not the writer.
func protect(tx *Tx, fn func(*Tx) error) (panics any, err error) {
	defer func() {
		tx.closed = true
		panics = recover()
	}()
	return nil, fn(tx)
}

// flush gives every Flusher the items of all calls, once.
func flush(calls []*call) error {
	var order []Flusher
	items := map[Flusher][]any{}
	for _, c := range calls {
		for _, f := range c.tx.flush {
			if _, seen := items[f.to]; !seen {
				order = append(order, f.to)
			}
			items[f.to] = append(items[f.to], f.item)
		}
	}
	for _, f := range order {
		if err := f.Flush(items[f]); err != nil {
			return err
		}
	}
	return nil
}

func (e *sqliteEngine) reader(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case r := <-e.readers:
		return r, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (e *sqliteEngine) glance(ctx context.Context, fn func(*Tx) error) error {
	r, err := e.reader(ctx)
	if err != nil {
		return err
	}
	defer func() { e.readers <- r }()
	tx := &Tx{ctx: context.WithoutCancel(ctx), run: r, dialect: SQLite, single: true, effort: &e.effort}
	defer func() { tx.closed = true }()
	return fn(tx)
}

func (e *sqliteEngine) read(ctx context.Context, fn func(*Tx) error) error {
	r, err := e.reader(ctx)
	if err != nil {
		return err
	}
	defer func() { e.readers <- r }()
	own := context.WithoutCancel(ctx) // the driver watches each statement's context with a goroutine
	if _, err := r.exec(own, "begin", nil); err != nil {
		return translate(err)
	}
	tx := &Tx{ctx: ctx, run: r, dialect: SQLite, effort: &e.effort}
	defer func() {
		tx.closed = true
		_, _ = r.exec(own, "rollback", nil)
	}()
	return fn(tx)
}

func (e *sqliteEngine) close() error {
	e.mu.Lock()
	already := e.closing
	e.closing = true
	e.mu.Unlock()
	if already {
		return nil
	}
	e.nudge()
	<-e.done
	close(e.stop)
	<-e.copied
	e.closeReaders()
	e.writer.close()
	return errors.Join(e.readDB.Close(), e.writeDB.Close())
}

func (e *sqliteEngine) closeReaders() {
	for range cap(e.readers) {
		(<-e.readers).close()
	}
}

// conn is a connection that keeps its prepared statements.
type conn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
}

// keptStatements bounds the prepared statements of a connection; audiences make
// SQL of their own.
const keptStatements = 400

func newConn(c *sql.Conn) *conn { return &conn{c: c, stmts: map[string]*sql.Stmt{}} }

func (c *conn) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if s := c.stmts[query]; s != nil {
		return s, nil
	}
	if len(c.stmts) >= keptStatements {
		c.forget()
	}
	s, err := c.c.PrepareContext(ctx, query)
	if err == nil {
		c.stmts[query] = s
	}
	return s, err
}

func (c *conn) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (c *conn) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (c *conn) each(ctx context.Context, query string, list [][]any, read func(i int, scan Scan) error) error {
	for i, args := range list {
		rows, err := c.query(ctx, query, args)
		if err := Each(rows, err, func(scan Scan) error { return read(i, scan) }); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) forget() {
	for _, s := range c.stmts {
		_ = s.Close()
	}
	clear(c.stmts)
}

func (c *conn) close() {
	c.forget()
	_ = c.c.Close()
}
