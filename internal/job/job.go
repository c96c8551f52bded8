// Package job does work in the background: what a request need not wait for,
// what must be tried again, what recurs.
//
// A job is enqueued in the transaction that makes it necessary, so it exists
// exactly when its cause does. It runs at least once: under a lease that one
// process holds at a time, again after a failure with growing pauses, and is
// given up, kept with a code alone, after MaxAttempts. Handlers are therefore
// written to be safe to repeat. Arguments are ids only: rows here outlive
// erasure by days, and hold nothing about a person.
package job

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

// Job is one piece of work, as its handler gets it.
type Job struct {
	ID      id.Job
	Kind    string
	Args    json.RawMessage
	Attempt int // 1 the first time
}

// New asks for a job.
type New struct {
	Kind   string
	Args   any           // ids only; nil for none
	RunAt  clock.Instant // not before; 0 for now
	Unique string        // "" or a name that only one waiting job of the kind may have
}

// Dead is a job that was given up.
type Dead struct {
	ID      id.Job
	Kind    string
	Code    errs.Code // of the last failure
	Attempt int
	At      clock.Instant
}

// MaxAttempts is how often a failing job is started before it is given up: with
// the pauses between, over about five hours.
const MaxAttempts = 12

// KeepDead is how long a job that was given up stays to be looked at.
const KeepDead = 30 * 24 * time.Hour

// Panicked is the code of an attempt that panicked.
const Panicked errs.Code = "panic"

const (
	workers   = 4
	leaseTime = 2 * time.Minute
	pollEvery = time.Second
	firstWait = 5 * time.Second
	longest   = time.Hour
)

// Handler does a job. An error, and a panic, mean that it is tried again.
type Handler func(ctx context.Context, j Job) error

// Queue holds the jobs of a database. Handlers are registered before Run.
type Queue struct {
	db     *db.DB
	clock  clock.Clock
	log    *slog.Logger
	holder string
	wake   chan struct{}

	mu       sync.Mutex
	handlers map[string]Handler
	every    map[string]time.Duration
}

// NewQueue opens the queue of a database.
func NewQueue(d *db.DB, c clock.Clock) *Queue {
	return &Queue{
		db: d, clock: c, log: slog.Default(), holder: newHolder(), wake: make(chan struct{}, workers),
		handlers: map[string]Handler{}, every: map[string]time.Duration{},
	}
}

// Handle names the handler of a kind. A kind has one.
func (q *Queue) Handle(kind string, fn func(ctx context.Context, j Job) error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.handlers[kind] != nil {
		panic("job: two handlers of " + kind)
	}
	q.handlers[kind] = fn
}

// Every has a kind run over and over, one at a time over all processes. A run
// that was missed, because nothing was up, is made up for once.
func (q *Queue) Every(kind string, every time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.every[kind] = every
}

func (q *Queue) handler(kind string) Handler {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.handlers[kind]
}

// kinds lists what this process has handlers for.
func (q *Queue) kinds() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make([]string, 0, len(q.handlers))
	for k := range q.handlers {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (q *Queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
