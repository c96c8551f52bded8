package tour

import (
	"fmt"
	"net/http"

	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/message"
	"candor/internal/request"
	"candor/internal/term"
	"candor/internal/ui"
)

// page is the tour as far as it has come.
type page struct {
	Condition string
	Words     string
	Refused   string // why the condition may not be asked
	Headline  string
	Funnel    ui.Funnel
	Out       []left
	Sent      *sent
	Her       *her
	Restored  *Restored
	Widening  []widening
	Audit     *audited
	Phone     bool
	Live      bool
}

// left is a slice of those left out, with its lawful way back.
type left struct{ Words, Count, Remedy string }

// sent is a campaign on its way.
type sent struct {
	Width, Summary, Still string
	Done                  bool
}

// her is what has happened to the customer whose phone it is.
type her struct {
	ID       string
	Events   []ui.Moment
	Stopped  bool
	Erasing  bool
	Erased   bool
	Privacy  string // her privacy centre
	HasProof bool
}

// The conditions of the tour: on the sample charter's data, and on data that the
// charter keeps for something else.
const (
	lapsed    = `since_last("Order Completed") > days(365)`
	forbidden = lapsed + ` && address == "Hamburg"`
)

func (t *Tour) show(w http.ResponseWriter, r *http.Request) error {
	t.mu.Lock()
	at := t.state
	t.mu.Unlock()
	var in *charter.Charter
	err := t.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		in, err = t.Charter.Current(tx)
		return err
	})
	if err != nil {
		return err
	}
	p := page{Condition: lapsed, Restored: at.restored, Audit: at.report, Phone: at.her != 0}
	if at.forbidden {
		p.Condition = forbidden
	}
	f, err := t.Audience.Preview(r.Context(), audience.Question{Purpose: purpose, Channel: term.Email, Condition: p.Condition, Actor: By, Personal: true, Lang: "en"})
	switch {
	case errs.Is(err, errs.Forbidden) || errs.Is(err, errs.Invalid):
		p.Refused = err.Error()
	case err != nil:
		return err
	default:
		p.reach(f)
	}
	if at.first != 0 {
		if err := t.follow(r, at, &p); err != nil {
			return err
		}
	}
	if p.Widening, err = t.widen(r, in); err != nil {
		return err
	}
	frame := t.frame()
	return t.page.Render(w, http.StatusOK, frame, p)
}

// purpose is what the tour writes for.
const purpose term.Purpose = "letter"

func (p *page) reach(f audience.Funnel) {
	p.Words = f.Words
	p.Headline = f.Match.Shown + " lapsed buyers match"
	p.Funnel = ui.Funnel{Caption: "From those who match to those you can reach"}
	for _, b := range []struct {
		label, note string
		n           audience.Count
	}{{"Match", "bought before, and not for a year", f.Match}, {"Permitted", "may be written to, and chosen by their orders", f.Permitted}, {"Reachable", "and have an address that works", f.Reachable}} {
		p.Funnel.Bars = append(p.Funnel.Bars, ui.Bar{Label: b.label, Note: b.note, Count: b.n.Shown, Kind: "step", Width: ui.Share(b.n.N, f.Match.N)})
	}
	for _, s := range f.Excluded {
		p.Out = append(p.Out, left{s.Words, s.Count.Shown, s.Remedy})
	}
}

// follow adds what became of the campaign and of her.
func (t *Tour) follow(r *http.Request, at state, p *page) error {
	n, err := t.Campaigns.Progress(r.Context(), at.first)
	if err != nil {
		return err
	}
	total := n.Planned - n.HeldOut
	ended := total - n.Waiting - n.Handed
	c, err := t.Campaigns.Get(r.Context(), at.first)
	if err != nil {
		return err
	}
	p.Sent = &sent{Width: ui.Share(ended, total), Done: c.State == campaign.Done,
		Summary: fmt.Sprintf("%s of %s have left", ui.Number("en", n.Accepted), ui.Number("en", total))}
	p.Live = !p.Sent.Done
	if at.her == 0 {
		p.Live = true
		return nil
	}
	waiting, err := t.Campaigns.Progress(r.Context(), at.second)
	if err != nil {
		return err
	}
	p.Sent.Still = fmt.Sprintf("%s second messages wait for tomorrow", ui.Number("en", waiting.Waiting))
	p.Her, err = t.story(r, at)
	p.Live = p.Live || p.Her == nil || !p.Her.Erased
	return err
}

// story reads what happened to her, to the millisecond.
func (t *Tour) story(r *http.Request, at state) (*her, error) {
	out := &her{ID: at.her.String()}
	var sends []message.Send
	var mine []request.Request
	err := t.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		out.Events = nil
		if sends, err = message.Of(tx, at.her); err != nil {
			return err
		}
		history, err := t.Gate.History(tx, at.her)
		for _, e := range history.Events {
			if e.Kind.Lowers() && e.RecordedAt >= at.madeAt {
				out.Stopped = true
				out.Events = append(out.Events, ui.Moment{At: e.RecordedAt, Tone: ui.Bad, Title: "She said no to the letter", Text: "at " + exact(e.RecordedAt)})
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, s := range sends {
		switch {
		case s.ProgramID == int64(at.first) && s.State == message.Accepted:
			out.Events = append(out.Events, ui.Moment{At: s.HandedAt, Tone: ui.Good, Title: "Her letter left", Text: "at " + exact(s.HandedAt) + ", after one last check under her own lock"})
		case s.ProgramID == int64(at.second) && s.State == message.Cancelled:
			out.Events = append(out.Events, ui.Moment{At: s.EndedAt, Tone: ui.Bad, Title: "Her second message was cancelled", Text: "at " + exact(s.EndedAt) + ", in the same transaction as her no"})
		}
	}
	if mine, err = t.Desk.OfCustomer(r.Context(), at.her); err != nil {
		return nil, err
	}
	for _, q := range mine {
		if q.Kind == request.Erasure {
			out.Erasing = true
			out.Erased = q.State == request.Done
			out.Events = append(out.Events, ui.Moment{At: q.ReceivedAt, Tone: ui.Info, Title: "She asked to be erased", Text: "at " + exact(q.ReceivedAt)})
			if out.Erased {
				out.Events = append(out.Events, ui.Moment{At: q.ClosedAt, Tone: ui.Good, Title: "Everything is erased, with a certificate", Text: "at " + exact(q.ClosedAt) + "; her key is destroyed, so that no backup opens her data"})
			}
		}
	}
	link := message.Link{Scope: message.Choices, Customer: at.her, Controller: "halm", Channel: term.Email}
	out.Privacy = "/privacy/c/" + link.Seal(t.Ring)
	return out, nil
}

func exact(at clock.Instant) string { return at.Time().UTC().Format("15:04:05.000 UTC") }
