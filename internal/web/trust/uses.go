package trust

import (
	"encoding/json"
	"strings"
	"time"

	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

type usesPage struct {
	Rows  []useRow
	Pages ui.Pages
}

type useRow struct {
	ID      id.Entry
	At      time.Time
	By      string
	Purpose string
	What    string
	Fields  string
}

// showUses lists readings of personal values, the newest first: who read which
// kinds of data for which purpose. Whose they were stands in that customer's own
// list.
func (r *room) showUses(v *web.Visit) error {
	if v.WantsCSV() {
		return r.usesTable(v)
	}
	rows, err := r.Ledger.List(v.Context(), ledger.Filter{Kind: gate.KindDisclosure, Before: markOf(v.Form("after")), Limit: perPage + 1})
	if err != nil {
		return err
	}
	var p usesPage
	if len(rows) > perPage {
		rows = rows[:perPage]
		p.Pages.Next = v.With("after", markText(rows[perPage-1].Mark()))
	}
	err = v.Read(func(tx *db.Tx) error {
		names := r.names(tx)
		for _, row := range rows {
			p.Rows = append(p.Rows, readUse(v, row, names))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return web.Show(v, r.pages.uses, web.Head{Title: "Uses of data", Actions: []ui.Link{v.CSVLink()},
		Intro: "Each reading of personal values: who, for which purpose, which kinds. Whose they were stands in that customer's own list."}, p)
}

// usesTable is the list as a table.
func (r *room) usesTable(v *web.Visit) error {
	head := []string{"entry", "time", "by", "purpose", "what", "fields"}
	return v.CSV("uses", head, func(after string) (lines [][]string, next string, err error) {
		rows, err := r.Ledger.List(v.Context(), ledger.Filter{Kind: gate.KindDisclosure, Before: markOf(after), Limit: perPage})
		if err != nil {
			return nil, "", err
		}
		if len(rows) == perPage {
			next = markText(rows[perPage-1].Mark())
		}
		err = v.Read(func(tx *db.Tx) error {
			names := r.names(tx)
			lines = nil
			for _, row := range rows {
				u := readUse(v, row, names)
				lines = append(lines, []string{u.ID.String(), row.At.String(), u.By, u.Purpose, u.What, u.Fields})
			}
			return nil
		})
		return lines, next, err
	})
}

func readUse(v *web.Visit, row ledger.Row, names names) useRow {
	var c struct {
		Purpose   term.Purpose   `json:"purpose"`
		Operation term.Operation `json:"operation"`
		Fields    []term.Field   `json:"fields"`
		Actor     term.Actor     `json:"actor"`
	}
	out := useRow{ID: row.Entry, At: v.Local(row.At)}
	if json.Unmarshal(row.Content, &c) != nil {
		return out
	}
	var fields []string
	for _, f := range c.Fields {
		fields = append(fields, string(f))
	}
	out.By, out.Purpose, out.What, out.Fields = names.of(c.Actor), purposeTitle(v, c.Purpose), string(c.Operation), strings.Join(fields, ", ")
	return out
}

func purposeTitle(v *web.Visit, p term.Purpose) string {
	if known, ok := v.Who.Charter.Purpose(p); ok {
		return known.Title.In("en")
	}
	return string(p)
}
