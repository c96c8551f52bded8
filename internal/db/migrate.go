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

// migrate brings a database up to date.
func migrate(ctx context.Context, d *sql.DB, dialect Dialect, files fs.FS) error {
	gooseDialect := goose.DialectPostgres
	if dialect == SQLite {
		gooseDialect = goose.DialectSQLite3
		var err error
		if files, err = withTypeChecks(files); err != nil {
			return err
		}
	}
	p, err := goose.NewProvider(gooseDialect, d, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return nil
}

// withTypeChecks adds to each column of each file the check that SQLite needs
// to be as strict about types as PostgreSQL.
func withTypeChecks(files fs.FS) (fs.FS, error) {
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
		out[name] = &fstest.MapFile{Data: []byte(TypeChecks(string(text)))}
	}
	return out, nil
}

// column matches a column of our DDL: one a line, indented, name and type first,
// a comma or a comment after it.
var column = regexp.MustCompile(`(?m)^(\s+)([a-z][a-z0-9_]*) (bigint|text|bytea|double precision)\b([^,\n-]*)(,?)(.*)$`)

// TypeChecks gives DDL for SQLite: each column's declared type becomes a check
// of the stored value's type.
func TypeChecks(ddl string) string {
	kinds := map[string]string{"bigint": "integer", "text": "text", "bytea": "blob", "double precision": "real"}
	return column.ReplaceAllStringFunc(ddl, func(line string) string {
		m := column.FindStringSubmatch(line)
		name, typ, rest := m[2], m[3], m[4]
		want := "'" + kinds[typ] + "'"
		if !strings.Contains(rest, "not null") && !strings.Contains(rest, "primary key") {
			want += ", 'null'"
		}
		return fmt.Sprintf("%s%s %s%s check (typeof(%s) in (%s))%s%s", m[1], name, typ, strings.TrimRight(rest, " "), name, want, m[5], m[6])
	})
}
