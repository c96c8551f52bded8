package trust

import (
	"strings"
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/export"
	"candor/internal/id"
	"candor/internal/staff"
	"candor/internal/ui"
	"candor/internal/web"
)

const exportsURL = "/admin/trust/exports"

type exportsPage struct {
	States []ui.Link
	Rows   []exportRow
	Pages  ui.Pages
	Mark   ui.Field
	Found  *exportRow // whose the line is
	None   bool       // nobody's
}

type exportRow struct {
	URL    string
	What   string
	Who    string
	People string
	By     string
	At     time.Time
	Status ui.Status
}

// mayDecide tells whether the visitor may act instead of who holds a file.
func mayDecide(v *web.Visit) bool { return v.Who.Rights.Any(staff.DecideRequest, staff.Oversee) }

// showExports lists the files that were taken out, the newest first.
func (r *room) showExports(v *web.Visit) error {
	if v.WantsCSV() {
		return r.exportTable(v)
	}
	return r.renderExports(v, web.Head{Actions: []ui.Link{v.CSVLink()}}, exportsPage{}, nil)
}

// exportFilter is what the address asks for, of the files that the visitor may see:
// those of everybody, or one's own.
func exportFilter(v *web.Visit, after string, limit int) export.Filter {
	before, _ := id.Parse[id.Export](after)
	f := export.Filter{Open: v.R.URL.Query().Get("state") != "all", Before: before, Limit: limit}
	if !v.Who.Rights.Any(overseers...) {
		f.Holder = v.Actor()
	}
	return f
}

// exportTable is the list as a table: of the files, not of whom they hold.
func (r *room) exportTable(v *web.Visit) error {
	return v.CSV("exports", []string{"export", "what for", "who is in it", "people", "who has it", "since", "delete by", "state"}, func(after string) (lines [][]string, next string, err error) {
		err = v.Read(func(tx *db.Tx) error {
			list, err := r.Exports.List(tx, exportFilter(v, after, perPage))
			if err != nil {
				return err
			}
			lines, next = nil, ""
			names := r.names(tx)
			for _, e := range list {
				row, err := r.exportRow(v, tx, e, names)
				if err != nil {
					return err
				}
				lines = append(lines, []string{e.ID.String(), row.What, row.Who, row.People, row.By, e.MadeAt.String(), e.DeleteBy.String(), row.Status.Text})
			}
			if len(list) == perPage {
				next = list[perPage-1].ID.String()
			}
			return nil
		})
		return lines, next, err
	})
}

func (r *room) renderExports(v *web.Visit, h web.Head, p exportsPage, wrong error) error {
	f := exportFilter(v, v.R.URL.Query().Get("after"), perPage+1)
	p.States = []ui.Link{{Text: "Out", URL: exportsURL, Current: f.Open}, {Text: "All", URL: exportsURL + "?state=all", Current: !f.Open}}
	p.Mark = ui.Field{ID: "mark", Name: "mark", Label: "Address or number", Required: true, Max: 320, Autocomplete: "off", Value: v.R.PostFormValue("mark"),
		Hint: "Of a line that turned up, or that somebody wrote to. Each file holds a few people who do not exist, and no other file holds the same."}
	web.Note(wrong, &p.Mark)
	err := v.Read(func(tx *db.Tx) error {
		list, err := r.Exports.List(tx, f)
		if err != nil {
			return err
		}
		if len(list) > perPage {
			list = list[:perPage]
			p.Pages.Next = v.With("after", list[perPage-1].ID.String())
		}
		names := r.names(tx)
		p.Rows = nil
		for _, e := range list {
			row, err := r.exportRow(v, tx, e, names)
			if err != nil {
				return err
			}
			p.Rows = append(p.Rows, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	h.Title, h.Intro = "Exports", "Files with people's data that somebody took out: who has them, whom they hold, and until when."
	if v.May(staff.Export) {
		h.Actions = append(h.Actions, ui.Link{Text: "Take data out", URL: exportsURL + "/new", Current: true})
	}
	return web.Show(v, r.pages.exports, h, p)
}

func (r *room) exportRow(v *web.Visit, tx *db.Tx, e export.File, names names) (exportRow, error) {
	open, err := r.Exports.ToErase(tx, e.ID)
	return exportRow{URL: exportsURL + "/" + e.ID.String(), What: exportWords(v, e), Who: r.whoWords(v, e), People: ui.Number("en", e.People), By: names.of(e.Holder),
		At: v.Local(e.MadeAt), Status: exportStatus(v, e, len(open))}, err
}

// exportWords says what a file is for.
func exportWords(v *web.Visit, e export.File) string {
	out := purposeTitle(v, e.Purpose)
	if e.Recipient != "" {
		name, ok := recipientName(v.Who.Charter, e.Recipient)
		if !ok {
			name = string(e.Recipient)
		}
		out += ", for " + name
	}
	return out
}

// whoWords says whom a file holds; a condition in a sentence, where it still can be
// read.
func (r *room) whoWords(v *web.Visit, e export.File) string {
	if e.Kind == export.Campaign {
		return "got the campaign “" + e.Who + "”"
	}
	if condition, err := r.Audience.Compile(v.Who.Charter, e.Purpose, e.Who); err == nil {
		return condition.Describe("en")
	}
	return e.Who
}

func exportStatus(v *web.Visit, e export.File, toErase int) ui.Status {
	switch {
	case !e.DeletedAt.IsZero():
		return ui.Status{Tone: ui.Good, Text: "deleted " + ui.Date("en", v.Local(e.DeletedAt))}
	case e.Overdue(v.Now()):
		return ui.Status{Tone: ui.Bad, Text: "overdue since " + ui.Date("en", v.Local(e.DeleteBy))}
	case toErase > 0:
		return ui.Status{Tone: ui.Bad, Text: "holds somebody who was erased"}
	case e.DeleteBy.Sub(v.Now()) < 3*24*time.Hour:
		return ui.Status{Tone: ui.Warn, Text: "delete by " + ui.Date("en", v.Local(e.DeleteBy))}
	}
	return ui.Status{Tone: ui.Info, Text: "delete by " + ui.Date("en", v.Local(e.DeleteBy))}
}

// whoseExport says from which file a line is. Only invented people answer.
func (r *room) whoseExport(v *web.Visit) error {
	p := exportsPage{}
	err := v.Read(func(tx *db.Tx) error {
		e, err := r.Exports.Whose(tx, strings.TrimSpace(v.R.PostFormValue("mark")))
		if errs.Is(err, errs.NotFound) {
			p.None, p.Found = true, nil
			return nil
		}
		if err != nil {
			return err
		}
		row, err := r.exportRow(v, tx, e, r.names(tx))
		p.Found = &row
		return err
	})
	if err != nil {
		return err
	}
	return r.renderExports(v, web.Head{}, p, nil)
}
