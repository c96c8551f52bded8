package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"candor/internal/db"
)

// figure is what one run of a job came to.
type figure struct {
	perSecond float64
	cpu       time.Duration // of the process, the client's share included, for one unit
	p50, p99  time.Duration // of one call
	failed    int64
	effort    db.Effort // of all units
	units     int64
	err       error // of the first call that failed
}

// call does one call as worker number w and gives how many units it was.
type call func(ctx context.Context, w int) (units int, err error)

// load makes calls over so many connections for a time.
func load(h *house, connections int, lasts time.Duration, do call) figure {
	ctx, stop := context.WithTimeout(context.Background(), lasts)
	defer stop()
	return loadUntil(ctx, h, connections, do)
}

// loadUntil does that until a context ends.
func loadUntil(ctx context.Context, h *house, connections int, do call) figure {
	var units, failed atomic.Int64
	var first atomic.Pointer[error]
	times := make([][]time.Duration, connections)
	before, start, effort := processTime(), time.Now(), h.app.DB.Effort()
	var all sync.WaitGroup
	for w := range connections {
		all.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				n, err := do(context.WithoutCancel(ctx), w)
				if err != nil {
					failed.Add(1)
					first.CompareAndSwap(nil, &err)
					time.Sleep(10 * time.Millisecond)
					continue
				}
				times[w] = append(times[w], time.Since(began))
				units.Add(int64(n))
			}
		})
	}
	all.Wait()
	took, cpu := time.Since(start), processTime()-before
	spent := h.app.DB.Effort()
	list := slices.Concat(times...)
	slices.Sort(list)
	out := figure{perSecond: float64(units.Load()) / took.Seconds(), failed: failed.Load(), units: max(1, units.Load()),
		effort: db.Effort{Statements: spent.Statements - effort.Statements, Commits: spent.Commits - effort.Commits}}
	if err := first.Load(); err != nil {
		out.err = *err
	}
	if len(list) > 0 {
		out.cpu = cpu / time.Duration(max(1, units.Load()))
		out.p50, out.p99 = list[len(list)/2], list[len(list)*99/100]
	}
	return out
}

// processTime is the processor time this process has used.
func processTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// post sends JSON to the API and reads the whole answer.
func (h *house) post(ctx context.Context, path, body string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+h.token)
	r.Header.Set("Content-Type", "application/json")
	return h.answer(r)
}

// collect sends a body with a server's key.
func (h *house) collect(ctx context.Context, path string, body []byte, key int, zipped bool) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.SetBasicAuth(h.keys[key%len(h.keys)], "")
	r.Header.Set("Content-Type", "application/json")
	if zipped {
		r.Header.Set("Content-Encoding", "gzip")
	}
	_, err = h.answer(r)
	return err
}

func (h *house) answer(r *http.Request) ([]byte, error) {
	w, err := h.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.Body.Close() }()
	b, err := io.ReadAll(w.Body)
	if err == nil && w.StatusCode >= 300 {
		err = fmt.Errorf("%s answered %d: %s", r.URL.Path, w.StatusCode, b)
	}
	return b, err
}
