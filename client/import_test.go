package client_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"candor/client"
)

const mapping = `
source: crm
columns:
  id: identity user crm
  mail: field email
  land: field country
`

const list = "id;mail;land;secret\n1;ada@example.com;DE;x\n2;bob@example.com;AT;x\n3;no address;DE;x\nundefined;eve@example.com;DE;x\n"

func TestAFileIsCheckedThenImported(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		c := s.admin(t)
		s.work(t)
		in, err := c.BeginImport(ctx, mapping)
		if err != nil || in.State != "open" {
			t.Fatalf("%+v, %v", in, err)
		}
		_, err = c.StartImport(ctx, in.ID)
		code(t, "without a file", err, "import_state")
		if got, err := c.SendFile(ctx, in.ID, strings.NewReader(list)); err != nil || got.State != "whole" || got.Size != int64(len(list)) {
			t.Fatalf("%+v, %v", got, err)
		}
		_, err = c.SendFile(ctx, in.ID, strings.NewReader(list))
		code(t, "a second file", err, "import_state")
		if _, err := c.CheckImport(ctx, in.ID); err != nil {
			t.Fatal(err)
		}
		r := s.ended(t, c, in.ID, "checked").Report
		if r.Rows != 4 || r.OK != 2 || r.New != 2 || r.Errors["bad_value"] != 1 || r.Errors["no_id"] != 1 || len(r.LeftOut) != 1 {
			t.Errorf("dry run: %+v", r)
		}
		if p, err := c.Customers(ctx, "", 10); err != nil || len(p.Customers) != 0 {
			t.Errorf("a dry run stored %v, %v", p.Customers, err)
		}
		if _, err := c.StartImport(ctx, in.ID); err != nil {
			t.Fatal(err)
		}
		if r := s.ended(t, c, in.ID, "done").Report; r.OK != 2 || r.New != 2 {
			t.Errorf("%+v", r)
		}
		if p, err := c.Customers(ctx, "", 10); err != nil || len(p.Customers) != 2 {
			t.Errorf("stored %v, %v", p.Customers, err)
		}
		const want = "row,column,reason\n4,mail,bad_value\n5,id,no_id\n"
		if b, err := c.ImportFailures(ctx, in.ID); err != nil || string(b) != want {
			t.Errorf("failures:\n%s, %v", b, err)
		}
		_, err = c.StartImport(ctx, in.ID)
		code(t, "importing it again", err, "import_state")
		if all, next, err := c.Imports(ctx, "", 10); err != nil || len(all) != 1 || next != "" {
			t.Errorf("%+v, %q, %v", all, next, err)
		}
	})
}

// ended waits for an import to end in a state.
func (s server) ended(t *testing.T, c *client.Client, which, state string) client.Import {
	t.Helper()
	var got client.Import
	soon(t, "the import is "+state, func() (done bool) {
		var err error
		got, err = c.Import(ctx, which)
		return err == nil && !got.Working()
	})
	if got.State != state {
		t.Fatalf("%+v, want it %s", got, state)
	}
	return got
}

func TestWhatNoImportCanUseIsRefused(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		c := s.admin(t)
		s.work(t)
		for name, m := range map[string]string{
			"no YAML": "{", "an undeclared field": "source: crm\ncolumns:\n  id: identity user crm\n  shoe: field shoe\n",
			"nobody": "source: crm\ncolumns:\n  land: field country\n", "an alias": "source: &a crm\ncolumns:\n  id: *a\n",
		} {
			_, err := c.BeginImport(ctx, m)
			code(t, name, err, "mapping")
		}
		in, err := c.BeginImport(ctx, mapping)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.SendFile(ctx, in.ID, strings.NewReader(""))
		code(t, "an empty file", err, "mapping")
		_, err = s.as(t, "read", "admin").SendFile(ctx, in.ID, strings.NewReader(list))
		code(t, "without the scope write", err, "missing_scope")
		_, err = client.New(s.url, "candor_x").SendFile(ctx, in.ID, strings.NewReader(list))
		code(t, "without a token", err, "bad_token")
		_, err = c.SendFile(ctx, "imp_0000000000001", strings.NewReader(list))
		code(t, "no import", err, "no_such_import")
		if _, err := c.SendFile(ctx, in.ID, strings.NewReader("name;jane@example.org\n1;2\n")); err != nil {
			t.Fatal(err)
		}
		if _, err := c.StartImport(ctx, in.ID); err != nil {
			t.Fatal(err)
		}
		got := s.ended(t, c, in.ID, "stopped")
		if got.Code != "mapping" || !strings.Contains(got.Problem, `no column "id"`) || strings.Contains(got.Problem, "jane@") {
			t.Errorf("a file without the column: %+v", got)
		}
		if strings.Contains(s.logs.String(), "jane@") {
			t.Error("the log repeats the file")
		}
	})
}

// Up to a thousand rows at once, each with its own result; the same again
// changes nothing, and a no in any row comes before a yes.
func TestUpsert(t *testing.T) {
	when := time.Now().Add(-48 * time.Hour)
	yes := client.Stated{Purpose: "letter", Channel: "email", Agreed: true, At: when, Words: "Send me the letter", Method: "form", Given: "halm"}
	row := func(user, mail string, consents ...client.Stated) client.UpsertRow {
		return client.UpsertRow{Identities: []client.Identity{{Kind: "user", Namespace: "crm", Value: user}},
			Fields: map[string]any{"email": mail, "country": "DE", "shoe_size": 44}, Consents: consents}
	}
	bare, late, silent := yes, yes, yes
	bare.Words, late.At, silent.Method = "", time.Now().Add(time.Hour), "preticked"
	each(t, func(t *testing.T, s server) {
		c := s.admin(t)
		rows := []client.UpsertRow{
			row("1", "u1@example.com", yes), row("2", "u2@example.com", bare), row("3", "not an address"), row("undefined", "u4@example.com"),
			row("5", "u5@example.com", late, silent), row("6", "u6@example.com", yes), row("6", "u6@example.com", client.Stated{Purpose: "letter", Channel: "email"}),
		}
		for n := len(rows); n < 1000; n++ {
			rows = append(rows, row(fmt.Sprint(n+1), fmt.Sprintf("u%d@example.com", n+1)))
		}
		from := client.Provenance{Source: "crm", Method: "imported"}
		for _, again := range []bool{false, true} {
			got, err := c.Upsert(ctx, from, rows)
			if err != nil || len(got) != 1000 {
				t.Fatalf("%d results, %v", len(got), err)
			}
			for i, want := range map[int]string{
				0: "1  []", 1: "0  [consent_without_words]", 2: "0 bad_value []", 3: "0 no_id []",
				4: "0  [consent_in_the_future consent_not_affirmative]", 5: "0  [consent_overtaken]", 6: "1  []", 999: "0  []",
			} {
				r := got[i]
				if s := fmt.Sprintf("%d %s %v", r.Permissions, r.Code, r.Without); s != want || r.Row != i || (r.Code == "") == (r.Customer == "") {
					t.Errorf("again %v, row %d: %q, want %q: %+v", again, i, s, want, r)
				}
			}
			if got[0].Created == again || got[0].Notes[0].Code != "undeclared" {
				t.Errorf("again %v: %+v", again, got[0])
			}
			if got[5].Customer != got[6].Customer {
				t.Error("two rows of one person are two customers")
			}
			if list, err := c.Consents(ctx, got[0].Customer); err != nil || len(list) != 1 {
				t.Errorf("again %v: %d records, %v", again, len(list), err)
			}
		}
		_, err := c.Upsert(ctx, from, append(rows, rows[0]))
		code(t, "more than a thousand", err, "invalid_request")
	})
}
