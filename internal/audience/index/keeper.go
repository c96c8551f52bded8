package index

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/outbox"
)

const (
	pollEvery   = 250 * time.Millisecond
	rest        = 3                // how many times as long as it worked the keeper rests
	freshFor    = 2 * time.Second  // after a look at the log
	readStep    = 4000             // customers a transaction of the first reading
	changeStep  = 1000             // rows of the log a look
	listMost    = 512              // customers read anew at a time
	retryFailed = 10 * time.Second // after trouble
)

// Config is what a keeper works with.
type Config struct {
	DB     *db.DB
	Outbox *outbox.Box
	Clock  clock.Clock
	Plan   func(tx *db.Tx) (*Plan, error) // of the charter in force
	Log    *slog.Logger                   // the default logger when nil
}

// Keeper reads an index at start and keeps it in line with the database. Each
// server has one of its own; several on one database follow the same log.
type Keeper struct {
	Config

	work  sync.Mutex // one piece of work at a time
	place int64      // in the log

	mu     sync.Mutex // guards what follows, which only work changes
	x      *Index     // nil until it is read
	plan   *Plan
	synced clock.Instant // when the log was last seen to hold nothing new
	built  time.Duration // how long reading all took
}

// NewKeeper makes a keeper; Run sets it to work.
func NewKeeper(c Config) *Keeper {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Keeper{Config: c}
}

// Run reads the index and follows until the context ends. Trouble is logged and
// tried again; meanwhile SQL answers. After each piece of work the keeper rests
// three times as long, so that a flood of changes is not slowed by being followed.
func (k *Keeper) Run(ctx context.Context) error {
	for {
		began := time.Now()
		err := k.Sync(ctx)
		wait := max(pollEvery, rest*min(time.Since(began), time.Second))
		if err != nil && ctx.Err() == nil && !errs.Is(err, errs.NotFound) { // not found: no charter yet
			k.Log.Warn("audience: the index is behind", "code", errs.CodeOf(err))
			wait = retryFailed
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// Sync does what is to be done now: reads the index when there is none, or
// another charter is in force, and then the customers that changed, by themselves
// or by time. In a flood of changes it stops after a second, not yet in line.
func (k *Keeper) Sync(ctx context.Context) error {
	k.work.Lock()
	defer k.work.Unlock()
	var plan *Plan
	began, now := time.Now(), k.Clock.Now()
	err := k.DB.Read(ctx, func(tx *db.Tx) (err error) {
		plan, err = k.Plan(tx)
		return err
	})
	if err != nil {
		return err
	}
	if k.x == nil || k.plan.Version != plan.Version || k.x.worn() {
		if err := k.build(ctx, plan); err != nil {
			return err
		}
	}
	for more := true; more; {
		if time.Since(began) > time.Second && k.synced > 0 {
			return nil
		}
		more, err = k.follow(ctx)
		if errors.Is(err, outbox.ErrMissed) {
			return k.build(ctx, plan)
		}
		if err != nil {
			return err
		}
	}
	if err := k.turn(ctx); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.synced = now
	return nil
}

// Fresh gives the index when it may answer for an instant under a charter: it is
// read, was in line with the log within two seconds, and nothing has changed by
// time since. Otherwise SQL answers.
func (k *Keeper) Fresh(version string, at clock.Instant) (*Index, bool) {
	if k == nil {
		return nil, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.x == nil || k.plan.Version != version || at > k.synced.Add(freshFor) || k.x.due(at) {
		return nil, false
	}
	return k.x, true
}

func (x *Index) due(at clock.Instant) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.wheel.due(at)
}

// build reads everything, in steps. What changes meanwhile is in the log after
// the place noted first, and read once more.
func (k *Keeper) build(ctx context.Context, plan *Plan) error {
	began := time.Now()
	x := New(plan.Events)
	for _, slot := range plan.Slots {
		x.Column(slot)
	}
	var place int64
	err := k.DB.Read(ctx, func(tx *db.Tx) (err error) {
		place, err = k.Outbox.Place(tx)
		return err
	})
	for after := id.Customer(0); err == nil; {
		var rows []Row
		if rows, err = k.step(ctx, x, plan, after); err != nil || len(rows) == 0 {
			break
		}
		after = rows[len(rows)-1].Customer
		x.Put(rows...)
	}
	if err != nil {
		return err
	}
	x.pack()
	k.place = place
	k.mu.Lock()
	defer k.mu.Unlock()
	k.x, k.plan, k.built, k.synced = x, plan, time.Since(began), 0
	return nil
}

// step reads the next customers of a first reading.
func (k *Keeper) step(ctx context.Context, x *Index, plan *Plan, after id.Customer) (list []Row, err error) {
	err = k.DB.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query("select customer_id from customer where customer_id > $1 order by customer_id limit $2", after, readStep)
		ids, err := db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
		if err != nil || len(ids) == 0 {
			list = nil
			return err
		}
		r := reader{x: x, plan: plan, tx: tx, now: k.Clock.Now()}
		list, err = r.read(rangeOf(ids[0], ids[len(ids)-1]))
		return err
	})
	return list, err
}

// follow reads the next changes of the log, and whose they are anew. It reports
// whether there may be more.
func (k *Keeper) follow(ctx context.Context) (more bool, err error) {
	var list []id.Customer
	var place int64
	err = k.DB.Read(ctx, func(tx *db.Tx) (err error) {
		list, place, err = k.Outbox.Changes(tx, k.place, changeStep)
		return err
	})
	if err != nil || place == k.place {
		return false, err
	}
	slices.Sort(list)
	if err := k.again(ctx, slices.Compact(list)); err != nil {
		return false, err
	}
	k.place = place
	return true, nil
}

// turn reads anew those whose instant has come. Until they are read, the instant
// stays due and the index is not fresh.
func (k *Keeper) turn(ctx context.Context) error {
	for {
		list, due := k.x.turned(k.Clock.Now())
		if !due {
			return nil
		}
		if err := k.again(ctx, list); err != nil {
			return err
		}
		k.x.mu.Lock()
		k.x.wheel.drop()
		k.x.mu.Unlock()
	}
}

// turned lists the customers of the earliest instant that has come.
func (x *Index) turned(now clock.Instant) ([]id.Customer, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	at, places := x.wheel.next(now)
	list := make([]id.Customer, len(places))
	for i, p := range places {
		list[i] = x.ids[p]
	}
	slices.Sort(list)
	return slices.Compact(list), at != 0
}

// again reads customers anew. Those who are gone are forgotten.
func (k *Keeper) again(ctx context.Context, list []id.Customer) error {
	for part := range slices.Chunk(list, listMost) {
		var rows []Row
		err := k.DB.Read(ctx, func(tx *db.Tx) (err error) {
			r := reader{x: k.x, plan: k.plan, tx: tx, now: k.Clock.Now()}
			rows, err = r.read(listOf(part))
			return err
		})
		if err != nil {
			return err
		}
		k.x.replace(part, rows)
	}
	return nil
}

// replace holds these rows, and forgets those of the list who have none.
func (x *Index) replace(list []id.Customer, rows []Row) {
	x.mu.Lock()
	defer x.mu.Unlock()
	there := 0
	for i := range rows {
		x.put(&rows[i])
	}
	for _, c := range list {
		for there < len(rows) && rows[there].Customer < c {
			there++
		}
		if there == len(rows) || rows[there].Customer != c {
			x.remove(c)
		}
	}
}
