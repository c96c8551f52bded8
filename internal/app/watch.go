package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"candor/internal/backup"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/egress"
	"candor/internal/errs"
	"candor/internal/job"
	"candor/internal/ledger"
	"candor/internal/message"
	"candor/internal/observe"
	"candor/internal/request"
)

// watching is what operators see of a running server.
type watching struct {
	mu     sync.Mutex
	looked time.Time
}

// lookEvery bounds how often the database is asked for the sake of metrics.
const lookEvery = 5 * time.Second

// numbers serves the metrics. What is not counted as it happens is looked at
// when somebody asks.
func (a *App) numbers() http.Handler {
	next := observe.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		if err := a.look(ctx); err != nil {
			a.Log.Warn("some metrics are old", slog.String("error", err.Error()))
		}
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// withToken lets in whoever sends the secret of a file as a bearer token.
func withToken(secret string, next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(secret))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		got := sha256.Sum256([]byte(text))
		if !bearer || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "send the token of the metrics", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// metricsSecret reads the token's file. Without one nobody reads metrics where
// customers are served.
func (a *App) metricsSecret() (string, error) {
	path := a.Config.Metrics.TokenFile
	if path == "" {
		return "", nil
	}
	b, err := os.ReadFile(path)
	text := strings.TrimSpace(string(b))
	if err != nil || len(text) < 20 {
		return "", errs.Wrap(err, errs.Invalid, "bad_config", "the token of the metrics cannot be read, or has fewer than 20 characters").On("metrics.token_file")
	}
	return text, nil
}

// look sets the gauges.
func (a *App) look(ctx context.Context) error {
	a.watching.mu.Lock()
	defer a.watching.mu.Unlock()
	if time.Since(a.watching.looked) < lookEvery {
		return nil
	}
	a.watching.looked = time.Now()
	set := func(g *observe.Gauge, yes bool) {
		g.Set(map[bool]float64{true: 1}[yes])
	}
	set(observe.Ready, a.wellEnough(ctx) == nil)
	set(observe.LedgerWell, a.Ledger.Health() == nil)
	observe.DiskFree.Set(-1)
	if free, ok := freeSpace(existing(a.Config.Data)); ok {
		observe.DiskFree.Set(float64(free))
	}
	observe.BackupAge.Set(-1)
	if made, err := backup.Newest(a.Config.Backups); err == nil && made != 0 {
		observe.BackupAge.Set(a.Clock.Now().Sub(made).Seconds())
	}
	index, ready := a.Index.State()
	set(observe.IndexReady, ready)
	observe.IndexCustomers.Set(float64(index.Customers))
	observe.IndexAge.Set(a.since(index.Synced))
	return a.lookInside(ctx)
}

// lookInside reads what the database says.
func (a *App) lookInside(ctx context.Context) error {
	return a.DB.Read(ctx, func(tx *db.Tx) error {
		now := a.Clock.Now()
		log, err1 := a.Ledger.State(tx)
		jobs, err2 := a.Jobs.Backlog(tx)
		mails, err3 := message.Due(tx, now)
		open, late, err4 := request.Open(tx, now)
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			return err
		}
		a.show(log, jobs)
		observe.MailsDue.Set(float64(mails))
		observe.RequestsOpen.Set(float64(open))
		observe.RequestsLate.Set(float64(late))
		return nil
	})
}

func (a *App) show(log ledger.State, jobs job.Backlog) {
	observe.LedgerSize.Set(float64(log.Size))
	observe.LedgerWaiting.Set(float64(log.Waiting))
	observe.CheckpointAge.Set(a.since(log.Checkpoint))
	observe.JobsDue.Set(float64(jobs.Due))
	observe.JobsDead.Set(float64(jobs.Dead))
	observe.JobsLate.Set(a.since(jobs.Oldest))
}

// since is how long ago something was, in seconds; 0 when it never was.
func (a *App) since(at clock.Instant) float64 {
	if at == 0 {
		return 0
	}
	return max(0, a.Clock.Now().Sub(at).Seconds())
}

// watch serves the numbers and probes on an address of their own, when the
// configuration names one.
func (a *App) watch() (stop func(context.Context) error, err error) {
	if a.Config.Metrics.Listen == "" {
		return func(context.Context) error { return nil }, nil
	}
	l, err := net.Listen("tcp", a.Config.Metrics.Listen)
	if err != nil {
		return nil, errs.Wrap(err, errs.Conflict, "listen", "cannot listen on %s for metrics; is another server running?", a.Config.Metrics.Listen).On("metrics.listen")
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.numbers())
	a.probes(mux)
	server := a.server(mux)
	go func() { _ = server.Serve(l) }()
	a.Log.Info("metrics", slog.String("at", l.Addr().String()))
	return server.Shutdown, nil
}

// trace sends spans to the collector of the configuration, if any.
func (a *App) trace() (stop func(context.Context) error) {
	t := a.Config.Traces
	u, err := url.Parse(t.URL)
	if t.URL == "" || err != nil {
		return func(context.Context) error { return nil }
	}
	allow := append([]string{u.Hostname()}, a.Config.Egress.Allow...)
	if u.Scheme == "https" {
		allow = a.Config.Egress.Allow
	}
	door := egress.New(egress.Options{Allow: allow, Loopback: true, Timeout: 10 * time.Second})
	return observe.Traces(door.Client().Do, t.URL, float64(t.Share)/1000)
}
