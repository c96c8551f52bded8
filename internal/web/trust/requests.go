package trust

import (
	"fmt"
	"strconv"
	"time"

	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/request"
	"candor/internal/ui"
	"candor/internal/web"
)

const requestsURL = "/admin/trust/requests"

type requestsPage struct {
	States []ui.Link
	Done   bool
	Rows   []requestRow
	Pages  ui.Pages
}

type requestRow struct {
	ID       id.Request
	What     string
	Received time.Time
	Via      string
	Closed   time.Time
	Due      ui.Status
	State    ui.Status
}

// cameBy says the ways in which a request came in.
var cameBy = map[string]string{
	"portal": "in the privacy centre", "api": "by a program", "staff": "told to staff", "shopify": "by the shop", "shop": "by the shop", "journal": "from the protection journal", "unconfirmed": "never confirmed",
}

func viaWords(via string) string {
	if words, ok := cameBy[via]; ok {
		return words
	}
	return via
}

// dueStatus says how much time is left, in the colour of its urgency.
func dueStatus(v *web.Visit, due clock.Instant) ui.Status {
	const day = 24 * time.Hour
	left := due.Sub(v.Now())
	out := ui.Status{Tone: ui.Info, Text: fmt.Sprintf("in %d days", int(left/day))}
	switch {
	case left < 0:
		return ui.Status{Tone: ui.Bad, Text: fmt.Sprintf("%d days late", int(-left/day)+1)}
	case left < day:
		return ui.Status{Tone: ui.Bad, Text: "today"}
	case left < 7*day:
		out.Tone = ui.Bad
	case left < 14*day:
		out.Tone = ui.Warn
	}
	return out
}

func stateStatus(q request.Request) ui.Status {
	switch {
	case q.State == request.Waiting && q.Outcome != "":
		return ui.Status{Tone: ui.Info, Text: "being told"}
	case q.State == request.Waiting:
		return ui.Status{Tone: ui.Warn, Text: "waits for you"}
	case q.State == request.Working:
		return ui.Status{Tone: ui.Info, Text: "under way"}
	case q.State == request.Partial:
		return ui.Status{Tone: ui.Warn, Text: "recipients to confirm"}
	}
	return ui.Status{Tone: ui.Good, Text: endWords(q)}
}

func endWords(q request.Request) string {
	switch {
	case q.Kind == request.Erasure:
		return "erased"
	case q.Kind == request.Access:
		return "answered"
	case q.Kind == request.Deceased && q.Outcome == request.Upheld:
		return "looked at"
	case q.Kind == request.Ownership:
		return "looked at"
	}
	return string(q.Outcome)
}

// requestTable is the desk as a table. It says nobody's name or number.
func (r *room) requestTable(v *web.Visit, done bool) error {
	return v.CSV("requests", []string{"request", "what", "state", "came", "by way of", "due", "closed"}, func(after string) (lines [][]string, next string, err error) {
		list, err := r.requests(v, done, after)
		if len(list) > perPage {
			list = list[:perPage]
			next = placeOf(list[perPage-1], done)
		}
		for _, q := range list {
			lines = append(lines, []string{q.ID.String(), q.Kind.Words(), stateStatus(q).Text, q.ReceivedAt.String(), viaWords(q.Via), q.SafeDue.String(), q.ClosedAt.String()})
		}
		return lines, next, err
	})
}

// placeOf is where the list goes on after a request.
func placeOf(q request.Request, done bool) string {
	if done {
		return strconv.FormatInt(int64(q.ClosedAt), 10)
	}
	return q.SafeDue.String() + "/" + q.ID.String()
}

// showRequests is the desk: what is open, the nearest deadline first.
func (r *room) showRequests(v *web.Visit) error {
	done := v.Form("state") == "done"
	if v.WantsCSV() {
		return r.requestTable(v, done)
	}
	p := requestsPage{Done: done, States: []ui.Link{{Text: "Open", URL: v.With("state", ""), Current: !done}, {Text: "Done", URL: v.With("state", "done"), Current: done}}}
	list, err := r.requests(v, done, v.Form("after"))
	if err != nil {
		return err
	}
	if len(list) > perPage {
		list = list[:perPage]
		p.Pages.Next = v.With("after", placeOf(list[perPage-1], done))
	}
	for _, q := range list {
		row := requestRow{ID: q.ID, What: q.Kind.Words(), Received: v.Local(q.ReceivedAt), Via: viaWords(q.Via), Closed: v.Local(q.ClosedAt), State: stateStatus(q)}
		if !done {
			row.Due = dueStatus(v, q.SafeDue)
		}
		p.Rows = append(p.Rows, row)
	}
	return web.Show(v, r.pages.requests, web.Head{Title: "Requests",
		Intro:   "What people asked for as their right. What could take effect at once has; here is what a person has to look at, by its deadline.",
		Actions: []ui.Link{v.CSVLink()}}, p)
}

func (r *room) requests(v *web.Visit, done bool, place string) ([]request.Request, error) {
	if done {
		before := clock.Never
		if at, err := strconv.ParseInt(place, 10, 64); err == nil {
			before = clock.Instant(at)
		}
		return r.Requests.Closed(v.Context(), before, perPage+1)
	}
	var after request.Request
	if mark := markOfRequest(place); mark != nil {
		after = *mark
	}
	return r.Requests.Open(v.Context(), after, perPage+1)
}

func requestOf(v *web.Visit) (id.Request, error) {
	q, err := id.Parse[id.Request](v.R.PathValue("request"))
	if err != nil {
		return 0, errs.New(errs.NotFound, "no_request", "there is no request of this number")
	}
	return q, nil
}
