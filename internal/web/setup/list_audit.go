package setup

import (
	"fmt"
	"slices"
	"time"

	"candor/internal/audit"
	"candor/internal/charter"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/intake"
	"candor/internal/lists"
	"candor/internal/ui"
	"candor/internal/web"
)

// auditPage is several lists that are judged together: what they prove, how they
// will be loaded, and what became of them.
type auditPage struct {
	ID       id.Audit
	Steps    []ui.Step
	Status   ui.Status
	Problem  string
	Work     *auditWork // in the background, now
	Headline string
	Sum      string
	Bars     []proofBar
	Findings []audit.Finding
	Files    []listFile
	Fix      bool // columns and terms may still be changed
	Terms    auditTerms
	Outcome  *auditOutcome
	Drop     bool
	GoneAt   time.Time
}

// auditWork is how far the background is.
type auditWork struct {
	Title, Text string
	Width       string // "" when the end is not known
}

// proofBar is a class with its size.
type proofBar struct {
	URL, Title, Means, Count, Share, Width, Will string
	Tone                                         ui.Tone
}

// listFile is a file and what its columns were taken for.
type listFile struct {
	Name, Tool, Note string
	Rows             int64
	Subscribed       int64
	Suppressed       int64
	Columns          []ui.Field
	LeftOut          int
}

func (r *room) showAudit(v *web.Visit) error {
	a, err := r.audit(v)
	if err != nil {
		return err
	}
	return r.renderAudit(v, a, web.Head{}, nil)
}

func (r *room) renderAudit(v *web.Visit, a intake.ListAudit, h web.Head, wrong error) error {
	h.Title, h.Crumb = "List audit", &ui.Link{Text: "Import", URL: listsURL}
	p := auditPage{ID: a.ID, Status: auditStatus(a.State), Problem: a.Problem, Steps: auditSteps(a), Work: workOf(a), GoneAt: v.Local(a.CreatedAt.Add(intake.KeepLists)),
		Fix: a.State == intake.AuditRead || a.State == intake.AuditTried}
	p.Drop = p.Fix || a.State == intake.AuditStopped
	if a.Report.Rows > 0 {
		p.Headline, p.Findings = a.Report.Headline(), a.Report.Findings
		p.Sum = fmt.Sprintf("%s rows are %s different addresses, %s of them subscribed somewhere.", ui.Number("en", a.Report.Rows), ui.Number("en", a.Report.Addresses), ui.Number("en", a.Report.Subscribed))
		p.Bars = barsOf(a)
		h.Actions = []ui.Link{{Text: "Printable report", URL: listsURL + "/" + a.ID.String() + "/report"}}
	}
	for i, f := range a.Report.Files {
		p.Files = append(p.Files, fileOf(i, f))
	}
	if p.Fix {
		p.Terms = termsOf(v, a, wrong)
	}
	if a.State == intake.AuditTried || a.State == intake.AuditLoading || a.State == intake.AuditLoaded {
		p.Outcome = outcomeOf(a)
	}
	return web.Show(v, r.pages.audit, h, p)
}

func auditSteps(a intake.ListAudit) []ui.Step {
	at := map[intake.AuditState]int{intake.AuditOpen: 0, intake.AuditReading: 1, intake.AuditRead: 2, intake.AuditTrying: 2, intake.AuditTried: 3, intake.AuditLoading: 3, intake.AuditLoaded: 4}[a.State]
	var out []ui.Step
	for i, text := range []string{"Files", "What they prove", "How to load them", "Load"} {
		out = append(out, ui.Step{Text: text, Done: i < at, Current: i == at})
	}
	return out
}

func workOf(a intake.ListAudit) *auditWork {
	var done, all int64
	for _, u := range a.Lists {
		done += u.Report.Rows
	}
	for _, f := range a.Report.Files {
		all += f.Rows
	}
	switch a.State {
	case intake.AuditReading:
		return &auditWork{Title: "Reading the lists", Text: fmt.Sprintf("%s rows so far. Nothing is stored but the sealed files.", ui.Number("en", a.Rows))}
	case intake.AuditTrying:
		return &auditWork{Title: "Trying it", Text: fmt.Sprintf("%s of %s rows. Nothing is stored.", ui.Number("en", done), ui.Number("en", all)), Width: ui.Share(done, all)}
	case intake.AuditLoading:
		return &auditWork{Title: "Loading", Text: fmt.Sprintf("%s of %s rows. You may leave this page; a stopped server goes on where it was.", ui.Number("en", done), ui.Number("en", all)), Width: ui.Share(done, all)}
	}
	return nil
}

// tones of the classes, which each also says in words.
var classTones = map[audit.Class]ui.Tone{
	audit.Provable: ui.Good, audit.Attested: ui.Info, audit.BySale: ui.Warn, audit.Unproven: ui.Plain, audit.Suppressed: ui.Bad, audit.Gone: ui.Bad,
}

// classTitles are those of the bars that need other words than the report's.
var classTitles = map[audit.Class]string{audit.Suppressed: "Conflicting", audit.Gone: "Suppressed"}

// classesOf are the parts that the page shows: the subscribed, and whom no list
// writes to.
func classesOf(r audit.Report) []audit.Part {
	out := slices.Clone(r.Classes)
	for _, p := range r.Others {
		if p.Class == audit.Gone {
			out = append(out, p)
		}
	}
	for i := range out {
		if t := classTitles[out[i].Class]; t != "" {
			out[i].Title = t
		}
	}
	return out
}

func barsOf(a intake.ListAudit) (out []proofBar) {
	whole := a.Report.Subscribed + a.Report.Count(audit.Gone)
	for _, p := range classesOf(a.Report) {
		out = append(out, proofBar{
			URL: listsURL + "/" + a.ID.String() + "/rows/" + string(p.Class), Title: p.Title, Means: p.Means, Tone: classTones[p.Class],
			Count: ui.Number("en", p.Count), Share: audit.Percent(p.Count, whole), Width: ui.Share(p.Count, whole), Will: willBe(a, p.Class),
		})
	}
	return out
}

// willBe says what loading does with a class.
func willBe(a intake.ListAudit, c audit.Class) string {
	if a.State == intake.AuditLoaded || a.State == intake.AuditExpired {
		return ""
	}
	_, attested := a.Terms.Attest[c]
	switch {
	case c == audit.Suppressed || c == audit.Gone:
		return "will be suppressed"
	case slices.Contains(a.Terms.Leave, c):
		return "will stay where they are"
	case attested:
		return "will come with what is attested"
	case c == audit.BySale || c == audit.Unproven:
		return "will come without a permission, to be asked again"
	}
	return "will come with their evidence"
}

func fileOf(n int, f audit.File) listFile {
	out := listFile{Name: f.Name, Tool: string(f.Tool), Rows: f.Rows, Subscribed: f.Subscribed, Suppressed: f.Suppressed, LeftOut: f.LeftOut}
	if out.Tool == "" {
		out.Tool = "A list of your own"
	}
	switch {
	case f.Assumed:
		out.Note = "No column says who is subscribed; everyone is taken to be."
	case f.AllGone:
		out.Note = "Only people not to write to."
	}
	for i, c := range f.Columns {
		out.Columns = append(out.Columns, columnField(fmt.Sprintf("c%d-%d", n, i), c))
	}
	return out
}

// meaningWords say what a column may hold.
var meaningWords = map[lists.Meaning]string{
	lists.Email: "e-mail address", lists.Phone: "phone number", lists.Status: "status: subscribed, unsubscribed, …", lists.Agreed: "agreed: yes or no", lists.Left: "left: yes, when or why",
	lists.AgreedAt: "when they signed up", lists.ConfirmedAt: "when they confirmed", lists.From: "network address of the sign-up", lists.Form: "form or page of the sign-up",
	lists.Method: "how they agreed", lists.Double: "address confirmed: yes or no", lists.Words: "the words they read", lists.AddedAt: "when the tool first had them", lists.Orders: "number of orders",
	lists.Spent: "amount spent", lists.Ignored: "not read",
}

func columnField(at string, c lists.Column) ui.Field {
	f := ui.Field{ID: at, Name: "as." + c.Name, Label: c.Name, Required: true}
	for _, m := range lists.Meanings {
		f.Options = append(f.Options, ui.Option{Value: string(m), Text: meaningWords[m], Chosen: m == c.Meaning})
	}
	return f
}

// auditTerms are the form in which it is said how to load.
type auditTerms struct {
	None    bool // the lists hold only people not to write to: there is nothing to say
	Purpose ui.Field
	Form    ui.Field
	Forms   []ui.Field
	Ours    ui.Choice
}

// maxForms is how many names of forms can be bound on the page.
const maxForms = 12

func termsOf(v *web.Visit, a intake.ListAudit, wrong error) auditTerms {
	if a.NothingToAgree() {
		return auditTerms{None: true}
	}
	c := v.Who.Charter
	t := auditTerms{
		Purpose: ui.Field{ID: "purpose", Name: "purpose", Label: "What did they agree to?", Required: true},
		Form:    ui.Field{ID: "form", Name: "form", Label: "On which form, where a row names none?", Hint: "Then the words are those of that form at that time.", Options: askOptions(c, string(a.Terms.Form))},
		Ours: ui.Choice{ID: "ours", Name: "ours", Value: "yes", Label: "All of them gave their address to " + c.Business.Name + " itself", Required: true, Chosen: a.Terms.Ours,
			Hint: "A list that was bought, rented or swapped carries no permission, and is not loaded."},
	}
	for _, p := range c.Purposes {
		if p.Marketing {
			t.Purpose.Options = append(t.Purpose.Options, ui.Option{Value: string(p.ID), Text: p.Title.In("en"), Chosen: p.ID == a.Terms.Purpose})
		}
	}
	for i, f := range a.Report.Forms {
		if i == maxForms {
			break
		}
		t.Forms = append(t.Forms, ui.Field{ID: fmt.Sprintf("form-%d", i), Name: "form." + f.Name, Label: "“" + f.Name + "”, " + ui.Number("en", f.Count) + " rows", Options: askOptions(c, string(a.Terms.Forms[f.Name]))})
	}
	if errs.CodeOf(wrong) == "not_ours" {
		t.Ours.Error = web.Sentence(wrong)
	} else {
		web.Note(wrong, &t.Purpose, &t.Form)
	}
	return t
}

func askOptions(c *charter.Charter, chosen string) []ui.Option {
	out := []ui.Option{{Value: "", Text: "none"}}
	for _, a := range c.Asks {
		text := string(a.ID)
		if p, ok := c.Purpose(a.Purpose); ok {
			text += ": " + p.Title.In("en")
		}
		out = append(out, ui.Option{Value: string(a.ID), Text: text, Chosen: chosen == string(a.ID)})
	}
	return out
}
