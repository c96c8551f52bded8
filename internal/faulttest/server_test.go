package faulttest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candor/client"
	"candor/internal/app"
	"candor/internal/charter/sample"
	"candor/internal/cli"
	"candor/internal/collect"
	"candor/internal/config"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
	"candor/internal/token"
)

var ctx = context.Background()

// candor is the program: this test itself, when the environment says so.
var candor string

const asProgram = "CANDOR_FAULT_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		if file := os.Getenv(deaths); file != "" {
			watchDeath(file)
		}
		os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	var err error
	if candor, err = os.Executable(); err == nil {
		err = os.Setenv(asProgram, "on") // of every process it starts
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// site is an installation with the sample business and some customers in it.
type site struct {
	t         *testing.T
	cfg       config.Config
	file      string // the configuration, as candor serve reads it
	env       []string
	death     string // the file that says at which moment a program dies
	token     string
	writeKey  string
	source    id.Source
	customers []id.Customer
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newSite sets an installation up at a place: grown-up customers in Germany, a
// write key and a token for everything. mail is the configuration's mail section.
func newSite(t *testing.T, place string, customers int, mail string) *site {
	t.Helper()
	s := &site{t: t, cfg: config.Config{Data: filepath.Join(t.TempDir(), "data"), Database: place, URL: "http://127.0.0.1"}}
	if strings.HasPrefix(place, "postgres") {
		s.cfg.Keys, s.cfg.Journal = dbtest.EmptyPostgresPlace(t), dbtest.EmptyPostgresPlace(t)
	}
	must(t, s.cfg.Fill())
	s.death = filepath.Join(t.TempDir(), "death")
	s.env = []string{deaths + "=" + s.death}
	s.file = s.writeConfig(s.cfg, mail)
	s.inside(func(a *app.App) {
		_, err := a.ApplyCharter(ctx, sample.Halm(), term.ByEngine)
		must(t, err)
		s.people(a, customers)
		made, key, err := a.Collector.Sources().Create(ctx, collect.Source{Name: "shop", Class: collect.Server, Mode: collect.Live, NoticeVersion: 1, Namespace: demo.Namespace, Controller: "halm"})
		must(t, err)
		s.source, s.writeKey = made.ID, key
		must(t, a.DB.Write(ctx, func(tx *db.Tx) (err error) {
			s.token, _, err = a.Tokens.Mint(tx, token.New{Label: "fault", Scopes: token.Scopes, For: time.Hour, By: term.ByEngine})
			return err
		}))
	})
	return s
}

// inside opens the installation in this process, while no server runs.
func (s *site) inside(fn func(a *app.App)) {
	s.t.Helper()
	a, err := app.Open(ctx, s.cfg, app.Options{Mailbox: true, Log: slog.New(slog.DiscardHandler)})
	must(s.t, err)
	defer func() { must(s.t, a.Close()) }()
	fn(a)
}

// writeConfig writes the file of a configuration beside its data.
func (s *site) writeConfig(c config.Config, mail string) string {
	s.t.Helper()
	file := filepath.Join(filepath.Dir(c.Data), "candor.yaml")
	text := fmt.Sprintf("data: %q\ndatabase: %q\nkeys: %q\njournal: %q\nlisten: 127.0.0.1:0\nurl: %s\nmail: %s\n", c.Data, c.Database, c.Keys, c.Journal, c.URL, mail)
	must(s.t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// second is the same installation on another machine: its own folder with a copy
// of the two key files.
func (s *site) second(mail string) string {
	s.t.Helper()
	c := s.cfg
	c.Data = filepath.Join(s.t.TempDir(), "data")
	must(s.t, os.MkdirAll(c.Data, 0o700))
	for from, to := range map[string]string{s.cfg.Root(): c.Root(), s.cfg.Signer(): c.Signer()} {
		b, err := os.ReadFile(from)
		must(s.t, err)
		must(s.t, os.WriteFile(to, b, 0o600))
	}
	return s.writeConfig(c, mail)
}

func userID(i int) string { return fmt.Sprintf("fault-%d", i) }

// people makes customers, each of whom agreed to the letter.
func (s *site) people(a *app.App, n int) {
	s.t.Helper()
	list := make([]gate.Arrival, n)
	for i := range list {
		address, err := customer.Email(address(i))
		must(s.t, err)
		user, err := customer.UserID(demo.Namespace, userID(i))
		must(s.t, err)
		list[i] = gate.Arrival{
			At: a.Clock.Now(), Identities: []customer.Identity{user, address}, Values: map[term.Field]personal.Value{"email": address.Value},
			Provenance: customer.Provenance{Source: "src_test", Method: customer.Imported, At: a.Clock.Now(), Confidence: customer.Certain},
			Facts: []customer.Fact{
				{Kind: customer.Age, Detail: customer.WithValue("adult"), Source: "test"},
				{Kind: customer.Residence, Detail: map[string]string{"value": "DE", "evidence": "declared"}, Source: "test"},
			},
		}
	}
	taken, err := a.Gate.Take(ctx, list)
	must(s.t, err)
	must(s.t, a.DB.Write(ctx, func(tx *db.Tx) error {
		s.customers = s.customers[:0]
		for _, x := range taken {
			if x.Refused != nil {
				return x.Refused
			}
			_, _, err := a.Gate.Record(tx, consent.Act{Customer: x.Customer, Purpose: "letter", Channel: term.Email, Kind: consent.Given, Lang: "en",
				Method: consent.ByPortal, Strength: consent.Documented, ControlDefault: consent.Unset, Action: consent.Tick, Actor: term.ByCustomer})
			if err != nil {
				return err
			}
			s.customers = append(s.customers, x.Customer)
		}
		return nil
	}))
}

// server is a process of candor serve.
type server struct {
	cmd *exec.Cmd
	url string
	api *client.Client
}

// start runs a server on a configuration until it is killed or the test ends.
func (s *site) start(file string) *server {
	s.t.Helper()
	cmd := exec.Command(candor, "serve", "--config", file)
	cmd.Env = append(os.Environ(), s.env...)
	said := &strings.Builder{}
	cmd.Stderr = said
	pipe, err := cmd.StdoutPipe()
	must(s.t, err)
	must(s.t, cmd.Start())
	p := &server{cmd: cmd}
	s.t.Cleanup(p.kill)
	out := bufio.NewReader(pipe)
	line, err := out.ReadString('\n')
	words := strings.Fields(line)
	if err != nil || len(words) < 3 {
		p.kill()
		s.t.Fatalf("the server did not start: %q %s", line, said)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	p.url = "http://" + words[2]
	p.api = client.New(p.url, s.token)
	return p
}

// kill ends the process as a power cut does: SIGKILL, which it cannot see coming.
func (p *server) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// verify runs candor ledger verify.
func (s *site) verify() {
	s.t.Helper()
	out, err := exec.Command(candor, "ledger", "verify", "--config", s.file).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "good: ") {
		s.t.Errorf("candor ledger verify: %v %s", err, out)
	}
}

// read reads the database while no server, or any, runs.
func (s *site) read(fn func(tx *db.Tx) error) {
	s.t.Helper()
	d, err := db.OpenReader(ctx, s.cfg.Database)
	must(s.t, err)
	defer func() { _ = d.Close() }()
	must(s.t, d.Read(ctx, fn))
}
