package home

import (
	"time"

	"candor/internal/audience"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// stages is the lifecycle at a glance.
type stages struct {
	Purpose string
	At      time.Time
	Bars    []stageBar
}

// stageBar is a stage with its count as it may be shown.
type stageBar struct {
	Text  string
	Count string
	Width string
}

// countedFor is how long counts are shown before they are made anew.
const countedFor = 5 * time.Minute

// lifecycle counts stages for the first purpose whose data may be used for them.
func (r *room) lifecycle(v *web.Visit, p *page) error {
	for _, purpose := range v.Who.Charter.Purposes {
		if _, err := audience.LifecycleOf(v.Who.Charter, purpose.ID); err != nil || !purpose.Profiling {
			continue
		}
		now, err := r.count(v, purpose.ID)
		if err != nil {
			return err
		}
		most := int64(1)
		for _, s := range now.stages {
			most = max(most, s.Count.N)
		}
		out := &stages{Purpose: purpose.Title.In("en"), At: v.Local(now.at)}
		for _, s := range now.stages {
			out.Bars = append(out.Bars, stageBar{s.Shown, s.Count.Shown, ui.Share(s.Count.N, most)})
		}
		p.Stages = out
		return nil
	}
	return nil
}

func (r *room) count(v *web.Visit, p term.Purpose) (counted, error) {
	r.mu.Lock()
	have, ok := r.stages[p]
	r.mu.Unlock()
	if ok && v.Now().Sub(have.at) < countedFor {
		return have, nil
	}
	list, err := r.Audience.Stages(v.Context(), audience.Question{Purpose: p, Actor: v.Actor(), Lang: "en"})
	if err != nil {
		return counted{}, err
	}
	have = counted{v.Now(), list}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stages[p] = have
	return have, nil
}
