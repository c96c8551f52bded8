package setup

import (
	"bytes"
	"strings"

	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/intake"
	"candor/internal/lists"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

func (r *room) auditURL(a intake.ListAudit) string { return listsURL + "/" + a.ID.String() }

// correctColumns reads the lists anew with columns as a person says.
func (r *room) correctColumns(v *web.Visit) error {
	a, err := r.audit(v)
	if err != nil {
		return err
	}
	said := map[string]lists.Meaning{}
	for _, f := range a.Report.Files {
		for _, c := range f.Columns {
			if m := lists.Meaning(v.Form("as." + c.Name)); m != "" && (m != c.Meaning || c.Given) {
				said[c.Name] = m
			}
		}
	}
	if err := r.Imports.ReadLists(v.Context(), a.ID, said); err != nil {
		return err
	}
	return v.Done(r.auditURL(a), "The lists are being read again.")
}

// tryLists says how to load and begins a dry run of it.
func (r *room) tryLists(v *web.Visit) error {
	a, err := r.audit(v)
	if err != nil {
		return err
	}
	t := intake.Terms{Purpose: term.Purpose(v.Form("purpose")), Form: term.Ask(v.Form("form")), Forms: map[string]term.Ask{}, Ours: v.Form("ours") == "yes"}
	for _, f := range a.Report.Forms {
		if ask := v.Form("form." + f.Name); ask != "" {
			t.Forms[f.Name] = term.Ask(ask)
		}
	}
	err = r.Imports.TryLists(v.Context(), a.ID, t)
	if errs.Is(err, errs.Invalid) {
		t.Leave, t.Attest = a.Terms.Leave, a.Terms.Attest
		a.Terms = t
		return r.renderAudit(v, a, web.Head{}.Wrong(), err)
	}
	if err != nil {
		return err
	}
	return v.Done(r.auditURL(a), "It is being tried. Nothing is loaded.")
}

// loadLists loads what was tried.
func (r *room) loadLists(v *web.Visit) error {
	a, err := r.audit(v)
	if err != nil {
		return err
	}
	if err := r.Imports.LoadLists(v.Context(), a.ID, v.Actor()); err != nil {
		return err
	}
	return v.Done(r.auditURL(a), "Loading has begun.")
}

// dropLists deletes the files at once.
func (r *room) dropLists(v *web.Visit) error {
	a, err := r.audit(v)
	if err != nil {
		return err
	}
	if err := r.Imports.DropLists(v.Context(), a.ID); err != nil {
		return err
	}
	return v.Done(listsURL, "The files are deleted. Nothing of them was loaded.")
}

// auditReport gives the report as a page that stands alone, ready to print.
func (r *room) auditReport(v *web.Visit) error {
	a, err := r.audit(v)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := a.Report.HTML(&out); err != nil {
		return err
	}
	ui.StandAlone(v.W.Header())
	_, err = out.WriteTo(v.W)
	return err
}

// notTaken gives the rows that were not taken: line, column and reason.
func (r *room) notTaken(v *web.Visit) error {
	which, err := id.Parse[id.Import](v.R.PathValue("import"))
	if err != nil {
		return errs.New(errs.NotFound, "no_such_import", "there is no such import")
	}
	var out bytes.Buffer
	if err := r.Imports.Failures(v.Context(), which, &out); err != nil {
		return err
	}
	return v.File("rows-not-taken-"+strings.TrimPrefix(which.String(), "imp_")+".csv", "text/csv; charset=utf-8", out.Bytes())
}
