package app

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"candor/internal/charter/sample"
	"candor/internal/collect"
	"candor/internal/config"
	"candor/internal/db"
	"candor/internal/demo"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/token"
)

// DemoOptions say how the demo is to be.
type DemoOptions struct {
	Folder    string // of its data; filled when it holds none yet
	URL       string
	Pace      int
	Customers int
	Log       *slog.Logger
	Progress  func(done, of int)
}

// Demo is the platform with the sample business in it.
type Demo struct {
	App        *App
	WriteKey   string
	BrowserKey string
	APIToken   string
	MailboxURL string
	SignIn     DemoSignIn
	People     []DemoPerson

	admin    id.Staff
	notice   int64       // the version in force
	campaign id.Campaign // sent while the clock stood in the past
}

// DemoPerson is a customer whom the demo introduces.
type DemoPerson struct {
	ID         id.Customer
	Who        string
	UserID     string // as the shop knows them
	PrivacyURL string
}

// OpenDemo opens the platform, puts the sample charter in force, and lets the
// sample customers live their three years. A folder that was kept from an
// earlier run keeps its customers.
func OpenDemo(ctx context.Context, o DemoOptions) (*Demo, error) {
	clk := &demo.Clock{}
	cfg := config.Config{Data: o.Folder, URL: o.URL, Mail: config.Mail{Pace: o.Pace}}
	if err := cfg.Fill(); err != nil {
		return nil, err
	}
	a, err := Open(ctx, cfg, Options{Clock: clk, Log: o.Log, Mailbox: true})
	if err != nil {
		return nil, err
	}
	d := &Demo{App: a}
	if err := d.fill(ctx, clk, o); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Close closes the platform.
func (d *Demo) Close() error {
	d.App.Mailbox.Close()
	return d.App.Close()
}

func (d *Demo) fill(ctx context.Context, clk *demo.Clock, o DemoOptions) error {
	now := clk.Now()
	people := demo.People(o.Customers, 1, now)
	kept, err := d.App.HasCharter(ctx)
	if err != nil {
		return err
	}
	if !kept {
		clk.Set(now.Add(-demo.Past))
		if _, err := d.App.ApplyCharter(ctx, sample.Halm(), term.ByEngine); err != nil {
			return err
		}
	}
	if !kept {
		// What seeding throws away is not worth collecting so often.
		defer func(before int) { debug.SetGCPercent(before); debug.FreeOSMemory() }(debug.SetGCPercent(400))
		s := demo.Seeder{Gate: d.App.Gate, Clock: clk, Controller: sample.Halm().Business.ID, Weekly: d.weekly(people, now, clk), Progress: o.Progress}
		if _, err := s.Run(ctx, people, now); err != nil {
			return err
		}
	}
	clk.Live()
	if err := d.renew(ctx); err != nil {
		return err
	}
	if err := d.letIn(ctx); err != nil {
		return err
	}
	if err := d.keys(ctx); err != nil {
		return err
	}
	if err := d.introduce(ctx, people); err != nil || kept {
		return err
	}
	return d.busy(ctx, people, now)
}

// keys makes what a newcomer types: the keys of the shop's server and of its
// website, and a token for the API.
func (d *Demo) keys(ctx context.Context) (err error) {
	if d.WriteKey, err = d.source(ctx, "the shop's server", collect.Server); err != nil {
		return err
	}
	if d.BrowserKey, err = d.source(ctx, "the shop's website", collect.Public); err != nil {
		return err
	}
	err = d.App.DB.Write(ctx, func(tx *db.Tx) (err error) {
		d.APIToken, _, err = d.App.Tokens.Mint(tx, token.New{Label: "demo", Scopes: token.Scopes, For: demoTokenLives, By: staff.Actor(d.admin)})
		return err
	})
	if err != nil {
		return err
	}
	d.MailboxURL = d.App.Config.URL + d.App.Mailbox.Path()
	return nil
}

// demoTokenLives bounds the token that the demo prints.
const demoTokenLives = 30 * 24 * time.Hour

// source makes a source for the sample business and gives its key.
func (d *Demo) source(ctx context.Context, name string, class collect.Class) (string, error) {
	s := collect.Source{Name: name, Class: class, Mode: collect.Live, NoticeVersion: d.notice, Namespace: demo.Namespace, Controller: sample.Halm().Business.ID}
	if class == collect.Public {
		s.Origins, s.Events = []string{d.App.Config.URL}, []term.Event{"Product Viewed"}
	}
	_, key, err := d.App.Collector.Sources().Create(ctx, s)
	return key, err
}

// introduce names the three sample customers with a link to their privacy
// centres, as a mail would carry it.
func (d *Demo) introduce(ctx context.Context, people []demo.Person) error {
	who := []string{"Agreed to everything", "Agreed to nothing", "California, with GPC"}
	return d.App.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := d.App.Charter.Current(tx)
		if err != nil {
			return err
		}
		for i, name := range who {
			found, err := d.App.Gate.Find(tx, demo.Identity(people[i]))
			if err != nil || len(found) == 0 {
				return err
			}
			l := message.Link{Scope: message.Choices, Customer: found[0], Controller: c.Business.ID, Channel: term.Email}
			d.People = append(d.People, DemoPerson{found[0], name, people[i].UserID, d.App.Config.URL + "/privacy/c/" + l.Seal(d.App.Ring)})
		}
		return nil
	})
}
