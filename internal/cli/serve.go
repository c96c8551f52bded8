package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"candor/internal/app"
	"candor/internal/config"
	"candor/internal/errs"
)

type serveCmd struct {
	Config string `required:"" placeholder:"FILE" help:"The configuration file."`
}

// Run serves until it is told to stop.
func (c serveCmd) Run(e *env) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(e.errOut, nil))
	a, err := app.Open(e.ctx, cfg, app.Options{Log: log})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	if err := applyFirst(e.ctx, a, cfg.Charter); err != nil {
		return err
	}
	code, err := a.SetupCode(e.ctx)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return errs.Wrap(err, errs.Conflict, "listen", "cannot listen on %s; is another server running?", cfg.Listen)
	}
	fmt.Fprintf(e.out, "Serving on %s for %s\nLedger: origin %s, key %s\n", l.Addr(), cfg.URL, a.Ledger.Origin(), a.Ledger.VerifierKey())
	if code != "" {
		fmt.Fprintf(e.out, "First administrator: open %s/admin/first within one hour and set up with this code: %s\n", cfg.URL, code)
	}
	return a.Run(e.ctx, l)
}

// applyFirst puts the charter in force when none is yet. A folder that changed
// later changes nothing: a new version is an act of its own.
func applyFirst(ctx context.Context, a *app.App, folder string) error {
	has, err := a.HasCharter(ctx)
	if err != nil || has {
		return err
	}
	if folder == "" {
		return errs.New(errs.Invalid, "no_charter", "there is no charter yet: set charter in the configuration to a folder with charter.yaml and house.yaml")
	}
	c, err := readCharter(folder)
	if err != nil {
		return err
	}
	_, err = a.ApplyCharter(ctx, c, "engine")
	return err
}
