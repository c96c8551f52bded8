package intake

import (
	"context"
	"strings"
	"testing"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
)

const people = `
source: crm
columns:
  id: identity user crm
  mail: field email
  land: field country
`

func TestImportPeople(t *testing.T) {
	text := "id;mail;land;secret\r\n" +
		"1;ada@example.com;DE;x\r\n" +
		"2;bob@example.com;at;x\r\n" +
		"undefined;eve@example.com;DE;x\r\n" + // not an id
		"4;not an address;DE;x\r\n" +
		"5;eve@example.com;Germany;x\r\n" +
		"6;eve@example.com\r\n" + // too few columns
		"7;\xff@example.com;DE;x\r\n" +
		";;DE;x\r\n" + // nobody
		"1;;AT;x\r\n"
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		want := map[errs.Code]int{"no_id": 1, "bad_value": 2, BadRow: 1, NotText: 1, Nobody: 1}
		failures := "row,column,reason\n4,id,no_id\n5,mail,bad_value\n6,land,bad_value\n7,,bad_row\n8,,not_utf8\n9,,no_identity\n"
		for _, step := range []struct {
			name                    string
			dry                     bool
			fresh, existing, stored int64
		}{{"dry", true, 2, 0, 0}, {"first", false, 2, 0, 2}, {"again", false, 0, 2, 2}, {"dry again", true, 0, 2, 2}} {
			r, file := h.run(text, people, step.dry)
			if r.Rows != 9 || r.OK != 3 || r.New != step.fresh || r.Existing != step.existing {
				t.Errorf("%s: %+v", step.name, r)
			}
			for code, n := range want {
				if r.Errors[code] != n {
					t.Errorf("%s: %d rows failed for %s, want %d", step.name, r.Errors[code], code, n)
				}
			}
			if file != failures {
				t.Errorf("%s: failures:\n%s", step.name, file)
			}
			if len(r.LeftOut) != 1 || r.LeftOut[0] != "secret" {
				t.Errorf("%s: left out %v", step.name, r.LeftOut)
			}
			if n := h.number("select count(*) from customer"); n != step.stored {
				t.Errorf("%s: %d customers stored, want %d", step.name, n, step.stored)
			}
		}
		if len(h.find(customer.Email("ADA@example.com"))) != 1 {
			t.Error("an imported address finds nobody")
		}
		var past []Past
		h.must(d.Read(context.Background(), func(tx *db.Tx) (err error) {
			past, err = List(tx, 10)
			return err
		}))
		if len(past) != 2 || past[1].Outcome != "done" || past[1].New != 2 || past[1].Failed != 6 || past[1].Actor != "staff:test" {
			t.Errorf("history %+v", past)
		}
	})
}

const orders = `
source: shop
event: Order Completed
times: DD.MM.YYYY HH:MM
zone: Europe/Berlin
currency: EUR
columns:
  customer: identity user shop
  when: time
  total: property value
  goods: property family
`

func TestImportEventsOnce(t *testing.T) {
	text := "customer,when,total,goods\n" +
		"1,1.11.2026 09:30,12.50,beans\n" +
		"1,1.11.2026 09:30,12.50,beans\n" + // bought twice
		"2,24.12.2026 10:00,5,beans\n" + // to come
		"2,yesterday,5,beans\n" +
		"2,,5,beans\n" +
		"2,2.11.2026 10:00,5,tea\n"
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		r, failures := h.run(text, orders, false)
		if r.OK != 2 || r.Events != 2 || r.New != 1 || r.Errors[BadTime] != 3 || r.Errors["bad_value"] != 1 {
			t.Errorf("first: %+v\n%s", r, failures)
		}
		r, _ = h.run(text, orders, false)
		if r.Events != 0 || r.Duplicates != 2 || r.New != 0 {
			t.Errorf("again: %+v", r)
		}
		if at := h.number("select min(occurred_at) from event"); at != 1793521800000000 { // 08:30 UTC
			t.Errorf("occurred at %d", at)
		}
		if sum := h.number("select sum(amount) from event"); sum != 2500 {
			t.Errorf("sum %d", sum)
		}
	})
}

// TestImportedPermissionNeedsEvidence shows that a yes without its evidence is
// left out while its row is taken, and that a no counts always.
func TestImportedPermissionNeedsEvidence(t *testing.T) {
	mapping := people + `
times: YYYY-MM-DD
consents:
  - {purpose: letter, channel: email, column: news, at: at, words: text, method: how, given: to}
`
	text := "id,mail,land,news,at,text,how,to\n" +
		"1,a@example.com,DE,yes,2026-01-02,Send me the letter,form,Halm Coffee Roasters\n" +
		"2,b@example.com,DE,yes,,Send me the letter,form,Halm Coffee Roasters\n" +
		"3,c@example.com,DE,yes,2026-01-02,,form,Halm Coffee Roasters\n" +
		"4,d@example.com,DE,yes,2026-01-02,Send me the letter,form,Somebody Else\n" +
		"5,e@example.com,DE,no,,,,\n" +
		"6,f@example.com,DE,,,,,\n"
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		r, failures := h.run(text, mapping, false)
		if r.OK != 6 || r.Permissions != 2 || r.NoPermission != 3 {
			t.Errorf("%+v\n%s", r, failures)
		}
		for user, want := range map[string]consent.Kind{"1": consent.Given, "2": "", "3": "", "4": "", "5": consent.Refused, "6": ""} {
			found := h.find(customer.UserID("crm", user))
			if len(found) != 1 {
				t.Fatalf("%d customers are %s", len(found), user)
			}
			var got consent.Kind
			h.must(d.Read(context.Background(), func(tx *db.Tx) error {
				list, err := consent.Of(tx, found[0])
				for _, rec := range list {
					got = rec.Kind
				}
				return err
			}))
			if got != want {
				t.Errorf("customer %s: %q, want %q", user, got, want)
			}
		}
	})
}

func TestMappingsAreChecked(t *testing.T) {
	for name, text := range map[string]string{
		"not YAML":              "\t{",
		"no source":             "columns: {a: identity email}",
		"unknown setting":       "source: x\ncolor: red\ncolumns: {a: identity email}",
		"unknown kind":          "source: x\ncolumns: {a: telepathy}",
		"user without a space":  "source: x\ncolumns: {a: identity user}",
		"event without time":    "source: x\nevent: Order Completed\ncolumns: {a: identity email}",
		"property, no event":    "source: x\ncolumns: {a: identity email, b: property value}",
		"unknown times":         "source: x\ntimes: whenever\ncolumns: {a: identity email}",
		"unknown zone":          "source: x\nzone: Mars\ncolumns: {a: identity email}",
		"unknown delimiter":     "source: x\ndelimiter: pipe\ncolumns: {a: identity email}",
		"consent, no evidence":  "source: x\ncolumns: {a: identity email}\nconsents: [{purpose: letter, column: b}]",
		"name twice":            "source: x\nsource: y\ncolumns: {a: identity email}",
		"columns is a list":     "source: x\ncolumns: [a]",
		"currency is a mapping": "source: x\ncurrency: {}\ncolumns: {a: identity email}",
	} {
		if m, err := ParseMapping([]byte(text)); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	if _, err := ParseMapping([]byte(`{"source": "x", "columns": {"a": "identity email"}}`)); err != nil {
		t.Errorf("JSON: %v", err)
	}
}

func TestMappingMustFitFileAndCharter(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	for name, c := range map[string]struct{ file, mapping string }{
		"column not there":    {"a,b\n1,2\n", "source: x\ncolumns: {c: identity email}"},
		"undeclared field":    {"a,b\n1,2\n", "source: x\ncolumns: {a: identity email, b: field shoe_size}"},
		"undeclared event":    {"a,b\n1,2\n", "source: x\nevent: Nap Taken\ncolumns: {a: identity email, b: time}"},
		"undeclared property": {"a,b,c\n1,2,3\n", "source: x\nevent: Order Completed\ncolumns: {a: identity email, b: time, c: property mood}"},
		"nobody is found":     {"a,b\n1,2\n", "source: x\ncolumns: {b: field country}"},
		"same name twice":     {"a,a\n1,2\n", "source: x\ncolumns: {a: identity email}"},
		"empty":               {"", "source: x\ncolumns: {a: identity email}"},
		"not text":            {"\xff\xfea\x00\n", "source: x\ncolumns: {a: identity email}"},
		"one endless row":     {"a,b\n\"" + strings.Repeat("x", 3<<20), "source: x\ncolumns: {a: identity email}"},
	} {
		m, err := ParseMapping([]byte(c.mapping))
		h.must(err)
		if r, err := h.Import(context.Background(), strings.NewReader(c.file), Options{Mapping: m, DryRun: true}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %+v, %v", name, r, err)
		} else if strings.Contains(err.Error(), "1") && name != "one endless row" && name != "same name twice" {
			t.Errorf("%s: the error repeats a value: %v", name, err)
		}
	}
}

func TestDelimiterIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"comma":            {"a,b\n\"x,;y\",2\n", []string{"x,;y", "2"}},
		"semicolon":        {"a;b\n\"1,5\";2,5\n3,5;4,5\n", []string{"1,5", "2,5"}},
		"tab":              {"a\tb\n1 x\t2\n", []string{"1 x", "2"}},
		"runs of spaces":   {" a  b c\r\n 00001 19970101  1\r\n", []string{"00001", "19970101", "1"}},
		"one column":       {"a\n1\n", []string{"1"}},
		"byte order mark":  {"\xef\xbb\xbfa,b\n1,2\n", []string{"1", "2"}},
		"line in a cell":   {"a,b\n\"1\n2\",3\n", []string{"1\n2", "3"}},
		"no end of line":   {"a,b\n1,2", []string{"1", "2"}},
		"old Mac is a row": {"a,b\n1,2\r\n", []string{"1", "2"}},
	} {
		f, err := openFile(strings.NewReader(c.text), &Mapping{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		cells, _, err := f.next()
		if err != nil || strings.Join(cells, "|") != strings.Join(c.want, "|") || f.header[0] != "a" {
			t.Errorf("%s: %q, %v", name, cells, err)
		}
	}
}

func TestFailuresAreNoFormulas(t *testing.T) {
	var out strings.Builder
	f, err := NewFailureFile(&out)
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", "a,b\"c"} {
		if err := f.Add(RowError{2, column, "bad_value"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	want := "row,column,reason\n2,'=cmd|' /C calc'!A0,bad_value\n2,'+1,bad_value\n2,'-1,bad_value\n2,'@x,bad_value\n2,'\tx,bad_value\n2,\"a,b\"\"c\",bad_value\n"
	if out.String() != want {
		t.Errorf("wrote %q", out.String())
	}
}

func FuzzMapping(f *testing.F) {
	f.Add([]byte(people), []byte("id;mail;land\n1;a@example.com;DE\n"))
	f.Add([]byte(orders), []byte("customer,when,total,goods\n1,1.11.2026 09:30,12.50,beans\n"))
	f.Add([]byte("source: x\ndelimiter: spaces\ncolumns: {a: identity email}\nconsents: [{}]"), []byte(" a  b\n\"\n"))
	f.Fuzz(func(t *testing.T, mapping, file []byte) {
		m, err := ParseMapping(mapping)
		if err != nil && !errs.Is(err, errs.Invalid) {
			t.Fatalf("%v", err)
		}
		in, err := openFile(strings.NewReader(string(file)), &m)
		if err != nil {
			return
		}
		for range 1000 {
			if _, _, err := in.next(); err != nil && err != errRow {
				return
			}
		}
	})
}
