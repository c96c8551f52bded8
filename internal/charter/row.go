package charter

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// row is a stored version. What it inherits from the versions before it stands
// in the row itself, so that a change of the charter is one row.
type row struct {
	version     int64
	hash        string
	promise     string
	house       string
	effectiveAt clock.Instant
	inForceAt   clock.Instant
	appliedAt   clock.Instant
	appliedBy   term.Actor
	floors      map[term.Purpose]Floor
	asks        map[term.Ask]askVersion
	slots       slots
	floorsText  string
	asksText    string
	slotsText   string
}

// askVersion is how often an ask's words have changed, and what they are now.
type askVersion struct {
	Version int64  `json:"version"`
	Digest  string `json:"digest"`
}

const rowColumns = `version, hash, promise, house, effective_at, in_force_at, applied_at, applied_by, floors, asks, slots`

func readRow(tx *db.Tx, version int64) (row, error) {
	return scanRow(tx.QueryRow(`select `+rowColumns+` from charter_version where version = $1`, version).Scan)
}

func scanRow(scan db.Scan) (row, error) {
	var r row
	err := scan(&r.version, &r.hash, &r.promise, &r.house, &r.effectiveAt, &r.inForceAt, &r.appliedAt, &r.appliedBy,
		&r.floorsText, &r.asksText, &r.slotsText)
	if err != nil {
		return row{}, err
	}
	for _, x := range []struct {
		text string
		into any
	}{{r.floorsText, &r.floors}, {r.asksText, &r.asks}, {r.slotsText, &r.slots}} {
		if err := json.Unmarshal([]byte(x.text), x.into); err != nil {
			return row{}, fmt.Errorf("charter: version %d: %w", r.version, err)
		}
	}
	return r, nil
}

// insert writes a new version.
func (r row) insert(tx *db.Tx) error {
	inherited, err := r.inherited()
	if err != nil {
		return err
	}
	_, err = tx.Exec(`insert into charter_version (`+rowColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		r.version, r.hash, r.promise, r.house, r.effectiveAt, r.inForceAt, r.appliedAt, r.appliedBy,
		inherited[0], inherited[1], inherited[2])
	return err
}

func (r row) inherited() (out [3]string, err error) {
	for i, v := range []any{r.floors, r.asks, r.slots} {
		text, err := json.Marshal(v)
		if err != nil {
			return out, err
		}
		out[i] = string(text)
	}
	return out, nil
}

// charter parses the version and gives it what it inherits. It returns
// UNAVAILABLE when the text is not what was hashed: nothing is decided by a
// promise that somebody changed in the database.
func (r row) charter(packs *rulepack.Set) (*Charter, error) {
	c, _ := ParseWith(packs, []byte(r.promise), []byte(r.house))
	if c.hash != r.hash {
		return nil, errs.New(errs.Unavailable, Altered, "version %d of the charter is not what was applied; restore it from a backup", r.version)
	}
	c.Version, c.floors = r.version, r.floors
	for i := range c.Asks {
		c.Asks[i].Version = r.asks[c.Asks[i].ID].Version
	}
	c.assignSlots(r.slots)
	return c, nil
}

// digest names what a person agrees to at an ask: a change of any of it makes a
// new version of the ask.
func (a *Ask) digest() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q %q %q %v %v\n", a.At, a.Purpose, a.Channel, a.Control, a.Confirm, a.Fields)
	for _, lang := range noticeLanguages {
		fmt.Fprintf(&b, "%s %q\n", lang, a.Words[lang])
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:16])
}

// askVersions counts up the asks that changed. Those that are gone keep their
// count, so that one that comes back continues it.
func askVersions(before map[term.Ask]askVersion, c *Charter) map[term.Ask]askVersion {
	out := map[term.Ask]askVersion{}
	for a, v := range before {
		out[a] = v
	}
	for i := range c.Asks {
		a := &c.Asks[i]
		if d := a.digest(); out[a.ID].Digest != d {
			out[a.ID] = askVersion{out[a.ID].Version + 1, d}
		}
	}
	return out
}
