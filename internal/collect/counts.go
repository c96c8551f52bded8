package collect

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"sync"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/observe"
)

// CountKind says what was counted.
type CountKind string

// The kinds of counts. Those without names count under "".
const (
	Accepted     CountKind = "accepted"      // messages taken
	Duplicate    CountKind = "duplicate"     // messages that had been taken before
	Quarantined  CountKind = "quarantined"   // messages kept sealed, by reason
	Refused      CountKind = "refused"       // messages and requests not taken, by reason
	NotStored    CountKind = "test"          // messages of a test key, checked and let go
	Dropped      CountKind = "dropped"       // properties and traits nobody declared, by name
	DroppedEvent CountKind = "dropped_event" // events nobody declared, by name
	Scanned      CountKind = "scanned"       // texts with card numbers, national ids or illness, by name
	RefusedID    CountKind = "refused_id"    // user ids such as "undefined", by reason
	Noted        CountKind = "noted"         // what the gate left out, by reason
	NothingLeft  CountKind = "nothing_left"  // messages with nothing in them to store
)

// MaxNames is how many names are kept for one source; later ones count as
// Other. A name that does not look like a program's identifier counts as Other
// too: names come from outside and may carry what values carry.
const (
	MaxNames = 500
	Other    = "(other)"
)

// Count is one counter of a source.
type Count struct {
	Kind   CountKind
	Name   string
	N      int64
	LastAt clock.Instant
}

// identifier is how programs name properties and events: words of letters and
// digits. Long numbers are data, not names.
var (
	identifier = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]{0,39}(?:[ .][A-Za-z0-9_$]{1,24}){0,4}$`)
	longNumber = regexp.MustCompile(`\d{5}`)
)

func safeName(name string) string {
	if name == "" || name == Other || identifier.MatchString(name) && !longNumber.MatchString(name) {
		return name
	}
	return Other
}

// counters adds up in memory what is written about once a second: a flood of
// refused requests must not become a flood of writes. A crash loses the last
// second's counts and no data.
type counters struct {
	mu  sync.Mutex
	sum map[counter]int64
}

type counter struct {
	source id.Source
	kind   CountKind
	name   string
}

func newCounters() *counters { return &counters{sum: map[counter]int64{}} }

// maxPending bounds the names held in memory between two writes.
const maxPending = 20_000

func (c *counters) add(source id.Source, kind CountKind, name string, n int64) {
	if n == 0 {
		return
	}
	observe.Collected.Add(int(n), string(kind))
	c.keep(source, kind, name, n)
}

func (c *counters) keep(source id.Source, kind CountKind, name string, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := counter{source, kind, safeName(name)}
	if _, ok := c.sum[k]; !ok && len(c.sum) >= maxPending {
		k.name = Other
	}
	c.sum[k] += n
}

func (c *counters) take() map[counter]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.sum
	c.sum = map[counter]int64{}
	return out
}

func (c *counters) putBack(sum map[counter]int64) {
	for k, n := range sum {
		c.keep(k.source, k.kind, k.name, n)
	}
}

// write stores what was added up. Counters of known names grow; new names are
// taken until the source has MaxNames of them.
func (c *counters) write(ctx context.Context, d *db.DB, now clock.Instant) error {
	sum := c.take()
	if len(sum) == 0 {
		return nil
	}
	bySource := map[id.Source]map[counter]int64{}
	for k, n := range sum {
		if bySource[k.source] == nil {
			bySource[k.source] = map[counter]int64{}
		}
		bySource[k.source][k] = n
	}
	for source, part := range bySource {
		err := d.Write(ctx, func(tx *db.Tx) error { return writeCounts(tx, source, part, now) })
		if err != nil {
			c.putBack(sum)
			return err
		}
		for k := range part {
			delete(sum, k)
		}
	}
	return nil
}

func writeCounts(tx *db.Tx, source id.Source, part map[counter]int64, now clock.Instant) error {
	// Two servers must not both find room for the last name: wait in line.
	if _, err := tx.Exec(`update source set name = name where source_id = $1`, source); err != nil {
		return err
	}
	have, err := listCounts(tx, source)
	if err != nil {
		return err
	}
	known := map[counter]bool{}
	for _, h := range have {
		known[counter{source, h.Kind, h.Name}] = true
	}
	names := len(have)
	final := map[counter]int64{}
	for _, k := range sorted(part) {
		n := part[k]
		if !known[k] && k.name != "" && k.name != Other {
			if names >= MaxNames {
				k.name = Other
			} else {
				names++
			}
		}
		final[k] += n
	}
	rows := make([][]any, 0, len(final))
	for _, k := range sorted(final) {
		rows = append(rows, []any{k.source, k.kind, k.name, final[k], now})
	}
	_, err = tx.InsertMany(`insert into source_count (source_id, kind, name, n, last_at) values`,
		`on conflict (source_id, kind, name) do update set n = source_count.n + excluded.n, last_at = excluded.last_at`, rows)
	return err
}

func listCounts(tx *db.Tx, source id.Source) ([]Count, error) {
	rows, err := tx.Query(`select kind, name, n, last_at from source_count where source_id = $1 order by kind, name`, source)
	return db.Collect(rows, err, func(scan db.Scan) (c Count, err error) {
		return c, scan(&c.Kind, &c.Name, &c.N, &c.LastAt)
	})
}

// sorted gives counters in one order, so that two servers that write the same
// rows never wait for each other in a circle.
func sorted(m map[counter]int64) []counter {
	return slices.SortedFunc(maps.Keys(m), func(a, b counter) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
	})
}
