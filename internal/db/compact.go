package db

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Compact rewrites a database that nobody has open, so that what was deleted or
// replaced is not in its files any more.
func Compact(ctx context.Context, place string) error {
	var pool *sql.DB
	statements := []string{"vacuum full"}
	if isPostgres(place) {
		cfg, err := pgx.ParseConfig(place)
		if err == nil {
			err = refusePlaintext(cfg)
		}
		if err != nil {
			return err
		}
		pool = stdlib.OpenDB(*cfg)
	} else {
		var err error
		if pool, err = sql.Open("sqlite", dsn(place, "")); err != nil {
			return err
		}
		statements = []string{"vacuum", "pragma wal_checkpoint(truncate)"}
	}
	pool.SetMaxOpenConns(1)
	var err error
	for _, s := range statements {
		if err == nil {
			_, err = pool.ExecContext(ctx, s)
		}
	}
	return errors.Join(translate(err), pool.Close())
}
