package promises

import (
	"candor/internal/errs"
	"candor/internal/staff"
	"candor/internal/telling"
	"candor/internal/ui"
	"candor/internal/web"
)

const tellURL = promiseURL + "/tell"

// tell is who must be told something before their data are used, and how far that
// is.
type tell struct {
	Status *ui.Status
	Facts  []ui.Fact
	Count  bool   // whether to offer counting
	Send   string // the button that tells them, with the number; "" when nobody waits
}

func (r *room) telling(v *web.Visit) (*tell, error) {
	if !v.May(staff.ApplyCharter) {
		return nil, nil
	}
	run, err := r.Teller.Latest(v.Context())
	if errs.Is(err, errs.NotFound) {
		return &tell{Count: true}, nil
	}
	if err != nil {
		return nil, err
	}
	return tellOf(v, run), nil
}

func tellOf(v *web.Visit, run telling.Run) *tell {
	when := ui.When("en", v.Local(run.BegunAt))
	out := &tell{Count: !run.EndedAt.IsZero(), Facts: []ui.Fact{{Term: "Must be told", Text: ui.Number("en", run.Owed), Note: "as of " + when}}}
	if run.Mute > 0 {
		out.Facts = append(out.Facts, ui.Fact{Term: "Of them without an address", Text: ui.Number("en", run.Mute), Note: "they stay untold, and their data stay out of use"})
	}
	switch {
	case run.EndedAt.IsZero() && run.Sends:
		out.Status = &ui.Status{Tone: ui.Info, Text: "telling them"}
	case run.EndedAt.IsZero():
		out.Status = &ui.Status{Tone: ui.Info, Text: "counting"}
	case run.Waiting > 0:
		out.Status = &ui.Status{Tone: ui.Info, Text: "mails on their way"}
	case run.Owed == 0:
		out.Status = &ui.Status{Tone: ui.Good, Text: "everybody knows"}
	case !run.Sends && run.Owed > run.Mute:
		out.Status = &ui.Status{Tone: ui.Warn, Text: "not told yet"}
		out.Send = "Tell " + ui.Number("en", run.Owed-run.Mute) + " people"
	case run.Sends:
		out.Status = &ui.Status{Tone: ui.Good, Text: "told"}
	}
	if run.Sends {
		out.Facts = append(out.Facts, ui.Fact{Term: "Told", Text: ui.Number("en", run.Taken)}, ui.Fact{Term: "On their way", Text: ui.Number("en", run.Waiting)})
		if run.Back > 0 {
			out.Facts = append(out.Facts, ui.Fact{Term: "Came back", Text: ui.Number("en", run.Back), Note: "not told; their data stay out of use"})
		}
	}
	return out
}

// begin makes the handler that begins to count, or to tell.
func (r *room) begin(sends bool, said string) func(*web.Visit) error {
	return func(v *web.Visit) error {
		if _, err := r.Teller.Begin(v.Context(), sends, v.Actor()); err != nil {
			return err
		}
		return v.Done(promiseURL, said)
	}
}
