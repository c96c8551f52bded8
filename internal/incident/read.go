package incident

import (
	"errors"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

const columns = `incident_id, state, kinds, report, reporter, detected_at, aware_at, classes, cause, effects, measures,
	decision, reasoning, proposed_by, approved_by, closed_at`

// scan reads a row and opens what people wrote.
func (r *Register) scan(scan db.Scan) (Incident, error) {
	var i Incident
	var kinds, classes, reporter string
	err := scan(&i.ID, &i.State, &kinds, &i.Report, &reporter, &i.DetectedAt, &i.AwareAt, &classes, &i.Cause, &i.Effects, &i.Measures,
		&i.Decision, &i.Reasoning, &i.ProposedBy, &i.ApprovedBy, &i.ClosedAt)
	if err != nil {
		return i, err
	}
	i.Kinds, i.Classes = split[Kind](kinds), split[string](classes)
	var all []error
	for _, text := range []*string{&i.Report, &reporter, &i.Cause, &i.Effects, &i.Measures, &i.Reasoning} {
		var err error
		*text, err = r.open(i.ID, *text)
		all = append(all, err)
	}
	i.Reporter = actorOf(reporter)
	return i, errors.Join(all...)
}

// Get gives an incident. It returns NOT_FOUND when there is none.
func (r *Register) Get(tx *db.Tx, which id.Incident) (Incident, error) {
	i, err := r.scan(tx.QueryRow(`select `+columns+` from incident where incident_id = $1`, which).Scan)
	if errs.Is(err, errs.NotFound) {
		return i, errNone
	}
	if err != nil {
		return i, err
	}
	rows, err := tx.Query(`select residence, people from incident_count where incident_id = $1 order by residence`, which)
	i.People, err = db.Collect(rows, err, func(scan db.Scan) (c Count, err error) { return c, scan(&c.Residence, &c.People) })
	return i, err
}

// List gives incidents, the newest first, before one of them; state "" means
// all.
func (r *Register) List(tx *db.Tx, state State, before id.Incident, limit int) ([]Incident, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	query, args := `select `+columns+` from incident where incident_id < $1 order by incident_id desc limit $2`, []any{before, limit}
	if state != "" {
		query, args = `select `+columns+` from incident where state = $3 and incident_id < $1 order by incident_id desc limit $2`, append(args, state)
	}
	rows, err := tx.Query(query, args...)
	return db.Collect(rows, err, r.scan)
}

// Timeline gives what was done about an incident, in order.
func (r *Register) Timeline(tx *db.Tx, which id.Incident) ([]Step, error) {
	rows, err := tx.Query(`select at, act, actor, note from incident_step where incident_id = $1 order by step_id`, which)
	return db.Collect(rows, err, func(scan db.Scan) (s Step, err error) {
		if err = scan(&s.At, &s.Act, &s.Actor, &s.Note); err == nil {
			s.Note, err = r.open(which, s.Note)
		}
		return s, err
	})
}
