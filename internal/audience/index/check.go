package index

import (
	"cmp"
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
)

// Report says how an index is, for an operator.
type Report struct {
	Customers int64         // held
	Compared  int64         // read from the database once more
	Different int64         // of those, not held as they are in the database
	Built     time.Duration // how long the first reading took
	Synced    clock.Instant // when the log was last seen to hold nothing new; 0 before that
	At        clock.Instant // when it was compared
}

// noted is the setting that holds the last report of a server.
const noted = "index.checked"

// Note keeps a report for whoever looks at the database from outside.
func Note(tx *db.Tx, r Report) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`insert into setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value`, noted, string(text))
	return err
}

// Noted gives the last report that a server kept. It returns NOT_FOUND before
// the first.
func Noted(tx *db.Tx) (r Report, err error) {
	var text string
	if err := tx.QueryRow(`select value from setting where name = $1`, noted).Scan(&text); err != nil {
		return r, err
	}
	return r, json.Unmarshal([]byte(text), &r)
}

// Check brings the index into line and compares a sample of about this many
// customers, at random, with the database. Customers that change meanwhile are
// no difference: they are compared again.
func (k *Keeper) Check(ctx context.Context, sample int) (Report, error) {
	if err := k.Sync(ctx); err != nil {
		return Report{}, err
	}
	k.work.Lock()
	defer k.work.Unlock()
	out := Report{Customers: int64(k.x.Size()), Built: k.built, Synced: k.synced, At: k.Clock.Now()}
	list := k.x.sample(sample)
	out.Compared = int64(len(list))
	for range 3 {
		different, err := k.differ(ctx, list)
		if out.Different = int64(len(different)); err != nil || len(different) == 0 {
			return out, err
		}
		list = different
		if _, err := k.follow(ctx); err != nil {
			return out, err
		}
		if err := k.turn(ctx); err != nil {
			return out, err
		}
	}
	return out, nil
}

// sample lists customers held, from a place at random on.
func (x *Index) sample(n int) []id.Customer {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var out []id.Customer
	if len(x.ids) == 0 {
		return nil
	}
	first, step := rand.IntN(len(x.ids)), max(1, len(x.ids)/max(1, n))
	for i := 0; i < len(x.ids); i += step {
		place := (first + i) % len(x.ids)
		if x.chunks[place/ChunkSize].live.Has(place % ChunkSize) {
			out = append(out, x.ids[place])
		}
	}
	slices.Sort(out)
	return out
}

// differ lists those of the customers who are not held as they are.
func (k *Keeper) differ(ctx context.Context, list []id.Customer) (out []id.Customer, err error) {
	for part := range slices.Chunk(list, listMost) {
		var rows []Row
		err := k.DB.Read(ctx, func(tx *db.Tx) (err error) {
			r := reader{x: k.x, plan: k.plan, tx: tx, now: k.Clock.Now()}
			rows, err = r.read(listOf(part))
			return err
		})
		if err != nil {
			return nil, err
		}
		read := map[id.Customer]*Row{}
		for i := range rows {
			read[rows[i].Customer] = &rows[i]
		}
		for _, c := range part {
			if !k.x.holds(c, read[c]) {
				out = append(out, c)
			}
		}
	}
	return out, nil
}

// holds reports whether a customer is held as in the row, and no row means not
// at all.
func (x *Index) holds(c id.Customer, r *Row) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	place, known := x.place(c)
	var in *chunk
	p := place % ChunkSize
	if known {
		in = x.chunks[place/ChunkSize]
	}
	if r == nil || in == nil || !in.live.Has(p) {
		return r == nil && (in == nil || !in.live.Has(p))
	}
	var values []Value
	for n, col := range in.columns {
		if col != nil {
			if number := col.get(p); number != 0 {
				values = append(values, Value{n, number})
			}
		}
	}
	slices.SortFunc(r.Values, func(a, b Value) int { return cmp.Compare(a.Column, b.Column) })
	if !slices.Equal(values, r.Values) {
		return false
	}
	for n, list := range r.Events {
		sortHappenings(list)
		if !slices.Equal(in.events[n].get(p), list) {
			return false
		}
	}
	return true
}

// State says how the index is, without looking at the database.
func (k *Keeper) State() (r Report, ready bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.x == nil {
		return r, false
	}
	return Report{Customers: int64(k.x.Size()), Built: k.built, Synced: k.synced}, true
}
