package trust

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

type ledgerPage struct {
	Kind   ui.Field
	Actor  ui.Field
	Since  ui.Field
	Until  ui.Field
	Rows   []entryRow
	Pages  ui.Pages
	Looked int // how many entries were looked through for the actor; 0 without one
}

type entryRow struct {
	ID   id.Entry
	Kind string
	At   time.Time
	By   string
	Leaf string
}

const (
	perPage = 50
	// lookThrough bounds how many entries a search for an actor reads.
	lookThrough = 5000
)

// showLedger lists entries by kind, time and actor, the newest first.
func (r *room) showLedger(v *web.Visit) error {
	f := ledger.Filter{Kind: ledger.Kind(v.Form("kind")), Before: markOf(v.Form("after")), Limit: perPage + 1}
	if d, ok := day(v, "since"); ok {
		f.Since = d.Start(v.Zone())
	}
	if d, ok := day(v, "until"); ok {
		f.Until = d.End(v.Zone())
	}
	if v.WantsCSV() {
		return r.ledgerTable(v, f)
	}
	rows, looked, err := r.entries(v, f, term.Actor(v.Form("actor")))
	if err != nil {
		return err
	}
	p := ledgerPage{
		Kind: kindField(f.Kind), Looked: looked,
		Since: ui.Field{ID: "since", Name: "since", Label: "From", Type: "date", Value: v.Form("since")},
		Until: ui.Field{ID: "until", Name: "until", Label: "Until", Type: "date", Value: v.Form("until")},
	}
	if len(rows) > perPage {
		rows = rows[:perPage]
		p.Pages.Next = v.With("after", markText(rows[perPage-1].Mark()))
	}
	err = v.Read(func(tx *db.Tx) (err error) {
		if p.Actor, err = r.actorField(v, tx); err != nil {
			return err
		}
		names := r.names(tx)
		for _, row := range rows {
			e := entryRow{ID: row.Entry, Kind: WordsOf(row.Kind), At: v.Local(row.At), By: names.of(actorOf(row)), Leaf: "pending"}
			if row.Pos >= 0 {
				e.Leaf = ui.Number("en", row.Pos)
			}
			p.Rows = append(p.Rows, e)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return web.Show(v, r.pages.ledger, web.Head{Title: "Ledger",
		Intro:   "What the business did with people's data, in the order it happened. Nothing here can be changed without it showing.",
		Actions: []ui.Link{v.CSVLink()},
	}, p)
}

// ledgerTable is the list as a table.
func (r *room) ledgerTable(v *web.Visit, f ledger.Filter) error {
	head := []string{"entry", "kind", "recorded as", "by", "time", "leaf"}
	return v.CSV("ledger", head, func(after string) (lines [][]string, next string, err error) {
		f.Before, f.Limit = markOf(after), perPage
		rows, _, err := r.entries(v, f, term.Actor(v.Form("actor")))
		if err != nil {
			return nil, "", err
		}
		if len(rows) >= perPage {
			rows = rows[:perPage]
			next = markText(rows[perPage-1].Mark())
		}
		for _, row := range rows {
			lines = append(lines, []string{row.Entry.String(), WordsOf(row.Kind), string(row.Kind), string(actorOf(row)), row.At.String(), strconv.FormatInt(row.Pos, 10)})
		}
		return lines, next, nil
	})
}

// mostActors is how many of the staff the filter offers.
const mostActors = 200

// actorField chooses whose acts are shown: the engine's own, one of the staff's, or
// those of what an address names.
func (r *room) actorField(v *web.Visit, tx *db.Tx) (ui.Field, error) {
	chosen := v.Form("actor")
	f := ui.Field{ID: "actor", Name: "actor", Label: "By", Options: []ui.Option{{Text: "anybody"}, {Value: string(term.ByEngine), Text: "the engine itself"}, {Value: string(term.ByCustomer), Text: "customers themselves"}}}
	people, err := r.Staff.List(tx, 0, mostActors)
	for _, p := range people {
		f.Options = append(f.Options, ui.Option{Value: string(staff.Actor(p.ID)), Text: web.NameOf(p)})
	}
	known := false
	for i := range f.Options {
		f.Options[i].Chosen = f.Options[i].Value == chosen
		known = known || f.Options[i].Chosen
	}
	if !known {
		f.Options = append(f.Options, ui.Option{Value: chosen, Text: chosen, Chosen: true})
	}
	return f, err
}

// entries gives a page of entries. With an actor it looks through the newest
// that the filter lets in.
func (r *room) entries(v *web.Visit, f ledger.Filter, by term.Actor) (out []ledger.Row, looked int, err error) {
	if by == "" {
		out, err = r.Ledger.List(v.Context(), f)
		return out, 0, err
	}
	f.Limit = 1000
	for looked < lookThrough {
		rows, err := r.Ledger.List(v.Context(), f)
		if err != nil {
			return nil, looked, err
		}
		looked += len(rows)
		for _, row := range rows {
			if actorOf(row) == by {
				out = append(out, row)
			}
			if len(out) > perPage {
				return out, looked, nil
			}
		}
		if len(rows) < f.Limit {
			break
		}
		f.Before = rows[len(rows)-1].Mark()
	}
	return out, looked, nil
}

// actorOf reads who acted from an entry's content, "" when it says nobody.
func actorOf(row ledger.Row) term.Actor {
	var c struct {
		By        term.Actor `json:"by"`
		Actor     term.Actor `json:"actor"`
		AppliedBy term.Actor `json:"applied_by"`
	}
	if json.Unmarshal(row.Content, &c) != nil {
		return ""
	}
	for _, a := range []term.Actor{c.By, c.Actor, c.AppliedBy} {
		if a != "" {
			return a
		}
	}
	return ""
}

// markText and markOf carry a place in the list through the address.
func markText(m ledger.Mark) string { return m.At.String() + "/" + m.Entry.String() }

func markOf(s string) ledger.Mark {
	at, entry, _ := strings.Cut(s, "/")
	when, err := clock.Parse(at)
	if err != nil {
		return ledger.Mark{}
	}
	e, err := id.Parse[id.Entry](entry)
	if err != nil {
		return ledger.Mark{}
	}
	return ledger.Mark{At: when, Entry: e}
}

// verify recomputes the whole ledger.
func (r *room) verify(v *web.Visit) error {
	report, err := r.Ledger.Verify(v.Context())
	if errs.CodeOf(err) == ledger.LedgerTampered {
		return errs.New(errs.Conflict, ledger.LedgerTampered, "the ledger is not what was signed, from leaf %d on: %s; tell the officer at once", report.FirstBad, report.Problem)
	}
	if err != nil {
		return err
	}
	return v.Done("/admin/trust", "Everything is as it was signed: "+ui.Number("en", report.Size)+" entries recomputed, "+
		ui.Number("en", int64(report.Checkpoints))+" checkpoints and "+ui.Number("en", int64(report.Anchors))+" anchors agree.")
}

// checkpoint hands out the newest signed checkpoint, to be kept elsewhere.
func (r *room) checkpoint(v *web.Visit) error {
	b, err := r.Ledger.Checkpoint(v.Context())
	if err != nil {
		return err
	}
	return v.File("checkpoint.txt", "text/plain; charset=utf-8", b)
}
