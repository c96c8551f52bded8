package client_test

import (
	"strings"
	"testing"

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
		_, err = s.as(t, c, "read", "admin").SendFile(ctx, in.ID, strings.NewReader(list))
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
