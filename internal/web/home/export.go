package home

import (
	"candor/internal/db"
	"candor/internal/export"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// mayFiles lets in who takes data out and who looks after those that do.
var mayFiles = []staff.Permission{staff.Export, staff.Audit, staff.Oversee, staff.DecideRequest}

// exports names the files that are overdue, that still hold somebody who was
// erased, or that are in use after their end: the reader's own, and everybody's to
// those who look after them.
func (r *room) exports(v *web.Visit) ([]task, error) {
	holder := v.Actor()
	if v.Who.Rights.Any(mayFiles[1:]...) {
		holder = ""
	}
	var out []task
	err := v.Read(func(tx *db.Tx) error {
		out = nil
		if holder == "" {
			leaked, err := r.Exports.Leaked(tx, shown)
			if err != nil {
				return err
			}
			for _, e := range leaked {
				out = append(out, fileTask(v, e, "A mail came to somebody invented, from a file that should be gone", "still in use"))
			}
		}
		late, err := r.Exports.Late(tx, holder, shown)
		if err != nil {
			return err
		}
		for _, e := range late {
			out = append(out, fileTask(v, e, "Delete it everywhere, then say so", "overdue since "+ui.Date("en", v.Local(e.DeleteBy))))
		}
		erased, err := r.erasedIn(v, tx, holder)
		out = append(out, erased...)
		return err
	})
	return out, err
}

// erasedIn names files that hold people who were erased, each once.
func (r *room) erasedIn(v *web.Visit, tx *db.Tx, holder term.Actor) (out []task, err error) {
	open, err := r.Exports.Open(tx, holder, 10*shown)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, x := range open {
		e, err := r.Exports.Get(tx, x.Export)
		if err != nil {
			return nil, err
		}
		t := fileTask(v, e, "Take somebody who was erased out of it", "by "+ui.Date("en", v.Local(x.AskedAt.Add(export.ConfirmWithin))))
		if !x.Overdue(v.Now()) {
			t.Status.Tone = ui.Warn
		}
		if !named[t.URL] && len(named) < shown {
			named[t.URL] = true
			out = append(out, t)
		}
	}
	return out, nil
}

func fileTask(v *web.Visit, e export.File, note, status string) task {
	text := string(e.Purpose)
	if p, ok := v.Who.Charter.Purpose(e.Purpose); ok {
		text = p.Title.In("en")
	}
	return task{Text: "File taken out: " + text, Note: note, URL: "/admin/trust/exports/" + e.ID.String(), Status: ui.Status{Tone: ui.Bad, Text: status}}
}
