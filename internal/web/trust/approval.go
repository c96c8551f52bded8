package trust

import (
	"encoding/hex"
	"time"

	"candor/internal/approval"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/staff"
	"candor/internal/ui"
	"candor/internal/web"
)

const approvalsURL = "/admin/trust/approvals"

type approvalsPage struct {
	Rows  []approvalRow
	Pages ui.Pages
}

type approvalRow struct {
	URL    string
	What   string
	By     string
	At     time.Time
	Status ui.Status
}

const approvalsShown = 50

// approvalTable is the list as a table.
func (r *room) approvalTable(v *web.Visit) error {
	return v.CSV("approvals", []string{"approval", "what", "by", "asked", "state"}, func(after string) (lines [][]string, next string, err error) {
		before, _ := id.Parse[id.Approval](after)
		err = v.Read(func(tx *db.Tx) error {
			list, err := r.Approvals.List(tx, before, approvalsShown)
			lines, next = nil, ""
			names := r.names(tx)
			for _, q := range list {
				lines = append(lines, []string{q.ID.String(), q.Kind.Says(), names.of(q.By), q.AskedAt.String(), string(q.State(v.Now()))})
			}
			if len(list) == approvalsShown {
				next = list[len(list)-1].ID.String()
			}
			return err
		})
		return lines, next, err
	})
}

// showApprovals lists what needed two people, the newest first.
func (r *room) showApprovals(v *web.Visit) error {
	if v.WantsCSV() {
		return r.approvalTable(v)
	}
	before, _ := id.Parse[id.Approval](v.Form("after"))
	var page approvalsPage
	err := v.Read(func(tx *db.Tx) error {
		list, err := r.Approvals.List(tx, before, approvalsShown)
		if err != nil {
			return err
		}
		names := r.names(tx)
		page.Rows = nil
		for _, q := range list {
			page.Rows = append(page.Rows, approvalRow{approvalsURL + "/" + q.ID.String(), q.Kind.Says(), names.of(q.By), v.Local(q.AskedAt), statusOfApproval(q.State(v.Now()))})
		}
		if len(list) == approvalsShown {
			page.Pages.Next = v.With("after", list[len(list)-1].ID.String())
		}
		return nil
	})
	if err != nil {
		return err
	}
	return web.Show(v, r.pages.approvals, web.Head{Title: "Approvals",
		Intro:   "What affects many people, or cannot be taken back, needs two of you. Whoever wants it asks by doing it; somebody else, in another role, approves exactly that.",
		Actions: []ui.Link{v.CSVLink()}}, page)
}

func statusOfApproval(s approval.State) ui.Status {
	return ui.Status{Text: string(s), Tone: map[approval.State]ui.Tone{
		approval.Waiting: ui.Warn, approval.Approved: ui.Good, approval.Refused: ui.Bad, approval.Done: ui.Good, approval.Lapsed: ui.Plain,
	}[s]}
}

type approvalPage struct {
	URL    string
	Exact  []ui.Fact
	Facts  []ui.Fact
	Why    string // why the reader cannot decide, or ""
	Decide bool
	Reason *ui.Field // asked of whoever goes against the officer
	Told   bool      // the reader is to take note
}

// showApproval shows exactly what would be approved.
func (r *room) showApproval(v *web.Visit) error { return r.renderApproval(v, web.Head{}, nil) }

func (r *room) renderApproval(v *web.Visit, h web.Head, wrong error) error {
	which, err := id.Parse[id.Approval](v.R.PathValue("approval"))
	if err != nil {
		return errs.New(errs.NotFound, "no_such_approval", "nothing with this number waits for approval")
	}
	var page approvalPage
	err = v.Read(func(tx *db.Tx) error {
		q, err := r.Approvals.Get(tx, which)
		if err != nil {
			return err
		}
		page, h.Title = r.approvalOf(v, tx, q), q.Kind.Says()
		against, err := r.Approvals.Against(tx, q)
		if err != nil {
			return err
		}
		if against != 0 && page.Decide {
			page.Reason = &ui.Field{ID: "reason", Name: "reason", Label: "Why is it done all the same?", Lines: 3, Max: 1000, Value: v.Form("reason"),
				Hint: "The data protection officer refused exactly this. Your reason and your name are recorded, and the management is told."}
			web.Note(wrong, page.Reason)
		}
		if page.Decide {
			if err := r.Approvals.Fits(tx, q, v.Who); errs.CodeOf(err) == errs.Role {
				page.Decide, page.Why = false, web.Sentence(err)
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	h.Crumb = &ui.Link{Text: "Approvals", URL: approvalsURL}
	return web.Show(v, r.pages.approval, h, page)
}

func (r *room) approvalOf(v *web.Visit, tx *db.Tx, q approval.Question) approvalPage {
	names, state := r.names(tx), q.State(v.Now())
	status := statusOfApproval(state)
	page := approvalPage{URL: approvalsURL + "/" + q.ID.String(), Decide: state == approval.Waiting}
	for _, l := range q.Says {
		page.Exact = append(page.Exact, ui.Fact{Term: l.Term, Text: l.Text})
	}
	page.Facts = []ui.Fact{
		{Term: "State", Text: "", Status: &status},
		{Term: "Asked by", Text: names.of(q.By) + ", " + ui.When("en", v.Local(q.AskedAt))},
		{Term: "Bound to", Text: hex.EncodeToString(q.Hash), Note: "The fingerprint of exactly this. Any change to it voids the approval."},
	}
	if q.DecidedAt != 0 {
		page.Facts = append(page.Facts, ui.Fact{Term: "Decided by", Text: names.of(q.DecidedBy) + ", " + ui.When("en", v.Local(q.DecidedAt))})
	}
	if state == approval.Approved {
		page.Facts = append(page.Facts, ui.Fact{Term: "Good until", Text: ui.When("en", v.Local(q.DecidedAt.Add(approval.Good)))})
	}
	if q.Overrules != 0 {
		page.Facts = append(page.Facts, ui.Fact{Term: "Against the officer", Text: q.Reason, Note: "The data protection officer refused this as " + q.Overrules.String() + "."})
		page.Told = q.ToldAt == 0 && v.May(staff.Direct)
	}
	if q.ToldAt != 0 {
		page.Facts = append(page.Facts, ui.Fact{Term: "Management told", Text: names.of(q.ToldBy) + ", " + ui.When("en", v.Local(q.ToldAt))})
	}
	if q.UsedAt != 0 {
		page.Facts = append(page.Facts, ui.Fact{Term: "Done", Text: ui.When("en", v.Local(q.UsedAt))})
	}
	return page
}

// decide approves or refuses.
func (r *room) decide(yes bool, said string) func(*web.Visit) error {
	return func(v *web.Visit) error {
		which, err := id.Parse[id.Approval](v.R.PathValue("approval"))
		if err != nil {
			return errs.New(errs.NotFound, "no_such_approval", "nothing with this number waits for approval")
		}
		err = v.Write(func(tx *db.Tx) error {
			return r.Approvals.Decide(tx, which, v.Who, approval.Verdict{Yes: yes, Reason: v.Form("reason")})
		})
		if errs.Is(err, errs.Invalid) {
			return r.renderApproval(v, web.Head{}.Wrong(), err)
		}
		if err != nil {
			return err
		}
		return v.Done(approvalsURL+"/"+which.String(), said)
	}
}

// told notes that the management has read why the officer was overruled.
func (r *room) told(v *web.Visit) error {
	which, err := id.Parse[id.Approval](v.R.PathValue("approval"))
	if err != nil {
		return errs.New(errs.NotFound, "no_such_approval", "nothing with this number waits for approval")
	}
	if err := v.Write(func(tx *db.Tx) error { return r.Approvals.Told(tx, which, v.Who) }); err != nil {
		return err
	}
	return v.Done(approvalsURL+"/"+which.String(), "Noted, with your name.")
}
