package audience

import (
	"context"
	"fmt"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/term"
)

// Lifecycle is the charter's stages as one purpose may see them: rules tried in
// order, of which the first that holds is the person's stage. The stages a
// charter names as "from" tell customers and journeys how one gets there; they
// do not change who is in a stage.
type Lifecycle struct {
	stages []charter.Stage
	rules  []*Condition
}

// LifecycleOf reads the stages for a purpose. It returns INVALID with
// E_PURPOSE_MISMATCH when a rule looks at what the purpose may not use.
func LifecycleOf(c *charter.Charter, p term.Purpose) (*Lifecycle, error) {
	if err := requireBasis(c, p); err != nil {
		return nil, err
	}
	sc, err := SchemaOf(c, p)
	if err != nil {
		return nil, err
	}
	sc.Stages = nil
	out := &Lifecycle{stages: c.Stages}
	for _, s := range c.Stages {
		rule, err := Compile(sc, s.When)
		if err != nil {
			return nil, err
		}
		out.rules = append(out.rules, rule)
	}
	return out, nil
}

// Of gives the person's stage, as the charter declares it; false when no rule
// holds.
func (l *Lifecycle) Of(p Person, at clock.Instant) (charter.Stage, bool) {
	for i, r := range l.rules {
		if r.Eval(p, at) {
			return l.stages[i], true
		}
	}
	return charter.Stage{}, false
}

// StageCount is how many customers are in a stage; the empty stage counts those
// in none.
type StageCount struct {
	Stage term.Stage `json:"stage"`
	Shown string     `json:"shown"` // in the language asked for
	Count Count      `json:"count"`
}

// Stages counts, for a purpose, the customers in each stage among those whose
// data may be used for it. The question's channel and condition are not looked
// at. Counts under 10 are not shown, nor those that would give one away.
func (s *Service) Stages(ctx context.Context, q Question) ([]StageCount, error) {
	if q.Actor == "" {
		return nil, errs.New(errs.Invalid, "no_actor", "say who asks").On("actor")
	}
	var in *charter.Charter
	var l *Lifecycle
	var counts map[int]int64
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if in, err = s.charter.Current(tx); err != nil {
			return err
		}
		if l, err = LifecycleOf(in, q.Purpose); err != nil {
			return err
		}
		counts, err = s.countStages(tx, in, l, q.Purpose)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := s.gate.UseRun(tx, gate.Run{Controller: in.Business.ID, Purpose: q.Purpose, Operation: term.Use, What: "count", Expression: "stage", Actor: q.Actor})
		return err
	})
	return l.answer(counts, q), err
}

// countStages numbers each customer's stage, from the index or in the database.
func (s *Service) countStages(tx *db.Tx, in *charter.Charter, l *Lifecycle, p term.Purpose) (map[int]int64, error) {
	at := s.clock.Now()
	if counts, ok, err := s.stagesIndexed(in, l, p, at); ok || err != nil {
		return counts, err
	}
	w := &sqlWriter{first: 1, at: at, plan: grouped, parts: map[term.Event]*part{}}
	w.put("case")
	for i, r := range l.rules {
		w.put(" when ")
		r.root.sql(w)
		w.put(" then %d", i)
	}
	w.put(" when 1 = 1 then %d end", len(l.rules))
	from := w.from()
	reach, args, err := s.gate.ReachSQL(in, gate.Reach{Purpose: p, Operation: term.Use, Column: "c.customer_id", At: at}, 1+len(w.args))
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(fmt.Sprintf("select %s, count(*) from %s where %s group by 1", w.where.String(), from, reach), append(w.args, args...)...)
	out := map[int]int64{}
	_, err = db.Collect(rows, err, func(scan db.Scan) (struct{}, error) {
		var stage int
		var n int64
		err := scan(&stage, &n)
		out[stage] = n
		return struct{}{}, err
	})
	return out, err
}

// answer puts the counts as they may be shown: when one under 10 could be worked
// out from the others, all are rounded.
func (l *Lifecycle) answer(counts map[int]int64, q Question) []StageCount {
	round := !q.Personal
	for _, n := range counts {
		round = round || n < small
	}
	out := make([]StageCount, 0, len(l.stages)+1)
	for i, st := range l.stages {
		out = append(out, StageCount{Stage: st.ID, Shown: st.ShownAs.In(q.Lang), Count: show(counts[i], round)})
	}
	none := phrase(q.Lang, "No stage", "Keine Phase")
	return append(out, StageCount{Shown: none, Count: show(counts[len(l.stages)], round)})
}
