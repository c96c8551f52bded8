package gate

import (
	"context"
	"encoding/json"

	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
)

// Receipt gives a customer's consent record with the proof that it is in the
// ledger, as candor verify reads it. It returns NOT_FOUND when the record is not
// this customer's, and CONFLICT with proof_pending for about a second after the
// act.
func (g *Gate) Receipt(ctx context.Context, c id.Customer, record id.Record) (json.RawMessage, error) {
	var r consent.Record
	err := g.db.Read(ctx, func(tx *db.Tx) (err error) {
		r, err = consent.Get(tx, record)
		return err
	})
	if err != nil {
		return nil, err
	}
	if r.Customer != c {
		return nil, errs.New(errs.NotFound, "no_such_record", "there is no such consent record")
	}
	content, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	p, err := g.ledger.ProofOf(ctx, ledger.Written{Entry: r.Entry, Kind: KindConsent, At: r.RecordedAt, Salt: r.Salt, Content: content})
	return p.Receipt, err
}

// History gives a customer's consent records in their order, each as it was
// written, with what they amount to at an instant and whether the chain is whole
// (GDPR 7(1)).
func (g *Gate) History(tx *db.Tx, c id.Customer) (consent.Export, error) {
	records, err := consent.Of(tx, c)
	if err != nil {
		return consent.Export{}, err
	}
	return consent.ExportAt(records, g.clock.Now()), nil
}
