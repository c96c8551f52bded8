// Package evidence shows what was in force on any day (GDPR 5(2), 24; GOV-08): the
// law as packs of rules, the promise and its notices, who promised
// confidentiality, how recipients stand, what was decided, what the linter found,
// and which deadlines were met.
//
// Each part of the program tells, once a day, how it is; that is kept, by its
// hash, with a signature over the whole, and never changed. A pack for a day is
// therefore the same bytes whenever it is made, whatever happened since. Nothing
// in it is about a customer; staff are ids. A later part of the program adds a
// Source and appears from the next day on.
package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/job"
	"candor/internal/ledger"
	"candor/internal/ledger/receipt"
)

// Source is a part of the program that tells how it is. What Read gives becomes
// JSON; it holds no customer.
type Source struct {
	Name string // such as "recipients"
	Read func(tx *db.Tx, now clock.Instant) (any, error)
}

// JobDay keeps the evidence of each day.
const JobDay = "evidence.day"

// KindKept is the ledger's kind of entry about a day's evidence.
const KindKept ledger.Kind = "evidence.kept"

// everySoOften is how soon after midnight a day is kept.
const everySoOften = 10 * time.Minute

// Config is what a Keeper works with.
type Config struct {
	DB      *db.DB
	Ledger  *ledger.Log
	Jobs    *job.Queue
	Clock   clock.Clock
	Sources []Source
}

// Keeper keeps the evidence of days. It is safe for concurrent use.
type Keeper struct{ Config }

// New makes a keeper, which keeps each day's evidence by itself.
func New(c Config) *Keeper {
	k := &Keeper{c}
	c.Jobs.Handle(JobDay, func(ctx context.Context, _ job.Job) error { return k.Keep(ctx) })
	c.Jobs.Every(JobDay, everySoOften)
	return k
}

// kept is a row of the days.
type kept struct {
	day    string
	parts  map[string]string
	signed string
}

// Keep keeps the evidence of this day (UTC), if that was not done yet.
func (k *Keeper) Keep(ctx context.Context) error {
	now := k.Clock.Now()
	day := clock.DateOf(now.Time()).String()
	var have bool
	read := map[string]any{}
	err := k.DB.Read(ctx, func(tx *db.Tx) error {
		last, err := newest(tx, day)
		if have = err == nil && last.day == day; have || err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		for _, s := range k.Sources {
			if read[s.Name], err = s.Read(tx, now); err != nil {
				return errs.Wrap(err, errs.KindOf(err), errs.CodeOf(err), "the evidence of %s cannot be read", s.Name)
			}
		}
		return nil
	})
	if err != nil || have {
		return err
	}
	return k.write(ctx, day, now, read)
}

func (k *Keeper) write(ctx context.Context, day string, now clock.Instant, read map[string]any) error {
	parts, contents := map[string]string{}, map[string]json.RawMessage{}
	for name, v := range read {
		raw, err := json.Marshal(v)
		if err == nil {
			raw, err = receipt.Canonical(raw)
		}
		if err != nil {
			return err
		}
		parts[name] = sum(raw)
		contents[name] = raw
	}
	body, err := bodyOf(day, contents)
	if err != nil {
		return err
	}
	signed, err := k.Ledger.Sign(noteText(day, body))
	if err != nil {
		return err
	}
	list, err := json.Marshal(parts)
	if err != nil {
		return err
	}
	return k.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`insert into evidence_day (day, parts, signed, made_at) values ($1, $2, $3, $4) on conflict (day) do nothing`, day, string(list), string(signed), now)
		if err != nil || n == 0 {
			return err // another server was sooner
		}
		for name, hash := range parts {
			if _, err := tx.Exec(`insert into evidence_part (hash, content) values ($1, $2) on conflict (hash) do nothing`, hash, string(contents[name])); err != nil {
				return err
			}
		}
		_, err = k.Ledger.Append(tx, KindKept, now, map[string]string{"day": day, "sha256": sum(body)})
		return err
	})
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// newest gives the last day that was kept, up to one.
func newest(tx *db.Tx, day string) (kept, error) {
	var row kept
	var parts string
	if err := tx.QueryRow(`select day, parts, signed from evidence_day where day <= $1 order by day desc limit 1`, day).Scan(&row.day, &parts, &row.signed); err != nil {
		return row, err
	}
	return row, json.Unmarshal([]byte(parts), &row.parts)
}

// Day is a day whose evidence was kept.
type Day struct {
	Day  string        `json:"day"`
	Made clock.Instant `json:"made_at"`
}

// Days lists the days that were kept before one, the newest first; before "" lists
// from the last.
func (k *Keeper) Days(tx *db.Tx, before string, limit int) ([]Day, error) {
	if before == "" {
		before = "9999-12-31"
	}
	rows, err := tx.Query(`select day, made_at from evidence_day where day < $1 order by day desc limit $2`, before, limit)
	return db.Collect(rows, err, func(scan db.Scan) (d Day, err error) { return d, scan(&d.Day, &d.Made) })
}
