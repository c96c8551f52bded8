package ledger

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
)

// KindExpunged is the entry that says which leaves lost their content. It names
// numbers alone, of all kinds mixed, so that no person's are seen together.
const KindExpunged Kind = "ledger.expunged"

// Expunged is its content.
type Expunged struct {
	Leaves []int64 `json:"leaves"` // ascending
}

// months gives how long the content of each class is kept; what is not here stays.
func (l *Log) months(tx *db.Tx) (map[Class]int, error) {
	out := map[Class]int{Access: 36, Passing: 12}
	if l.claims == nil {
		return out, nil
	}
	claims, err := l.claims(tx)
	if claims > 0 {
		out[Claim] = claims
	}
	return out, err
}

// expungeBatch bounds one entry.
const expungeBatch = 5000

// Expunge deletes the content of entries whose time is over, with the salt that
// tied it to its leaf. The leaves stay, and receipts that people hold verify as
// before. Everything of a day goes in mixed batches, each with an entry of its
// own. It gives how many entries lost their content.
func (l *Log) Expunge(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := l.expungeOnce(ctx)
		total += n
		if err != nil || n < expungeBatch {
			return total, err
		}
	}
}

func (l *Log) expungeOnce(ctx context.Context) (int, error) {
	n := 0
	err := l.db.Write(ctx, func(tx *db.Tx) error {
		n = 0
		now := l.clock.Now()
		leaves, err := l.over(tx, now)
		if err != nil || len(leaves) == 0 {
			return err
		}
		for _, pos := range leaves {
			if _, err := tx.Exec(`update ledger_entry set content = '', salt = $2 where pos = $1`, pos, []byte{}); err != nil {
				return err
			}
		}
		n = len(leaves)
		_, err = l.Append(tx, KindExpunged, now, Expunged{leaves})
		return err
	})
	return n, err
}

// over lists the leaves whose content's time is over. How far each kind was gone
// through is remembered, so that what was expunged long ago costs nothing.
func (l *Log) over(tx *db.Tx, now clock.Instant) ([]int64, error) {
	months, err := l.months(tx)
	if err != nil {
		return nil, err
	}
	var out []int64
	for kind, class := range l.classes {
		keep, ok := months[class]
		if !ok || kind == KindEpoch || kind == KindExpunged {
			continue
		}
		until := clock.DateOf(now.Time()).AddMonths(-keep).Start(now.Time().Location())
		from, err := expungedUntil(tx, kind)
		if err != nil {
			return nil, err
		}
		rows, err := tx.Query(`select pos from ledger_entry where kind = $1 and at >= $2 and at < $3 and content <> '' and pos is not null
			order by at, entry_id limit $4`, kind, from, until, expungeBatch-len(out))
		found, err := db.Collect(rows, err, func(scan db.Scan) (pos int64, err error) { return pos, scan(&pos) })
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
		if len(out) == expungeBatch {
			break
		}
		if err := rememberExpunged(tx, kind, until); err != nil {
			return nil, err
		}
	}
	slices.Sort(out)
	return out, nil
}

func expungedSetting(kind Kind) string { return "ledger.expunged." + string(kind) }

func expungedUntil(tx *db.Tx, kind Kind) (clock.Instant, error) {
	var text string
	err := tx.QueryRow(`select value from setting where name = $1`, expungedSetting(kind)).Scan(&text)
	if errs.Is(err, errs.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	at, err := strconv.ParseInt(text, 10, 64)
	return clock.Instant(at), err
}

func rememberExpunged(tx *db.Tx, kind Kind, until clock.Instant) error {
	_, err := tx.Exec(`insert into setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value`,
		expungedSetting(kind), strconv.FormatInt(int64(until), 10))
	return err
}

// expunged reads which leaves may lack their content: each named by an entry that
// came later. Those entries are leaves themselves and checked as such.
func expunged(tx *db.Tx) (map[int64]bool, error) {
	rows, err := tx.Query(`select coalesce(pos, -1), content from ledger_entry where kind = $1 order by entry_id`, KindExpunged)
	out := map[int64]bool{}
	_, err = db.Collect(rows, err, func(scan db.Scan) (struct{}, error) {
		var pos int64
		var content string
		var e Expunged
		if err := scan(&pos, &content); err != nil {
			return struct{}{}, err
		}
		if json.Unmarshal([]byte(content), &e) != nil {
			return struct{}{}, nil // its own leaf will not verify
		}
		for _, leaf := range e.Leaves {
			if pos < 0 || leaf < pos {
				out[leaf] = true
			}
		}
		return struct{}{}, nil
	})
	return out, err
}
