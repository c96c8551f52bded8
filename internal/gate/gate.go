// Package gate is the one door to customers' data: every collection, reading,
// selection, message, disclosure and export asks it, and it answers ALLOW or
// DENY with all reasons, each with the requirement it comes from. Deny is the
// default.
//
// Law is decided at write and compared at read. Decide is a pure function from
// a customer's facts and the law in force to an answer. When a fact changes,
// the gate writes the fact and, in the same transaction, the customer's
// standing: what will be allowed from now on if nothing more happens, with the
// instants at which that changes by itself. A read compares the standing with
// the time and with the rules it was decided under; rules that changed since
// deny until the standing has been worked out anew.
//
// Only the gate writes facts and consent records, and only code under gate can
// reach keys and sealed values: everybody else gets a Pass.
package gate

import (
	"context"
	"runtime"
	"sync"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/gate/internal/vault"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/journal"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/outbox"
	"candor/internal/rulepack"
)

// Config is what a gate works with.
type Config struct {
	DB      *db.DB
	Ring    *keyring.Ring
	Keys    string // place of the store of customers' keys: a SQLite file or a PostgreSQL URL
	Charter *charter.Store
	Packs   *rulepack.Set
	Ledger  *ledger.Log
	Journal *journal.Journal
	Jobs    *job.Queue
	Outbox  *outbox.Box
	Clock   clock.Clock
}

// Gate is the door. It is safe for concurrent use.
type Gate struct {
	db      *db.DB
	ring    *keyring.Ring
	book    *customer.Book
	charter *charter.Store
	packs   *rulepack.Set
	ledger  *ledger.Log
	journal *journal.Journal
	jobs    *job.Queue
	outbox  *outbox.Box
	clock   clock.Clock

	vault  *vault.Vault
	events *event.Maker
	memory *memory

	hooks []TightenedFunc // set before the gate is used

	arrivals *gather[Arrival, Taken]
	checks   *gather[Request, Decision]
	acts     *gather[consent.Act, heard]
	uses     *gather[use, use]

	mu    sync.Mutex
	laws  map[lawKey]*Law
	keeps map[lawKey]*event.Keep
}

// lawKey names the charter a law was derived from.
type lawKey struct {
	hash    string
	version int64
}

// TightenedFunc hears, in the same transaction, which permissions of customers
// became fewer. It stops what is waiting and names what had already left.
type TightenedFunc func(tx *db.Tx, fewer map[id.Customer][]StandingKey) (left map[id.Customer][]string, err error)

// The kinds of the gate's jobs.
const (
	JobRestand = "gate.restand"     // work out standings anew after the rules changed
	JobRevoke  = "recipient.revoke" // tell a recipient that a consent ended

	JobRetention = "gate.retention" // delete what its time is over for and what no purpose needs
)

// The topics the gate publishes to.
const (
	TopicConsent  = "consent.recorded" // Recorded
	TopicStanding = "standing.changed" // Changed

	TopicCorrected = "values.corrected" // Corrected
)

// The kinds of the gate's ledger entries.
const (
	KindConsent     ledger.Kind = "consent.record"
	KindFact        ledger.Kind = "customer.fact"
	KindSuppression ledger.Kind = "endpoint.suppressed"
	KindDisclosure  ledger.Kind = "data.disclosed"
	KindMerge       ledger.Kind = "customer.merged"
)

// New opens the gate. It returns INVALID when a part of the configuration is
// missing: a gate without its ledger, journal or keys decides nothing.
func New(cfg Config) (*Gate, error) {
	if cfg.DB == nil || cfg.Ring == nil || cfg.Charter == nil || cfg.Packs == nil || cfg.Ledger == nil ||
		cfg.Journal == nil || cfg.Jobs == nil || cfg.Outbox == nil {
		return nil, errs.New(errs.Invalid, errs.FailClosed, "the gate lacks a part it needs: database, keys, charter, rule packs, ledger, journal, jobs or outbox")
	}
	g := &Gate{db: cfg.DB, ring: cfg.Ring, book: customer.NewBook(cfg.Ring), charter: cfg.Charter, packs: cfg.Packs,
		ledger: cfg.Ledger, journal: cfg.Journal, jobs: cfg.Jobs, outbox: cfg.Outbox, clock: cfg.Clock, laws: map[lawKey]*Law{}, keeps: map[lawKey]*event.Keep{},
		events: event.NewMaker(cfg.Ring), memory: newMemory()}
	if g.clock == nil {
		g.clock = clock.System{}
	}
	g.arrivals = &gather[Arrival, Taken]{most: mostArrivals, lanes: lanes, do: g.take}
	g.checks = &gather[Request, Decision]{most: mostGlance, lanes: runtime.GOMAXPROCS(0), do: g.check}
	g.uses = &gather[use, use]{most: mostUses, lanes: g.db.Writers(), do: g.useAll}
	g.acts = &gather[consent.Act, heard]{most: mostActs, lanes: g.db.Writers(), do: g.say}
	var err error
	if g.vault, err = vault.Open(context.Background(), cfg.Keys, cfg.Ring, g.clock); err != nil {
		return nil, err
	}
	g.jobs.Handle(JobRestand, func(ctx context.Context, _ job.Job) error {
		_, err := g.Restand(ctx)
		return err
	})
	g.jobs.Every(JobRestand, restandEvery)
	g.jobs.Handle(JobRetention, func(ctx context.Context, _ job.Job) error {
		_, err := g.Retain(ctx)
		return err
	})
	g.jobs.Every(JobRetention, RetainEvery)
	return g, nil
}

// Close closes the store of customers' keys. The database is its owner's.
func (g *Gate) Close() error { return g.vault.Close() }

// OnTightened registers a hook. All are registered before the gate is used.
func (g *Gate) OnTightened(fn TightenedFunc) { g.hooks = append(g.hooks, fn) }

// law gives the law in force with its charter. It fails closed: without a
// charter or with a market that has no rule pack nothing is decided.
func (g *Gate) law(tx *db.Tx) (*Law, *charter.Charter, error) {
	c, err := g.charter.Current(tx)
	if err != nil {
		return nil, nil, errs.Wrap(err, errs.Unavailable, errs.FailClosed, "no charter is in force or it cannot be read, so nothing is allowed")
	}
	l, err := g.lawOf(c)
	return l, c, err
}

// lawNow is that for who looks: of the charter that was in force a moment ago.
func (g *Gate) lawNow(ctx context.Context) (*Law, *charter.Charter, error) {
	c, err := g.charter.InForce(ctx, g.db)
	if err != nil {
		return nil, nil, errs.Wrap(err, errs.Unavailable, errs.FailClosed, "no charter is in force or it cannot be read, so nothing is allowed")
	}
	l, err := g.lawOf(c)
	return l, c, err
}

// keptLaws bounds the laws kept in memory: those of the versions in use.
const keptLaws = 8

// lawOf gives the law of a charter, derived once.
func (g *Gate) lawOf(c *charter.Charter) (*Law, error) {
	key := lawKey{c.Hash(), c.Version}
	g.mu.Lock()
	defer g.mu.Unlock()
	if l := g.laws[key]; l != nil {
		return l, nil
	}
	l, err := NewLaw(c, g.packs)
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, errs.FailClosed, "the law of a market is missing, so nothing is allowed")
	}
	if len(g.laws) >= keptLaws {
		clear(g.laws)
	}
	g.laws[key] = l
	return l, nil
}
