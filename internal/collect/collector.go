package collect

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"candor/internal/admission"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/limit"
	"candor/internal/request"
)

// Config is what a Collector needs. Everything from Log on may be left out.
type Config struct {
	DB      *db.DB
	Ring    *keyring.Ring
	Gate    *gate.Gate
	Charter *charter.Store
	Clock   clock.Clock

	Desk      *request.Desk // takes what shops ask for on behalf of people; without it their hooks answer 503
	Log       *slog.Logger
	PublicURL string                     // where browsers reach us, such as https://candor.example; "" takes it from the request
	Address   func(*http.Request) string // the sender's network address behind a proxy; used for limits in memory only
	ServerKey limit.Rate                 // of one server's key
	PublicKey limit.Rate                 // of one public key, over all visitors
	Visitor   limit.Rate                 // of one address, with public keys
}

// The default rates.
var (
	defaultServer  = limit.Rate{Events: 20_000, Burst: 100_000}
	defaultPublic  = limit.Rate{Events: 2_000, Burst: 20_000}
	defaultVisitor = limit.Rate{Events: 20, Burst: 500}
)

// Collector takes data in over HTTP. It is safe for concurrent use.
type Collector struct {
	db      *db.DB
	ring    *keyring.Ring
	gate    *gate.Gate
	charter *charter.Store
	clock   clock.Clock
	desk    *request.Desk
	log     *slog.Logger
	url     string
	address func(*http.Request) string

	sources *Sources
	counts  *counters
	watch   watch

	byServerKey, byPublicKey, byAddress *limit.Limiter

	mu    sync.Mutex
	rules *admission.Rules // of the charter version that was in force last
}

// New makes a collector.
func New(cfg Config) *Collector {
	c := &Collector{
		db: cfg.DB, ring: cfg.Ring, gate: cfg.Gate, charter: cfg.Charter, clock: cfg.Clock,
		desk: cfg.Desk, log: cfg.Log, url: cfg.PublicURL, address: cfg.Address,
		sources:     newSources(cfg.DB, cfg.Ring, cfg.Clock, cfg.Charter),
		counts:      newCounters(),
		byServerKey: limit.New(cfg.ServerKey.Or(defaultServer)),
		byPublicKey: limit.New(cfg.PublicKey.Or(defaultPublic)),
		byAddress:   limit.New(cfg.Visitor.Or(defaultVisitor)),
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	if c.address == nil {
		c.address = remoteAddress
	}
	return c
}

// Sources manages the sources and their keys.
func (c *Collector) Sources() *Sources { return c.sources }

// Run writes the counters about once a second until ctx ends, and then once
// more.
func (c *Collector) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return c.Flush(context.WithoutCancel(ctx))
		case <-tick.C:
			if err := c.Flush(ctx); err != nil && ctx.Err() == nil {
				c.log.Error("collect: counters wait to be written", slog.Any("error", err))
			}
		}
	}
}

// Flush writes the counters now.
func (c *Collector) Flush(ctx context.Context) error { return c.counts.write(ctx, c.db, c.clock.Now()) }

// Counts gives a source's counters, by kind and name, as last written.
func (c *Collector) Counts(tx *db.Tx, source id.Source) ([]Count, error) {
	return listCounts(tx, source)
}

// Quarantine gives a page of the messages of a source that failed validation,
// oldest first, without any value.
func (c *Collector) Quarantine(tx *db.Tx, source id.Source, after id.Quarantine, limit int) ([]Held, error) {
	return listQuarantine(tx, source, after, limit)
}

// admitted gives what the charter in force lets in.
func (c *Collector) admitted(ctx context.Context) (*admission.Rules, error) {
	now, err := c.charter.InForce(ctx, c.db)
	if errs.Is(err, errs.NotFound) {
		return nil, errNoNotice
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rules == nil || c.rules.Charter() != now {
		c.rules = admission.New(now)
	}
	return c.rules, nil
}

// publicURL gives the scheme and host that browsers reach us under.
func (c *Collector) publicURL(r *http.Request) (protocol, host string) {
	if scheme, rest, ok := strings.Cut(c.url, "://"); ok {
		return scheme, strings.TrimSuffix(rest, "/")
	}
	if r.TLS != nil {
		return "https", r.Host
	}
	return "http", r.Host
}
