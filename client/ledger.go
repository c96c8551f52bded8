package client

import (
	"context"
	"encoding/json"
	"net/url"
	"time"
)

// Ledger is the ledger's name, key and newest checkpoint.
type Ledger struct {
	Origin     string `json:"origin"`
	Key        string `json:"key"`
	Checkpoint string `json:"checkpoint"`
	Trouble    string `json:"trouble,omitempty"` // why new checkpoints have stopped
}

// Ledger gives what one needs to check proofs.
func (c *Client) Ledger(ctx context.Context) (Ledger, error) {
	var out Ledger
	return out, c.get(ctx, "/ledger", &out)
}

// Entry is an entry of the ledger.
type Entry struct {
	ID      string          `json:"id"`
	Kind    string          `json:"kind"`
	At      time.Time       `json:"at"`
	Leaf    int64           `json:"leaf"` // -1 while it has none
	Content json.RawMessage `json:"content"`
}

// EntryPage is a page of entries, the newest first.
type EntryPage struct {
	Entries []Entry `json:"entries"`
	Next    string  `json:"next_cursor"`
}

// Entries lists entries of a kind, "" being all, from a cursor on.
func (c *Client) Entries(ctx context.Context, kind, cursor string, limit int) (EntryPage, error) {
	var out EntryPage
	return out, c.get(ctx, "/ledger/entries"+page(cursor, limit)+"&kind="+url.QueryEscape(kind), &out)
}

// Entry gives one entry.
func (c *Client) Entry(ctx context.Context, entry string) (Entry, error) {
	var out Entry
	return out, c.get(ctx, "/ledger/entries/"+url.PathEscape(entry), &out)
}

// Proof gives an entry with its inclusion proof, as candor verify reads it. It
// fails with the code proof_pending for about a second after the act.
func (c *Client) Proof(ctx context.Context, entry string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "/ledger/entries/"+url.PathEscape(entry)+"/proof", &out)
	return out, err
}
