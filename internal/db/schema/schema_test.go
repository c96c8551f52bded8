package schema_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"sort"
	"strings"
	"testing"
	"testing/fstest"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/db/schema"
)

var update = flag.Bool("update", false, "write schema.sql anew")

const path = "../schema.sql"

func TestSchemaFollowsTheRules(t *testing.T) {
	tables, err := schema.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range schema.Check(tables) {
		t.Error(problem)
	}
}

func TestSchemaFileIsWhatTheMigrationsSay(t *testing.T) {
	want, err := schema.Text(db.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil { //nolint:gosec // part of the source
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Fatalf("schema.sql is not what the migrations say; run make schema (%v)", err)
	}
}

// TestSchemaFileMakesTheSameDatabase makes a database from schema.sql alone and
// compares what each engine says of it with what the migrations made.
func TestSchemaFileMakesTheSameDatabase(t *testing.T) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	one := fstest.MapFS{"0001_schema.sql": {Data: []byte("-- +goose Up\n" + string(text))}}
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		migrated := open(t, place, db.Migrations())
		fresh := t.TempDir() + "/fresh.db"
		if migrated.Dialect() == db.Postgres {
			fresh = place + "&search_path=fresh"
			if err := migrated.Write(context.Background(), func(tx *db.Tx) error {
				_, err := tx.Exec("create schema fresh")
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		want, got := describe(t, migrated), describe(t, open(t, fresh, one))
		if len(want) < 10 {
			t.Fatalf("found only %d facts about the schema", len(want))
		}
		for fact := range want {
			if !got[fact] {
				t.Errorf("only the migrations make: %s", fact)
			}
		}
		for fact := range got {
			if !want[fact] {
				t.Errorf("only schema.sql makes: %s", fact)
			}
		}
	})
}

// TestParserSeesWhatTheEngineSees holds our own reader against the engine: the
// tables, their columns and primary keys.
func TestParserSeesWhatTheEngineSees(t *testing.T) {
	tables, err := schema.Current()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, table := range tables {
		for _, c := range table.Columns {
			want["column "+table.Name+"."+c.Name+" "+db.Types[c.Type]] = true
		}
		want["key "+table.Name+" "+strings.Join(table.Primary, ",")] = true
	}
	got := map[string]bool{}
	d := dbtest.SQLite(t)
	if err := d.Read(context.Background(), func(tx *db.Tx) error {
		columns, err := list(tx, `select 'column ' || m.name || '.' || c.name || ' ' || lower(c.type)
			from sqlite_master m, pragma_table_info(m.name) c
			where m.type = 'table' and m.name not like 'sqlite_%' and m.name not like 'goose_%'`)
		if err != nil {
			return err
		}
		keys, err := list(tx, `select 'key ' || name || ' ' || group_concat(col, ',') from (
			select m.name as name, c.name as col from sqlite_master m, pragma_table_info(m.name) c
			where m.type = 'table' and m.name not like 'sqlite_%' and m.name not like 'goose_%' and c.pk > 0
			order by m.name, c.pk) group by name`)
		for _, fact := range append(columns, keys...) {
			got[fact] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for fact := range want {
		if !got[fact] {
			t.Errorf("the engine has no %s", fact)
		}
	}
	for fact := range got {
		if !want[fact] {
			t.Errorf("the parser missed %s", fact)
		}
	}
}

func TestCheckFindsEachFault(t *testing.T) {
	good := `create table a (
    customer_id bigint not null, -- pseudonymous customer
    k bytea not null, -- digest customer; a note
    primary key (customer_id, k)
);
create unique index a_k on a (customer_id, k);`
	cases := []struct{ name, from, to, want string }{
		{"good", "", "", ""},
		{"no class", "-- digest customer; a note", "", "column k: write after it"},
		{"a class nobody knows", "-- digest customer; a note", "-- secret customer", "column k: write after it"},
		{"a null", "k bytea not null", "k bytea", "column k may be null"},
		{"another key first", "(customer_id, k)\n)", "(k, customer_id)\n)", "does not begin with customer_id"},
		{"another unique index", "a_k on a (customer_id, k)", "a_k on a (k)", "does not begin with customer_id"},
		{"no key", "    primary key (customer_id, k)\n", "", "no primary key"},
		{"a key without its column", "primary key (customer_id, k)", "primary key (customer_id, z)", "z, which is no column"},
		{"somebody's, but nobody's", "-- pseudonymous customer", "-- pseudonymous nobody", "about somebody"},
		{"a lookup without digest", "a (\n", "a ( -- lookup\n", "does not begin with a digest"},
		{"made twice", "create unique index a_k on a (customer_id, k);", "create table a (\n    x text not null, -- none nobody\n    primary key (x)\n);", "made in"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tables, err := schema.Parse(strings.Replace(good, c.from, c.to, 1))
			if err != nil {
				t.Fatal(err)
			}
			problems := strings.Join(schema.Check(tables), "\n")
			if (c.want == "") != (problems == "") || !strings.Contains(problems, c.want) {
				t.Errorf("found %q, want %q", problems, c.want)
			}
		})
	}
	for _, bad := range []string{"create trigger x", "create table a (\n    flag boolean not null,\n", "alter table a add x text;", "create index i on nowhere (x);"} {
		if _, err := schema.Parse(bad); err == nil {
			t.Errorf("%q is read as our form", bad)
		}
	}
}

func open(t *testing.T, place string, migrations fs.FS) *db.DB {
	t.Helper()
	d, err := db.OpenWith(context.Background(), place, migrations)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// describe lists what the engine knows of its tables: columns with type and
// nullness, and indexes with their columns.
func describe(t *testing.T, d *db.DB) map[string]bool {
	t.Helper()
	queries := []string{
		`select 'column ' || m.name || '.' || c.name || ' ' || c.cid || ' ' || lower(c.type) || ' ' || c."notnull" || ' ' || c.pk || ' ' || coalesce(c.dflt_value, '')
		 from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'`,
		`select 'index ' || m.name || ' ' || i."unique" || ' ' || i.origin || ' ' || i.partial || ' ' || x.seqno || ' ' || x.name
		 from sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) x where m.type = 'table'`,
		`select 'reference ' || m.name || ' ' || f."from" || ' ' || f."table" || ' ' || f.on_delete
		 from sqlite_master m, pragma_foreign_key_list(m.name) f where m.type = 'table'`,
		`select 'trigger ' || name from sqlite_master where type = 'trigger'`,
	}
	if d.Dialect() == db.Postgres {
		queries = []string{
			`select 'column ' || table_name || '.' || column_name || ' ' || ordinal_position || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
			 from information_schema.columns where table_schema = current_schema()`,
			`select 'index ' || replace(indexdef, ' ON ' || schemaname || '.', ' ON ') from pg_indexes where schemaname = current_schema()`,
			`select 'constraint ' || c.conname || ' ' || replace(pg_get_constraintdef(c.oid), current_schema() || '.', '') from pg_constraint c
			 join pg_namespace n on n.oid = c.connamespace where n.nspname = current_schema()`,
			`select 'trigger ' || trigger_name from information_schema.triggers where trigger_schema = current_schema()`,
		}
	}
	out := map[string]bool{}
	if err := d.Read(context.Background(), func(tx *db.Tx) error {
		for _, q := range queries {
			facts, err := list(tx, q)
			if err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
			for _, fact := range facts {
				if !strings.Contains(fact, "goose_db_version") && !strings.Contains(fact, " sqlite_") {
					out[fact] = true
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for fact := range out {
		if strings.HasPrefix(fact, "trigger ") {
			t.Errorf("no triggers: %s", fact)
		}
	}
	return out
}

func list(tx *db.Tx, query string) ([]string, error) {
	rows, err := tx.Query(query)
	out, err := db.Collect(rows, err, func(scan db.Scan) (s string, err error) { err = scan(&s); return s, err })
	sort.Strings(out)
	return out, err
}
