// Package dbtest gives tests a fresh database on each engine. Every test that
// touches data runs on both.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"

	"candor/internal/db"
)

// Server names, in the environment, the PostgreSQL server of the tests: a URL
// of its maintenance database. scripts/postgres starts one and sets it; without
// it, the socket that script makes by default is tried.
const Server = "CANDOR_TEST_POSTGRES"

const defaultSocket = "/tmp/candor-postgres"

// Each runs a test on SQLite and on PostgreSQL, each with a fresh database. In
// CI a missing PostgreSQL fails; elsewhere it skips that half and says so.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, open(t, SQLitePlace(t))) })
	t.Run("postgres", func(t *testing.T) { fn(t, open(t, PostgresPlace(t))) })
}

// EachPlace is Each for tests that open the database themselves, more than once
// perhaps.
func EachPlace(t *testing.T, fn func(t *testing.T, place string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLitePlace(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, PostgresPlace(t)) })
}

// SQLite gives a fresh database on SQLite, for tests of what is not SQL.
func SQLite(t testing.TB) *db.DB { return open(t, SQLitePlace(t)) }

func open(t testing.TB, place string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), place)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "candor-template")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "template.db")
	d, err := db.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	if err := d.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// SQLitePlace makes a migrated SQLite file and gives its path.
func SQLitePlace(t testing.TB) string {
	t.Helper()
	image, err := sqliteTemplate()
	if err != nil {
		t.Fatalf("sqlite template: %v", err)
	}
	path := filepath.Join(t.TempDir(), "candor.db")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var databases atomic.Int64

// PostgresPlace makes a migrated PostgreSQL database and gives its URL. It is
// dropped when the test ends.
func PostgresPlace(t testing.TB) string {
	t.Helper()
	server := serverURL(t)
	template, err := pgTemplate(server)
	if err != nil {
		t.Fatalf("postgres template: %v", err)
	}
	return createDatabase(t, server, "template "+template)
}

// EmptyPostgresPlace makes a PostgreSQL database without a schema, for stores
// with migrations of their own. It is dropped when the test ends.
func EmptyPostgresPlace(t testing.TB) string {
	t.Helper()
	return createDatabase(t, serverURL(t), "template template0 encoding 'UTF8' locale 'C'")
}

func createDatabase(t testing.TB, server, from string) string {
	t.Helper()
	name := fmt.Sprintf("candor_%d_%d", os.Getpid(), databases.Add(1))
	if err := admin(server, fmt.Sprintf("create database %s %s", name, from)); err != nil {
		t.Fatalf("postgres database: %v", err)
	}
	t.Cleanup(func() { _ = admin(server, "drop database if exists "+name+" with (force)") })
	return withDatabase(server, name)
}

func serverURL(t testing.TB) string {
	t.Helper()
	if s := os.Getenv(Server); s != "" {
		return s
	}
	if sockets, _ := filepath.Glob(defaultSocket + "/.s.PGSQL.*"); len(sockets) > 0 && !strings.HasSuffix(sockets[0], ".lock") {
		return "postgres:///postgres?host=" + url.QueryEscape(defaultSocket) + "&user=candor"
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("no PostgreSQL: %s is not set; run the tests with make test", Server)
	}
	t.Skipf("no PostgreSQL: %s is not set; run the tests with make test", Server)
	return ""
}

var (
	templateMu   sync.Mutex
	templateName string
)

// pgTemplate makes, once for this set of migrations, a database to copy. Test
// processes run side by side, so it is made under an advisory lock.
func pgTemplate(server string) (string, error) {
	templateMu.Lock()
	defer templateMu.Unlock()
	if templateName != "" {
		return templateName, nil
	}
	name := fmt.Sprintf("candor_template_%x", migrationsHash())
	pool, err := sql.Open("pgx", server)
	if err != nil {
		return "", err
	}
	defer func() { _ = pool.Close() }()
	ctx := context.Background()
	c, err := pool.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	if _, err := c.ExecContext(ctx, "select pg_advisory_lock(7263)"); err != nil {
		return "", err
	}
	defer func() { _, _ = c.ExecContext(ctx, "select pg_advisory_unlock(7263)") }()
	var n int
	if err := c.QueryRowContext(ctx, "select count(*) from pg_database where datname = $1 and datistemplate", name).Scan(&n); err != nil {
		return "", err
	}
	if n == 0 {
		if err := makeTemplate(ctx, c, server, name); err != nil {
			return "", err
		}
	}
	templateName = name
	return name, nil
}

func makeTemplate(ctx context.Context, c *sql.Conn, server, name string) error {
	for _, q := range []string{
		"drop database if exists " + name,
		"create database " + name + " template template0 encoding 'UTF8' locale 'C'",
	} {
		if _, err := c.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	d, err := db.Open(ctx, withDatabase(server, name))
	if err != nil {
		return err
	}
	if err := d.Close(); err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, "alter database "+name+" with is_template true")
	return err
}

func migrationsHash() uint64 {
	h := fnv.New64a()
	names, _ := fs.Glob(db.Migrations(), "*.sql")
	for _, n := range names {
		text, _ := fs.ReadFile(db.Migrations(), n)
		_, _ = h.Write(text)
	}
	return h.Sum64()
}

func admin(server, query string) error {
	pool, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer func() { _ = pool.Close() }()
	_, err = pool.Exec(query)
	return err
}

func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + name
	return u.String()
}

var _ = stdlib.GetDefaultDriver // registers "pgx"
