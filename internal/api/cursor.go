package api

import (
	"encoding/json"

	"candor/internal/errs"
	"candor/internal/keyring"
)

// sealCursor makes a place in a list opaque: its form may change, and an id in
// it is nobody's to read. The kind keeps cursors of one list from another.
func sealCursor(ring *keyring.Ring, kind string, place any) string {
	b, err := json.Marshal(place)
	if err != nil {
		panic(err) // places are ids and instants
	}
	return ring.SealToken("cursor/"+kind, b)
}

// openCursor reads a cursor into a place; "" is the start. It returns INVALID
// for a cursor of another list.
func openCursor(ring *keyring.Ring, kind, cursor string, place any) error {
	if cursor == "" {
		return nil
	}
	b, err := ring.OpenToken("cursor/"+kind, cursor)
	if err != nil || json.Unmarshal(b, place) != nil {
		return errs.New(errs.Invalid, "bad_cursor", "this cursor is not from this list; start without one").On("cursor")
	}
	return nil
}

// Paging is how a list is asked for.
type Paging struct {
	Cursor string `query:"cursor" maxLength:"500" doc:"next_cursor of the page before; empty for the first."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}
