package trust

import (
	"fmt"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/export"
	"candor/internal/id"
	"candor/internal/ui"
	"candor/internal/web"
)

type exportPage struct {
	URL     string
	Facts   []ui.Fact
	Leaked  string // what came to the invented people after the file's end
	ToErase []erasedLine
	Mine    bool // the reader may say that it is deleted
	Open    bool
}

// erasedLine is a line that the holder has to delete.
type erasedLine struct {
	Reference string
	Status    ui.Status
}

func exportOf(v *web.Visit) (id.Export, error) {
	e, err := id.Parse[id.Export](v.R.PathValue("export"))
	if err != nil {
		return 0, errs.New(errs.NotFound, "no_such_export", "there is no export of this number")
	}
	return e, nil
}

// showExport shows what a file holds, who has it, and what they have to delete.
func (r *room) showExport(v *web.Visit) error {
	which, err := exportOf(v)
	if err != nil {
		return err
	}
	p, h := exportPage{URL: exportsURL + "/" + which.String()}, web.Head{Crumb: &ui.Link{Text: "Exports", URL: exportsURL}}
	err = v.Read(func(tx *db.Tx) error {
		e, err := r.Exports.Get(tx, which)
		if err != nil {
			return err
		}
		if err := r.mayRead(v, e); err != nil {
			return err
		}
		open, err := r.Exports.ToErase(tx, which)
		if err != nil {
			return err
		}
		mails, err := r.Exports.MailsTo(tx, which)
		if err != nil {
			return err
		}
		h.Title = exportWords(v, e)
		p.Open, p.Mine = e.DeletedAt.IsZero(), e.Holder == v.Actor() || mayDecide(v)
		p.Facts, p.Leaked, p.ToErase = r.exportFacts(v, tx, e, len(open)), "", nil
		if mails.Count > 0 {
			p.Facts = append(p.Facts, ui.Fact{Term: "Mails to its invented people", Text: ui.Number("en", mails.Count), Note: "the last " + ui.When("en", v.Local(mails.Last)) + from(mails.From)})
			if mails.Last >= e.DeleteBy || !p.Open && mails.Last >= e.DeletedAt {
				p.Leaked = "Somebody wrote to a person of this file" + from(mails.From) + " on " + ui.When("en", v.Local(mails.Last)) + ", after it should have been deleted. Ask who else has it, and report a concern."
			}
		}
		for _, x := range open {
			line := erasedLine{x.Reference, ui.Status{Tone: ui.Warn, Text: "asked " + ui.Date("en", v.Local(x.AskedAt))}}
			if x.Overdue(v.Now()) {
				line.Status = ui.Status{Tone: ui.Bad, Text: "overdue since " + ui.Date("en", v.Local(x.AskedAt.Add(export.ConfirmWithin)))}
			}
			p.ToErase = append(p.ToErase, line)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return web.Show(v, r.pages.export, h, p)
}

func from(host string) string {
	if host == "" {
		return ""
	}
	return ", from " + host
}

// mayRead hides a colleague's file from those who only take out their own.
func (r *room) mayRead(v *web.Visit, e export.File) error {
	if e.Holder != v.Actor() && !v.Who.Rights.Any(overseers...) {
		return errs.New(errs.NotFound, "no_such_export", "there is no export of this number")
	}
	return nil
}

func (r *room) exportFacts(v *web.Visit, tx *db.Tx, e export.File, toErase int) []ui.Fact {
	names, status := r.names(tx), exportStatus(v, e, toErase)
	fields := ""
	for i, name := range e.Fields {
		if i > 0 {
			fields += ", "
		}
		text := string(name)
		if f, ok := v.Who.Charter.Field(name); ok {
			text = f.Title.In("en")
		}
		fields += text
	}
	if fields == "" {
		fields = "numbers alone"
	}
	out := []ui.Fact{
		{Term: "State", Status: &status},
		{Term: "Who is in it", Text: r.whoWords(v, e), Note: ui.Number("en", e.People) + " people, each of whom can see that it exists"},
		{Term: "What of them", Text: fields},
		{Term: "Taken out by", Text: names.of(e.TakenBy) + ", " + ui.When("en", v.Local(e.MadeAt))},
		{Term: "Delete by", Text: ui.Date("en", v.Local(e.DeleteBy))},
	}
	if e.Holder != e.TakenBy {
		out = append(out, ui.Fact{Term: "Who answers for it", Text: names.of(e.Holder)})
	}
	if !e.DeletedAt.IsZero() {
		out = append(out, ui.Fact{Term: "Said to be deleted by", Text: names.of(e.DeletedBy) + ", " + ui.When("en", v.Local(e.DeletedAt))})
	}
	return out
}

// deleteExport records that the file is deleted, wherever it was.
func (r *room) deleteExport(v *web.Visit) error {
	which, err := exportOf(v)
	if err != nil {
		return err
	}
	if err := v.Write(func(tx *db.Tx) error { return r.Exports.Delete(tx, which, v.Actor(), mayDecide(v)) }); err != nil {
		return err
	}
	return v.Done(exportsURL+"/"+which.String(), "Noted, with your name: the file is deleted.")
}

// confirmErased records that the erased people are out of the file.
func (r *room) confirmErased(v *web.Visit) error {
	which, err := exportOf(v)
	if err != nil {
		return err
	}
	n := 0
	err = v.Write(func(tx *db.Tx) (err error) {
		n, err = r.Exports.Confirm(tx, which, v.Actor(), mayDecide(v))
		return err
	})
	if err != nil {
		return err
	}
	text := "Noted, with your name: the line is deleted."
	if n > 1 {
		text = fmt.Sprintf("Noted, with your name: %d lines are deleted.", n)
	}
	return v.Done(exportsURL+"/"+which.String(), text)
}
