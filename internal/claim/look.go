package claim

import (
	"context"
	"encoding/json"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/personal"
	"candor/internal/staff"
	"candor/internal/term"
)

// Claim is what is kept of one erasure, opened.
type Claim struct {
	Kept
	Request   id.Request
	MadeAt    clock.Instant
	Evidence  Evidence
	Decisions []Decision
}

// Decision is a record of consent and whether the ledger proves it: the leaf of
// its entry is made of exactly this.
type Decision struct {
	consent.Record // its Entry is that of the ledger
	Proven         bool
}

// Look is who looks for whose evidence, and for which case.
type Look struct {
	Who  staff.Who
	For  customer.Identity
	Case string // of a court, an authority or a letter; never about the person
}

// maxCase is the length of a case's number in characters.
const maxCase = 120

// Find opens what is kept of erasures of whoever had an identity, the latest
// first; none is no error. It is for the officer alone and for a case, and each
// look is on record, found or not, with neither the identity nor what was shown.
func (s *Store) Find(ctx context.Context, l Look) ([]Claim, error) {
	if !l.Who.Rights.May(staff.Oversee) {
		return nil, staff.ErrNotAllowed(staff.Oversee)
	}
	if l.Case == "" || len(l.Case) > maxCase || personal.HoldsAddress(l.Case) {
		return nil, errs.New(errs.Invalid, "no_case", "give the case in at most %d characters, such as the number of a court or an authority, without anybody's address", maxCase).On("case")
	}
	var out []Claim
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		found, err := s.find(tx, l.For)
		if err != nil {
			return err
		}
		out = nil
		for _, r := range found {
			c, err := s.opened(tx, r)
			if err != nil {
				return err
			}
			out = append(out, c)
		}
		_, err = s.Ledger.Append(tx, KindLooked, s.Clock.Now(), map[string]any{"operation": term.Claims, "case": l.Case, "found": len(out), "by": staff.Actor(l.Who.Person.ID)})
		return err
	})
	return out, err
}

// find gives the rows of an identity, one for each erasure, the latest first.
func (s *Store) find(tx *db.Tx, i customer.Identity) ([]row, error) {
	var sums [][]byte
	for _, d := range s.book.Digests(i) {
		sums = append(sums, s.sums(d.Sum)...)
	}
	return s.bySums(tx, sums)
}

// sums are the digests under which an identity's digest may be found.
func (s *Store) sums(digest []byte) (out [][]byte) {
	for _, d := range s.Ring.Digests(keyring.Claimant, string(digest)) {
		out = append(out, d.Sum)
	}
	return out
}

// bySums gives rows that are not over, one for each erasure, the latest first.
func (s *Store) bySums(tx *db.Tx, sums [][]byte) ([]row, error) {
	seen := map[id.Request]bool{}
	var out []row
	err := db.In(tx, sums, func(marks string, args []any) error {
		rows, err := tx.Query("select "+columns+" from claim where digest in ("+marks+") order by request_id, digest", args...)
		list, err := db.Collect(rows, err, scanRow)
		for _, r := range list {
			if !seen[r.request] && s.Clock.Now() < r.Until {
				seen[r.request] = true
				out = append([]row{r}, out...)
			}
		}
		return err
	})
	return out, err
}

func (s *Store) opened(tx *db.Tx, r row) (Claim, error) {
	c := Claim{Kept: r.Kept, Request: r.request, MadeAt: r.madeAt}
	var err error
	if c.Evidence, err = s.open(r); err != nil {
		return c, err
	}
	for _, p := range c.Evidence.Consents {
		d := Decision{}
		if err := json.Unmarshal(p.Record, &d.Record); err != nil {
			return c, err
		}
		d.Entry, d.Salt = p.Entry, p.Salt
		d.Proven, err = s.Ledger.Holds(tx, ledger.Written{Entry: p.Entry, Kind: gate.KindConsent, At: d.RecordedAt, Salt: p.Salt, Content: p.Record})
		if err != nil {
			return c, err
		}
		c.Decisions = append(c.Decisions, d)
	}
	return c, nil
}
