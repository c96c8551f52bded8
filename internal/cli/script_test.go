package cli

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rsc.io/script"
	"rsc.io/script/scripttest"

	"candor/internal/app"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/config"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/term"
	"candor/internal/token"
)

// The test's own program is candor when it is called by that name, so that the
// scripts run the real thing.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "candor" {
		os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// engine runs scripts that a person could type. Besides the usual commands they
// have candor, and "keep NAME PATTERN", which keeps what a pattern finds in the
// last output as a variable.
func engine(t *testing.T) (*script.Engine, string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	candor := filepath.Join(bin, "candor")
	if err := os.Symlink(exe, candor); err != nil {
		t.Fatal(err)
	}
	cmds := scripttest.DefaultCmds()
	cmds["candor"] = script.Program(candor, func(c *exec.Cmd) error { return c.Process.Signal(os.Interrupt) }, 10*time.Second)
	cmds["keep"] = script.Command(script.CmdUsage{Summary: "keep what a pattern finds in the last output", Args: "NAME PATTERN"},
		func(s *script.State, args ...string) (script.WaitFunc, error) {
			if len(args) != 2 {
				return nil, script.ErrUsage
			}
			found := regexp.MustCompile(args[1]).FindString(s.Stdout())
			if found == "" {
				return nil, os.ErrNotExist
			}
			return nil, s.Setenv(args[0], found)
		})
	return &script.Engine{Cmds: cmds, Conds: scripttest.DefaultConds()}, bin
}

// cleanEnv is the environment of a newcomer.
func cleanEnv(bin string, more ...string) []string {
	out := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "CANDOR_") })
	return append(append(out, "PATH="+bin+":"+os.Getenv("PATH")), more...)
}

func TestScriptsOffline(t *testing.T) {
	e, bin := engine(t)
	folder, err := filepath.Abs("../charter/sample")
	if err != nil {
		t.Fatal(err)
	}
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		scripttest.Test(t, context.Background(), e, cleanEnv(bin, "CHARTER="+folder, "DATABASE="+place), "testdata/offline/*.txt")
	})
}

func TestScriptsAgainstAServer(t *testing.T) {
	e, bin := engine(t)
	folder, err := filepath.Abs("../charter/sample")
	if err != nil {
		t.Fatal(err)
	}
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		env := cleanEnv(bin, append(serve(t, place), "CHARTER="+folder)...)
		scripttest.Test(t, context.Background(), e, env, "testdata/server/*.txt")
	})
}

// serve runs a server with the sample business and some customers until the test
// ends, and gives what finds it, as environment.
func serve(t *testing.T, place string) []string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	cfg := config.Config{Data: t.TempDir(), Database: place, URL: "http://" + l.Addr().String()}
	must(t, cfg.Fill())
	clk := &demo.Clock{}
	a, err := app.Open(ctx, cfg, app.Options{Mailbox: true, Clock: clk, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	now := clock.System{}.Now()
	clk.Set(now.Add(-demo.Past))
	_, err = a.ApplyCharter(ctx, sample.Halm(), term.ByEngine)
	must(t, err)
	seeder := demo.Seeder{Gate: a.Gate, Clock: clk, Controller: sample.Halm().Business.ID}
	ids, err := seeder.Run(ctx, demo.People(40, 1, now), now)
	must(t, err)
	var bearer string
	must(t, a.DB.Write(ctx, func(tx *db.Tx) (err error) {
		bearer, _, err = a.Tokens.Mint(tx, token.New{Label: "scripts", Scopes: token.Scopes, For: time.Hour, By: term.ByEngine})
		return err
	}))
	file := filepath.Join(cfg.Data, "candor.yaml")
	must(t, os.WriteFile(file, []byte("data: "+cfg.Data+"\nurl: "+cfg.URL+"\nmail: {relay: \"smtp://127.0.0.1:1\"}\n"), 0o600))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, l) }()
	t.Cleanup(func() {
		stop()
		must(t, <-ended)
		must(t, a.Close())
	})
	return []string{"CANDOR_CONFIG=" + file, "CANDOR_SERVER=" + cfg.URL, "CANDOR_TOKEN=" + bearer, "AGREED=" + ids[0].String(), "REFUSED=" + ids[1].String(),
		"GPC=" + ids[2].String(), "LEAVING=" + ids[39].String(), "KEY=" + a.Ledger.VerifierKey(), "ORIGIN=" + a.Ledger.Origin(), "TODAY=" + time.Now().UTC().Format(time.DateOnly)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
