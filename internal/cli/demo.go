package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"candor/internal/app"
	"candor/internal/errs"
	"candor/internal/id"
)

type demoCmd struct {
	Addr      string `default:"127.0.0.1:8080" help:"Where to listen; a port of 0 takes a free one. Loopback only."`
	Data      string `placeholder:"DIR" help:"Keep the data in this folder. Without it, a temporary one that is deleted at the end."`
	Pace      int    `default:"60" help:"Mails a second."`
	Customers int    `default:"5000" help:"How many sample customers."`
}

// demoReady is the one line that scripts read.
type demoReady struct {
	Addr       string         `json:"addr"`
	SignInURL  string         `json:"signin_url"`
	TourURL    string         `json:"tour_url"`
	Staff      app.DemoSignIn `json:"staff"`
	WriteKey   string         `json:"write_key"`
	BrowserKey string         `json:"browser_key"`
	APIToken   string         `json:"api_token"`
	MailboxURL string         `json:"mailbox_url"`
	Origin     string         `json:"ledger_origin"`
	LedgerKey  string         `json:"ledger_key"`
	Customers  []demoCustomer `json:"customers"`
}

type demoCustomer struct {
	ID         id.Customer `json:"customer_id"`
	PrivacyURL string      `json:"privacy_url"`
	UserID     string      `json:"user_id"`
	Who        string      `json:"who"`
}

// Run starts the demo and stays up until it is told to stop.
func (c demoCmd) Run(e *env) error {
	if err := loopbackOnly(c.Addr); err != nil {
		return err
	}
	folder := c.Data
	if folder == "" {
		var err error
		if folder, err = os.MkdirTemp("", "candor-demo-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(folder) }()
	}
	l, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return errs.Wrap(err, errs.Conflict, "listen", "cannot listen on %s; choose another with --addr 127.0.0.1:0", c.Addr)
	}
	defer func() { _ = l.Close() }()
	log := slog.New(slog.NewTextHandler(e.errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	d, err := app.OpenDemo(e.ctx, app.DemoOptions{
		Folder: folder, URL: "http://" + l.Addr().String(), Pace: c.Pace, Customers: c.Customers, Log: log, Progress: e.progress(),
	})
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	if err := e.announce(d, l.Addr().String()); err != nil {
		return err
	}
	return d.App.Run(e.ctx, l)
}

func loopbackOnly(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return errs.New(errs.Invalid, "bad_address", "write --addr as host:port, such as 127.0.0.1:8080")
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errs.New(errs.Invalid, "not_loopback", "the demo listens on loopback only; use 127.0.0.1")
	}
	return nil
}

// progress tells on standard error how far the sample customers are.
func (e *env) progress() func(done, of int) {
	if e.json {
		return nil
	}
	last := time.Time{}
	return func(done, of int) {
		if time.Since(last) < 200*time.Millisecond && done < of {
			return
		}
		last = time.Now()
		fmt.Fprintf(e.errOut, "\rInventing customers and three years of their lives: %d %%", done*100/max(1, of))
		if done >= of {
			fmt.Fprintln(e.errOut)
		}
	}
}

func (e *env) announce(d *app.Demo, addr string) error {
	ready := demoReady{Addr: addr, SignInURL: d.SignIn.URL, TourURL: "http://" + addr + "/tour", Staff: d.SignIn, WriteKey: d.WriteKey, BrowserKey: d.BrowserKey, APIToken: d.APIToken, MailboxURL: d.MailboxURL,
		Origin: d.App.Ledger.Origin(), LedgerKey: d.App.Ledger.VerifierKey()}
	for _, p := range d.People {
		ready.Customers = append(ready.Customers, demoCustomer{p.ID, p.PrivacyURL, p.UserID, p.Who})
	}
	if e.json {
		return json.NewEncoder(e.out).Encode(ready)
	}
	_, err := io.WriteString(e.out, welcome(ready, program()))
	return err
}

// welcome says where to look and what to type. Every command works as it is
// printed, in the folder that the demo was started from.
func welcome(r demoReady, called string) string {
	url := "http://" + r.Addr
	var b strings.Builder
	line := func(label, value string) { fmt.Fprintf(&b, "  %-22s %s\n", label, value) }
	b.WriteString("\nHalm Coffee Roasters is open. Where to look:\n\n")
	line("Three minutes", r.TourURL)
	line("Work as staff", r.SignInURL)
	line("Privacy notice", url+"/notice")
	line("Sign-up form", url+"/f/signup")
	line("Mailbox", r.MailboxURL)
	b.WriteString("\nThree customers and their privacy centres:\n\n")
	for _, c := range r.Customers {
		line(c.Who, c.PrivacyURL)
	}
	b.WriteString("\nThe first link signs the sample administrator in once. Later:\n\n")
	line("Address, password", r.Staff.Email+"   "+r.Staff.Password)
	line("Authenticator key", r.Staff.Secret)
	b.WriteString("\nKeys (they end with this demo):\n\n")
	line("Server write key", r.WriteKey)
	line("Browser write key", r.BrowserKey)
	line("API token", r.APIToken)
	b.WriteString("\nTo try in another terminal:\n")
	try := func(what string, commands ...string) {
		fmt.Fprintf(&b, "\n  # %s\n", what)
		for _, c := range commands {
			fmt.Fprintf(&b, "  %s\n", c)
		}
	}
	who := r.Customers[0]
	if called != "candor" {
		try("so that it is called candor", "candor() { "+called+` "$@"; }`)
	}
	try("where, and as whom", "export CANDOR_SERVER="+url+" CANDOR_TOKEN="+r.APIToken)
	try("may we write to them? and to the one who agreed to nothing?",
		"candor decide "+who.ID.String()+" --purpose letter --channel email",
		"candor decide "+r.Customers[1].ID.String()+" --purpose letter --channel email")
	try("an audience: who matches, who may be written to, why not the others",
		`candor audience preview 'count("Order Completed", days(730)) >= 1' --purpose letter`,
		"candor audience explain "+who.ID.String()+` 'count("Order Completed", days(730)) >= 1' --purpose letter`)
	try("a campaign: draft it, see whom it reaches, send it, read it in the mailbox",
		"candor campaign example > letter.yaml", "candor campaign draft letter.yaml",
		"candor campaign launch last", "candor campaign launch last --send", "candor campaign show last")
	try("an event, as any Segment SDK sends it, and see it arrive",
		fmt.Sprintf(`curl -s -u %s: %s/v1/track -d '{"userId":"%s","event":"Product Viewed","properties":{"family":"coffee"}}'`, r.WriteKey, url, who.UserID),
		"candor customer events "+who.ID.String()+" --purpose letter --limit 5")
	try("what a customer said, and its proof, verified offline with the key you bring along",
		"candor customer consents "+who.ID.String(), "candor customer receipt "+who.ID.String()+" > receipt.json",
		fmt.Sprintf("candor verify receipt.json --origin %s --key '%s'", r.Origin, r.LedgerKey))
	try("what happened, in the ledger", "candor ledger show --limit 10")
	fmt.Fprintf(&b, "\nThe API explains itself at %s/api/openapi.json\nCtrl-C ends the demo.\n\n", url)
	return b.String()
}
