package gate

import (
	"cmp"
	"maps"
	"slices"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/ledger"
	"candor/internal/term"
)

// writes gathers what the holds of a transaction put on record, so that many
// customers cost few statements. What is gathered is written by settle, before
// the standing that follows from it.
type writes struct {
	facts   []customer.Fact
	entries []ledger.Written
	records []consent.Record
	told    []any // payloads of TopicConsent
	revoked map[revokedFrom][]Revoked

	who  []id.Customer // all that the holds are of
	held map[id.Customer][]customer.Held
}

// revokedFrom is whom revocations are told.
type revokedFrom struct {
	purpose   term.Purpose
	recipient term.Recipient
}

// mostRevoked bounds what one job tells of.
const mostRevoked = 200

// revocations are the jobs that tell recipients: one a purpose and recipient, for
// all customers of the transaction.
func (w *writes) revocations() []job.New {
	var out []job.New
	for _, to := range slices.SortedFunc(maps.Keys(w.revoked), func(a, b revokedFrom) int {
		return cmp.Or(cmp.Compare(a.purpose, b.purpose), cmp.Compare(a.recipient, b.recipient))
	}) {
		for part := range slices.Chunk(w.revoked[to], mostRevoked) {
			out = append(out, job.New{Kind: JobRevoke, Args: Revocation{to.purpose, to.recipient, part}})
		}
	}
	return out
}

// identities reads, once for all holds, who finds the customer held.
func (h *hold) identities() ([]customer.Held, error) {
	if h.held == nil {
		var err error
		if h.held, err = customer.IdentitiesOf(h.tx, h.who); err != nil {
			return nil, err
		}
	}
	return h.held[h.id], nil
}

func (w *writes) flush(g *Gate, tx *db.Tx) error {
	if err := customer.InsertFacts(tx, w.facts); err != nil {
		return err
	}
	for _, f := range w.facts {
		if f.Kind == customer.Address {
			if err := customer.NoteAddress(tx, f); err != nil {
				return err
			}
		}
	}
	if err := g.ledger.Put(tx, w.entries...); err != nil {
		return err
	}
	if err := consent.Insert(tx, w.records...); err != nil {
		return err
	}
	if err := g.outbox.PublishAll(tx, TopicConsent, w.told); err != nil {
		return err
	}
	err := g.jobs.EnqueueAll(tx, w.revocations())
	*w = writes{who: w.who}
	return err
}

// prove has an entry written to the ledger.
func (h *hold) prove(kind ledger.Kind, at clock.Instant, content any) (ledger.Written, error) {
	w, err := ledger.Prepare(kind, at, content)
	h.writes.entries = append(h.writes.entries, w)
	return w, err
}
