package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"candor/internal/errs"
)

// Exists is the code of an error about a key that is already taken.
const Exists errs.Code = "exists"

// translate maps a driver's error to the vocabulary of errs. What it does not
// know stays as it is and counts as internal.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case isDuplicate(err):
		return errs.Wrap(err, errs.Conflict, Exists, "there is already a record with this key")
	case isBusy(err), isBroken(err):
		return errs.Wrap(err, errs.Unavailable, errs.FailClosed, "the database did not answer; nothing was changed, try again")
	}
	return err
}

func isDuplicate(err error) bool {
	var s *sqlite.Error
	if errors.As(err, &s) {
		return s.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || s.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
	}
	var p *pgconn.PgError
	return errors.As(err, &p) && p.Code == "23505"
}

// isBusy reports an error that goes away when the transaction is run again.
func isBusy(err error) bool {
	var s *sqlite.Error
	if errors.As(err, &s) {
		return s.Code()&0xff == sqlite3.SQLITE_BUSY || s.Code()&0xff == sqlite3.SQLITE_LOCKED
	}
	var p *pgconn.PgError
	return errors.As(err, &p) && (p.Code == "40001" || p.Code == "40P01" || p.Code == "55P03")
}

// isBroken reports that the engine itself failed: disk, memory, connection.
func isBroken(err error) bool {
	var s *sqlite.Error
	if errors.As(err, &s) {
		switch s.Code() & 0xff {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_CORRUPT,
			sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_READONLY:
			return true
		}
		return false
	}
	var p *pgconn.PgError
	if errors.As(err, &p) {
		return p.Code[:2] == "08" || p.Code[:2] == "53" || p.Code[:2] == "57" || p.Code[:2] == "58"
	}
	return isCut(err)
}

// isCut reports that the connection to the server is gone, or could not be made.
func isCut(err error) bool {
	var p *pgconn.PgError
	if errors.As(err, &p) {
		return p.Code[:2] == "08" || p.Code[:3] == "57P" // the server ends, or starts
	}
	var n net.Error
	var c *pgconn.ConnectError
	return errors.As(err, &n) || errors.As(err, &c) || pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}
