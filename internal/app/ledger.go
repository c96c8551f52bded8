package app

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"candor/internal/config"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/ledger"
)

// VerifyLedger recomputes an installation's whole ledger and holds it against its
// tiles, checkpoints and anchors. It only reads: a server may be running on it.
func VerifyLedger(ctx context.Context, cfg config.Config) (report ledger.Report, err error) {
	if _, err := os.Stat(cfg.Signer()); err != nil {
		return report, errs.Wrap(err, errs.NotFound, "no_ledger_key", "there is no %s; bring the ledger's key of this installation", cfg.Signer())
	}
	d, err := db.OpenReader(ctx, cfg.Database)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	log, err := ledger.Open(ctx, d, ledger.Options{
		Origin: origin(cfg.URL), SignerFile: cfg.Signer(), AnchorDir: cfg.Anchors(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return report, err
	}
	return log.Verify(ctx)
}
