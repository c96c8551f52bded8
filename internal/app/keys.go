package app

import (
	"context"
	"errors"
	"strings"

	"candor/internal/config"
	"candor/internal/gate"
	"candor/internal/journal"
	"candor/internal/keyring"
	"candor/internal/moment"
)

// RotateKeys makes a new root key, wraps every customer's key under it, and takes
// from the old one what opened them. No server runs meanwhile: the embedded
// database's journal is held, and a server on PostgreSQL that goes on with the old
// keys makes no more customers until it is restarted. When it was stopped, it goes
// on where it was. step hears of each stage.
func RotateKeys(ctx context.Context, cfg config.Config, step func(stage string, done int) error) (err error) {
	if err := inPlace(cfg); err != nil {
		return err
	}
	ring, err := keyring.Read(cfg.Root())
	if err != nil {
		return err
	}
	if !strings.HasPrefix(cfg.Journal, "postgres") {
		j, err := journal.Open(ctx, journal.Options{Place: cfg.Journal, Ring: ring})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, j.Close()) }()
	}
	if err := step("begin", 0); err != nil {
		return err
	}
	if ring, err = keyring.Renew(cfg.Root()); err != nil {
		return err
	}
	moment.Reached(moment.Renewed)
	if err := step("renewed", 0); err != nil {
		return err
	}
	wrapped := func(done int) error {
		moment.Reached(moment.Wrapped)
		return step("wrapped", done)
	}
	if err := gate.RotateKeys(ctx, cfg.Keys, ring, wrapped); err != nil {
		return err
	}
	moment.Reached(moment.AllWrapped)
	if err := step("all wrapped", 0); err != nil {
		return err
	}
	return keyring.Retire(cfg.Root())
}
