package charter

import (
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/term"
)

// Applied says what applying a charter did.
type Applied struct {
	Version   int64
	InForce   bool // false when its effective date is still to come
	Unchanged bool // the same charter is already in force; nothing was written
	Widened   map[term.Purpose][]Widening
	Notices   []Notice
	Entry     ledger.Written
}

// Apply puts a charter in force from its effective date on: at once when that
// has come, else Advance does it later. Version, notices, floors and the ledger's
// entry are one transaction. A widened purpose gets this version as its floor;
// floors never go down, so going back to an older text revives no consent.
//
// It returns INVALID when the charter has problems, names another business than
// the one in force, or has more traits than there are columns.
func (s *Store) Apply(tx *db.Tx, c *Charter, at clock.Instant, by term.Actor) (Applied, error) {
	if err := s.ready(c, at, by); err != nil {
		return Applied{}, err
	}
	if err := lock(tx); err != nil {
		return Applied{}, err
	}
	current, err := s.Current(tx)
	switch {
	case err == nil:
		if current.Business.ID != c.Business.ID {
			return Applied{}, errs.New(errs.Invalid, OtherBusiness, "business.id is %s in the charter in force; it never changes", current.Business.ID)
		}
		waiting, err := planned(tx, clock.Never)
		if err != nil {
			return Applied{}, err
		}
		if current.hash == c.hash && len(waiting) == 0 {
			return Applied{Version: current.Version, InForce: true, Unchanged: true}, nil
		}
	case errs.Is(err, errs.NotFound):
		current = nil
	default:
		return Applied{}, err
	}
	r, err := newRow(tx, c, at, by)
	if err != nil {
		return Applied{}, err
	}
	if err := r.insert(tx); err != nil {
		return Applied{}, err
	}
	out := Applied{}
	if r.effectiveAt > at {
		out, err = s.plan(tx, r)
	} else {
		out, err = s.enforce(tx, r, at)
	}
	if err == nil && s.second != nil && current != nil {
		err = s.second(tx, current, c, by)
	}
	return out, err
}

// SecondWith sets who is asked, once a charter would be applied after another,
// whether one person may do it. It is called before the store is used. What was
// applied is given back with the refusal, so that a dry run can show it.
func (s *Store) SecondWith(ask func(tx *db.Tx, before, after *Charter, by term.Actor) error) {
	s.second = ask
}

// Longer lists the purposes whose data, or whose consents, a charter keeps longer
// than the one before.
func Longer(before, after *Charter) []Purpose {
	var out []Purpose
	for i := range after.Purposes {
		p := &after.Purposes[i]
		was, ok := before.Purpose(p.ID)
		if ok && (longer(was.Keep, p.Keep) || longerUse(before, after, p)) {
			out = append(out, *p)
		}
	}
	return out
}

func (s *Store) ready(c *Charter, at clock.Instant, by term.Actor) error {
	switch {
	case c == nil || len(c.promise) == 0:
		return errs.New(errs.Invalid, Invalid, "there is no charter to apply")
	case len(c.problems) > 0:
		return c.problems.Err()
	case at.IsZero() || by == "":
		return errs.New(errs.Invalid, Invalid, "say when and by whom the charter is applied")
	}
	for _, check := range s.checks {
		if problems := check(c); len(problems) > 0 {
			return problems.Err()
		}
	}
	return nil
}

// lock makes those who apply charters wait for each other.
func lock(tx *db.Tx) error {
	_, err := tx.Exec(`insert into charter_current (name, version, hash) values ('charter', 0, '')
		on conflict (name) do update set name = excluded.name`)
	return err
}

// newRow numbers a charter and gives its traits columns, which no earlier
// version's trait had.
func newRow(tx *db.Tx, c *Charter, at clock.Instant, by term.Actor) (row, error) {
	r := row{
		version: 1, hash: c.hash, promise: string(c.promise), house: string(c.house),
		effectiveAt: c.Effective.Start(c.Business.Location()), appliedAt: at, appliedBy: by,
		floors: map[term.Purpose]Floor{}, asks: map[term.Ask]askVersion{},
	}
	var taken slots
	last, err := scanRow(tx.QueryRow(`select ` + rowColumns + ` from charter_version order by version desc limit 1`).Scan)
	switch {
	case err == nil:
		r.version, taken = last.version+1, last.slots
	case !errs.Is(err, errs.NotFound):
		return row{}, err
	}
	own := *c
	own.Fields = append([]Field{}, c.Fields...)
	var over []term.Field
	if r.slots, over = own.assignSlots(taken); len(over) > 0 {
		return row{}, errs.New(errs.Invalid, NoSlot, "there is no column left for the trait %s: earlier versions used them all; keep it in the vault", over[0])
	}
	return r, nil
}

func (s *Store) plan(tx *db.Tx, r row) (Applied, error) {
	entry, err := s.log.Append(tx, KindPlanned, r.appliedAt, map[string]any{
		"version": r.version, "hash": r.hash, "effective": r.effectiveAt, "by": r.appliedBy,
	})
	return Applied{Version: r.version, Entry: entry}, err
}

// planned lists the versions that wait for a day until then. One that was
// overtaken by a newer version waits no more: a version never follows a newer
// one, or consents to the newer would pass for consents to the older.
func planned(tx *db.Tx, until clock.Instant) ([]int64, error) {
	rows, err := tx.Query(`select version from charter_version where in_force_at = 0 and effective_at <= $1
		and version > (select version from charter_current where name = 'charter') order by version`, until)
	return db.Collect(rows, err, func(scan db.Scan) (n int64, err error) {
		err = scan(&n)
		return n, err
	})
}

// Advance puts planned versions in force whose day has come, the oldest first.
// It is called from time to time.
func (s *Store) Advance(tx *db.Tx, at clock.Instant) ([]Applied, error) {
	due, err := planned(tx, at)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	if err := lock(tx); err != nil {
		return nil, err
	}
	if due, err = planned(tx, at); err != nil { // another server may have been faster
		return nil, err
	}
	var out []Applied
	for _, n := range due {
		r, err := readRow(tx, n)
		if err != nil {
			return nil, err
		}
		a, err := s.enforce(tx, r, at)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// enforce puts a stored version in force: floors and ask versions against the
// version it follows, its notices, the pointer, the ledger.
func (s *Store) enforce(tx *db.Tx, r row, at clock.Instant) (Applied, error) {
	c, err := r.charter(s.packs)
	if err != nil {
		return Applied{}, err
	}
	out := Applied{Version: r.version, InForce: true}
	before, inherits, err := s.standing(tx)
	if err != nil {
		return Applied{}, err
	}
	out.Widened = widened(before, c)
	for p, v := range inherits.floors {
		r.floors[p] = v
	}
	for p, w := range out.Widened {
		r.floors[p] = r.floors[p].raised(w, r.version, at, before == nil)
	}
	r.asks = askVersions(inherits.asks, c)
	if err := r.putInForce(tx, at); err != nil {
		return Applied{}, err
	}
	tx.After(s.recent.Forget)
	for _, lang := range c.Business.Languages {
		n, err := c.insertNotice(tx, lang)
		if err != nil {
			return Applied{}, err
		}
		out.Notices = append(out.Notices, n)
	}
	out.Entry, err = s.log.Append(tx, KindApplied, at, out.record(r))
	return out, err
}

// standing gives the version in force and its row, or nothing before the first.
func (s *Store) standing(tx *db.Tx) (*Charter, row, error) {
	c, err := s.Current(tx)
	if errs.Is(err, errs.NotFound) {
		return nil, row{}, nil
	}
	if err != nil {
		return nil, row{}, err
	}
	r, err := readRow(tx, c.Version)
	return c, r, err
}

func (r row) putInForce(tx *db.Tx, at clock.Instant) error {
	inherited, err := r.inherited()
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`update charter_version set in_force_at = $1, floors = $2, asks = $3 where version = $4`,
		at, inherited[0], inherited[1], r.version); err != nil {
		return err
	}
	tx.Keep(inForce{}, nil)
	_, err = tx.Exec(`update charter_current set version = $1, hash = $2 where name = 'charter'`, r.version, r.hash)
	return err
}

// record is what the ledger keeps.
func (a Applied) record(r row) any {
	type notice struct {
		ID   id.Notice `json:"id"`
		Lang term.Lang `json:"lang"`
		Hash string    `json:"hash"`
	}
	notices := make([]notice, len(a.Notices))
	for i, n := range a.Notices {
		notices[i] = notice{n.ID, n.Lang, n.Hash}
	}
	return map[string]any{
		"version": r.version, "hash": r.hash, "effective": r.effectiveAt, "by": r.appliedBy,
		"widened": a.Widened, "notices": notices,
	}
}
