package app

import (
	"context"

	"candor/internal/backup"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/egress"
	"candor/internal/guarded"
	"candor/internal/incident"
	"candor/internal/message"
	"candor/internal/web"
	"candor/internal/web/audiences"
	"candor/internal/web/customers"
	"candor/internal/web/home"
	insightroom "candor/internal/web/insight"
	"candor/internal/web/messages"
	"candor/internal/web/promises"
	"candor/internal/web/setup"
	"candor/internal/web/trust"
)

// openWeb opens the rooms of staff, each with the parts it works with.
func (a *App) openWeb(o Options) (err error) {
	a.Web, err = web.New(web.Config{
		DB: a.DB, Ring: a.Ring, Charter: a.Charter, Staff: a.Staff, Clock: a.Clock, Log: a.Log,
		Approvals: a.Approvals, HTTPS: a.Config.Secure(), Demo: o.Mailbox, UseSetupCode: a.API.UseCode,
	})
	if err != nil {
		return err
	}
	for _, room := range []func() (web.Room, error){
		a.homeRoom,
		a.customersRoom,
		a.audiencesRoom,
		a.messagesRoom,
		a.insightRoom,
		a.promisesRoom,
		a.trustRoom,
		a.setupRoom,
	} {
		r, err := room()
		if err != nil {
			return err
		}
		if err := a.Web.Add(r); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) homeRoom() (web.Room, error) {
	return home.New(home.Services{Shell: a.Web, Audience: a.Audience, Campaigns: a.Campaigns, Charter: a.Charter, Collector: a.Collector,
		Incidents: a.incidents(), Requests: a.Desk, Jobs: a.Jobs, Ledger: a.Ledger, Approvals: a.Approvals, Exports: a.Exports,
		URL: a.Config.URL, Notify: func(ctx context.Context, m message.Notice) error { return a.Sender.Notify(ctx, m) }})
}

func (a *App) customersRoom() (web.Room, error) {
	return customers.New(customers.Services{Shell: a.Web, Gate: a.Gate, Desk: a.Desk, Mail: a.Sender, Audience: a.Audience, Sources: a.Collector.Sources(), Guarded: a.guarded()})
}

func (a *App) audiencesRoom() (web.Room, error) {
	return audiences.New(audiences.Services{Audience: a.Audience, Campaigns: a.Campaigns, Gate: a.Gate, Guarded: a.guarded()})
}

func (a *App) messagesRoom() (web.Room, error) {
	return messages.New(messages.Services{Campaigns: a.Campaigns, Audience: a.Audience, Ring: a.Ring})
}

func (a *App) promisesRoom() (web.Room, error) {
	return promises.New(promises.Services{Audience: a.Audience, Charter: a.Charter, Gate: a.Gate, Teller: a.Teller, URL: a.Config.URL})
}

func (a *App) insightRoom() (web.Room, error) {
	return insightroom.New(insightroom.Services{Insight: a.Insight, Campaigns: a.Campaigns})
}

func (a *App) trustRoom() (web.Room, error) {
	return trust.New(trust.Services{
		Ledger: a.Ledger, Staff: a.Staff, Approvals: a.Approvals, Incidents: a.incidents(), Requests: a.Desk, Evidence: a.Evidence, Claims: a.Claims, Guarded: a.guarded(),
		Exports: a.Exports, Sharing: a.Sharing, Audience: a.Audience, Campaigns: a.Campaigns,
	})
}

func (a *App) guarded() *guarded.Doors {
	return &guarded.Doors{Ring: a.Ring, Gate: a.Gate, Staff: a.Staff, Approvals: a.Approvals}
}

func (a *App) incidents() *incident.Register {
	return &incident.Register{Ring: a.Ring, Ledger: a.Ledger, Clock: a.Clock}
}

func (a *App) setupRoom() (web.Room, error) {
	return setup.New(setup.Services{
		Collector: a.Collector, Staff: a.Staff, Tokens: a.Tokens, Imports: a.Importer, Gate: a.Gate, Jobs: a.Jobs, Keys: a.Sender.DomainKeys(),
		Look: egress.New(egress.Options{DNS: a.Config.Egress.DNS}).TXT, URL: a.Config.URL,
		Backups: setup.Backups{Folder: a.Config.Backups, Newest: func() (clock.Instant, error) { return backup.Newest(a.Config.Backups) }, Verify: func() (int64, error) { return verifyNewest(a.Config) }},
	})
}

// SetupCode makes the code with which the first administrator sets up. It gives
// "" when there is one.
func (a *App) SetupCode(ctx context.Context) (string, error) {
	known := false
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		known, err = a.Staff.HasAdministrator(tx)
		return err
	})
	if err != nil || known {
		return "", err
	}
	return a.API.SetupCode(ctx)
}
