package audiences

import (
	"fmt"
	"slices"

	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// stagesPage is a board of the stages, in the order in which they are tried.
type stagesPage struct {
	Purpose ui.Field
	Stages  []stageCard
}

// stageCard is a stage as staff and as customers read it.
type stageCard struct {
	Name, Shown, Rule, Words string
	Count, Width             string
	Audience                 string
	Bands                    []bandBar
	Moves                    []string // who came from where, and went where, in a month
}

// bandBar is how many have been in a stage for so long.
type bandBar struct{ Text, Count, Width string }

// bandWords say how long somebody has been in a stage.
var bandWords = map[audience.Band]string{audience.Month: "under 30 days", audience.Quarter: "30 to 90 days", audience.Year: "90 days to a year",
	audience.Longer: "over a year", audience.Untold: "longer than told"}

func bandsOf(t audience.StageTime) (out []bandBar) {
	for i, n := range t.Bands {
		if n.N > 0 {
			out = append(out, bandBar{bandWords[audience.Band(i)], n.Shown, ui.Share(n.N, t.All.N)})
		}
	}
	return out
}

// movesOf says who came into a stage and who left it.
func movesOf(m audience.Movement, stage term.Stage) (out []string) {
	for _, x := range m.Moves {
		switch {
		case !x.To.Outside && x.To.Stage == stage && x.From.Outside:
			out = append(out, x.People.Shown+" new")
		case !x.To.Outside && x.To.Stage == stage:
			out = append(out, x.People.Shown+" from “"+x.From.Shown+"”")
		case !x.From.Outside && x.From.Stage == stage && x.To.Outside:
			out = append(out, x.People.Shown+" no longer used")
		case !x.From.Outside && x.From.Stage == stage:
			out = append(out, x.People.Shown+" to “"+x.To.Shown+"”")
		}
	}
	return out
}

// movedDays is how far back the board looks.
const movedDays = 30

func (r *room) showStages(v *web.Visit) error {
	c := v.Who.Charter
	p := stagesPage{Purpose: ui.Field{ID: "purpose", Name: "purpose", Label: "For the purpose", Required: true}}
	chosen := term.Purpose(v.Form("purpose"))
	for i := range c.Purposes {
		x := &c.Purposes[i]
		if _, err := audience.LifecycleOf(c, x.ID); err != nil || !x.Profiling {
			continue
		}
		if chosen == "" {
			chosen = x.ID
		}
		p.Purpose.Options = append(p.Purpose.Options, ui.Option{Value: string(x.ID), Text: x.Title.In("en"), Chosen: x.ID == chosen})
	}
	if len(p.Purpose.Options) > 0 {
		counts, err := r.Audience.Stages(v.Context(), audience.Question{Purpose: chosen, Actor: v.Actor(), Lang: "en"})
		if err != nil {
			return err
		}
		moved, err := r.Audience.Movement(v.Context(), chosen, movedDays, "en")
		if err != nil {
			return err
		}
		most := int64(1)
		for _, n := range counts {
			most = max(most, n.Count.N)
		}
		for _, n := range counts {
			card := stageCard{Shown: n.Shown, Count: n.Count.Shown, Width: ui.Share(n.Count.N, most), Moves: movesOf(moved, n.Stage)}
			for _, t := range moved.Now {
				if t.Place.Stage == n.Stage {
					card.Bands = bandsOf(t)
				}
			}
			if at := slices.IndexFunc(c.Stages, func(s charter.Stage) bool { return s.ID == n.Stage }); at >= 0 {
				s := c.Stages[at]
				card.Name, card.Rule = string(s.ID), s.When
				card.Audience = editorURL(chosen, term.Email, fmt.Sprintf("stage == %q", s.ID))
				if rule, err := r.Audience.Compile(c, chosen, s.When); err == nil {
					card.Words = rule.Describe("en")
				}
			}
			p.Stages = append(p.Stages, card)
		}
	}
	return web.Show(v, r.stages, web.Head{Title: "Stages", Crumb: &ui.Link{Text: "Audiences", URL: listURL},
		Intro: "Where customers are in their life with you. The rules are the charter's, and each customer reads their own stage in these words."}, p)
}
