package client_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"candor/client"
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

var ctx = context.Background()

// server is a real one, on a database of one engine.
type server struct {
	*app.App
	url  string
	logs *bytes.Buffer
	clk  *demo.Clock
}

func each(t *testing.T, fn func(t *testing.T, s server)) {
	t.Helper()
	eachWith(t, false, fn)
}

// eachWith says whether, on PostgreSQL, the key store and the journal are there
// too, in databases of their own.
func eachWith(t *testing.T, apart bool, fn func(t *testing.T, s server)) {
	t.Helper()
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		cfg := config.Config{Data: t.TempDir(), Database: place, URL: "http://127.0.0.1:8080"}
		if apart && strings.HasPrefix(place, "postgres") {
			cfg.Keys, cfg.Journal = dbtest.EmptyPostgresPlace(t), dbtest.EmptyPostgresPlace(t)
		}
		if err := cfg.Fill(); err != nil {
			t.Fatal(err)
		}
		logs := &bytes.Buffer{}
		clk := &demo.Clock{}
		a, err := app.Open(ctx, cfg, app.Options{Mailbox: true, Clock: clk, Log: slog.New(slog.NewTextHandler(logs, nil))})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = a.Close() })
		if _, err := a.ApplyCharter(ctx, sample.Halm(), term.ByEngine); err != nil {
			t.Fatal(err)
		}
		web := httptest.NewServer(a.Handler())
		t.Cleanup(web.Close)
		fn(t, server{a, web.URL, logs, clk})
	})
}

// admin gives a client that may do everything.
func (s server) admin(t *testing.T) *client.Client {
	t.Helper()
	return s.as(t, "read", "decide", "reasons", "write", "send", "admin")
}

// as gives a client whose token has these scopes and no others.
func (s server) as(t *testing.T, scopes ...string) *client.Client {
	t.Helper()
	return client.New(s.url, s.secret(t, scopes...))
}

// secret makes a token as a person would in Setup.
func (s server) secret(t *testing.T, scopes ...string) string {
	t.Helper()
	n := token.New{Label: "test", For: 24 * time.Hour, By: term.ByEngine}
	for _, scope := range scopes {
		n.Scopes = append(n.Scopes, token.Scope(scope))
	}
	secret := ""
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		secret, _, err = s.Tokens.Mint(tx, n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// work lets the server's background work run until the test ends.
func (s *server) work(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(running, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// people lets sample customers live their three years. The first agreed to
// everything, the second to nothing.
func (s *server) people(t *testing.T, n int) []string {
	t.Helper()
	now := clock.System{}.Now()
	seeder := demo.Seeder{Gate: s.Gate, Clock: s.clk, Controller: sample.Halm().Business.ID}
	ids, err := seeder.Run(ctx, demo.People(n, 1, now), now)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(ids))
	for i, c := range ids {
		out[i] = c.String()
	}
	return out
}

// soon waits for something that the server does in the background.
func soon(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !done(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// code fails the test when an error of the server has not this code.
func code(t *testing.T, what string, err error, want string) {
	t.Helper()
	if got := client.CodeOf(err); got != want {
		t.Errorf("%s: %v, want the code %q", what, err, want)
	}
}
