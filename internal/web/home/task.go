package home

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"candor/internal/approval"
	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/collect"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/incident"
	"candor/internal/request"
	"candor/internal/staff"
	"candor/internal/ui"
	"candor/internal/web"
)

// task is something that waits for the reader.
type task struct {
	Text   string
	Note   string
	URL    string // "" when the room that does it is not the reader's
	Status ui.Status
}

// shown is how many things of one kind the page names.
const shown = 5

// urgency orders tasks: what is late, what stopped, what waits.
var urgency = map[ui.Tone]int{ui.Bad: 0, ui.Warn: 1, ui.Info: 2, ui.Plain: 3}

// waiting gathers what waits for the reader, the most urgent first.
func (r *room) waiting(v *web.Visit) ([]task, error) {
	var out []task
	for _, part := range []struct {
		may []staff.Permission
		add func(*web.Visit) ([]task, error)
	}{
		{approval.Approvers, r.approvals},
		{[]staff.Permission{staff.Oversee}, r.accesses},
		{[]staff.Permission{staff.Direct}, r.overruled},
		{[]staff.Permission{staff.OpenRequest, staff.DecideRequest, staff.Oversee}, r.requests},
		{[]staff.Permission{staff.Incident, staff.Oversee}, r.incidents},
		{[]staff.Permission{staff.Draft, staff.Approve, staff.Send}, r.campaigns},
		{mayFiles, r.exports},
		{[]staff.Permission{staff.SetUp}, r.quarantine},
		{[]staff.Permission{staff.ApplyCharter, staff.Oversee}, r.review},
		{[]staff.Permission{staff.ApplyCharter, staff.Oversee}, r.planned},
		{[]staff.Permission{staff.Audience, staff.Insight}, r.expiring},
	} {
		if !v.Who.Rights.Any(part.may...) {
			continue
		}
		some, err := part.add(v)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	own, err := r.unexplained(v)
	if err != nil {
		return nil, err
	}
	out = append(out, own...)
	slices.SortStableFunc(out, func(a, b task) int { return cmp.Compare(urgency[a.Status.Tone], urgency[b.Status.Tone]) })
	return out, nil
}

// link gives an address to whoever may open it.
func link(v *web.Visit, url string, may ...staff.Permission) string {
	if v.Who.Rights.Any(may...) {
		return url
	}
	return ""
}

// campaigns names drafts, campaigns that stopped, and those with mails of which
// nobody knows whether they arrived.
func (r *room) campaigns(v *web.Visit) ([]task, error) {
	list, err := r.Campaigns.List(v.Context(), 0, 50)
	if err != nil {
		return nil, err
	}
	var out []task
	for _, c := range list {
		t := task{Text: c.Name, URL: "/admin/messages/campaigns/" + c.ID.String()}
		switch c.State {
		case campaign.Draft:
			t.Note, t.Status = "Campaign, not sent yet", ui.Status{Tone: ui.Plain, Text: "draft"}
		case campaign.Paused:
			t.Note, t.Status = "Campaign, nothing leaves", ui.Status{Tone: ui.Warn, Text: "paused"}
			if c.Reason != "" {
				t.Note, t.Status.Tone = "Campaign, stopped by itself", ui.Bad
			}
		case campaign.Sending, campaign.Done:
			if v.Now().Sub(c.LaunchedAt) > soon {
				continue
			}
			p, err := r.Campaigns.Progress(v.Context(), c.ID)
			if err != nil {
				return nil, err
			}
			if p.Uncertain == 0 {
				continue
			}
			t.Note, t.Status = fmt.Sprintf("%d of its mails may not have arrived; they are not sent twice", p.Uncertain), ui.Status{Tone: ui.Warn, Text: "uncertain"}
		default:
			continue
		}
		if out = append(out, t); len(out) == shown {
			break
		}
	}
	return out, nil
}

// approvals names what waits for the reader as the second person.
func (r *room) approvals(v *web.Visit) ([]task, error) {
	var waiting []approval.Question
	err := v.Read(func(tx *db.Tx) (err error) {
		waiting, err = r.Approvals.Waiting(tx, v.Who, shown)
		return err
	})
	var out []task
	for _, q := range waiting {
		out = append(out, task{Text: q.Kind.Says(), Note: "Needs a second person: you", URL: "/admin/trust/approvals/" + q.ID.String(),
			Status: ui.Status{Tone: ui.Warn, Text: "since " + ui.Date("en", v.Local(q.AskedAt))}})
	}
	return out, err
}

// overruled names what was done against the data protection officer, until
// somebody of the management has taken note.
func (r *room) overruled(v *web.Visit) ([]task, error) {
	var list []approval.Question
	err := v.Read(func(tx *db.Tx) (err error) {
		list, err = r.Approvals.Untold(tx)
		return err
	})
	var out []task
	for _, q := range list {
		out = append(out, task{Text: "The data protection officer was overruled", Note: q.Kind.Says(), URL: "/admin/trust/approvals/" + q.ID.String(),
			Status: ui.Status{Tone: ui.Bad, Text: "take note"}})
	}
	return out, err
}

// soon is when a deadline is near.
const soon = 7 * 24 * time.Hour

// requests names those that are open, the nearest red line first.
func (r *room) requests(v *web.Visit) ([]task, error) {
	open, err := r.Requests.Open(v.Context(), request.Request{}, shown)
	if err != nil {
		return nil, err
	}
	var out []task
	for _, q := range open {
		tone := ui.Info
		switch left := q.SafeDue.Sub(v.Now()); {
		case left < soon:
			tone = ui.Bad
		case left < 2*soon:
			tone = ui.Warn
		}
		out = append(out, task{Text: q.Kind.Words(), Note: "Request " + q.ID.String(),
			URL: link(v, "/admin/trust/requests/"+q.ID.String(), staff.DecideRequest, staff.Oversee), Status: ui.Status{Tone: tone, Text: "due " + ui.Date("en", v.Local(q.SafeDue))}})
	}
	return out, nil
}

// notifyWithin is the authority's clock (GDPR 33).
const notifyWithin = 72 * time.Hour

func (r *room) incidents(v *web.Visit) ([]task, error) {
	var out []task
	err := v.Read(func(tx *db.Tx) error {
		out = nil
		for _, state := range []incident.State{incident.Reported, incident.Proposed} {
			list, err := r.Incidents.List(tx, state, id.Incident(0), shown)
			if err != nil {
				return err
			}
			for _, i := range list {
				t := task{Text: "Incident " + i.ID.String(), URL: "/admin/trust/incidents/" + i.ID.String(), Note: "Reported as a concern",
					Status: ui.Status{Tone: ui.Bad, Text: "tell the authority by " + ui.When("en", v.Local(max(i.DetectedAt, i.AwareAt).Add(notifyWithin)))}}
				if state == incident.Proposed {
					t.Note, t.Status = "A decision waits for somebody else's approval", ui.Status{Tone: ui.Warn, Text: "to approve"}
				}
				out = append(out, t)
			}
		}
		return nil
	})
	return out, err
}

// quarantine says that data wait to be mended.
func (r *room) quarantine(v *web.Visit) ([]task, error) {
	var n int64
	err := v.Read(func(tx *db.Tx) (err error) {
		n, err = r.Collector.Held(tx)
		return err
	})
	if err != nil || n == 0 {
		return nil, err
	}
	text := ui.Number("en", n) + " messages from your sources in quarantine"
	if n == collect.MostHeld {
		text = "More than " + text
	}
	return []task{{Text: text, URL: "/admin/setup", Note: "They are kept for seven days, then deleted", Status: ui.Status{Tone: ui.Warn, Text: "mend or let go"}}}, nil
}

// planned names a charter that waits for its day.
func (r *room) planned(v *web.Visit) ([]task, error) {
	var out []task
	err := v.Read(func(tx *db.Tx) error {
		history, err := r.Charter.History(tx)
		out = nil
		for _, e := range history {
			if e.InForce.IsZero() && e.Version > v.Who.Charter.Version {
				out = append(out, task{Text: fmt.Sprintf("Charter version %d", e.Version), URL: link(v, "/admin/promises", staff.ApplyCharter),
					Status: ui.Status{Tone: ui.Info, Text: "in force from " + ui.Date("en", v.Local(e.Effective))}})
			}
		}
		return err
	})
	return out, err
}

// review asks to renew the published policy: a month before the law's year ends,
// and in red from then on (NOT-04). It cannot be put away but by renewing.
func (r *room) review(v *web.Visit) ([]task, error) {
	var due charter.Renewal
	err := v.Read(func(tx *db.Tx) (err error) {
		due, err = r.Charter.Renewal(tx)
		return err
	})
	if err != nil || !due.Open(v.Now()) {
		return nil, err
	}
	t := task{Text: "Renew the privacy policy", URL: link(v, "/admin/promises", staff.ApplyCharter, staff.Oversee),
		Note:   "In force since " + ui.Date("en", v.Local(due.Renewed)) + "; read it again and apply it with a new effective day",
		Status: ui.Status{Tone: ui.Warn, Text: "by " + ui.Date("en", v.Local(due.Due))}}
	if due.Overdue(v.Now()) {
		t.Status = ui.Status{Tone: ui.Bad, Text: "more than 12 months old"}
	}
	return []task{t}, nil
}

// expiring says how many permissions end within the next weeks.
func (r *room) expiring(v *web.Visit) ([]task, error) {
	list, err := r.forecasts(v)
	if err != nil {
		return nil, err
	}
	var out []task
	for _, f := range list.Value {
		var n int64
		for _, w := range f.Weeks[:5] {
			n += w.Ending.N
		}
		if p, ok := v.Who.Charter.Purpose(f.Purpose); ok && n > 0 && p.Basis("").Kind == charter.Consent {
			out = append(out, task{Text: "About " + ui.Number("en", n) + " permissions for “" + p.Title.In("en") + "” end within five weeks", URL: link(v, "/admin/promises", staff.ApplyCharter, staff.Audience),
				Note: "Ask again where you meet them, once; after that, let them rest", Status: ui.Status{Tone: ui.Info, Text: "expiring"}})
		}
	}
	return out, nil
}
