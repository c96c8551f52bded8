package gate

import (
	"context"
	"errors"
	"slices"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/event"
	"candor/internal/gate/internal/vault"
	"candor/internal/id"
	"candor/internal/term"
)

const (
	// RetainEvery is how often the daily job runs.
	RetainEvery = 24 * time.Hour
	// retainStep is how many customers one transaction goes through.
	retainStep = 500
)

// Retained says what the daily job deleted.
type Retained struct {
	Events  int64 // their time was over (MIN-05)
	Guesses int64 // models made them too long ago (ACC-03)
	Values  int64 // no purpose needs their field any more (MIN-01)
}

// Retain deletes the events whose time is over, guesses that have aged and the
// values of fields that no purpose needs. It can be stopped and run again at any time.
func (g *Gate) Retain(ctx context.Context) (Retained, error) {
	var out Retained
	var err error
	if out.Events, out.Guesses, err = g.expire(ctx); err != nil {
		return out, err
	}
	if out.Values, err = g.purgeUnneeded(ctx); err != nil {
		return out, err
	}
	return out, g.db.Write(ctx, func(tx *db.Tx) error {
		_, err := customer.ClearGraves(tx, g.clock.Now())
		return err
	})
}

func (g *Gate) expire(ctx context.Context) (events, guesses int64, err error) {
	var after id.Customer
	for {
		var one expiredPage
		err := g.db.Write(ctx, func(tx *db.Tx) (err error) {
			one, err = g.expirePage(tx, after)
			return err
		})
		events, guesses = events+one.events, guesses+one.guesses
		if err != nil || one.seen == 0 {
			return events, guesses, err
		}
		after = one.last
	}
}

// expiredPage is what went of one page of customers.
type expiredPage struct {
	events, guesses int64
	seen            int
	last            id.Customer
}

// expirePage goes through the customers after one.
func (g *Gate) expirePage(tx *db.Tx, after id.Customer) (out expiredPage, err error) {
	page, err := customer.Page(tx, after, retainStep)
	if err != nil || len(page) == 0 {
		return out, err
	}
	_, c, err := g.law(tx)
	if err != nil {
		return out, err
	}
	keep, err := g.keepOf(c)
	if err != nil {
		return out, err
	}
	out.seen, out.last = len(page), page[len(page)-1]
	var whose []id.Customer
	if out.events, whose, err = event.Expire(tx, keep, page, lives, g.clock.Now()); err != nil {
		return out, err
	}
	traits, whoseToo, err := customer.DropGuesses(tx, page, g.clock.Now().Add(-customer.GuessGoes))
	if err != nil {
		return out, err
	}
	sealed, err := vault.DropGuesses(tx, page, g.clock.Now().Add(-customer.GuessGoes))
	if err != nil {
		return out, err
	}
	out.guesses = traits + sealed
	return out, g.outbox.Changed(tx, append(whose, whoseToo...)...)
}

// Foreseen is what the daily job would delete.
type Foreseen struct {
	Retained
	Fields    []term.Field // whose values no purpose needs any more; all of them go
	Customers int          // that were looked at
	All       bool         // there are no more
}

// errRehearsal takes back what a rehearsal did.
var errRehearsal = errors.New("only a rehearsal")

// Foresee rehearses the daily job on at most so many customers, in transactions
// that are taken back.
func (g *Gate) Foresee(ctx context.Context, most int) (out Foreseen, err error) {
	if out.Fields, err = g.unneeded(ctx); err != nil {
		return out, err
	}
	var after id.Customer
	for out.Customers < most {
		var one expiredPage
		err := g.db.Write(ctx, func(tx *db.Tx) (err error) {
			if one, err = g.expirePage(tx, after); err == nil {
				err = errRehearsal
			}
			return err
		})
		if !errors.Is(err, errRehearsal) {
			return out, err
		}
		if one.seen == 0 {
			out.All = true
			break
		}
		out.Events, out.Guesses, out.Customers, after = out.Events+one.events, out.Guesses+one.guesses, out.Customers+one.seen, one.last
	}
	return out, nil
}

// keepOf gives the retention of events under a charter, derived once.
func (g *Gate) keepOf(c *charter.Charter) (*event.Keep, error) {
	key := lawKey{c.Hash(), c.Version}
	g.mu.Lock()
	defer g.mu.Unlock()
	if k := g.keeps[key]; k != nil {
		return k, nil
	}
	k, err := event.NewKeep(c)
	if err != nil {
		return nil, err
	}
	if len(g.keeps) >= keptLaws {
		clear(g.keeps)
	}
	g.keeps[key] = k
	return k, nil
}

// lives tells what the retention of customers' events counts from.
func lives(tx *db.Tx, list []id.Customer) (map[id.Customer]event.Life, error) {
	read, err := subjects(tx, list)
	if err != nil {
		return nil, err
	}
	out := make(map[id.Customer]event.Life, len(list))
	for c, p := range read {
		l := event.Life{LastContact: p.row.SeenDay}
		for _, f := range p.facts.Facts {
			if f.Kind == customer.Contract {
				l.ContractEnd = max(l.ContractEnd, endOf(f))
			}
		}
		for _, k := range consent.Keys(p.facts.Records) {
			s := consent.StateOf(p.facts.Records, k)
			if s.Status == consent.Agreed {
				l.ConsentEnd = clock.Never
			} else {
				l.ConsentEnd = max(l.ConsentEnd, s.Rests.RecordedAt)
			}
		}
		out[c] = l
	}
	return out, nil
}

func endOf(f customer.Fact) clock.Instant {
	switch {
	case f.Value() == customer.Off:
		return f.RecordedAt
	case f.Until == 0:
		return clock.Never
	}
	return f.Until
}

// purgeUnneeded deletes the values of fields that the charter in force does not
// declare, or that none of its purposes lists.
func (g *Gate) purgeUnneeded(ctx context.Context) (int64, error) {
	fields, err := g.unneeded(ctx)
	var total int64
	for _, f := range fields {
		var after id.Customer
		for err == nil {
			var last id.Customer
			var gone int64
			err = g.db.Write(ctx, func(tx *db.Tx) (err error) {
				last, gone, err = g.PurgeField(tx, f, after, retainStep)
				return err
			})
			total += gone
			if after = last; last == 0 {
				break
			}
		}
	}
	return total, err
}

// unneeded lists the fields of which values are kept and that no purpose needs.
func (g *Gate) unneeded(ctx context.Context) (fields []term.Field, err error) {
	err = g.db.Read(ctx, func(tx *db.Tx) error {
		_, c, err := g.law(tx)
		if err != nil {
			return err
		}
		stored, err := g.StoredFields(tx)
		fields = slices.DeleteFunc(stored, func(f term.Field) bool {
			_, declared := c.Field(f)
			return declared && usedField(c, f)
		})
		return err
	})
	return fields, err
}

// StoredFields lists the fields of which a value is kept, in the vault or in
// clear, sorted.
func (g *Gate) StoredFields(tx *db.Tx) ([]term.Field, error) {
	out, err := customer.StoredFields(tx)
	if err != nil {
		return nil, err
	}
	more, err := vault.StoredFields(tx)
	out = append(out, more...)
	slices.Sort(out)
	return slices.Compact(out), err
}

// PurgeField deletes the values of a field of some customers after one of them
// (MIN-01). It gives the last customer it saw, 0 when none are left, and how
// many values went.
func (g *Gate) PurgeField(tx *db.Tx, f term.Field, after id.Customer, limit int) (last id.Customer, gone int64, err error) {
	lastTrait, traits, err := customer.PurgeField(tx, f, after, limit)
	if err != nil {
		return 0, 0, err
	}
	lastSealed, sealed, err := vault.PurgeField(tx, f, after, limit)
	switch {
	case lastTrait == 0:
		last = lastSealed
	case lastSealed == 0:
		last = lastTrait
	default:
		last = min(lastTrait, lastSealed)
	}
	return last, traits + sealed, err
}
