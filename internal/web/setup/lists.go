package setup

import (
	"io"
	"time"

	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/intake"
	"candor/internal/ui"
	"candor/internal/web"
)

// The addresses of the lists.
const listsURL = "/admin/setup/lists"

// maxLists is how much a form may bring at once.
const maxLists = 2 << 30

// listsPage takes lists and shows those that were taken.
type listsPage struct {
	Rows  []listsRow
	Other []importRow
	Pages ui.Pages
	Days  int // that files are kept
}

type listsRow struct {
	ID       id.Audit
	At       time.Time
	Headline string
	Status   ui.Status
}

// importRow is a file that a program handed over.
type importRow struct {
	ID     id.Import
	At     time.Time
	Rows   int64
	OK     int64
	Failed bool
	Status ui.Status
}

func (r *room) showLists(v *web.Visit) error {
	after, _ := id.Parse[id.Audit](v.Form("after"))
	list, err := r.Imports.Audits(v.Context(), after, perPage+1)
	if err != nil {
		return err
	}
	p := listsPage{Days: int(intake.KeepLists / (24 * time.Hour))}
	if len(list) > perPage {
		list = list[:perPage]
		p.Pages.Next = v.With("after", list[perPage-1].ID.String())
	}
	for _, a := range list {
		row := listsRow{ID: a.ID, At: v.Local(a.CreatedAt), Status: auditStatus(a.State), Headline: "Not read yet"}
		if a.Report.Rows > 0 {
			row.Headline = a.Report.Headline()
		}
		p.Rows = append(p.Rows, row)
	}
	others, err := r.Imports.Uploads(v.Context(), 0, 10)
	if err != nil {
		return err
	}
	for _, u := range others {
		p.Other = append(p.Other, importRow{u.ID, v.Local(u.CreatedAt), u.Report.Rows, u.Report.OK, len(u.Report.Errors)+len(u.Report.Without) > 0, uploadStatus(u.State)})
	}
	return web.Show(v, r.pages.lists, web.Head{Title: "Import", Intro: "Bring the contact lists of your other tools, all at once: first see what they can prove, then decide, then load."}, p)
}

func auditStatus(s intake.AuditState) ui.Status {
	switch s {
	case intake.AuditReading:
		return ui.Status{Tone: ui.Info, Text: "being read"}
	case intake.AuditRead:
		return ui.Status{Tone: ui.Warn, Text: "judged, nothing is loaded"}
	case intake.AuditTrying:
		return ui.Status{Tone: ui.Info, Text: "being tried"}
	case intake.AuditTried:
		return ui.Status{Tone: ui.Warn, Text: "ready to load"}
	case intake.AuditLoading:
		return ui.Status{Tone: ui.Info, Text: "being loaded"}
	case intake.AuditLoaded:
		return ui.Status{Tone: ui.Good, Text: "loaded"}
	case intake.AuditStopped:
		return ui.Status{Tone: ui.Bad, Text: "could not be read"}
	case intake.AuditExpired:
		return ui.Status{Tone: ui.Plain, Text: "files deleted"}
	}
	return ui.Status{Tone: ui.Plain, Text: "files are arriving"}
}

func uploadStatus(s intake.UploadState) ui.Status {
	tone := ui.Info
	switch s {
	case intake.Done:
		tone = ui.Good
	case intake.Stopped:
		tone = ui.Bad
	case intake.Expired, intake.Open:
		tone = ui.Plain
	}
	words := map[intake.UploadState]string{intake.Running: "being loaded", intake.Checking: "being checked", intake.Checked: "checked", intake.Done: "loaded", intake.Whole: "waits", intake.Arriving: "arriving"}
	text := words[s]
	if text == "" {
		text = string(s)
	}
	return ui.Status{Tone: tone, Text: text}
}

// takeLists takes the files of the form, each sealed as it comes, and begins to
// judge them. When one does not arrive, none is kept.
func (r *room) takeLists(v *web.Visit) error {
	which, err := r.Imports.BeginAudit(v.Context(), v.Actor())
	if err != nil {
		return err
	}
	err = v.Files(func(name string, file io.Reader) error { return r.Imports.AddList(v.Context(), which, name, file) })
	if err == nil {
		err = r.Imports.ReadLists(v.Context(), which, nil)
	}
	if err != nil {
		if gone := r.Imports.DropLists(v.Context(), which); gone != nil {
			return gone
		}
		return err
	}
	return v.Done(listsURL+"/"+which.String(), "The files are here, sealed. They are being read; nothing is loaded.")
}

// audit finds the audit of the address.
func (r *room) audit(v *web.Visit) (intake.ListAudit, error) {
	which, err := id.Parse[id.Audit](v.R.PathValue("audit"))
	if err != nil {
		return intake.ListAudit{}, errs.New(errs.NotFound, "no_such_audit", "there is no such audit; its lists may have been deleted")
	}
	return r.Imports.Audit(v.Context(), which)
}
