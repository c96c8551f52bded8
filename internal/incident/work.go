package incident

import (
	"strings"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

func actorOf(s string) term.Actor { return term.Actor(s) }

// Record replaces what is known of an incident and adds a line to its timeline.
// It returns NOT_FOUND when there is none, and CONFLICT once it is closed.
func (r *Register) Record(tx *db.Tx, which id.Incident, f Facts, by term.Actor) error {
	if _, err := r.Get(tx, which); err != nil {
		return err
	}
	if err := checkKinds(f.Kinds); err != nil {
		return err
	}
	for _, text := range []string{f.Cause, f.Effects, f.Measures} {
		if len(text) > maxText {
			return errs.New(errs.Invalid, "too_long", "write at most %d letters", maxText)
		}
	}
	now := r.Clock.Now()
	err := changed(tx.Exec(`update incident set kinds = $2, classes = $3, cause = $4, effects = $5, measures = $6, state = $7,
			decision = '', reasoning = '', proposed_by = '' where incident_id = $1 and state <> $8`,
		which, join(f.Kinds), join(f.Classes), r.seal(which, f.Cause), r.seal(which, f.Effects), r.seal(which, f.Measures), Reported, Closed))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`delete from incident_count where incident_id = $1`, which); err != nil {
		return err
	}
	var rows [][]any
	for _, c := range f.People {
		if c.Residence = strings.TrimSpace(c.Residence); c.Residence == "" || c.People < 0 {
			return errs.New(errs.Invalid, "incident_people", "count people by the country they live in").On("people")
		}
		rows = append(rows, []any{which, c.Residence, c.People})
	}
	if _, err := tx.InsertMany(`insert into incident_count (incident_id, residence, people) values`, "", rows); err != nil {
		return err
	}
	return r.step(tx, which, Step{At: now, Act: "facts", Actor: by})
}

// Aware records when it was certain enough that data were harmed: a period of 72
// hours runs from there.
func (r *Register) Aware(tx *db.Tx, which id.Incident, at clock.Instant, by term.Actor) error {
	if at > r.Clock.Now() {
		return errs.New(errs.Invalid, "aware_later", "this moment is still to come").On("aware")
	}
	err := changed(tx.Exec(`update incident set aware_at = $2 where incident_id = $1 and state <> $3 and detected_at <= $2`, which, at, Closed))
	if err != nil {
		return err
	}
	return r.step(tx, which, Step{At: r.Clock.Now(), Act: "aware", Actor: by})
}

// Note adds a remark to the timeline.
func (r *Register) Note(tx *db.Tx, which id.Incident, text string, by term.Actor) error {
	if text = strings.TrimSpace(text); text == "" || len(text) > maxText {
		return errs.New(errs.Invalid, "note_text", "write a remark of at most %d letters", maxText).On("note")
	}
	if _, err := r.Get(tx, which); err != nil {
		return err
	}
	return r.step(tx, which, Step{At: r.Clock.Now(), Act: "note", Actor: by, Note: text})
}

// Propose proposes how to close an incident. It returns INVALID while facts,
// effects or measures are missing, or there is no reasoning.
func (r *Register) Propose(tx *db.Tx, which id.Incident, d Decision, reasoning string, by term.Actor) error {
	reasoning = strings.TrimSpace(reasoning)
	i, err := r.Get(tx, which)
	switch {
	case err != nil:
		return err
	case d != Notified && d != NotNotified:
		return errs.New(errs.Invalid, "incident_decision", "decide whether it was notified").On("decision")
	case len(i.Kinds) == 0 || len(i.Classes) == 0 || i.Cause == "" || i.Effects == "" || i.Measures == "":
		return errs.New(errs.Invalid, "incident_facts", "first record kind, data concerned, cause, effects and measures").On("reasoning")
	case len(reasoning) < minReport || len(reasoning) > maxText:
		return errs.New(errs.Invalid, "incident_reasoning", "say why, in a sentence or more").On("reasoning")
	}
	err = changed(tx.Exec(`update incident set state = $2, decision = $3, reasoning = $4, proposed_by = $5 where incident_id = $1 and state = $6`,
		which, Proposed, d, r.seal(which, reasoning), by, Reported))
	if err != nil {
		return err
	}
	return r.step(tx, which, Step{At: r.Clock.Now(), Act: "proposed: " + string(d), Actor: by})
}

// Approve closes an incident as proposed. It returns E_ROLE when the same person
// proposed it.
func (r *Register) Approve(tx *db.Tx, which id.Incident, by term.Actor) error {
	i, err := r.Get(tx, which)
	if err != nil {
		return err
	}
	if i.State == Proposed && i.ProposedBy == by {
		return errs.New(errs.Forbidden, errs.Role, "whoever proposed the decision cannot approve it; ask somebody else")
	}
	now := r.Clock.Now()
	err = changed(tx.Exec(`update incident set state = $2, approved_by = $3, closed_at = $4 where incident_id = $1 and state = $5`,
		which, Closed, by, now, Proposed))
	if err != nil {
		return err
	}
	return r.step(tx, which, Step{At: now, Act: "approved", Actor: by})
}

func changed(n int64, err error) error {
	if err == nil && n == 0 {
		return errs.New(errs.Conflict, "incident_state", "this incident is no longer open for that; look at its present state")
	}
	return err
}
