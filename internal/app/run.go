package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Timeouts of the server. A slow reader or writer holds one connection and
// nothing else.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 10 * time.Second
	maxHeader         = 64 << 10
)

// Run serves on a listener and works in the background until ctx ends; then it
// finishes what was begun, within ten seconds. Before anything serves or sends,
// every protection of the journal holds.
func (a *App) Run(ctx context.Context, l net.Listener) error {
	if _, err := a.Keeper.CatchUp(ctx); err != nil {
		return err
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var running sync.WaitGroup
	for name, loop := range a.loops() {
		running.Go(func() {
			if err := loop(work); err != nil && work.Err() == nil {
				a.Log.Error("background work stopped", slog.String("loop", name), slog.String("error", err.Error()))
			}
		})
	}
	server := &http.Server{
		Handler: a.Handler(), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		err = server.Shutdown(patience)
	}
	stop()
	running.Wait()
	if _, last := a.Ledger.Sequence(context.WithoutCancel(ctx)); last != nil {
		a.Log.Warn("the ledger's last entries are not yet under a checkpoint", slog.String("error", last.Error()))
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
