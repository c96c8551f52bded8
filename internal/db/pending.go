package db

import (
	"context"
	"io/fs"
	"strconv"
	"strings"

	"candor/internal/errs"
)

// Pending lists the schema changes that the database at a place still lacks, by
// their files' names, and changes nothing. All of them are pending where there
// is no database yet.
func Pending(ctx context.Context, place string) ([]string, error) {
	names, err := fs.Glob(Migrations(), "*.sql")
	if err != nil {
		return nil, err
	}
	done, err := migrated(ctx, place)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, err
		}
		if !done[n] {
			out = append(out, name)
		}
	}
	return out, nil
}

func migrated(ctx context.Context, place string) (map[int64]bool, error) {
	d, err := OpenReader(ctx, place)
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }()
	done := map[int64]bool{}
	err = d.Read(ctx, func(tx *Tx) error {
		there := "select count(*) from sqlite_master where name = 'goose_db_version'"
		if tx.Dialect() == Postgres {
			there = "select count(*) from pg_tables where tablename = 'goose_db_version'"
		}
		var n int64
		if err := tx.QueryRow(there).Scan(&n); err != nil || n == 0 {
			return err
		}
		rows, err := tx.Query("select version_id from goose_db_version")
		list, err := Collect(rows, err, func(scan Scan) (v int64, err error) { return v, scan(&v) })
		for _, v := range list {
			done[v] = true
		}
		return err
	})
	return done, err
}

// Now is the clock of the database's server, in microseconds since 1970, or 0
// where the database is of this machine.
func Now(tx *Tx) (n int64, err error) {
	if tx.Dialect() == SQLite {
		return 0, nil
	}
	err = tx.QueryRow("select (extract(epoch from clock_timestamp()) * 1000000)::bigint").Scan(&n)
	return n, err
}
