package audience

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/outbox"
	"candor/internal/term"
)

const (
	stageJob    = "audience.stages"
	stageEvery  = 24 * time.Hour
	stagePage   = 500 // customers a step
	keepMoves   = 400 // days
	outside     = "-" // not among those whose data may be used
	maxCustomer = id.Customer(math.MaxInt64)
)

// Schedule has the stages looked at once a day, and forgets at once the stage of
// whoever says no to the use.
func (s *Service) Schedule(q *job.Queue, box *outbox.Box) {
	q.Handle(stageJob, func(ctx context.Context, _ job.Job) error { return s.FindStages(ctx) })
	q.Every(stageJob, stageEvery)
	box.Follow(gate.TopicConsent, "audience.stages", s.forgetStage)
}

// forgetStage deletes the stage of a customer whose data may no longer be used
// for it (PRF-05).
func (s *Service) forgetStage(tx *db.Tx, m outbox.Message) error {
	var said gate.Recorded
	if err := json.Unmarshal(m.Payload, &said); err != nil || !said.Kind.Lowers() {
		return err
	}
	in, err := s.charter.Current(tx)
	if err != nil {
		return err
	}
	still, args, err := s.gate.ReachSQL(in, gate.Reach{Purpose: said.Purpose, Operation: term.Use, Column: "stage_member.customer_id", At: s.clock.Now()}, 4)
	if err != nil {
		return nil //nolint:nilerr // nobody's data may be used for it: the daily run forgets them all
	}
	rows, err := tx.Query("delete from stage_member where customer_id = $1 and controller = $2 and purpose = $3 and not "+still+" returning stage",
		append([]any{said.Customer, in.Business.ID, said.Purpose}, args...)...)
	gone, err := db.Collect(rows, err, func(scan db.Scan) (stage string, err error) { return stage, scan(&stage) })
	if err != nil || len(gone) == 0 {
		return err
	}
	r := &stageRun{Service: s, charter: in, purpose: said.Purpose, day: dayOf(s.clock.Now())}
	return r.add(tx, map[move]int64{{gone[0], outside}: 1})
}

// FindStages looks in which stage everybody is whose data may be used for a
// purpose that the charter's stages serve, and notes who moved. It goes through
// the customers in steps and writes of those alone who moved, so a run that is
// broken off goes on with the next.
func (s *Service) FindStages(ctx context.Context) error {
	var in *charter.Charter
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		in, err = s.charter.Current(tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range StagePurposes(in) {
		if err := s.findStages(ctx, in, p); err != nil && !errs.Is(err, errs.Forbidden) {
			return err // Forbidden: nobody's data may be used for it now
		}
	}
	return nil
}

// StagePurposes lists the purposes that may choose people by their stage.
func StagePurposes(in *charter.Charter) []term.Purpose {
	var out []term.Purpose
	for i := range in.Purposes {
		if p := &in.Purposes[i]; p.Profiling && len(in.Stages) > 0 {
			if _, err := LifecycleOf(in, p.ID); err == nil {
				out = append(out, p.ID)
			}
		}
	}
	return out
}

// stageRun is one look at all customers for one purpose.
type stageRun struct {
	*Service
	charter *charter.Charter
	rules   *Lifecycle
	purpose term.Purpose
	at      clock.Instant
	day     int64
	page    int  // customers a step
	first   bool // nothing is known of before
	counts  map[standstill]int64
}

// standstill is a stage and how long somebody has been in it.
type standstill struct {
	stage term.Stage
	band  Band
}

// staged is a customer with the stage they are in.
type staged struct {
	customer id.Customer
	stage    term.Stage
	since    int64
}

type move struct{ from, to string }

func (s *Service) findStages(ctx context.Context, in *charter.Charter, p term.Purpose) error {
	rules, err := LifecycleOf(in, p)
	if err != nil {
		return err
	}
	at := s.clock.Now()
	r := &stageRun{Service: s, charter: in, rules: rules, purpose: p, at: at, day: dayOf(at), page: s.stagePage, counts: map[standstill]int64{}}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		var n int64
		err := tx.QueryRow("select count(*) from stage_run where controller = $1 and purpose = $2", in.Business.ID, p).Scan(&n)
		r.first = n == 0
		return err
	})
	for after, more := id.Customer(0), true; err == nil && more; {
		after, more, err = r.step(ctx, after)
	}
	if err != nil {
		return err
	}
	return s.db.Write(ctx, r.finish)
}

// step looks at a page of customers after one of them.
func (r *stageRun) step(ctx context.Context, after id.Customer) (last id.Customer, more bool, err error) {
	var moved []id.Customer
	var now []staged
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		if now, err = r.look(tx, after, maxCustomer); err != nil {
			return err
		}
		if last = maxCustomer; len(now) == r.page {
			last = now[len(now)-1].customer
		}
		moved, err = r.compare(tx, now, after, last)
		return err
	})
	if err != nil {
		return last, false, err
	}
	if len(moved) > 0 {
		err = r.db.Write(ctx, func(tx *db.Tx) error { return r.note(tx, moved, after, last) })
	}
	for _, c := range now {
		r.counts[standstill{c.stage, r.bandOf(c.since)}]++
	}
	return last, last < maxCustomer, err
}

// look asks the database for the stages of a page of those whose data may be used.
func (r *stageRun) look(tx *db.Tx, after, last id.Customer) ([]staged, error) {
	w := &sqlWriter{first: 1, at: r.at, plan: probe, parts: map[term.Event]*part{}}
	w.put("case")
	for i, rule := range r.rules.rules {
		w.put(" when ")
		rule.root.sql(w)
		w.put(" then %d", i)
	}
	w.put(" when 1 = 1 then %d end", len(r.rules.rules))
	from := w.from()
	reach, args, err := r.gate.ReachSQL(r.charter, r.reach(), 1+len(w.args))
	if err != nil {
		return nil, err
	}
	args = append(w.args, args...)
	n := len(args)
	rows, err := tx.Query(fmt.Sprintf("select c.customer_id, %s from %s where %s and c.customer_id > $%d and c.customer_id <= $%d order by c.customer_id limit $%d",
		w.where.String(), from, reach, n+1, n+2, n+3), append(args, after, last, r.page)...)
	return db.Collect(rows, err, func(scan db.Scan) (out staged, err error) {
		i := 0
		err = scan(&out.customer, &i)
		if i < len(r.rules.stages) {
			out.stage = r.rules.stages[i].ID
		}
		return out, err
	})
}

func (r *stageRun) reach() gate.Reach {
	return gate.Reach{Purpose: r.purpose, Operation: term.Use, Column: "c.customer_id", At: r.at}
}

// compare tells who moved since the last run, and since when the others are in
// their stage.
func (r *stageRun) compare(tx *db.Tx, now []staged, after, last id.Customer) (moved []id.Customer, err error) {
	before, err := r.before(tx, after, last)
	if err != nil {
		return nil, err
	}
	for i := range now {
		c := &now[i]
		was, known := before[c.customer]
		delete(before, c.customer)
		if known && was.stage == c.stage {
			c.since = was.since
			continue
		}
		if moved = append(moved, c.customer); !r.first {
			c.since = r.day
		}
	}
	for c := range before {
		moved = append(moved, c)
	}
	slices.Sort(moved)
	return moved, nil
}

func (r *stageRun) before(tx *db.Tx, after, last id.Customer) (map[id.Customer]staged, error) {
	rows, err := tx.Query(`select customer_id, stage, since from stage_member
		where customer_id > $1 and customer_id <= $2 and controller = $3 and purpose = $4`, after, last, r.charter.Business.ID, r.purpose)
	out := map[id.Customer]staged{}
	return out, db.Each(rows, err, func(scan db.Scan) error {
		var s staged
		err := scan(&s.customer, &s.stage, &s.since)
		out[s.customer] = s
		return err
	})
}

// note writes who moved. Each is locked before their stage is read again, so that
// nothing is written of somebody who was erased or said no in between.
func (r *stageRun) note(tx *db.Tx, moved []id.Customer, after, last id.Customer) error {
	for _, c := range moved {
		if _, err := customer.Lock(tx, c); err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
	}
	now, err := r.look(tx, after, last)
	if err != nil {
		return err
	}
	before, err := r.before(tx, after, last)
	if err != nil {
		return err
	}
	moves := map[move]int64{}
	var rows [][]any
	for _, c := range now {
		was, known := before[c.customer]
		if _, locked := slices.BinarySearch(moved, c.customer); !locked || known && was.stage == c.stage {
			delete(before, c.customer)
			continue
		}
		delete(before, c.customer)
		since, from := r.day, outside
		if known {
			from = string(was.stage)
		}
		if r.first {
			since = 0
		}
		rows = append(rows, []any{c.customer, r.charter.Business.ID, r.purpose, c.stage, since})
		moves[move{from, string(c.stage)}]++
	}
	_, err = tx.InsertMany("insert into stage_member (customer_id, controller, purpose, stage, since) values",
		"on conflict (customer_id, controller, purpose) do update set stage = excluded.stage, since = excluded.since", rows)
	if err != nil {
		return err
	}
	for c, was := range before {
		if _, err := tx.Exec("delete from stage_member where customer_id = $1 and controller = $2 and purpose = $3", c, r.charter.Business.ID, r.purpose); err != nil {
			return err
		}
		moves[move{string(was.stage), outside}]++
	}
	return r.add(tx, moves)
}

// add counts moves of the day. What the first run finds is no movement.
func (r *stageRun) add(tx *db.Tx, moves map[move]int64) error {
	if r.first {
		return nil
	}
	var rows [][]any
	for m, n := range moves {
		rows = append(rows, []any{r.charter.Business.ID, r.purpose, r.day, m.from, m.to, n})
	}
	_, err := tx.InsertMany("insert into stage_move (controller, purpose, day, came_from, went_to, people) values",
		"on conflict (controller, purpose, day, came_from, went_to) do update set people = stage_move.people + excluded.people", rows)
	return err
}

// finish writes how many are in each stage, forgets what is old, and records the
// run as the one use it is.
func (r *stageRun) finish(tx *db.Tx) error {
	c := r.charter.Business.ID
	_, err := tx.Exec(`insert into stage_run (controller, purpose, first_day, last_day) values ($1, $2, $3, $3)
		on conflict (controller, purpose) do update set last_day = excluded.last_day`, c, r.purpose, r.day)
	if err != nil {
		return err
	}
	for _, old := range []string{
		"delete from stage_count where controller = $1 and purpose = $2 and (day = $3 or day < $4)",
		"delete from stage_move where controller = $1 and purpose = $2 and day <> $3 and day < $4",
	} {
		if _, err := tx.Exec(old, c, r.purpose, r.day, r.day-keepMoves); err != nil {
			return err
		}
	}
	var rows [][]any
	for k, n := range r.counts {
		rows = append(rows, []any{c, r.purpose, r.day, k.stage, k.band, n})
	}
	if _, err := tx.InsertMany("insert into stage_count (controller, purpose, day, stage, band, people) values", "", rows); err != nil {
		return err
	}
	_, err = r.gate.UseRun(tx, gate.Run{Controller: c, Purpose: r.purpose, Operation: term.Use, What: "stages", Expression: "stage", Actor: term.ByEngine})
	return err
}
