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
	"candor/internal/message"
	"candor/internal/personal"
)

// VerifyLedger recomputes an installation's whole ledger and holds it against its
// tiles, checkpoints, anchors, signatures of witnesses and checkpoints kept
// elsewhere. It only reads: a server may be running on it.
func VerifyLedger(ctx context.Context, cfg config.Config, kept ...[]byte) (report ledger.Report, err error) {
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
		Witnesses: witnesses(cfg),
	})
	if err != nil {
		return report, err
	}
	return log.Verify(ctx, kept...)
}

func witnesses(cfg config.Config) []ledger.Witness {
	var out []ledger.Witness
	for _, w := range cfg.Ledger.Witnesses {
		out = append(out, ledger.Witness{Key: w.Key, URL: w.URL})
	}
	return out
}

// jobAnchor mails the newest checkpoint of the ledger.
const jobAnchor = "ledger.mail"

// mailCheckpoint sends the newest checkpoint to who keeps it outside.
func (a *App) mailCheckpoint(ctx context.Context) error {
	checkpoint, err := a.Ledger.Checkpoint(ctx)
	if errs.Is(err, errs.NotFound) {
		return nil // nothing is on record yet
	}
	if err != nil {
		return err
	}
	return a.Sender.Notify(ctx, message.Notice{
		To:      personal.Seal(a.Config.Ledger.MailTo),
		Subject: "The ledger of " + a.Ledger.Origin() + " today",
		Text: "Keep this mail. Whoever changes the ledger's history afterwards, be it with database and key, is found by it:\n\n" +
			"candor ledger verify --config candor.yaml --checkpoint this-mail.eml\n\n" + string(checkpoint),
	})
}
