package app

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"candor/internal/audience"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/personal"
	"candor/internal/request"
	"candor/internal/term"
)

// RGT-08: of a subject who is in the profile, events, segments, decisions,
// disclosures and with a vendor, the copy has all six, with inferred data, and
// names its recipients.
func TestRGT08_TheCopyIsWhole(t *testing.T) {
	each(t, 1, func(t *testing.T, h *house) {
		c := h.ids[0]
		h.tells("archive", c, nil, map[term.Field]any{"churn_score": int64(71)})
		h.write(func(tx *db.Tx) error {
			for name, rule := range map[string]string{"Buyers": `count("Order Completed") >= 1`, "Nobody": `roast == "light" && roast == "dark"`} {
				if _, err := h.Audience.SaveSegment(tx, audience.Segment{Name: name, Purpose: "letter", Expression: rule, Author: "staff:test"}); err != nil {
					return err
				}
			}
			_, d, err := h.Gate.Use(tx, gate.Request{Customer: c, Controller: "halm", Purpose: "orders", Operation: term.Share, Recipient: "carrier",
				Fields: []term.Field{"name", "address"}, Actor: "program:shipping"})
			if err == nil && !d.Allowed() {
				t.Errorf("the parcel is not shipped: %v", d.Reasons)
			}
			return err
		})
		got, err := h.Desk.Copy(ctx, c, "en")
		h.must(err)
		rows := map[string]int{}
		text, err := json.Marshal(got)
		h.must(err)
		for _, s := range got.Stores {
			rows[s.Store] = len(s.Rows)
		}
		for _, store := range []string{"values", "customer", "events", "consent", "permissions and uses"} {
			if rows[store] == 0 {
				t.Errorf("the copy has nothing of %s: %v", store, rows)
			}
		}
		if len(got.Segments) != 1 || got.Segments[0].Name != "Buyers" || !strings.Contains(got.Segments[0].Rule, "Your orders") {
			t.Errorf("segments: %+v", got.Segments)
		}
		if len(got.Decisions) < 3 || len(got.Disclosures) != 1 || got.Disclosures[0].To != "Nordpaket AG" || len(got.Disclosures[0].Fields) != 2 {
			t.Errorf("decisions %+v, disclosures %+v", got.Decisions, got.Disclosures)
		}
		names := map[string]bool{}
		for _, r := range got.Recipients {
			names[r.Name] = r.Country != ""
		}
		if !names["Nordpaket AG"] || !names["Mailhaus Inc"] {
			t.Errorf("recipients: %+v", got.Recipients)
		}
		p := h.people[0]
		for _, want := range []string{p.Email, p.Street, p.First, "churn_score", "71", `"source"`, "SCC", "24 months after", "consent", got.Complaints, "backups"} {
			if want == "" || !strings.Contains(string(text), want) {
				t.Errorf("the copy does not say %q", want)
			}
		}
		german, err := h.Desk.Copy(ctx, c, "de")
		h.must(err)
		if !strings.Contains(german.Segments[0].Rule, "Ihre Bestellungen") {
			t.Errorf("the German copy: %+v", german.Segments)
		}
	}, withScore...)
}

// RGT-10: of a profile on consent with events and a score, the portable file has
// the events and not the score, and is valid by the published schema; the tables
// say the same, and no cell is a formula.
func TestRGT10_WhatWasGivenLeavesInACommonForm(t *testing.T) {
	each(t, 1, func(t *testing.T, h *house) {
		c := h.ids[0]
		h.tells("archive", c, nil, map[term.Field]any{"churn_score": int64(71)})
		h.tells("subject", c, map[term.Field]personal.Value{"name": personal.Seal("=cmd|' /C calc'!A0")}, nil)
		got, err := h.Desk.Portable(ctx, c)
		h.must(err)
		text, err := json.Marshal(got)
		h.must(err)
		valid(t, text)
		if len(got.Events) != len(h.people[0].Orders) {
			t.Errorf("%d events, want %d", len(got.Events), len(h.people[0].Orders))
		}
		fields := map[string]string{}
		for _, d := range got.Data {
			fields[d.Field] = d.Value
		}
		if fields["email"] != h.people[0].Email || fields["roast"] != h.people[0].Roast || fields["address"] == "" {
			t.Errorf("data: %v", fields)
		}
		for _, inferred := range []string{"churn_score", "country"} {
			if _, has := fields[inferred]; has {
				t.Errorf("%s is inferred or derived and leaves all the same", inferred)
			}
		}
		tables(t, got)
	}, withScore...)
}

func valid(t *testing.T, text []byte) {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(request.PortableSchema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("portable.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("portable.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Error(err)
	}
	if compiled.Validate(map[string]any{"schema": "other"}) == nil {
		t.Error("the schema lets anything pass")
	}
}

func tables(t *testing.T, p request.Portable) {
	t.Helper()
	var b bytes.Buffer
	if err := p.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"data.csv": len(p.Data) + 1, "events.csv": len(p.Events) + 1}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(r).ReadAll()
		if err != nil || len(rows) != want[f.Name] {
			t.Errorf("%s has %d rows, want %d: %v", f.Name, len(rows), want[f.Name], err)
		}
		delete(want, f.Name)
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					t.Errorf("%s: a spreadsheet reads %q as a formula", f.Name, cell)
				}
			}
		}
	}
	if len(want) != 0 {
		t.Errorf("missing: %v", want)
	}
}
