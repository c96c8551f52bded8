package charter

import (
	"context"
	"sync"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/ledger"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// The ledger's kinds of entries about charters.
const (
	KindApplied ledger.Kind = "charter.applied" // a version came into force
	KindPlanned ledger.Kind = "charter.planned" // a version waits for its effective date
)

// The codes of the store's errors.
const (
	None          errs.Code = "no_charter"       // nothing is in force
	Invalid       errs.Code = "charter_invalid"  // the charter has problems
	NoSlot        errs.Code = "charter_no_slot"  // too many traits over all versions
	OtherBusiness errs.Code = "charter_business" // business.id is not what it was
	Altered       errs.Code = "charter_altered"  // a stored version is not what was hashed
)

// Store keeps every version of the charter and its notices, one of them in
// force. It is safe for concurrent use.
type Store struct {
	log    *ledger.Log
	packs  *rulepack.Set
	checks []func(*Charter) Problems
	second func(tx *db.Tx, before, after *Charter, by term.Actor) error

	recent db.Recent[*db.DB, *Charter]

	mu     sync.Mutex
	parsed map[key]*Charter
}

// key names a version in force: of whichever database, its text is its hash and
// what it inherits.
type key struct {
	version      int64
	hash, floors string
}

// NewStore makes a store that writes what it does to the ledger.
func NewStore(log *ledger.Log, packs *rulepack.Set) *Store {
	return &Store{log: log, packs: packs, parsed: map[key]*Charter{}}
}

// CheckWith has Apply refuse a charter in which a check finds problems: those of
// whoever knows more than this package, such as the language of conditions. All
// are registered before the store is used.
func (s *Store) CheckWith(check func(*Charter) Problems) { s.checks = append(s.checks, check) }

var errNone = errs.New(errs.NotFound, None, "no charter is in force; set charter in the configuration to its folder and start the server")

// inForce is what a transaction remembers the charter in force under.
type inForce struct{}

// Current gives the charter in force. It returns NOT_FOUND when there is none.
// It costs one small read a transaction; a version is parsed once.
func (s *Store) Current(tx *db.Tx) (*Charter, error) {
	if c, ok := tx.Kept(inForce{}).(*Charter); ok {
		return c, nil
	}
	var k key
	err := tx.QueryRow(`select c.version, c.hash, v.floors from charter_current c join charter_version v on v.version = c.version
		where c.name = 'charter'`).Scan(&k.version, &k.hash, &k.floors)
	if errs.Is(err, errs.NotFound) {
		return nil, errNone
	}
	if err != nil {
		return nil, err
	}
	c, err := s.load(tx, k)
	if err == nil {
		tx.Keep(inForce{}, c)
	}
	return c, err
}

// InForce is Current for who looks and does not act: it is remembered for a
// moment. What this process puts in force is seen at once, what another server
// does within a second.
func (s *Store) InForce(ctx context.Context, d *db.DB) (*Charter, error) {
	return s.recent.Get(d, func() (c *Charter, err error) {
		err = d.Read(ctx, func(tx *db.Tx) (err error) {
			c, err = s.Current(tx)
			return err
		})
		return c, err
	})
}

// Version gives a version, in force or not. It returns NOT_FOUND when it does
// not exist.
func (s *Store) Version(tx *db.Tx, n int64) (*Charter, error) {
	k := key{version: n}
	err := tx.QueryRow(`select hash, floors from charter_version where version = $1`, n).Scan(&k.hash, &k.floors)
	if errs.Is(err, errs.NotFound) {
		return nil, errs.New(errs.NotFound, "no_version", "there is no version %d of the charter", n)
	}
	if err != nil {
		return nil, err
	}
	return s.load(tx, k)
}

// load gives a stored version from memory, or reads and parses it.
func (s *Store) load(tx *db.Tx, k key) (*Charter, error) {
	s.mu.Lock()
	c, ok := s.parsed[k]
	s.mu.Unlock()
	if ok {
		return c, nil
	}
	r, err := readRow(tx, k.version)
	if err != nil {
		return nil, err
	}
	if c, err = r.charter(s.packs); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parsed[k] = c
	return c, nil
}

// History lists every version's number, hash and times, the newest first.
func (s *Store) History(tx *db.Tx) ([]Entry, error) {
	rows, err := tx.Query(`select version, hash, effective_at, in_force_at, applied_at, applied_by from charter_version order by version desc`)
	return db.Collect(rows, err, func(scan db.Scan) (Entry, error) {
		var e Entry
		return e, scan(&e.Version, &e.Hash, &e.Effective, &e.InForce, &e.Applied, &e.By)
	})
}

// Entry is a version in the list of all.
type Entry struct {
	Version   int64         `json:"version"`
	Hash      string        `json:"hash"`
	Effective clock.Instant `json:"effective"`
	InForce   clock.Instant `json:"in_force"` // zero while planned
	Applied   clock.Instant `json:"applied"`
	By        term.Actor    `json:"by"`
}
