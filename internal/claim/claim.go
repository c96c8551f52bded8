// Package claim keeps what must outlive an erasure so that the business, or the
// person, can answer a legal claim (GDPR 17(3)(e), 5(2)): what was agreed to,
// refused and withdrawn, when, how and to which words; and that requests came and
// were answered.
//
// As the first step of an erasure that evidence moves here, without any address,
// name or value. It is sealed under a key of its own, which is neither the
// person's nor one that opens anything else, and is found by an exact identity
// alone, under a digest that no other table has. The rule pack of the person's market
// says on which ground it is kept and how long: no longer than claims can be
// brought. Then it is deleted. Until then the officer may open it for a case, and
// each look is an entry of the ledger.
//
// Each record of consent comes with the salt of its entry in the ledger, so that
// it is proven there also after the ledger's own content is gone.
package claim

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// Term names, in the rule packs, how long claims can be brought.
const Term rulepack.TermName = "claims"

// Ground is the exception of the rule packs under which evidence is kept. A market
// without it keeps none.
const Ground = "legal claims"

// The kinds of the ledger's entries.
const (
	KindLooked ledger.Kind = "claim.looked" // the officer looked for somebody's, and found some or none
	KindEnded  ledger.Kind = "claim.ended"  // claims were barred: so many were deleted
)

// Config is what the store works with.
type Config struct {
	DB      *db.DB
	Ring    *keyring.Ring
	Gate    *gate.Gate
	Charter *charter.Store
	Ledger  *ledger.Log
	Jobs    *job.Queue
	Clock   clock.Clock
}

// Store is the sealed store. It is safe for concurrent use.
type Store struct {
	Config
	book *customer.Book
}

const (
	jobEnd   = "claim.end"
	endEvery = 24 * time.Hour
)

// New opens the store and registers its background work.
func New(c Config) *Store {
	s := &Store{c, customer.NewBook(c.Ring)}
	c.Jobs.Handle(jobEnd, func(ctx context.Context, _ job.Job) error {
		_, err := s.End(ctx)
		return err
	})
	c.Jobs.Every(jobEnd, endEvery)
	return s
}

// Asked is a request of the person, by its bare facts.
type Asked struct {
	Kind       string        `json:"kind"`
	ReceivedAt clock.Instant `json:"received_at"`
	AnsweredAt clock.Instant `json:"answered_at,omitzero"` // when it was closed
	Outcome    string        `json:"outcome,omitempty"`
}

// Evidence is what is sealed. It names nobody.
type Evidence struct {
	Erasure     Asked    `json:"erasure"`
	Certificate id.Entry `json:"certificate,omitzero"` // of the erasure, in the ledger
	Requests    []Asked  `json:"requests,omitempty"`   // that came before it
	Consents    []Proven `json:"consents,omitempty"`
}

// Proven is a record of consent with what ties it to its leaf of the ledger.
type Proven struct {
	Entry  id.Entry        `json:"entry"`
	Salt   []byte          `json:"salt"`
	Record json.RawMessage `json:"record"` // consent.Record, as it was committed to
}

// Erasure is what Keep must know of the erasure that it is the first step of.
type Erasure struct {
	Request  id.Request
	Customer id.Customer
	Asked    Asked   // the erasure itself
	Before   []Asked // the person's other requests
	// Nobody says that the person did not ask: their address was never confirmed. Then
	// nothing is kept unless something was decided.
	Nobody bool
}

// Kept is what an erasure left in the store.
type Kept struct {
	Records int64         `json:"records"` // of consent
	Market  term.Market   `json:"market"`  // the rule pack
	Ground  string        `json:"ground"`  // with its article
	Until   clock.Instant `json:"until"`   // when it is deleted
}

// Keeps tells what is kept of a customer who asks to be erased at an instant. It
// reports false where the rule pack of their market lets nothing be kept, and when
// claims are barred already.
func (s *Store) Keeps(tx *db.Tx, c id.Customer, asked clock.Instant) (k Kept, ok bool, err error) {
	pack, err := s.Gate.PackOf(tx, c)
	if err != nil {
		return k, false, err
	}
	list := pack.ErasureExceptions()
	at := slices.IndexFunc(list, func(x rulepack.Exception) bool { return x.Ground == Ground })
	lasts, has := pack.AtMost(Term)
	if at < 0 || !has {
		return k, false, nil
	}
	in, err := s.Charter.Current(tx)
	if err != nil {
		return k, false, err
	}
	zone, err := time.LoadLocation(in.Business.Zone)
	if err != nil {
		return k, false, err
	}
	until := lasts.ValidUntil(clock.DateOf(asked.In(zone)), zone)
	return Kept{Market: pack.Market, Ground: Ground + " (" + list[at].Source + ")", Until: until}, s.Clock.Now() < until, nil
}

// Keep seals the evidence of a customer who is about to be erased, and says how
// many records of consent it holds. Where nobody decided anything, nothing is kept.
func (s *Store) Keep(tx *db.Tx, e Erasure) (int64, error) {
	kept, ok, err := s.Keeps(tx, e.Customer, e.Asked.ReceivedAt)
	if err != nil || !ok {
		return 0, err
	}
	records, err := consent.Of(tx, e.Customer)
	if err != nil {
		return 0, err
	}
	if e.Nobody && !slices.ContainsFunc(records, func(r consent.Record) bool { return r.Kind != consent.Requested }) {
		return 0, nil
	}
	held, err := customer.IdentitiesOf(tx, []id.Customer{e.Customer})
	if err != nil {
		return 0, err
	}
	ev := Evidence{Erasure: e.Asked, Requests: e.Before}
	for _, r := range records {
		text, err := json.Marshal(r)
		if err != nil {
			return 0, err
		}
		ev.Consents = append(ev.Consents, Proven{r.Entry, r.Salt, text})
	}
	keyID, sealed, err := s.seal(e.Request, ev)
	if err != nil {
		return 0, err
	}
	var rows [][]any
	for _, h := range held[e.Customer] {
		if h.Kind.Names() {
			rows = append(rows, []any{s.Ring.Digest(keyring.Claimant, string(h.Digest)).Sum, e.Request, keyID, kept.Market, kept.Ground, len(records), s.Clock.Now(), kept.Until, sealed})
		}
	}
	if len(rows) == 0 {
		return 0, nil
	}
	_, err = tx.InsertMany("insert into claim (digest, request_id, key_id, market, ground, records, made_at, until_at, sealed) values", "", rows)
	return int64(len(records)), err
}

// Answered notes in what was kept at an erasure that it was answered, and when.
func (s *Store) Answered(tx *db.Tx, r id.Request, at clock.Instant, certificate id.Entry) error {
	kept, ok, err := ofErasure(tx, r)
	if err != nil || !ok {
		return err
	}
	ev, err := s.open(kept)
	if err != nil {
		return err
	}
	ev.Erasure.AnsweredAt, ev.Certificate = at, certificate
	sealed, err := s.sealUnder(kept.keyID, r, ev)
	if err != nil {
		return err
	}
	_, err = tx.Exec("update claim set sealed = $2 where request_id = $1", r, sealed)
	return err
}

// KeptAt tells what an erasure left here. It returns NOT_FOUND when that is
// nothing.
func KeptAt(tx *db.Tx, r id.Request) (Kept, error) {
	kept, ok, err := ofErasure(tx, r)
	if err == nil && !ok {
		err = errs.New(errs.NotFound, "nothing_kept", "nothing was kept for claims at this erasure")
	}
	return kept.Kept, err
}

// endBatch is of how many erasures one transaction deletes.
const endBatch = 500

// End deletes what claims are barred for, and says of how many erasures it was.
func (s *Store) End(ctx context.Context) (total int, err error) {
	for {
		n := 0
		err := s.DB.Write(ctx, func(tx *db.Tx) error {
			now := s.Clock.Now()
			rows, err := tx.Query("select request_id from claim where until_at <= $1 order by until_at limit $2", now, endBatch)
			over, err := db.Collect(rows, err, func(scan db.Scan) (r id.Request, err error) { return r, scan(&r) })
			if err != nil || len(over) == 0 {
				n = 0
				return err
			}
			slices.Sort(over)
			over = slices.Compact(over)
			n = len(over)
			for _, r := range over {
				if _, err := tx.Exec("delete from claim where request_id = $1", r); err != nil {
					return err
				}
			}
			_, err = s.Ledger.Append(tx, KindEnded, now, map[string]any{"claims": n})
			return err
		})
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}

// MostCounted bounds what State counts.
const MostCounted = 10_000

// State is how full the store is.
type State struct {
	Claims int64         // erasures of which something is kept, up to MostCounted
	Oldest clock.Instant // when the first of them was kept; 0 when there is none
	Next   clock.Instant // when the next one is deleted
}

// StateOf counts.
func StateOf(tx *db.Tx) (st State, err error) {
	for _, one := range []struct {
		query string
		into  any
		args  []any
	}{
		{"select count(*) from (select distinct request_id from claim where request_id > $1 order by request_id limit $2) c", &st.Claims, []any{0, MostCounted}},
		{"select made_at from claim where request_id > $1 order by request_id limit 1", &st.Oldest, []any{0}},
		{"select until_at from claim where until_at > $1 order by until_at limit 1", &st.Next, []any{0}},
	} {
		if err := tx.QueryRow(one.query, one.args...).Scan(one.into); err != nil && !errs.Is(err, errs.NotFound) {
			return st, err
		}
	}
	return st, nil
}
