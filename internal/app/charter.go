package app

import (
	"context"

	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/term"
)

// HasCharter reports whether a charter is in force.
func (a *App) HasCharter(ctx context.Context) (bool, error) {
	err := a.DB.Read(ctx, func(tx *db.Tx) error {
		_, err := a.Charter.Current(tx)
		return err
	})
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// ApplyCharter puts a charter in force, or plans it for its effective date.
func (a *App) ApplyCharter(ctx context.Context, c *charter.Charter, by term.Actor) (charter.Applied, error) {
	var out charter.Applied
	err := a.DB.Write(ctx, func(tx *db.Tx) (err error) {
		out, err = a.Charter.Apply(tx, c, a.Clock.Now(), by)
		return err
	})
	return out, err
}

// jobAdvance puts a charter in force whose effective date has come.
const jobAdvance = "charter.advance"

func (a *App) advanceCharter(ctx context.Context) error {
	return a.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := a.Charter.Advance(tx, a.Clock.Now())
		return err
	})
}
