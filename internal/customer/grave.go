package customer

import (
	"time"

	"candor/internal/clock"
	"candor/internal/db"
)

// GraveLasts is how long backups may still hold a person who was erased, and so
// how long their digests are kept to turn the past away (the catalogue's D-45).
const GraveLasts = 90 * 24 * time.Hour

// Grave is a keyed digest of an identity of somebody who was erased. What
// happened before the erasure, and what is imported, is refused under it, so that
// an old file or a late event does not bring the person back. What the person
// does later opens a new customer.
type Grave struct {
	Digest   []byte
	KeyID    int64
	ErasedAt clock.Instant
	Until    clock.Instant
}

// Bury keeps graves; of two the later counts. Only the gate calls it.
func Bury(tx *db.Tx, list []Grave) error {
	rows := make([][]any, len(list))
	for i, g := range list {
		rows[i] = []any{g.Digest, g.KeyID, g.ErasedAt, g.Until}
	}
	_, err := tx.InsertMany("insert into grave (digest, key_id, erased_at, until_at) values",
		"on conflict (digest) do update set erased_at = excluded.erased_at, until_at = excluded.until_at where grave.erased_at < excluded.erased_at", rows)
	return err
}

// Graves gives, of the digests, when their people were erased.
func Graves(tx *db.Tx, sums [][]byte, now clock.Instant) (map[string]clock.Instant, error) {
	out := map[string]clock.Instant{}
	err := db.In(tx, sums, func(marks string, args []any) error {
		rows, err := tx.Query("select digest, erased_at, until_at from grave where digest in ("+marks+") order by digest", args...)
		_, err = db.Collect(rows, err, func(scan db.Scan) (struct{}, error) {
			var sum []byte
			var at, until clock.Instant
			err := scan(&sum, &at, &until)
			if now < until {
				out[string(sum)] = at
			}
			return struct{}{}, err
		})
		return err
	})
	return out, err
}

// ClearGraves deletes those whose time is over. Only the gate calls it.
func ClearGraves(tx *db.Tx, now clock.Instant) (int64, error) {
	return tx.Exec("delete from grave where until_at <= $1", now)
}
