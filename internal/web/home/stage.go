package home

import (
	"fmt"
	"slices"
	"time"

	"candor/internal/audience"
	"candor/internal/errs"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// stages is the lifecycle at a glance.
type stages struct {
	Purpose string
	At      time.Time
	Flow    ui.Flow
	Came    string // from outside in the time of the picture, "" for nobody
	Left    string
	Board   string // the page with more, or ""
}

// moved is how many days the picture looks back.
const moved = 30

// lifecycle is what is counted for the picture.
type lifecycle struct {
	now   []audience.StageCount
	moves audience.Movement
}

// lifecycle draws the stages for the first purpose whose data may be used for
// them.
func (r *room) lifecycle(v *web.Visit, p *page) error {
	purposes := audience.StagePurposes(v.Who.Charter)
	if len(purposes) == 0 {
		return nil
	}
	have, err := r.stages.Get(v, purposes[0], func() (out lifecycle, err error) {
		out.now, err = r.Audience.Stages(v.Context(), audience.Question{Purpose: purposes[0], Actor: v.Actor(), Lang: "en"})
		if err == nil {
			out.moves, err = r.Audience.Movement(v.Context(), purposes[0], moved, "en")
		}
		return out, err
	})
	if errs.Is(err, errs.Forbidden) {
		return nil // nobody's data may be used for it now
	}
	if err != nil {
		return err
	}
	purpose, _ := v.Who.Charter.Purpose(purposes[0])
	out := drawStages(have.Value)
	out.Purpose, out.At, out.Board = purpose.Title.In("en"), v.Local(have.At), link(v, "/admin/audiences/stages", staff.Audience)
	p.Stages = out
	return nil
}

func drawStages(l lifecycle) *stages {
	out := &stages{Flow: ui.Flow{Caption: "Stages now, and who moved between them", Now: "Now", Before: "At first"}}
	if !l.moves.From.IsZero() {
		out.Flow.Before = fmt.Sprintf("%d %s", l.moves.From.Day, l.moves.From.Month)
	}
	number := map[term.Stage]int{}
	for i, s := range l.now {
		number[s.Stage] = i
		out.Flow.Places = append(out.Flow.Places, ui.FlowPlace{Name: s.Shown, Shown: s.Count.Shown, N: s.Count.N})
	}
	var moves []ui.FlowMove
	for _, m := range l.moves.Moves {
		move := ui.FlowMove{From: -1, To: -1, Shown: m.People.Shown, N: m.People.N}
		if i, ok := number[m.From.Stage]; ok && !m.From.Outside {
			move.From = i
		}
		if i, ok := number[m.To.Stage]; ok && !m.To.Outside {
			move.To = i
		}
		moves = append(moves, move)
	}
	out.Came, out.Left = outsiders(moves, true), outsiders(moves, false)
	out.Flow = ui.Streams(out.Flow, moves)
	return out
}

// outsiders says how many came in from outside, or left.
func outsiders(moves []ui.FlowMove, came bool) string {
	var n int64
	some := slices.ContainsFunc(moves, func(m ui.FlowMove) bool {
		return came && m.From < 0 || !came && m.To < 0
	})
	for _, m := range moves {
		if came && m.From < 0 || !came && m.To < 0 {
			n += m.N
		}
	}
	switch {
	case !some:
		return ""
	case n == 0:
		return "<10"
	}
	return "about " + ui.Number("en", n)
}
