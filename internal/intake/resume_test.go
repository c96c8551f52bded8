package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
)

// A run that is killed anywhere goes on where it stopped: nothing is missing,
// and nothing is there twice, not even of two equal purchases.
func TestAKilledImportGoesOn(t *testing.T) {
	const rows = 2600
	text := "customer,when,total,goods\n"
	for i := range rows {
		text += fmt.Sprintf("%d,1.11.2026 09:30,12.50,beans\n", i%900+1) // the same again two or three times
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		m, err := ParseMapping([]byte(orders))
		h.must(err)
		ctx, kill := context.WithCancel(context.Background())
		batches := 0
		o := Options{Mapping: m, Actor: "staff:test", Progress: func(Report) {
			if batches++; batches == 3 {
				kill()
			}
		}}
		first, err := h.Import(ctx, strings.NewReader(text), o)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("killed: %+v, %v", first, err)
		}
		if n := h.number("select count(*) from event"); n == 0 || n == rows {
			t.Fatalf("%d events after the kill", n)
		}
		// It crashed after a batch was stored and before the place was noted.
		h.must(d.Write(context.Background(), func(tx *db.Tx) error {
			_, err := tx.Exec("update import set done_row = done_row - 400, outcome = '', ended_at = 0")
			return err
		}))
		o.Progress = nil
		second, err := h.Import(context.Background(), strings.NewReader(text), o)
		h.must(err)
		if second.Import != first.Import || second.From == 0 || second.Rows >= rows {
			t.Errorf("went on as %+v after %+v", second, first)
		}
		if n := h.number("select count(*) from event"); n != rows {
			t.Errorf("%d events, want %d", n, rows)
		}
		if n := h.number("select count(*) from customer"); n != 900 {
			t.Errorf("%d customers", n)
		}
		third, err := h.Import(context.Background(), strings.NewReader(text), o)
		h.must(err)
		if third.Import == first.Import || third.From != 0 || third.Events != 0 || third.Duplicates != rows {
			t.Errorf("once done it runs anew and adds nothing: %+v", third)
		}
	})
}

// What lowers is taken before anything that raises, wherever it stands.
func TestSuppressionsComeFirst(t *testing.T) {
	text := evidenceHead
	for i := range 1200 {
		text += fmt.Sprintf("%d,p%d@example.com,DE,yes,2026-01-02,Send me the letter,,,form,halm,\n", i+1, i+1)
	}
	text += "9999,p9999@example.com,DE,no,,,,,,,\n" + "1,p1@example.com,DE,no,,,,,,,\n"
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		m, err := ParseMapping([]byte(withEvidence))
		h.must(err)
		seen := false
		r, err := h.Import(context.Background(), strings.NewReader(text), Options{Mapping: m, Actor: "staff:test", Progress: func(Report) {
			if !seen {
				seen = true
				if n := h.number("select count(*) from consent_record where kind = 'refused'"); n != 2 {
					t.Errorf("%d refusals are on record after the first batch, want both", n)
				}
			}
		}})
		h.must(err)
		if !seen || r.Without[Overtaken] != 1 || h.mayWrite("1") || !h.mayWrite("2") {
			t.Errorf("%+v; may write to the one who said no: %v", r, h.mayWrite("1"))
		}
	})
}

func TestJSONLines(t *testing.T) {
	text := "\ufeff" + `{"id": 1, "mail": "ada@example.com", "land": "DE", "secret": [1]}` + "\r\n\n" +
		`{"id": "2", "land": null, "mail": "bob@example.com"}` + "\n" +
		`{"id": "3", "ID": "4"}` + "\n" + // the same name twice
		`{"id": {"a": 1}, "mail": "eve@example.com"}` + "\n" +
		`not JSON` + "\n" +
		`{"id": "5", "mail": "flo@example.com"}`
	h := newHouse(t, dbtest.SQLite(t))
	r, failures := h.run(text, people, false)
	if r.Rows != 6 || r.OK != 3 || r.Errors[BadRow] != 3 || len(r.LeftOut) != 1 || r.LeftOut[0] != "secret" {
		t.Errorf("%+v\n%s", r, failures)
	}
	if failures != "row,column,reason\n4,,bad_row\n5,,bad_row\n6,,bad_row\n" {
		t.Errorf("failures:\n%s", failures)
	}
	for _, user := range []string{"1", "2", "5"} {
		if len(h.find(customer.UserID("crm", user))) != 1 {
			t.Errorf("customer %s is not there", user)
		}
	}
}
