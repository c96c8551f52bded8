package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
)

func (a *API) ledgerRoutes(h huma.API) {
	handle(a, h, endpoint{id: "ledger", method: http.MethodGet, path: "/ledger", scope: Read, summary: "The ledger's name, key and newest checkpoint"}, a.ledgerInfo)
	handle(a, h, endpoint{id: "ledger-entries", method: http.MethodGet, path: "/ledger/entries", scope: Read, summary: "Entries by kind and time, newest first"}, a.ledgerEntries)
	handle(a, h, endpoint{id: "ledger-entry", method: http.MethodGet, path: "/ledger/entries/{entry}", scope: Read, summary: "One entry"}, a.ledgerEntry)
	handle(a, h, endpoint{id: "ledger-proof", method: http.MethodGet, path: "/ledger/entries/{entry}/proof", scope: Read,
		summary: "An entry with its inclusion proof, as candor verify reads it"}, a.ledgerProof)
}

// LedgerInfo is what one needs to check proofs. Publish key and origin where
// customers find them: a proof does not vouch for itself.
type LedgerInfo struct {
	Origin     string `json:"origin"`
	Key        string `json:"key" doc:"C2SP signed-note verifier key."`
	Checkpoint string `json:"checkpoint" doc:"C2SP tlog-checkpoint, signed; empty before the first."`
	Trouble    string `json:"trouble,omitempty" doc:"Why new checkpoints have stopped, or what a witness found."`
}

func (a *API) ledgerInfo(ctx context.Context, _ *struct{}) (*body[LedgerInfo], error) {
	checkpoint, err := a.Ledger.Checkpoint(ctx)
	if errs.Is(err, errs.NotFound) {
		err = nil // the first entry is still to come
	}
	out := LedgerInfo{Origin: a.Ledger.Origin(), Key: a.Ledger.VerifierKey(), Checkpoint: string(checkpoint)}
	if trouble := cmp.Or(a.Ledger.Health(), a.Ledger.Refused()); trouble != nil {
		out.Trouble = trouble.Error()
	}
	return answered(out, err)
}

// LedgerEntry is an entry as it is on record.
type LedgerEntry struct {
	ID      id.Entry        `json:"id"`
	Kind    ledger.Kind     `json:"kind"`
	At      clock.Instant   `json:"at"`
	Leaf    int64           `json:"leaf" doc:"Its number in the tree, or -1 while it has none."`
	Content json.RawMessage `json:"content"`
}

func entryOf(r ledger.Row) LedgerEntry {
	return LedgerEntry{r.Entry, r.Kind, r.At, r.Pos, r.Content}
}

// LedgerEntries is a page of entries.
type LedgerEntries struct {
	Entries []LedgerEntry `json:"entries"`
	Next    string        `json:"next_cursor,omitempty"`
}

// EntryFilter chooses entries.
type EntryFilter struct {
	Paging
	Kind  string `query:"kind" maxLength:"60"`
	Since string `query:"since" maxLength:"40" doc:"RFC 3339."`
	Until string `query:"until" maxLength:"40" doc:"RFC 3339; not included."`
}

func (a *API) ledgerEntries(ctx context.Context, in *EntryFilter) (*body[LedgerEntries], error) {
	f := ledger.Filter{Kind: ledger.Kind(in.Kind), Limit: in.Limit}
	for text, to := range map[string]*clock.Instant{in.Since: &f.Since, in.Until: &f.Until} {
		if text == "" {
			continue
		}
		at, err := clock.Parse(text)
		if err != nil {
			return nil, newProblem(http.StatusUnprocessableEntity, "", &huma.ErrorDetail{Location: "query.since", Message: "expected RFC 3339 in since and until"})
		}
		*to = at
	}
	if err := openCursor(a.Ring, "ledger", in.Cursor, &f.Before); err != nil {
		return nil, err
	}
	rows, err := a.Ledger.List(ctx, f)
	out := LedgerEntries{Entries: []LedgerEntry{}}
	for _, r := range rows {
		out.Entries = append(out.Entries, entryOf(r))
	}
	if n := len(rows); n == in.Limit {
		out.Next = sealCursor(a.Ring, "ledger", rows[n-1].Mark())
	}
	return answered(out, err)
}

// EntryPath is the entry of a path.
type EntryPath struct {
	Entry string `path:"entry" maxLength:"40"`
}

func (p EntryPath) id() (id.Entry, error) {
	return parseID(p.Entry, "entry", id.Parse[id.Entry])
}

func (a *API) ledgerEntry(ctx context.Context, in *struct{ EntryPath }) (*body[LedgerEntry], error) {
	e, err := in.id()
	if err != nil {
		return nil, err
	}
	r, err := a.Ledger.Get(ctx, e)
	return answered(entryOf(r), err)
}

func (a *API) ledgerProof(ctx context.Context, in *struct{ EntryPath }) (*body[json.RawMessage], error) {
	e, err := in.id()
	if err != nil {
		return nil, err
	}
	p, err := a.Ledger.Proof(ctx, e)
	return answered(json.RawMessage(p.Receipt), err)
}
