package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"candor/internal/observe"
)

// Timeouts of the server. A slow reader or writer holds one connection and
// nothing else.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 8 * time.Second // for requests; what was begun in the background has the rest of ten
	lastTimeout       = time.Second     // for the last metrics and spans
	maxHeader         = 64 << 10
	settleTime        = 10 * time.Second // after the start, memory that it needed is given back
)

// Run serves on a listener and works in the background until ctx ends; then it
// finishes what was begun, within ten seconds. Before anything serves or sends,
// every protection of the journal holds.
func (a *App) Run(ctx context.Context, l net.Listener) error {
	if _, err := a.Keeper.CatchUp(ctx); err != nil {
		return err
	}
	unwatch, err := a.watch()
	if err != nil {
		return err
	}
	untrace := a.trace()
	observe.Started.Set(float64(time.Now().Unix()))
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var running sync.WaitGroup
	for name, loop := range a.loops() {
		running.Go(func() {
			if err := loop(work); err != nil && work.Err() == nil {
				observe.Stopped.Add(1, name)
				a.Log.Error("background work stopped", slog.String("loop", name), slog.String("error", err.Error()))
			}
		})
	}
	settled := time.AfterFunc(settleTime, debug.FreeOSMemory) // what only the start needed: templates read, the index made
	defer settled.Stop()
	server := a.server(a.Handler())
	server.RegisterOnShutdown(a.Web.EndStreams)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err = <-failed:
	case <-ctx.Done():
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		if err = server.Shutdown(patience); err != nil {
			a.Log.Warn("some requests were not done in time and are broken off")
			err = server.Close()
		}
	}
	stop()
	running.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTimeout)
	defer cancel()
	_, _ = unwatch(last), untrace(last)
	if _, late := a.Ledger.Sequence(context.WithoutCancel(ctx)); late != nil {
		a.Log.Warn("the ledger's last entries are not yet under a checkpoint", slog.String("error", late.Error()))
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// server bounds every connection in time and size.
func (a *App) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug),
	}
}
