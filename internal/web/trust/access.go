package trust

import (
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/incident"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

const (
	accessesURL = "/admin/trust/accesses"
	ownURL      = "/admin/accesses"
)

type accessesPage struct {
	Filters []ui.Link
	Rows    []accessRow
	Pages   ui.Pages
}

type accessRow struct {
	ID      id.Access
	Entry   id.Entry
	By      string
	At      time.Time
	Purpose string
	Answer  string
	Status  ui.Status
	Judge   bool // it waits for the reader
}

// accessTable is the list as a table. What people explained stays on the page: it
// may be about a customer.
func (r *room) accessTable(v *web.Visit, all bool) error {
	return v.CSV("accesses", []string{"access", "by", "time", "purpose", "state"}, func(after string) (lines [][]string, next string, err error) {
		before, _ := id.Parse[id.Access](after)
		err = v.Read(func(tx *db.Tx) error {
			list, err := r.Staff.Accesses(tx, !all, before, perPage)
			lines, next = nil, ""
			names := r.names(tx)
			for _, a := range list {
				lines = append(lines, []string{a.ID.String(), names.of(staff.Actor(a.Staff)), a.At.String(), reasonWords(v, a.Purpose), statusOfAccess(a).Text})
			}
			if len(list) == perPage {
				next = list[perPage-1].ID.String()
			}
			return err
		})
		return lines, next, err
	})
}

// showAccesses lists the accesses without a case that somebody was asked about.
func (r *room) showAccesses(v *web.Visit) error {
	all := v.Form("show") == "all"
	if v.WantsCSV() {
		return r.accessTable(v, all)
	}
	before, _ := id.Parse[id.Access](v.Form("after"))
	page := accessesPage{Filters: []ui.Link{{Text: "Open", URL: v.With("show", ""), Current: !all}, {Text: "All", URL: v.With("show", "all"), Current: all}}}
	err := v.Read(func(tx *db.Tx) error {
		list, err := r.Staff.Accesses(tx, !all, before, perPage+1)
		if err != nil {
			return err
		}
		page.Rows = nil
		if len(list) > perPage {
			list = list[:perPage]
			page.Pages.Next = v.With("after", list[perPage-1].ID.String())
		}
		names := r.names(tx)
		for _, a := range list {
			page.Rows = append(page.Rows, accessRow{a.ID, a.Entry, names.of(staff.Actor(a.Staff)), v.Local(a.At), reasonWords(v, a.Purpose), a.Answer, statusOfAccess(a),
				a.JudgedAt == 0 && v.May(staff.Oversee) && a.Staff != v.Who.Person.ID})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return web.Show(v, r.pages.accesses, web.Head{Title: "Accesses without a case",
		Intro:   "Whoever looks at a customer states a purpose or the number of a request. Of those who stated a purpose alone, a sample is asked each week what it was for: one look in ten, and one of everybody's at least.",
		Actions: []ui.Link{v.CSVLink()}}, page)
}

func statusOfAccess(a staff.Access) ui.Status {
	switch {
	case a.Fine:
		return ui.Status{Tone: ui.Good, Text: "in order"}
	case a.JudgedAt != 0:
		return ui.Status{Tone: ui.Bad, Text: "not in order"}
	case a.AnsweredAt != 0:
		return ui.Status{Tone: ui.Info, Text: "explained"}
	}
	return ui.Status{Tone: ui.Warn, Text: "not explained yet"}
}

// reasonWords says what somebody stated.
func reasonWords(v *web.Visit, why string) string {
	if p, ok := v.Who.Charter.Purpose(term.Purpose(why)); ok {
		return p.Title.In("en")
	}
	return why
}

// judgeAccess closes a question. What is not in order becomes an incident.
func (r *room) judgeAccess(fine bool, said string) func(*web.Visit) error {
	return func(v *web.Visit) error {
		which, err := id.Parse[id.Access](v.R.PathValue("access"))
		if err != nil {
			return errs.New(errs.NotFound, "no_such_access", "nothing of this number waits for you")
		}
		err = v.Write(func(tx *db.Tx) error {
			a, err := r.Staff.Judge(tx, which, v.Who, fine)
			if err != nil || fine {
				return err
			}
			_, err = r.Incidents.Report(tx, incident.NewReport{By: v.Actor(), Kinds: []incident.Kind{incident.Confidentiality}, DetectedAt: v.Now(),
				Text: "A look at a customer without a case was judged not to be in order: " + which.String() + ", ledger entry " + a.Entry.String() + "."})
			return err
		})
		if err != nil {
			return err
		}
		return v.Done(accessesURL, said)
	}
}

type ownPage struct{ Rows []ownRow }

type ownRow struct {
	ID      id.Access
	At      time.Time
	Purpose string
	Answer  ui.Field
}

// showOwn asks the reader about their own accesses.
func (r *room) showOwn(v *web.Visit) error { return r.renderOwn(v, web.Head{}, 0, nil) }

func (r *room) renderOwn(v *web.Visit, h web.Head, at id.Access, wrong error) error {
	var page ownPage
	err := v.Read(func(tx *db.Tx) error {
		list, err := r.Staff.Unexplained(tx, v.Who.Person.ID)
		page.Rows = nil
		for _, a := range list {
			row := ownRow{a.ID, v.Local(a.At), reasonWords(v, a.Purpose), ui.Field{ID: "answer-" + a.ID.String(), Name: "answer", Label: "What was it for?", Max: 500, Lines: 2, Required: true,
				Hint: "Such as “a call about a late parcel”. Nothing that says who the customer is."}}
			if a.ID == at {
				web.Note(wrong, &row.Answer)
				row.Answer.Value = v.Form("answer")
			}
			page.Rows = append(page.Rows, row)
		}
		return err
	})
	if err != nil {
		return err
	}
	h.Title, h.Intro = "Your accesses", "You looked at these customers for a purpose alone, without the number of a request. A sample of such looks is asked about each week, of everybody."
	return web.Show(v, r.pages.own, h, page)
}

// explain records what an own access was for.
func (r *room) explain(v *web.Visit) error {
	which, err := id.Parse[id.Access](v.R.PathValue("access"))
	if err != nil {
		return errs.New(errs.NotFound, "no_such_access", "nothing of this number waits for you")
	}
	err = v.Write(func(tx *db.Tx) error { return r.Staff.Explain(tx, which, v.Who.Person.ID, v.Form("answer")) })
	if errs.Is(err, errs.Invalid) {
		return r.renderOwn(v, web.Head{}.Wrong(), which, err)
	}
	if err != nil {
		return err
	}
	return v.Done(ownURL, "Thank you. The data protection officer reads it.")
}
