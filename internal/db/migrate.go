package db

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"candor/internal/errs"
	"candor/internal/moment"
)

//go:embed migration/*.sql
var migrationFiles embed.FS

// Migrations is the one ordered list of schema changes, for both engines.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrationFiles, "migration")
	if err != nil {
		panic(err) // the directory is embedded
	}
	return sub
}

// ErrNewer is the code of a database that a newer program has brought up to date.
const ErrNewer errs.Code = "newer_schema"

// migrate brings a database up to date. Of several servers that start at once on
// PostgreSQL one does, and the others wait. It returns CONFLICT, and changes
// nothing, when a newer program has been here: an older one would write rows that
// lack what the newer relies on.
func migrate(ctx context.Context, d *sql.DB, dialect Dialect, files fs.FS) error {
	gooseDialect, options := goose.DialectPostgres, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithVerbose(true), goose.WithLogger(statements{})}
	if dialect == Postgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	if dialect == SQLite {
		gooseDialect = goose.DialectSQLite3
		var err error
		if files, err = strictFiles(files); err != nil {
			return err
		}
	}
	p, err := goose.NewProvider(gooseDialect, d, files, options...)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if current > target {
		return errs.New(errs.Conflict, ErrNewer, "a newer version of this program has been at the database; run that one, or restore a backup from before it with this one")
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return nil
}

// statements hears of each statement that a migration is about to run.
type statements struct{}

// Printf is how goose tells.
func (statements) Printf(string, ...any) { moment.Reached(moment.Migrating) }

// Fatalf is never called by a provider.
func (statements) Fatalf(string, ...any) {}

// strictFiles gives the files as SQLite gets them.
func strictFiles(files fs.FS) (fs.FS, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	out := fstest.MapFS{}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		out[name] = &fstest.MapFile{Data: []byte(Strict(string(text)))}
	}
	return out, nil
}

var (
	// tableText is one create table of our DDL, from its opening bracket, which a
	// comment may follow, to the bracket that closes it on a line of its own.
	tableText = regexp.MustCompile(`(?ms)^create table [a-z][a-z0-9_]* \(([^\n]*)\n.*?^\);`)
	// columnLine is a column: one a line, indented, name and type first.
	columnLine = regexp.MustCompile(`(?m)^(\s+[a-z][a-z0-9_]*) (bigint|text|bytea|double precision)\b`)
)

// Types are what SQLite's strict tables call the four types.
var Types = map[string]string{"bigint": "integer", "text": "text", "bytea": "blob", "double precision": "real"}

// Strict gives DDL for SQLite: its tables are strict, as strict about types as
// PostgreSQL's, and a key of one integer is the row's own number. A table that
// says "-- lookup" or "-- by key" after its opening bracket is kept in the order
// of its key, without a second tree.
func Strict(ddl string) string {
	return tableText.ReplaceAllStringFunc(ddl, func(text string) string {
		kind := "strict"
		if note := tableText.FindStringSubmatch(text)[1]; strings.Contains(note, "-- lookup") || strings.Contains(note, "-- by key") {
			kind = "strict, without rowid"
		}
		text = columnLine.ReplaceAllStringFunc(text, func(line string) string {
			m := columnLine.FindStringSubmatch(line)
			return m[1] + " " + Types[m[2]]
		})
		return strings.TrimSuffix(text, ");") + ") " + kind + ";"
	})
}
