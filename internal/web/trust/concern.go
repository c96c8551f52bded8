package trust

import (
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/incident"
	"candor/internal/ui"
	"candor/internal/web"
)

type concernPage struct {
	Text    ui.Field
	Kinds   []ui.Choice
	Unnamed ui.Choice
}

var concernHead = web.Head{Title: "Report a concern",
	Intro: "Did somebody see, change or lose data they should not have? Report it, also when you are not sure and when it was your own mistake. Nobody is treated worse for a report."}

// breachWords say the kinds of breaches as people see them.
var breachWords = map[incident.Kind]string{
	incident.Confidentiality: "Somebody saw or got data they should not have",
	incident.Integrity:       "Data were changed wrongly",
	incident.Availability:    "Data were lost or cannot be reached",
}

func (r *room) showConcern(v *web.Visit) error { return r.renderConcern(v, concernHead, nil) }

func (r *room) renderConcern(v *web.Visit, h web.Head, wrong error) error {
	p := concernPage{
		Text:    ui.Field{ID: "text", Name: "text", Label: "What happened, and when?", Hint: "Leave out customers' names and addresses; numbers such as cus_… are enough.", Lines: 6, Max: 10_000, Required: true, Value: v.Form("text")},
		Unnamed: ui.Choice{ID: "unnamed", Name: "unnamed", Value: "yes", Label: "Do not record my name", Hint: "Then nobody can ask you back."},
	}
	if wrong != nil {
		p.Text.Error = web.Sentence(wrong)
	}
	for _, k := range incident.Kinds {
		p.Kinds = append(p.Kinds, ui.Choice{ID: string(k), Name: "kind", Value: string(k), Label: breachWords[k]})
	}
	return web.Show(v, r.pages.concern, h, p)
}

// report writes a concern into the register of incidents.
func (r *room) report(v *web.Visit) error {
	n := incident.NewReport{Text: v.Form("text"), By: v.Actor(), Unnamed: v.Form("unnamed") == "yes"}
	for _, k := range v.R.PostForm["kind"] {
		n.Kinds = append(n.Kinds, incident.Kind(k))
	}
	err := v.Write(func(tx *db.Tx) error {
		_, err := r.Incidents.Report(tx, n)
		return err
	})
	if errs.Is(err, errs.Invalid) {
		return r.renderConcern(v, concernHead.Wrong(), err)
	}
	if err != nil {
		return err
	}
	return v.Done("/admin/concern", "Thank you. It stands in the register of incidents, and those who look after them see it at once.")
}
