// Package outbox carries effects upward: a package tells what it did, in the
// transaction that did it, and packages above, which it does not know, follow.
//
// The ledger's sequencer numbers messages in the order in which it finds them
// committed. A follower reads what has a higher number than the last it read, so
// it meets every message once, in one order, without gaps: a transaction that
// began early and committed late is numbered late. A message's handler runs in
// the transaction that moves the follower on; what it writes is therefore done
// exactly once. A handler that fails holds its follower back, and no other.
// Payloads are ids only.
package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

// Message is an effect, as a follower gets it.
type Message struct {
	ID      id.Outbox
	Pos     int64 // place in the order of all effects
	Topic   string
	At      clock.Instant
	Payload json.RawMessage
}

// Handler takes one message in the transaction that marks it as read. It does no
// I/O: what needs some enqueues a job.
type Handler func(tx *db.Tx, m Message) error

// Keep is how long messages stay after every follower has read them.
const Keep = 7 * 24 * time.Hour

const (
	pollEvery  = 250 * time.Millisecond
	pruneEvery = time.Hour
	batch      = 200
	numberMost = 5000
)

// Box is the outbox of a database. Followers are registered before Run.
type Box struct {
	db    *db.DB
	clock clock.Clock
	log   *slog.Logger
	wake  chan struct{}

	mu        sync.Mutex
	followers []follower
}

type follower struct {
	name, topic string
	handle      Handler
}

// Open opens the outbox of a database.
func Open(d *db.DB, c clock.Clock) *Box {
	return &Box{db: d, clock: c, log: slog.Default(), wake: make(chan struct{}, 1)}
}

// Publish tells the topic's followers, once the caller's transaction has
// committed.
func (b *Box) Publish(tx *db.Tx, topic string, payload any) error {
	return b.PublishAll(tx, topic, []any{payload})
}

// PublishAll tells them of several things.
func (b *Box) PublishAll(tx *db.Tx, topic string, payloads []any) error {
	rows := make([][]any, len(payloads))
	for i, p := range payloads {
		body, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("outbox: payload of %s: %w", topic, err)
		}
		rows[i] = []any{id.New[id.Outbox](), topic, string(body), b.clock.Now()}
	}
	_, err := tx.InsertMany(`insert into outbox (outbox_id, topic, payload, at) values`, "", rows)
	return err
}

// Follow has a handler read a topic under a name that stays the same from one
// start of the program to the next. A new name starts with what is numbered
// after its first run.
func (b *Box) Follow(topic, name string, fn func(tx *db.Tx, m Message) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.followers = append(b.followers, follower{name, topic, fn})
}

// Pending tells whether there are messages or changes without a place.
func (b *Box) Pending(tx *db.Tx) (bool, error) {
	for _, s := range series {
		var n int64
		if err := tx.QueryRow(s.pending).Scan(&n); err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}

// Number gives places to messages and changes that have none. The ledger's
// sequencer calls it in its own transaction, under its lease: hand the box to
// ledger.Log.Also.
func (b *Box) Number(tx *db.Tx) (int, error) {
	total := 0
	for _, s := range series {
		n, err := s.number(tx)
		if err != nil {
			return total, err
		}
		total += n
	}
	if total > 0 {
		tx.After(b.nudge)
	}
	return total, nil
}

func (b *Box) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Run follows until the context ends.
func (b *Box) Run(ctx context.Context) error {
	poll, prune := time.NewTicker(pollEvery), time.NewTicker(pruneEvery)
	defer poll.Stop()
	defer prune.Stop()
	for {
		if _, err := b.Deliver(ctx); err != nil && ctx.Err() == nil {
			b.log.Warn("outbox: a follower is held back", "code", errs.CodeOf(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-b.wake:
		case <-poll.C:
		case <-prune.C:
			if err := b.Prune(ctx); err != nil && ctx.Err() == nil {
				b.log.Warn("outbox: old messages stay", "code", errs.CodeOf(err))
			}
		}
	}
}
