package message

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"strings"
	"sync"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/moment"
)

// Config is what a sender works with.
type Config struct {
	DB      *db.DB
	Ring    *keyring.Ring
	Gate    *gate.Gate
	Charter *charter.Store
	Ledger  *ledger.Log
	Clock   clock.Clock
	Relay   Relay
	Signers map[string]*Signer // those of the configuration, by the domain of the From address
	// Unsigned lets mails of a domain without a signer leave: the demo, whose
	// mails reach nobody. Elsewhere marketing without a signature is refused.
	Unsigned bool
	Returns  string // the domain that undeliverable mails come back to; "" for the From address
	BaseURL  string // public address of the customers' pages
	Pace     int    // mails a second, 0 for no bound
	Workers  int    // connections to the relay, 4 when 0
	Log      *slog.Logger
}

// Sender hands messages over. It is safe for concurrent use; several processes
// may each run one.
type Sender struct {
	db       *db.DB
	ring     *keyring.Ring
	gate     *gate.Gate
	charter  *charter.Store
	ledger   *ledger.Log
	book     *customer.Book
	clock    clock.Clock
	relay    Relay
	keys     *DomainKeys
	unsigned bool
	returns  string
	base     string
	workers  int
	pace     *pace
	log      *slog.Logger
	wake     chan struct{}
	failed   []FailedFunc

	mu        sync.Mutex
	templates map[templateKey]*Template
	latest    clock.Instant
	idle      []*wire
}

// DomainKeys are the keys with which mails are signed.
func (s *Sender) DomainKeys() *DomainKeys { return s.keys }

// FailedFunc hears that sends of a program could not be decided. It pauses the
// program.
type FailedFunc func(ctx context.Context, program string, programID int64, code errs.Code) error

const (
	leaseTime = 2 * time.Minute
	groupSize = 64
	// maxBack is how far the clock may step back before nothing is sent: caps,
	// expiries and quiet hours would be judged by a wrong time.
	maxBack = 2 * time.Second
)

// New opens a sender and registers with the gate, so that a withdrawal stops
// what is waiting in its own transaction.
func New(cfg Config) (*Sender, error) {
	base, err := checkBase(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if err := cfg.Relay.check(); err != nil {
		return nil, err
	}
	s := &Sender{
		db: cfg.DB, ring: cfg.Ring, gate: cfg.Gate, charter: cfg.Charter, ledger: cfg.Ledger, book: customer.NewBook(cfg.Ring),
		clock: cfg.Clock, relay: cfg.Relay, unsigned: cfg.Unsigned, returns: cfg.Returns, base: base, workers: cfg.Workers,
		pace: newPace(cfg.Pace), log: cfg.Log, wake: make(chan struct{}, 1), templates: map[templateKey]*Template{},
	}
	if s.clock == nil {
		s.clock = clock.System{}
	}
	s.keys = &DomainKeys{db: cfg.DB, ring: cfg.Ring, clock: s.clock, files: cfg.Signers}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.workers <= 0 {
		s.workers = 4
	}
	s.gate.OnTightened(s.tightened)
	return s, nil
}

// OnFailed registers what pauses a program when its sends cannot be decided.
func (s *Sender) OnFailed(fn FailedFunc) { s.failed = append(s.failed, fn) }

// SetPace bounds the mails a second anew, 0 for no bound. Call it while nothing is
// being sent.
func (s *Sender) SetPace(rate int) { s.pace = newPace(rate) }

// Wake tells the sender that something was planned. Call it after the commit.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// now is the time, unless the clock stepped back: then nothing is decided.
func (s *Sender) now() (clock.Instant, error) {
	if err := s.ledger.Steady(); err != nil {
		return 0, err
	}
	now := s.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if now < s.latest.Add(-maxBack) {
		return 0, errs.New(errs.Unavailable, errs.FailClosed, "the clock has stepped back; nothing is sent until it has caught up")
	}
	s.latest = max(s.latest, now)
	return now, nil
}

// Run sends what is due until the context ends. What is on its way is finished.
func (s *Sender) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	defer s.closeIdle()
	var around sync.WaitGroup
	defer around.Wait()
	around.Go(func() { s.tidy(ctx) })
	for {
		if _, err := s.Drain(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("sending stopped for a moment", "code", string(errs.CodeOf(err)))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-tick.C:
		}
	}
}

// tidy takes up what a process that died held, also while there is much to send,
// and deletes old counts.
func (s *Sender) tidy(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var forgotten clock.Instant
	for {
		if err := s.Recover(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("sends with an ended lease could not be looked at", "code", string(errs.CodeOf(err)))
		}
		if now := s.clock.Now(); now.Sub(forgotten) >= time.Hour {
			forgotten = now
			if err := s.db.Write(ctx, func(tx *db.Tx) error { return forgetCounts(tx, now) }); err != nil && ctx.Err() == nil {
				s.log.Error("old counts could not be deleted", "code", string(errs.CodeOf(err)))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Drain sends all that is due now and gives how many were handed over.
func (s *Sender) Drain(ctx context.Context) (int, error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var total int
	var first error
	for range s.workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				n, claimed, err := s.round(ctx)
				mu.Lock()
				total += n
				if first == nil {
					first = err
				}
				stop := first != nil
				mu.Unlock()
				if claimed == 0 || stop {
					return
				}
			}
		})
	}
	wg.Wait()
	return total, first
}

// round claims, checks and sends one group on one connection. When the relay
// cannot be reached nothing is claimed.
func (s *Sender) round(ctx context.Context) (handed, claimed int, err error) {
	n, err := s.pace.take(ctx, groupSize)
	if err != nil {
		return 0, 0, nil // the context ended
	}
	holder := newHolder()
	group, err := s.claim(ctx, holder, n)
	if err != nil || len(group) == 0 {
		s.pace.back(n)
		return 0, 0, err
	}
	s.pace.back(n - len(group))
	moment.Reached(moment.Claimed)
	w, err := s.line(ctx)
	if err != nil {
		return 0, len(group), s.release(ctx, holder, err)
	}
	list, err := s.handOver(ctx, holder, group)
	if err != nil {
		s.keep(w, false)
		return 0, len(group), s.unable(ctx, holder, err)
	}
	s.pace.back(len(group) - len(list))
	moment.Reached(moment.HandedOver)
	return len(list), len(group), s.deliver(ctx, holder, w, list)
}

func newHolder() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// release gives claimed sends back, to be tried again in a while.
func (s *Sender) release(ctx context.Context, holder string, cause error) error {
	err := s.db.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		_, err := tx.Exec(`update send set state = 'planned', holder = '', lease_until = 0, due_at = $2 where state = 'claimed' and holder = $1`,
			holder, s.clock.Now().Add(retryAfter(1)))
		return err
	})
	if err != nil {
		return err
	}
	return cause
}

// unable is for a group that could not be decided: it goes back and its programs
// are paused, since nothing leaves without an answer of the gate (SEC-10).
func (s *Sender) unable(ctx context.Context, holder string, cause error) error {
	ctx = context.WithoutCancel(ctx)
	type program struct {
		name string
		id   int64
	}
	var programs []program
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query("select distinct program, program_id from send where state = 'claimed' and holder = $1", holder)
		programs, err = db.Collect(rows, err, func(scan db.Scan) (p program, err error) { return p, scan(&p.name, &p.id) })
		if err != nil {
			return err
		}
		_, err = tx.Exec(`update send set state = 'planned', holder = '', lease_until = 0, due_at = $2 where state = 'claimed' and holder = $1`,
			holder, s.clock.Now().Add(retryAfter(1)))
		return err
	})
	if err != nil {
		return err // the lease ends by itself
	}
	code := errs.CodeOf(cause)
	if code == "" {
		code = errs.FailClosed
	}
	for _, p := range programs {
		for _, fn := range s.failed {
			if err := fn(ctx, p.name, p.id, code); err != nil {
				return err
			}
		}
	}
	return cause
}

func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}
