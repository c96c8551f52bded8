package customers

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/event"
	"candor/internal/export"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/request"
	"candor/internal/signal"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

const (
	perPage  = 25
	mostRead = 500 // of each kind, the newest
)

// The kinds of what happened, as filters.
var kinds = []struct{ id, text string }{
	{"", "Everything"}, {"consent", "Permissions"}, {"event", "Events"}, {"message", "Messages"}, {"request", "Requests"}, {"use", "Uses"},
}

// moments is what happened, by kind.
type moments struct {
	of     map[string][]ui.Moment
	hidden bool
}

// happened reads what is on record of a customer. Events are shown where a
// purpose for which the role sees values uses them.
func (r *room) happened(v *web.Visit, who id.Customer) (moments, error) {
	all := moments{of: map[string][]ui.Moment{}}
	requests, err := r.Desk.OfCustomer(v.Context(), who)
	if err != nil {
		return all, err
	}
	for _, q := range requests {
		all.of["request"] = append(all.of["request"], ui.Moment{At: q.ReceivedAt, Tone: ui.Info, Title: "Request: " + q.Kind.Words(), Text: q.ID.String() + ", " + string(q.State), Link: requestLink(v, q)})
	}
	err = v.Read(func(tx *db.Tx) error {
		records, err := consent.Of(tx, who)
		if err != nil {
			return err
		}
		all.of["consent"] = consents(v, records)
		sends, err := message.Of(tx, who)
		if err != nil {
			return err
		}
		all.of["message"] = messages(v, sends)
		uses, err := r.Gate.Uses(tx, who, mostRead)
		if err != nil {
			return err
		}
		all.of["use"] = nil
		for _, u := range uses {
			m := ui.Moment{At: u.At, Tone: ui.Plain, Title: "Data used: " + purposeTitle(v, string(u.Purpose)), Text: "by " + actorWords(u.Actor)}
			if u.Purpose == "" {
				m.Title = "Data shown to the customer"
			}
			if len(u.Fields) > 0 {
				m.Text += ": " + fieldWords(u.Fields)
			}
			all.of["use"] = append(all.of["use"], m)
		}
		files, err := export.Of(tx, who)
		if err != nil {
			return err
		}
		for _, e := range files {
			m := ui.Moment{At: e.MadeAt, Tone: ui.Warn, Title: "In a file taken out: " + purposeTitle(v, string(e.Purpose)), Text: "by " + actorWords(e.TakenBy) + ", to be deleted by " + ui.Date("en", v.Local(e.DeleteBy))}
			if !e.DeletedAt.IsZero() {
				m.Tone, m.Text = ui.Plain, "deleted "+ui.Date("en", v.Local(e.DeletedAt))
			}
			all.of["use"] = append(all.of["use"], m)
		}
		events, err := event.Latest(tx, who, mostRead)
		all.of["event"], all.hidden = eventsFor(v, events)
		return err
	})
	return all, err
}

// requestLink leads to where a request is worked on.
func requestLink(v *web.Visit, q request.Request) *ui.Link {
	if !v.Who.Rights.Any(staff.OpenRequest, staff.DecideRequest, staff.Oversee) {
		return nil
	}
	return &ui.Link{Text: "The request", URL: "/admin/trust/requests/" + q.ID.String()}
}

// inputs names what may speak of a wish.
var inputs = map[signal.From]string{signal.Explicit: "the person's own choice", signal.ByGPC: "the browser's signal (GPC)",
	signal.ByGPP: "the consent tool (GPP)", signal.ByTCF: "the consent tool (TCF)"}

func consents(v *web.Visit, records []consent.Record) (out []ui.Moment) {
	for _, r := range records {
		m := ui.Moment{At: r.RecordedAt, Tone: ui.Bad, Title: r.Kind.Words() + ": " + purposeTitle(v, string(r.Purpose))}
		if r.Channel != "" {
			m.Title += " · " + channelWords(r.Channel)
		}
		switch {
		case !r.Counts():
			m.Text = "kept as refused evidence; it allows nothing"
		case r.Kind.Raises():
			m.Tone = ui.Good
		case r.Kind == consent.Requested:
			m.Tone = ui.Warn
		}
		if m.Text == "" {
			m.Text = r.Method.Words()
			if r.Actor != term.ByCustomer && r.Method != consent.ByStaff {
				m.Text = strings.TrimLeft(m.Text+", recorded by "+actorWords(r.Actor), ", ")
			}
			if r.Evidence != "" {
				m.Text += ": " + r.Evidence
			}
			for _, in := range r.Overruled {
				m.Text += fmt.Sprintf("; counted over %s, which said %s", inputs[in.From], in.Says)
			}
		}
		out = append(out, m)
	}
	return out
}

func messages(v *web.Visit, sends []message.Send) (out []ui.Moment) {
	for _, s := range sends {
		at := max(s.PlannedAt, s.HandedAt, s.EndedAt)
		m := ui.Moment{At: at, Tone: ui.Plain, Title: "Message: " + purposeTitle(v, string(s.Purpose)) + " · " + channelWords(s.Channel), Text: strings.ReplaceAll(string(s.State), "_", " ")}
		if s.Program == "campaign" && v.Who.Rights.Any(staff.Draft, staff.Approve, staff.Send, staff.Audit, staff.Oversee) {
			m.Link = &ui.Link{Text: "The campaign, with whom it is for", URL: "/admin/messages/campaigns/" + id.Campaign(s.ProgramID).String()}
		}
		switch s.State {
		case message.Accepted:
			m.Tone = ui.Good
		case message.Refused, message.Returned, message.Denied:
			m.Tone = ui.Warn
		}
		out = append(out, m)
	}
	return out
}

// eventsFor keeps the events that a purpose uses for which the role sees values.
func eventsFor(v *web.Visit, events []event.Event) (out []ui.Moment, hidden bool) {
	for _, e := range events {
		seen := false
		for _, p := range v.Who.Rights.Purposes(v.Who.Charter) {
			if purpose, ok := v.Who.Charter.Purpose(p); ok {
				_, uses := purpose.UsesEvent(e.Name)
				seen = seen || uses
			}
		}
		if !seen {
			hidden = true
			continue
		}
		out = append(out, ui.Moment{At: e.OccurredAt, Tone: ui.Info, Title: string(e.Name)})
	}
	return out, hidden
}

// page cuts what the address asks for out of what happened, the newest first.
func (all moments) page(v *web.Visit, p *customerPage) {
	show := v.Form("show")
	for _, k := range kinds {
		p.Filters = append(p.Filters, ui.Link{Text: k.text, URL: v.With("show", k.id), Current: k.id == show})
	}
	p.Hidden = all.hidden && (show == "" || show == "event")
	var list []ui.Moment
	for kind, some := range all.of {
		if show == "" || show == kind {
			list = append(list, some...)
		}
	}
	slices.SortStableFunc(list, func(a, b ui.Moment) int {
		return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.Title, b.Title))
	})
	if mark, err := strconv.ParseInt(v.Form("after"), 10, 64); err == nil {
		from := slices.IndexFunc(list, func(m ui.Moment) bool { return m.At < clock.Instant(mark) })
		if from < 0 {
			from = len(list)
		}
		list = list[from:]
	}
	end := min(perPage, len(list))
	for end > 0 && end < len(list) && list[end].At == list[end-1].At {
		end++
	}
	if end < len(list) {
		p.Pages.Next = v.With("after", strconv.FormatInt(int64(list[end-1].At), 10))
	}
	p.Moments = v.Moments(list[:end])
}

// actorWords names who did something without naming a person.
func actorWords(a term.Actor) string {
	kind, _, _ := strings.Cut(string(a), ":")
	switch kind {
	case "customer":
		return "the customer"
	case "engine":
		return "Candor"
	case "staff":
		return "staff"
	case "source":
		return "a source"
	}
	return kind
}

func fieldWords(fields []term.Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = strings.ReplaceAll(string(f), "_", " ")
	}
	return strings.Join(names, ", ")
}
