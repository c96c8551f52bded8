package setup

import (
	"cmp"
	"maps"
	"slices"

	"candor/internal/admission"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/intake"
	"candor/internal/ui"
)

// auditOutcome is what loading would do, or did.
type auditOutcome struct {
	Title   string
	Note    string
	Facts   []ui.Fact
	Reasons []reasonRow
	Files   []outcomeFile
	Button  string // "" when there is nothing more to press
}

type reasonRow struct {
	Text  string
	Count string
}

type outcomeFile struct {
	ID      id.Import
	Name    string
	Rows    string
	OK      string
	Failed  bool
	Status  ui.Status
	Problem string
}

func outcomeOf(a intake.ListAudit) *auditOutcome {
	out := &auditOutcome{Title: "What loading will do", Note: "Nothing is loaded yet. It takes first, from all lists, whom not to write to; then the rest."}
	sum := intake.Report{Errors: map[errs.Code]int{}, Without: map[errs.Code]int{}}
	for _, u := range a.Lists {
		r := u.Report
		sum.New, sum.Existing, sum.Permissions, sum.NoPermission = sum.New+r.New, sum.Existing+r.Existing, sum.Permissions+r.Permissions, sum.NoPermission+r.NoPermission
		sum.Suppressed, sum.Skipped, sum.Left = sum.Suppressed+r.Suppressed, sum.Skipped+r.Skipped, sum.Left+r.Left
		add(sum.Errors, r.Errors)
		add(sum.Without, r.Without)
		out.Files = append(out.Files, outcomeFile{ID: u.ID, Name: u.Name, Rows: ui.Number("en", r.Rows), OK: ui.Number("en", r.OK), Failed: len(r.Errors)+len(r.Without) > 0, Status: uploadStatus(u.State), Problem: u.Problem})
	}
	number := func(n int64) string { return ui.Number("en", n) }
	out.Facts = []ui.Fact{
		{Term: "Permissions with their evidence", Text: number(sum.Permissions)},
		{Term: "Customers without a permission", Text: number(sum.NoPermission), Note: "ask them again; until then nothing is sent"},
		{Term: "New customers", Text: number(sum.New), Note: number(sum.Existing) + " are known already"},
		{Term: "Addresses suppressed", Text: number(sum.Suppressed), Note: "whether they are known here or not"},
		{Term: "Rows that stay where they are", Text: number(sum.Left + sum.Skipped), Note: number(sum.Skipped) + " of them are not subscribed"},
	}
	out.Reasons = append(reasons(sum.Without), reasons(sum.Errors)...)
	switch a.State {
	case intake.AuditTried:
		out.Button = "Load " + number(sum.Permissions) + " permissions and " + number(sum.Suppressed) + " suppressions"
	case intake.AuditLoading:
		out.Title, out.Note = "So far", ""
	case intake.AuditLoaded:
		out.Title, out.Note = "What was loaded", "The files are deleted. What could not be taken is listed by line and reason, never by value."
	}
	return out
}

func add(to, from map[errs.Code]int) {
	for code, n := range from {
		to[code] += n
	}
}

// reasons puts the most frequent first.
func reasons(counts map[errs.Code]int) (out []reasonRow) {
	codes := slices.SortedFunc(maps.Keys(counts), func(a, b errs.Code) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	for _, code := range codes {
		text := reasonWords[code]
		if text == "" {
			text = "Row not taken: " + string(code)
		}
		out = append(out, reasonRow{text, ui.Number("en", int64(counts[code]))})
	}
	return out
}

// reasonWords say why a permission does not count or a row is not taken.
var reasonWords = map[errs.Code]string{
	intake.NoTime: "No permission: nothing says when they agreed", intake.FutureTime: "No permission: the time is yet to come", intake.NoWords: "No permission: nothing says what they read; bind a form",
	intake.NoMethod: "No permission: nothing says how they agreed", intake.BadMethod: "No permission: the way of agreeing is not known", intake.NotAffirmative: "No permission: silence or a ticked box is none",
	intake.NotUs: "No permission: given to somebody else", intake.UnknownForm: "No permission: the form was not in force then; bind it to one that was", intake.Overtaken: "No permission: they said no, or another list stops them",
	intake.BadRow: "Row not taken: it cannot be read", intake.NotText: "Row not taken: it is not UTF-8", intake.Nobody: "Row not taken: it names nobody", admission.BadValue: "Row not taken: a value is of the wrong kind",
	"bad_email": "Row not taken: not an e-mail address", "erased_before": "Row not taken: the person was erased here",
}
