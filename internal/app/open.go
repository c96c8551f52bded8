package app

import (
	"context"
	"net"
	"net/url"
	"os"
	"strings"

	"candor/internal/api"
	"candor/internal/approval"
	"candor/internal/audience"
	"candor/internal/audience/index"
	"candor/internal/backup"
	"candor/internal/campaign"
	"candor/internal/claim"
	"candor/internal/collect"
	"candor/internal/config"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/egress"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/evidence"
	"candor/internal/export"
	"candor/internal/gate"
	"candor/internal/insight"
	"candor/internal/intake"
	"candor/internal/limit"
	"candor/internal/mailbox"
	"candor/internal/message"
	"candor/internal/personal"
	"candor/internal/portal"
	"candor/internal/request"
	"candor/internal/rights"
	"candor/internal/sharing"
	"candor/internal/staff"
	"candor/internal/telling"
	"candor/internal/token"
)

// openStaff opens who works here, what they let programs do, and what needs two
// of them.
func (a *App) openStaff(_ context.Context, o Options) error {
	provider, err := signOn(a.Config, o.TLS)
	if err != nil {
		return err
	}
	a.Staff = staff.New(staff.Config{DB: a.DB, Ring: a.Ring, Charter: a.Charter, Ledger: a.Ledger, Clock: a.Clock, URL: a.Config.URL, SignOn: provider})
	a.Tokens = &token.Book{DB: a.DB, Ring: a.Ring, Clock: a.Clock, Staff: a.Staff}
	a.Staff.OnLeave(a.Tokens.RevokeOf)
	a.Staff.Schedule(a.Jobs)
	a.Approvals = approval.NewDesk(approval.Config{DB: a.DB, Ring: a.Ring, Ledger: a.Ledger, Jobs: a.Jobs, Clock: a.Clock, Tokens: a.Tokens, Staff: a.Staff})
	a.Charter.SecondWith(a.Approvals.Charter)
	return nil
}

// openUses opens what uses data through the gate.
func (a *App) openUses(_ context.Context, o Options) (err error) {
	relay, err := a.relay(o)
	if err != nil {
		return err
	}
	signers, err := a.signers()
	if err != nil {
		return err
	}
	a.Sender, err = message.New(message.Config{
		DB: a.DB, Ring: a.Ring, Gate: a.Gate, Charter: a.Charter, Ledger: a.Ledger, Clock: a.Clock, Relay: relay,
		Signers: signers, Unsigned: o.Mailbox, Returns: a.Config.Mail.Bounces.Domain, BaseURL: a.Config.URL, Pace: a.Config.Mail.Pace, Log: a.Log,
	})
	if err != nil {
		return err
	}
	a.Index = index.NewKeeper(index.Config{DB: a.DB, Outbox: a.Outbox, Clock: a.Clock, Plan: audience.PlanOf(a.Charter), Log: a.Log})
	a.Audience = audience.New(audience.Config{DB: a.DB, Gate: a.Gate, Charter: a.Charter, Clock: a.Clock, Index: a.Index})
	a.Audience.Schedule(a.Jobs, a.Outbox)
	a.Insight = insight.New(insight.Config{DB: a.DB, Gate: a.Gate, Charter: a.Charter, Jobs: a.Jobs, Clock: a.Clock})
	a.Campaigns = campaign.New(campaign.Config{
		DB: a.DB, Ring: a.Ring, Gate: a.Gate, Charter: a.Charter, Ledger: a.Ledger, Jobs: a.Jobs,
		Audience: a.Audience, Sender: a.Sender, Clock: a.Clock, Log: a.Log, Approvals: a.Approvals,
	})
	a.Teller = telling.New(telling.Config{DB: a.DB, Gate: a.Gate, Charter: a.Charter, Mail: a.Sender, Jobs: a.Jobs, Ledger: a.Ledger, Clock: a.Clock, Approvals: a.Approvals})
	a.Exports = export.NewBook(export.Config{
		DB: a.DB, Ring: a.Ring, Gate: a.Gate, Charter: a.Charter, Ledger: a.Ledger, Jobs: a.Jobs, Outbox: a.Outbox, Clock: a.Clock, Approvals: a.Approvals,
		Tokens: a.Tokens, Staff: a.Staff, Domain: a.Config.Mail.Bounces.Domain, URL: a.Config.URL,
		Notify: func(ctx context.Context, to personal.Value, subject, text string) error {
			return a.Sender.Notify(ctx, message.Notice{To: to, Subject: subject, Text: text})
		},
	})
	a.Sharing, err = sharing.New(sharing.Config{
		DB: a.DB, Ring: a.Ring, Gate: a.Gate, Charter: a.Charter, Ledger: a.Ledger, Jobs: a.Jobs, Outbox: a.Outbox,
		Door: egress.New(egress.Options{Allow: a.Config.Egress.Allow, TLS: o.TLS}), Clock: a.Clock, Log: a.Log, Approvals: a.Approvals, Exports: a.Exports,
	})
	if err != nil {
		return err
	}
	a.Claims = claim.New(claim.Config{DB: a.DB, Ring: a.Ring, Gate: a.Gate, Charter: a.Charter, Ledger: a.Ledger, Jobs: a.Jobs, Clock: a.Clock})
	a.Desk = request.NewDesk(request.Config{
		DB: a.DB, Gate: a.Gate, Charter: a.Charter, Packs: a.Packs, Ledger: a.Ledger, Jobs: a.Jobs, Outbox: a.Outbox, Sharing: a.Sharing, Claims: a.Claims,
		Mail: a.Sender, Audience: a.Audience, Clock: a.Clock, Sources: a.sources(), Approvals: a.Approvals, Exports: a.Exports,
	})
	a.Keeper = &backup.Keeper{DB: a.DB, Journal: a.Journal, Ledger: a.Ledger, Gate: a.Gate, Desk: a.Desk, Campaigns: a.Campaigns,
		Clock: a.Clock, Log: a.Log}
	return nil
}

// sources lists every store of personal data in the order they are erased: what
// must outlive the rest is kept first, what hangs on a customer goes next, the
// customer last. The demo's mailbox is always among them: its table may hold mails
// of a database that a demo began with.
func (a *App) sources() []rights.Source {
	return []rights.Source{
		claim.Source{Claims: a.Claims}, message.Source{}, mailbox.Source{}, sharing.Source{}, export.Source{}, portal.Source{}, audience.Source{},
		consent.Source{}, gate.Traces{}, event.Rights{}, gate.Sealed{Gate: a.Gate}, customer.Rights{},
	}
}

// relay is where mails go: the configured one, or the mailbox of the demo.
func (a *App) relay(o Options) (message.Relay, error) {
	if o.Mailbox {
		var err error
		if a.Mailbox, err = mailbox.New(mailbox.Config{DB: a.DB, Ring: a.Ring, Clock: a.Clock}); err != nil {
			return message.Relay{}, err
		}
		return message.Relay{Addr: a.Mailbox.Addr(), TLS: message.PlainText, Door: egress.New(egress.Options{Allow: []string{a.Mailbox.Addr()}})}, nil
	}
	return readRelay(a.Config.Mail)
}

func readRelay(m config.Mail) (message.Relay, error) {
	if m.Relay == "" {
		return message.Relay{}, errs.New(errs.Invalid, "no_relay", "set mail.relay to the server that takes your mails, such as smtp://shop@relay.example:587").On("mail.relay")
	}
	u, err := url.Parse(m.Relay)
	if err != nil {
		return message.Relay{}, err
	}
	r := message.Relay{Addr: u.Host, TLS: message.StartTLS, Username: u.User.Username()}
	if u.Scheme == "smtps" {
		r.TLS = message.ImplicitTLS
	}
	if u.Port() == "" {
		r.Addr = net.JoinHostPort(u.Hostname(), map[string]string{"smtp": "587", "smtps": "465"}[u.Scheme])
	}
	r.Door = egress.New(egress.Options{Allow: []string{r.Addr}})
	if m.PasswordFile == "" {
		return r, nil
	}
	b, err := os.ReadFile(m.PasswordFile)
	if err != nil {
		return r, errs.Wrap(err, errs.Invalid, "bad_config", "the file with the relay's password cannot be read").On("mail.password_file")
	}
	r.Password = strings.TrimSpace(string(b))
	return r, nil
}

// signers reads the DKIM keys, one for each sending domain.
func (a *App) signers() (map[string]*message.Signer, error) {
	out := map[string]*message.Signer{}
	for _, k := range a.Config.Mail.DKIM {
		key, err := os.ReadFile(k.KeyFile)
		if err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "bad_config", "the DKIM key of %s cannot be read", k.Domain).On("mail.dkim")
		}
		if out[k.Domain], err = message.NewSigner(k.Domain, k.Selector, key); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// openEdges opens what the world talks to.
func (a *App) openEdges(_ context.Context, o Options) (err error) {
	if a.secret, err = a.metricsSecret(); err != nil {
		return err
	}
	limits := a.Config.Limits
	a.Collector = collect.New(collect.Config{
		DB: a.DB, Ring: a.Ring, Gate: a.Gate, Charter: a.Charter, Clock: a.Clock, Desk: a.Desk, Log: a.Log, PublicURL: a.Config.URL,
		ServerKey: rate(limits.ServerKey, 5), PublicKey: rate(limits.PublicKey, 10), Visitor: rate(limits.Visitor, 25),
	})
	a.Collector.Schedule(a.Jobs)
	if err := a.openReports(); err != nil {
		return err
	}
	a.Importer = intake.New(intake.Config{DB: a.DB, Ring: a.Ring, Gate: a.Gate, Charter: a.Charter, Clock: a.Clock, Jobs: a.Jobs})
	a.Portal, err = portal.New(portal.Config{
		DB: a.DB, Ring: a.Ring, Gate: a.Gate, Charter: a.Charter, Packs: a.Packs, Ledger: a.Ledger, Jobs: a.Jobs,
		Desk: a.Desk, Mail: a.Sender, Audience: a.Audience, Campaigns: a.Campaigns, Origins: a.Collector.Sources().KnowsOrigin, Clock: a.Clock, Log: a.Log, URL: a.Config.URL, HTTPS: a.Config.Secure(),
	})
	if err != nil {
		return err
	}
	a.Evidence = evidence.New(evidence.Config{DB: a.DB, Ledger: a.Ledger, Jobs: a.Jobs, Clock: a.Clock, Sources: a.evidenceSources()})
	a.API, err = api.New(api.Config{
		DB: a.DB, Ring: a.Ring, Clock: a.Clock, Charter: a.Charter, Tokens: a.Tokens, Gate: a.Gate, Ledger: a.Ledger,
		Audience: a.Audience, Campaigns: a.Campaigns, Teller: a.Teller, Mail: a.Sender, Requests: a.Desk, Sharing: a.Sharing, Exports: a.Exports, Sources: a.Collector.Sources(), Collector: a.Collector,
		Imports: a.Importer, Packs: a.Packs, Jobs: a.Jobs, Log: a.Log, PerToken: rate(limits.Token, 2), Evidence: a.Evidence, Approvals: a.Approvals,
	})
	if err != nil {
		return err
	}
	if err := a.openWeb(o); err != nil || !o.Mailbox {
		return err
	}
	return a.openTour()
}

// loops is the work that goes on while the server runs.
func (a *App) loops() map[string]func(context.Context) error {
	out := map[string]func(context.Context) error{
		"ledger": a.Ledger.Run, "witnesses": a.Ledger.RunWitnesses, "outbox": a.Outbox.Run, "index": a.Index.Run, "jobs": a.Jobs.Run, "sender": a.Sender.Run, "collect": a.Collector.Run,
		"journal": a.Keeper.Run, "index check": a.checkIndex, "garbage": collectGarbage,
	}
	if a.Mailbox != nil {
		out["mailbox"] = a.Mailbox.Run
	}
	if a.Bounces != nil {
		out["bounces"] = a.Bounces.Run
	}
	return out
}

// rate is so many a second, with bursts of some times as much; 0 is what the edge
// itself thinks right.
func rate(events, burst int) limit.Rate {
	return limit.Rate{Events: float64(events), Burst: float64(events * burst)}
}
