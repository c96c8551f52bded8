package audience

import (
	"testing"
	"time"

	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/outbox"
	"candor/internal/term"
)

// The daily run sees who is in which stage and who moved, tells a customer's own
// stage with its days, forgets whoever says no at once, and writes nothing about
// those who stayed.
func TestStagesAreFollowedFromDayToDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newShop(t, d)
		w.stagePage = 10
		w.box.Follow(gate.TopicConsent, "audience.stages", w.forgetStage)
		w.deliver(w.box)
		fresh := w.arrive(12, who{acts: agreed})
		buyers := w.arrive(31, who{acts: agreed, orders: 1})
		w.must(w.FindStages(ctx))
		if now := w.stageOf(fresh[0]); now.Stage != "new" || !now.Least || now.Since.String() != "2026-03-10" {
			t.Errorf("at first: %+v", now)
		}
		if m := w.moved(); len(m.Moves) != 0 || m.Now[0].Bands[Untold].Shown != "about 10" || m.Now[2].All.Shown != "about 30" {
			t.Errorf("the first run says %+v", m)
		}

		w.clock.Advance(24 * time.Hour)
		for _, c := range fresh {
			w.order(c)
		}
		w.must(w.FindStages(ctx))
		if now := w.stageOf(fresh[0]); now.Stage != "regular" || now.Least || now.Since.String() != "2026-03-11" {
			t.Errorf("after the order: %+v", now)
		}
		m := w.moved()
		if len(m.Moves) != 1 || m.Moves[0].From.Stage != "new" || m.Moves[0].To.Stage != "regular" || m.Moves[0].People.Shown != "about 10" {
			t.Errorf("moves: %+v", m.Moves)
		}
		if m.Now[2].Bands[Month].Shown != "about 10" || m.Now[0].All.Shown != "<10" {
			t.Errorf("times: %+v", m.Now)
		}
		before := w.rows("select count(*) from stage_move")
		w.must(w.FindStages(ctx))
		if w.rows("select count(*) from stage_move") != before || w.rows("select sum(people) from stage_count where day = $1", dayOf(w.clock.Now())) != 43 {
			t.Error("a second run of the day counts again")
		}

		w.record(buyers[0], consent.Withdrawn)
		w.deliver(w.box)
		if w.rows("select count(*) from stage_member where customer_id = $1", buyers[0]) != 0 {
			t.Error("the stage of somebody who withdrew is kept")
		}
		w.write(func(tx *db.Tx) error { _, err := Source{}.Erase(ctx, tx, buyers[1]); return err })
		w.clock.Advance(24 * time.Hour)
		w.must(w.FindStages(ctx))
		if n := w.rows("select count(*) from stage_member"); n != 42 {
			t.Errorf("%d stages are kept", n)
		}
	})
}

func (w *shop) deliver(box *outbox.Box) {
	w.t.Helper()
	_, err := w.log.Sequence(ctx)
	w.must(err)
	_, err = box.Deliver(ctx)
	w.must(err)
}

func (w *shop) moved() Movement {
	w.t.Helper()
	m, err := w.Movement(ctx, "letter", 30, "en")
	w.must(err)
	return m
}

func (w *shop) stageOf(c id.Customer) (out StageNow) {
	w.t.Helper()
	w.write(func(tx *db.Tx) error {
		pass, _, err := w.gate.Use(tx, gate.Request{Customer: c, Controller: "halm", Purpose: "letter", Operation: term.Use, Actor: "staff:test"})
		if err == nil {
			out, err = w.StageOf(tx, pass, "letter", "en")
		}
		return err
	})
	return out
}
