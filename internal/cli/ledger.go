package cli

import (
	"fmt"
	"log/slog"

	"candor/internal/app"
	"candor/internal/config"
)

type ledgerCmd struct {
	Verify ledgerVerifyCmd `cmd:"" help:"Verify the whole ledger of an installation against its rows, tiles, checkpoints and anchors."`
}

type ledgerVerifyCmd struct {
	Config string `required:"" placeholder:"FILE" help:"The configuration file of the installation."`
}

// Run exits with 1 and names the first bad leaf when the ledger was changed.
func (c ledgerVerifyCmd) Run(e *env) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	a, err := app.Open(e.ctx, cfg, app.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	report, err := a.Ledger.Verify(e.ctx)
	if err != nil {
		return err
	}
	return e.print(report, fmt.Sprintf("good: %d leaves under %d checkpoints and %d anchors, %d entries waiting for theirs\n",
		report.Size, report.Checkpoints, report.Anchors, report.Pending))
}
