package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/ledger/receipt"
)

const format = "candor/evidence/v1"

// A pack is three things after each other: a line that says what it is and when it
// was made, a line with the evidence as canonical JSON, and a signed note (C2SP)
// over the second. Only the first differs from one making to the next.
type (
	head struct {
		Format string        `json:"format"`
		AsOf   string        `json:"as_of"`
		Made   clock.Instant `json:"made_at"`
	}
	body struct {
		Day   string                     `json:"day"`
		Parts map[string]json.RawMessage `json:"parts"`
	}
)

// The codes of this package.
const (
	NotKept errs.Code = "evidence_not_kept" // nothing was kept up to a day
	Broken  errs.Code = "evidence_broken"   // a pack is not what was signed
)

// Pack gives the evidence as of a day. It keeps today's first when today is asked
// for. It returns NOT_FOUND for a day before the first, and INVALID for one to
// come. Where a day was not kept because nothing ran, the last one before it
// stands: nothing changed meanwhile.
func (k *Keeper) Pack(ctx context.Context, day clock.Date) ([]byte, error) {
	now := k.Clock.Now()
	today := clock.DateOf(now.Time())
	if day.Compare(today) > 0 {
		return nil, errs.New(errs.Invalid, "evidence_to_come", "choose a day up to today, %s", today).On("as_of")
	}
	if day == today {
		if err := k.Keep(ctx); err != nil {
			return nil, err
		}
	}
	var row kept
	b := body{Parts: map[string]json.RawMessage{}}
	err := k.DB.Read(ctx, func(tx *db.Tx) (err error) {
		row, err = newest(tx, day.String())
		if errs.Is(err, errs.NotFound) {
			return errs.New(errs.NotFound, NotKept, "nothing was kept up to %s; evidence begins when a server first ran", day).On("as_of")
		}
		b.Day = row.day
		for name, hash := range row.parts {
			var content string
			if err == nil {
				err = tx.QueryRow(`select content from evidence_part where hash = $1`, hash).Scan(&content)
			}
			b.Parts[name] = json.RawMessage(content)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	first, err := json.Marshal(head{format, day.String(), now})
	if err != nil {
		return nil, err
	}
	second, err := bodyOf(b.Day, b.Parts)
	if err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{first, second, []byte(row.signed)}, []byte("\n")), nil
}

func bodyOf(day string, parts map[string]json.RawMessage) ([]byte, error) {
	raw, err := json.Marshal(body{day, parts})
	if err != nil {
		return nil, err
	}
	return receipt.Canonical(raw)
}

// noteText is what is signed. No checkpoint begins like it.
func noteText(day string, body []byte) string {
	return fmt.Sprintf("%s\n%s\n%s\n", format, day, sum(body))
}

// Verified is what a pack that holds says.
type Verified struct {
	AsOf  string        `json:"as_of"`
	Day   string        `json:"day"` // whose evidence it is: AsOf, or the last day kept before
	Made  clock.Instant `json:"made_at"`
	Hash  string        `json:"sha256"`
	Parts []string      `json:"parts"`
}

// Verify checks a pack against the ledger's key, which the caller brings along. It
// returns INVALID when it is not what was signed.
func Verify(pack []byte, key string) (v Verified, err error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return v, errs.Wrap(err, errs.Invalid, "bad_key", "the key is none: bring the ledger's, as candor ledger show prints it")
	}
	broken := errs.New(errs.Invalid, Broken, "the pack is not what was signed, or another key signed it")
	lines := bytes.SplitN(pack, []byte("\n"), 3)
	if len(lines) != 3 {
		return v, broken
	}
	var h head
	var b body
	if json.Unmarshal(lines[0], &h) != nil || h.Format != format || json.Unmarshal(lines[1], &b) != nil {
		return v, broken
	}
	n, err := note.Open(lines[2], note.VerifierList(verifier))
	if err != nil || n.Text != noteText(b.Day, lines[1]) || h.AsOf < b.Day {
		return v, broken
	}
	v = Verified{AsOf: h.AsOf, Day: b.Day, Made: h.Made, Hash: sum(lines[1])}
	for name := range b.Parts {
		v.Parts = append(v.Parts, name)
	}
	slices.Sort(v.Parts)
	return v, nil
}
