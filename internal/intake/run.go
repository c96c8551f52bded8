package intake

import (
	"context"
	"errors"
	"io"
	"slices"

	"candor/internal/admission"
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
	"candor/internal/moment"
	"candor/internal/term"
)

// Config is what an Importer needs.
type Config struct {
	DB      *db.DB
	Ring    *keyring.Ring
	Gate    *gate.Gate
	Charter *charter.Store
	Clock   clock.Clock
	Jobs    *job.Queue // for imports in the background; nil for none
}

// Importer takes files over. It is safe for concurrent use.
type Importer struct {
	db      *db.DB
	ring    *keyring.Ring
	book    *customer.Book
	gate    *gate.Gate
	charter *charter.Store
	clock   clock.Clock
	jobs    *job.Queue
}

// New makes an importer and registers its background work.
func New(cfg Config) *Importer {
	im := &Importer{cfg.DB, cfg.Ring, customer.NewBook(cfg.Ring), cfg.Gate, cfg.Charter, cfg.Clock, cfg.Jobs}
	im.schedule()
	return im
}

// Options says how to run an import.
type Options struct {
	Mapping  Mapping
	DryRun   bool                 // check everything, store nothing
	Actor    term.Actor           // who runs it
	Progress func(Report)         // called after each batch, or nil
	Failed   func(RowError) error // called for each row that is not taken, in the order of the file, or nil
	Together *together            // what several exports of one audit share; nil for one alone
}

// together is what exports that are loaded one after the other know of each other.
type together struct {
	stopped map[string]bool      // identities not to be written to
	known   map[string]bool      // identities seen in a dry run
	seen    map[id.Customer]bool // customers seen in a real one
}

func newTogether() *together {
	return &together{map[string]bool{}, map[string]bool{}, map[id.Customer]bool{}}
}

// batch is how many customers are handed to the gate at once.
const batchSize = 500

// Import reads a file and takes it over: first every no in it, so that nothing
// is sent to somebody whose no stands further down, then the rest. It returns
// INVALID when the mapping does not fit the file or the charter; rows that
// cannot be taken are no error of the import. When it fails or is killed
// half-way, what was taken stays, and importing the same file by the same
// mapping goes on from there.
func (im *Importer) Import(ctx context.Context, r io.ReadSeeker, o Options) (Report, error) {
	if o.Mapping.Export != nil {
		return im.importExport(ctx, r, o)
	}
	f, err := openFile(r, &o.Mapping)
	if err != nil {
		return Report{}, err
	}
	p, err := im.plan(ctx, o.Mapping, f.header)
	if err != nil {
		return Report{}, err
	}
	run := &run{im: im, o: o, plan: p, together: newTogether()}
	run.report = Report{Errors: map[errs.Code]int{}, Without: map[errs.Code]int{}, LeftOut: p.leftOut}
	if o.DryRun {
		return run.report, run.all(ctx, f)
	}
	content, err := im.contentOf(r, o.Mapping)
	if err != nil {
		return Report{}, err
	}
	if err := im.begin(ctx, run, content); err != nil {
		return run.report, err
	}
	err = run.whole(ctx, r)
	return run.report, errors.Join(err, im.end(context.WithoutCancel(ctx), run, err))
}

// plan checks a mapping against the charter in force and a file's columns.
func (im *Importer) plan(ctx context.Context, m Mapping, header []string) (*plan, error) {
	var c *charter.Charter
	var past promises
	err := im.db.Read(ctx, func(tx *db.Tx) (err error) {
		if c, err = im.charter.Current(tx); err != nil {
			return err
		}
		past, err = im.promised(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return newPlan(m, admission.New(c), past, header, im.clock.Now())
}

// whole reads the file twice: for what lowers, and for all.
func (u *run) whole(ctx context.Context, r io.ReadSeeker) error {
	for _, pass := range []func(context.Context, *file) error{u.lower, u.all} {
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return err
		}
		f, err := openFile(r, &u.o.Mapping)
		if err != nil {
			return err
		}
		if err := pass(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// lower takes every no of the file.
func (u *run) lower(ctx context.Context, f *file) error {
	if len(u.plan.m.Consents) == 0 {
		return nil
	}
	var list []gate.Arrival
	for {
		cells, line, err := f.next()
		end := errors.Is(err, io.EOF)
		if len(list) == batchSize || end && len(list) > 0 {
			if _, err := u.im.gate.Take(ctx, list); err != nil {
				return err
			}
			list = nil
		}
		switch {
		case end:
			return ctx.Err()
		case errors.Is(err, errRow):
			continue
		case err != nil:
			return err
		}
		if a, ok := u.no(cells, line); ok {
			list = append(list, a)
		}
	}
}

// no gives what a row lowers, and for whom.
func (u *run) no(cells []string, line int64) (gate.Arrival, bool) {
	r, why := u.plan.person(cells, line)
	if why != nil {
		return gate.Arrival{}, false
	}
	for _, c := range u.plan.m.Consents {
		u.plan.readConsent(&r, c, cells, line)
	}
	r.acts = slices.DeleteFunc(r.acts, func(a consent.Act) bool { return !a.Kind.Lowers() })
	a := u.person(r, line).arrival
	a.Values, a.Traits = nil, nil
	return a, len(r.acts) > 0
}

// run is one import at work.
type run struct {
	im     *Importer
	o      Options
	plan   *plan
	report Report

	before  Past       // what an earlier run of the same file came to
	pending []person   // not yet handed to the gate
	failed  []RowError // not yet reported
	*together
}

// person is what consecutive rows say of one person.
type person struct {
	key     string // of the identities, as written
	rows    []int64
	arrival gate.Arrival
}

func (u *run) all(ctx context.Context, f *file) error {
	for {
		cells, line, err := f.next()
		if errors.Is(err, io.EOF) {
			u.report.LeftOut = append(u.report.LeftOut, f.unnamed()...)
			return u.hand(ctx, len(u.pending))
		}
		if err != nil && !errors.Is(err, errRow) {
			return err
		}
		if line <= u.report.From {
			if err == nil {
				u.plan.pass(cells)
			}
			continue
		}
		u.report.Rows++
		u.row(cells, line, err)
		if len(u.pending) > batchSize {
			if err := u.hand(ctx, batchSize); err != nil {
				return err
			}
		}
	}
}

// row reads one row and adds it to what is pending: to the person of the row
// before, when it is the same.
func (u *run) row(cells []string, line int64, broken error) {
	var r row
	why := &RowError{Row: line, Reason: BadRow}
	if broken == nil {
		r, why = u.plan.read(cells, line)
	}
	if why != nil {
		u.fail(*why)
		return
	}
	for _, e := range r.without {
		u.withhold(e)
	}
	if n := len(u.pending); n > 0 && u.pending[n-1].key == r.key {
		u.pending[n-1].join(r, line)
		return
	}
	u.pending = append(u.pending, u.person(r, line))
}

func (u *run) fail(e RowError) {
	u.report.Errors[e.Reason]++
	u.failed = append(u.failed, e)
}

// withhold reports a permission that was left out; its row is taken.
func (u *run) withhold(e RowError) {
	u.report.NoPermission++
	u.report.Without[e.Reason]++
	u.failed = append(u.failed, e)
}

func (u *run) person(r row, line int64) person {
	at := r.at
	if at == 0 {
		at = u.plan.now
	}
	return person{key: r.key, rows: []int64{line}, arrival: gate.Arrival{
		Provenance: customer.Provenance{Source: u.o.Mapping.Source, Method: customer.Imported, At: at, Confidence: customer.Certain},
		Identities: r.identities, Values: r.values, Traits: r.traits, Events: r.events, Acts: r.acts, At: u.plan.now,
	}}
}

// join adds a further row of the same person; of a field given twice the later
// row counts.
func (p *person) join(r row, line int64) {
	p.rows = append(p.rows, line)
	for f, v := range r.values {
		p.arrival.Values[f] = v
	}
	for f, v := range r.traits {
		p.arrival.Traits[f] = v
	}
	p.arrival.Events = append(p.arrival.Events, r.events...)
	p.arrival.Acts = append(p.arrival.Acts, r.acts...)
	p.arrival.Provenance.At = max(p.arrival.Provenance.At, r.at)
}

// hand gives the first n persons to the gate, or in a dry run looks them up.
func (u *run) hand(ctx context.Context, n int) error {
	part := u.pending[:n]
	var err error
	if u.o.DryRun {
		err = u.lookUp(ctx, part)
	} else {
		err = u.take(ctx, part)
	}
	if err != nil {
		return err
	}
	if n > 0 && !u.o.DryRun {
		moment.Reached(moment.Imported)
		rows := part[n-1].rows
		if err := u.im.reached(ctx, u, rows[len(rows)-1]); err != nil {
			return err
		}
	}
	u.pending = slices.Clone(u.pending[n:])
	if err := u.tell(); err != nil {
		return err
	}
	if u.o.Progress != nil {
		u.o.Progress(u.report)
	}
	return ctx.Err()
}

// tell passes on the rows that failed, in the order of the file.
func (u *run) tell() error {
	slices.SortStableFunc(u.failed, func(a, b RowError) int { return int(a.Row - b.Row) })
	if u.o.Failed != nil {
		for _, e := range u.failed {
			if err := u.o.Failed(e); err != nil {
				return err
			}
		}
	}
	u.failed = nil
	return nil
}

func (u *run) take(ctx context.Context, part []person) error {
	if len(part) == 0 {
		return nil
	}
	arrivals := make([]gate.Arrival, len(part))
	for i, p := range part {
		arrivals[i] = p.arrival
	}
	taken, err := u.im.gate.Take(ctx, arrivals)
	if err != nil {
		return err
	}
	for i, t := range taken {
		if t.Refused != nil {
			for _, line := range part[i].rows {
				u.fail(RowError{Row: line, Reason: t.Refused.Code})
			}
			continue
		}
		u.count(part[i], t)
	}
	return nil
}

func (u *run) count(p person, t gate.Taken) {
	u.report.OK += int64(len(p.rows))
	u.report.Events += int64(t.Inserted)
	u.report.Duplicates += int64(t.Duplicates)
	if !u.seen[t.Customer] {
		u.seen[t.Customer] = true
		if t.New {
			u.report.New++
		} else {
			u.report.Existing++
		}
	}
	u.permissions(p, t)
	for _, n := range t.Notes {
		if n.Code == gate.NoteSuperseded {
			continue // taken, and another source's value is believed; what the person corrected is reported
		}
		u.fail(RowError{Row: p.rows[0], Reason: n.Code})
	}
}

// permissions counts what was said of permissions. Of a yes that the person has
// taken back since, the gate gives the no that stands.
func (u *run) permissions(p person, t gate.Taken) {
	for i, r := range t.Records {
		switch {
		case i < len(p.arrival.Acts) && p.arrival.Acts[i].Kind.Raises() && r.Kind.Lowers():
			u.withhold(RowError{Row: p.rows[0], Reason: Overtaken})
		case r.Counts() && u.stops(p.arrival.Identities):
			u.withhold(RowError{Row: p.rows[0], Reason: Overtaken})
		case r.Counts():
			u.report.Permissions++
		}
	}
}

// lookUp counts who is known already, without storing anything.
func (u *run) lookUp(ctx context.Context, part []person) error {
	return u.im.db.Read(ctx, func(tx *db.Tx) error {
		for _, p := range part {
			u.report.OK += int64(len(p.rows))
			u.report.Events += int64(len(p.arrival.Events))
			for _, a := range p.arrival.Acts {
				switch {
				case consent.Judge(a) != consent.Valid:
				case u.stops(p.arrival.Identities):
					u.withhold(RowError{Row: p.rows[0], Reason: Overtaken})
				default:
					u.report.Permissions++
				}
			}
			if u.metBefore(p.arrival.Identities) {
				continue
			}
			found, err := u.find(tx, p.arrival.Identities)
			if err != nil {
				return err
			}
			if found {
				u.report.Existing++
			} else {
				u.report.New++
			}
		}
		return nil
	})
}

// stops reports whether an export says that somebody must not be written to.
func (u *run) stops(list []customer.Identity) bool {
	return slices.ContainsFunc(list, func(i customer.Identity) bool { return u.stopped[keyOf(i)] })
}

// metBefore reports whether an earlier row of a dry run had one of the
// identities, and remembers them.
func (u *run) metBefore(list []customer.Identity) (met bool) {
	for _, i := range list {
		met = met || u.known[keyOf(i)]
	}
	for _, i := range list {
		u.known[keyOf(i)] = true
	}
	return met
}

func (u *run) find(tx *db.Tx, identities []customer.Identity) (bool, error) {
	for _, i := range identities {
		found, err := u.im.book.Find(tx, i)
		if err != nil || len(found) > 0 {
			return len(found) > 0, err
		}
	}
	return false, nil
}
