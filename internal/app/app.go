// Package app opens everything once, in order, and hands each part only what it
// needs: the same parts for a server, for the demo and for tests that drive the
// whole.
package app

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"time"

	"candor/internal/api"
	"candor/internal/approval"
	"candor/internal/audience"
	"candor/internal/audience/index"
	"candor/internal/backup"
	"candor/internal/bounce"
	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/claim"
	"candor/internal/clock"
	"candor/internal/collect"
	"candor/internal/config"
	"candor/internal/db"
	"candor/internal/egress"
	"candor/internal/errs"
	"candor/internal/evidence"
	"candor/internal/export"
	"candor/internal/gate"
	"candor/internal/insight"
	"candor/internal/intake"
	"candor/internal/job"
	"candor/internal/journal"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/mailbox"
	"candor/internal/message"
	"candor/internal/outbox"
	"candor/internal/portal"
	"candor/internal/request"
	"candor/internal/rulepack"
	"candor/internal/sharing"
	"candor/internal/staff"
	"candor/internal/telling"
	"candor/internal/token"
	"candor/internal/tour"
	"candor/internal/web"
)

// Options are what a configuration file does not say.
type Options struct {
	Clock clock.Clock  // System when nil
	Log   *slog.Logger // the default logger when nil
	// Mailbox catches every mail in a mailbox of its own instead of handing it
	// to a relay. For the demo and for tests.
	Mailbox bool
	// TLS is for tests: certificates that recipients' webhooks may show.
	TLS *tls.Config
}

// App is an open platform. Its parts are for the edges and for the demo.
type App struct {
	Config    config.Config
	Clock     clock.Clock
	Log       *slog.Logger
	DB        *db.DB
	Ring      *keyring.Ring
	Ledger    *ledger.Log
	Journal   *journal.Journal
	Jobs      *job.Queue
	Outbox    *outbox.Box
	Packs     *rulepack.Set
	Charter   *charter.Store
	Gate      *gate.Gate
	Index     *index.Keeper
	Audience  *audience.Service
	Insight   *insight.Service
	Exports   *export.Book
	Sender    *message.Sender
	Campaigns *campaign.Book
	Teller    *telling.Teller
	Sharing   *sharing.Service
	Claims    *claim.Store
	Desk      *request.Desk
	Collector *collect.Collector
	Importer  *intake.Importer
	Portal    *portal.Portal
	Evidence  *evidence.Keeper
	API       *api.API
	Staff     *staff.Roster
	Tokens    *token.Book
	Approvals *approval.Desk
	Web       *web.Shell
	Keeper    *backup.Keeper
	Bounces   *bounce.Receiver // nil unless configured
	Hooks     []*bounce.Hook
	Mailbox   *mailbox.Box // nil but for Options.Mailbox
	Tour      *tour.Tour   // likewise

	watching watching
	secret   string // of whoever reads metrics; "" for nobody

	more    map[string]http.HandlerFunc // what only the demo serves
	closers []func() error
}

// Open opens the platform at the places of the configuration. What it opened is
// closed again when it fails.
func Open(ctx context.Context, cfg config.Config, o Options) (*App, error) {
	a := &App{Config: cfg, Clock: o.Clock, Log: o.Log}
	if a.Clock == nil {
		a.Clock = clock.System{}
	}
	if a.Log == nil {
		a.Log = slog.Default()
	}
	for _, step := range []func(context.Context, Options) error{a.openGround, a.openPlumbing, a.openStaff, a.openGate, a.openUses, a.openEdges} {
		if err := step(ctx, o); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

// openGround makes the folder, the keys and the database.
func (a *App) openGround(ctx context.Context, _ Options) (err error) {
	if err := os.MkdirAll(a.Config.Data, 0o700); err != nil {
		return errs.Wrap(err, errs.Invalid, "bad_config", "the folder of data cannot be made; set data to one that the server may write to")
	}
	if a.Ring, err = keyring.Open(a.Config.Root()); err != nil {
		return err
	}
	if a.DB, err = db.Open(ctx, a.Config.Database); err != nil {
		return err
	}
	a.DB.Limit(a.Config.Conns)
	a.closers = append(a.closers, a.DB.Close)
	return nil
}

// openPlumbing opens proof, protection and background work.
func (a *App) openPlumbing(ctx context.Context, o Options) (err error) {
	a.Jobs = job.NewQueue(a.DB, a.Clock)
	a.Outbox = outbox.Open(a.DB, a.Clock)
	a.Ledger, err = ledger.Open(ctx, a.DB, ledger.Options{
		Origin: origin(a.Config.URL), SignerFile: a.Config.Signer(), AnchorDir: a.Config.Anchors(), Log: a.Log,
		Beside: a.journalHead, Clock: a.Clock, Classes: classes, Claims: a.claimMonths,
		Witnesses: witnesses(a.Config), Door: egress.New(egress.Options{Allow: a.Config.Egress.Allow, TLS: o.TLS}),
	})
	if err != nil {
		return err
	}
	a.Ledger.Also(a.Outbox)
	a.Journal, err = journal.Open(ctx, journal.Options{Place: a.Config.Journal, Ring: a.Ring, Clock: a.Clock})
	if err != nil {
		return err
	}
	a.closers = append(a.closers, a.Journal.Close)
	if a.Packs, err = rulepack.Load(); err != nil {
		return err
	}
	a.Charter = charter.NewStore(a.Ledger, a.Packs)
	a.Charter.CheckWith(func(c *charter.Charter) charter.Problems { return charter.CheckStages(c, audience.CheckStage) })
	a.Jobs.Handle(jobAdvance, func(ctx context.Context, _ job.Job) error { return a.advanceCharter(ctx) })
	a.Jobs.Every(jobAdvance, time.Minute)
	a.Jobs.Handle(jobExpunge, func(ctx context.Context, _ job.Job) error {
		_, err := a.Ledger.Expunge(ctx)
		return err
	})
	a.Jobs.Every(jobExpunge, 24*time.Hour)
	if a.Config.Ledger.MailTo != "" {
		a.Jobs.Handle(jobAnchor, func(ctx context.Context, _ job.Job) error { return a.mailCheckpoint(ctx) })
		a.Jobs.Every(jobAnchor, 24*time.Hour)
	}
	return nil
}

// jobExpunge deletes content of the ledger whose time is over.
const jobExpunge = "ledger.expunge"

// journalHead is what the anchor notes of the protection journal.
func (a *App) journalHead() (json.RawMessage, error) {
	head, err := a.Journal.Head()
	if err != nil {
		return nil, err
	}
	return json.Marshal(head)
}

// origin is the ledger's name: the host that customers know, and ours.
func origin(publicURL string) string {
	if u, err := url.Parse(publicURL); err == nil && u.Host != "" {
		return u.Hostname() + "/candor"
	}
	return "candor"
}

func (a *App) openGate(_ context.Context, _ Options) (err error) {
	a.Gate, err = gate.New(gate.Config{
		DB: a.DB, Ring: a.Ring, Keys: a.Config.Keys, Charter: a.Charter, Packs: a.Packs,
		Ledger: a.Ledger, Journal: a.Journal, Jobs: a.Jobs, Outbox: a.Outbox, Clock: a.Clock,
	})
	if err != nil {
		return err
	}
	a.closers = append(a.closers, a.Gate.Close)
	return nil
}

// Close closes what is open, in reverse order.
func (a *App) Close() error {
	var all []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		all = append(all, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(all...)
}
