package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candor/internal/audience"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/db/dump"
	"candor/internal/errs"
	"candor/internal/intake"
	"candor/internal/personal"
	"candor/internal/residue"
)

// files imports files that hold the address where it belongs, where it does not,
// and in rows that fail.
func (l *leaky) files() {
	for _, text := range []string{
		"customer;mail;since\nshop-7;" + canary + ";2026-01-02\n" + canary + ";not an address;" + canary + "\n;;" + canary + "\n",
		"customer;mail;" + canary + "\n1;2;3\n",
		canary + "\n" + canary + "\n",
	} {
		_, err := l.Importer.Import(ctx, strings.NewReader(text), intake.Options{Actor: "staff:test", Mapping: intake.Mapping{
			Source: "crm", Columns: []intake.Column{{Name: "customer", As: "identity", What: "user", In: "shop"}, {Name: "mail", As: "identity", What: "email"}}}})
		if err != nil {
			l.Log.Error("an import failed", "error", err)
		}
	}
}

// names gives the address as a name to whatever can be named.
func (l *leaky) names() {
	texts := map[string]any{"en": map[string]string{"subject": "New beans", "html": "<p>New beans.</p>"}}
	for path, body := range map[string]any{
		"/api/v1/campaigns": map[string]any{"name": "For " + canary, "purpose": "letter", "channel": "email", "content": map[string]any{"class": "marketing", "texts": texts}},
		"/api/v1/sources":   map[string]any{"name": canary, "class": "server", "mode": "live", "namespace": "shop"},
	} {
		b, err := json.Marshal(body)
		if err != nil {
			l.t.Fatal(err)
		}
		w := l.send(http.MethodPost, path, "application/json", string(b), "Authorization", "Bearer "+l.token)
		if w.Code < 400 || !strings.Contains(w.Body.String(), "address") {
			l.t.Errorf("%s and an address as a name: %d %s", path, w.Code, w.Body)
		}
	}
	err := l.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := l.Audience.SaveSegment(tx, audience.Segment{Name: canary, Purpose: "letter", Expression: `count("Order Completed", days(90)) >= 1`})
		return err
	})
	if !errs.Is(err, errs.Invalid) {
		l.t.Errorf("a segment with an address as a name: %v", err)
	}
}

// everywhere searches all that the platform keeps: files, rows as the database
// gives them, the database server's own files, the logs.
func (l *leaky) everywhere(m *residue.Matcher, temporary string) {
	l.t.Helper()
	hit := func(where string, forms []string) {
		if len(forms) > 0 {
			slices.Sort(forms)
			l.t.Errorf("%s holds the address as %v", where, slices.Compact(forms))
		}
	}
	searched := 0
	for _, root := range []string{l.Config.Data, filepath.Dir(l.Config.Database), temporary} {
		if onPostgres(root) {
			continue
		}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			searched += len(b)
			hit(filepath.Base(path), m.Find(b))
			return err
		})
		if err != nil {
			l.t.Fatal(err)
		}
	}
	err := l.DB.Read(ctx, func(tx *db.Tx) error {
		var all bytes.Buffer
		if _, err := dump.Write(tx, &all); err != nil {
			return err
		}
		searched += all.Len()
		for _, part := range bytes.SplitAfter(all.Bytes(), []byte(`{"table":"`)) {
			name, _, _ := bytes.Cut(part, []byte(`"`))
			hit("the table "+string(name), m.Find(part))
		}
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
	if l.DB.Dialect() == db.Postgres {
		l.serverFiles(m, hit)
	}
	hit("the log", m.Find([]byte(l.logs.String())))
	hit("/metrics", m.Find(l.send(http.MethodGet, "/metrics", "", "").Body.Bytes()))
	if searched < 100_000 {
		l.t.Errorf("only %d bytes were searched", searched)
	}
}

// serverFiles searches the files in which the server keeps this database, where
// the test may read them.
func (l *leaky) serverFiles(m *residue.Matcher, hit func(string, []string)) {
	var dir string
	var number int64
	err := l.DB.Read(ctx, func(tx *db.Tx) error {
		if err := tx.QueryRow("show data_directory").Scan(&dir); err != nil {
			return err
		}
		return tx.QueryRow("select oid from pg_database where datname = current_database()").Scan(&number)
	})
	if err == nil {
		err = l.DB.Write(ctx, func(tx *db.Tx) error { _, err := tx.Exec("checkpoint"); return err })
	}
	if err != nil {
		l.t.Logf("the server's files are not to be had: %v", err)
		return
	}
	list, err := os.ReadDir(filepath.Join(dir, "base", fmt.Sprint(number)))
	if err != nil {
		l.t.Logf("the server's files are not to be read: %v", err)
		return
	}
	for _, e := range list {
		b, err := os.ReadFile(filepath.Join(dir, "base", fmt.Sprint(number), e.Name()))
		if err == nil {
			hit("the server's file "+e.Name(), m.Find(b))
		}
	}
}

// What a person is called stands nowhere but under their key: an address that was
// sent through every input, in every place of it, is sought in all that is kept,
// in every form.
func TestNothingIsKeptInTheClear(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		temporary := t.TempDir()
		t.Setenv("TMPDIR", temporary)
		l := openLeaky(t, place)
		go func() { _ = l.Mailbox.Run(t.Context()) }()
		l.pages()
		l.events()
		l.calls()
		l.files()
		l.names()
		l.mails()
		for range 2 {
			if _, err := l.Sender.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Jobs.Drain(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := l.Ledger.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		if find(t, l.App, canary) == 0 {
			t.Fatal("the address found its way to nobody: nothing is shown")
		}
		l.everywhere(residue.New(personal.Seal(canary)), temporary)
	})
}
