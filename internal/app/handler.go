package app

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/observe"
	"candor/internal/ui"
)

// Handler serves all edges.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	ui.Register(mux)
	a.Collector.Register(mux)
	a.Portal.Register(mux)
	a.API.Register(mux)
	a.Sharing.Routes(mux)
	a.Web.Register(mux)
	if a.Mailbox != nil {
		a.Mailbox.Register(mux)
		a.Tour.Register(mux)
	}
	for _, h := range a.Hooks {
		h.Register(mux)
	}
	for pattern, h := range a.more {
		mux.HandleFunc(pattern, h)
	}
	a.probes(mux)
	if a.secret != "" {
		mux.Handle("GET /metrics", withToken(a.secret, a.numbers()))
	}
	mux.Handle("GET /{$}", http.RedirectHandler("/privacy", http.StatusSeeOther))
	return a.observe(a.behindProxies(a.limited(mux)))
}

func (a *App) probes(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", a.ready)
}

// ready says whether the engine may decide: database, charter and ledger are
// well.
func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if err := a.wellEnough(ctx); err != nil {
		a.Log.Warn("not ready", slog.String("error", err.Error()))
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

// wellEnough gives what stands in the way of deciding.
func (a *App) wellEnough(ctx context.Context) error {
	err := a.DB.Read(ctx, func(tx *db.Tx) error {
		_, err := a.Charter.Current(tx)
		return err
	})
	if err == nil {
		err = a.Ledger.Health()
	}
	return err
}

// observe logs, counts and traces each request by its route, never by its path,
// and turns a panic into an answer with an incident number.
func (a *App) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		seen := &watched{ResponseWriter: w, status: http.StatusOK}
		r, span := observe.BeginRequest(r)
		defer func() {
			if p := recover(); p != nil {
				observe.Panics.Add(1)
				seen.status = http.StatusInternalServerError
				incident := id.New[id.Use]().String()
				a.Log.Error("panic", slog.String("route", r.Pattern), slog.String("incident", incident), slog.String("stack", string(debug.Stack())))
				if !seen.wrote {
					http.Error(w, "internal error, incident "+incident, http.StatusInternalServerError)
				}
			}
			observe.Requests.Took(start, observe.Area(r.Pattern), class(seen.status))
			span.Answered(r.Method, r.Pattern, seen.status)
			a.Log.Debug("request", slog.String("method", r.Method), slog.String("route", r.Pattern),
				slog.Int("status", seen.status), slog.Duration("took", time.Since(start)))
		}()
		next.ServeHTTP(seen, r)
	})
}

// class is the status as metrics have it.
func class(status int) string {
	if status == http.StatusTooManyRequests {
		return "429"
	}
	return strconv.Itoa(status/100) + "xx"
}

// watched remembers the status of an answer.
type watched struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (w *watched) WriteHeader(status int) {
	w.status, w.wrote = status, true
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
