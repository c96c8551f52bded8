package audience

import (
	"fmt"
	"slices"

	"candor/internal/audience/index"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

// Config is what the service needs.
type Config struct {
	DB      *db.DB
	Gate    *gate.Gate
	Charter *charter.Store
	Clock   clock.Clock
	Index   *index.Keeper // nil to ask the database always
}

// Service answers questions about audiences. It is safe for concurrent use.
type Service struct {
	db      *db.DB
	gate    *gate.Gate
	charter *charter.Store
	clock   clock.Clock
	index   *index.Keeper

	stagePage int
}

// New makes a service.
func New(c Config) *Service {
	return &Service{db: c.DB, gate: c.Gate, charter: c.Charter, clock: c.Clock, index: c.Index, stagePage: stagePage}
}

// Indexed tells whether audiences are counted from the index in memory at the
// moment, and not in the database.
func (s *Service) Indexed(c *charter.Charter) bool {
	_, ok := s.index.Fresh(versionOf(c), s.clock.Now())
	return ok
}

// Compile is For, as the contract of the other packages names it.
func (s *Service) Compile(c *charter.Charter, p term.Purpose, expression string) (*Condition, error) {
	return For(c, p, expression)
}

// Members gives, in the order of their ids, customers who meet a condition, may
// be served for its purpose on a channel, and have an address there: a page of
// at most limit after a customer. A page shorter than limit is the last. Whoever
// sends asks the gate again for each of them.
func (s *Service) Members(tx *db.Tx, c *Condition, ch term.Channel, after id.Customer, limit int) ([]id.Customer, error) {
	in, err := s.charter.Current(tx)
	if err != nil {
		return nil, err
	}
	if err := requireBasis(in, c.purpose); err != nil {
		return nil, err
	}
	at := s.clock.Now()
	q := c.query(at, probe, 1)
	for _, op := range c.operations() {
		where, args, err := s.gate.ReachSQL(in, gate.Reach{Purpose: c.purpose, Channel: ch, Operation: op, Column: "c.customer_id", At: at}, 1+len(q.args))
		if err != nil {
			return nil, err
		}
		q.and(where, args)
	}
	q.and(customer.AddressSQL(ch, "c.customer_id", 1+len(q.args)))
	q.and(fmt.Sprintf("c.customer_id > $%d", 1+len(q.args)), []any{after})
	text := fmt.Sprintf("select c.customer_id from %s where %s order by c.customer_id limit $%d", q.from, q.where, 1+len(q.args))
	rows, err := tx.Query(text, append(q.args, limit)...)
	return db.Collect(rows, err, scanCustomer)
}

// Among gives those of a page of customers, in its order, who meet a condition;
// where it looks at people's data, only those whose data may be used to choose
// them.
func (s *Service) Among(tx *db.Tx, c *Condition, page []id.Customer) ([]id.Customer, error) {
	if len(page) == 0 {
		return nil, nil
	}
	in, err := s.charter.Current(tx)
	if err != nil {
		return nil, err
	}
	at := s.clock.Now()
	q := c.query(at, probe, 1)
	for _, op := range c.operations()[1:] {
		where, args, err := s.gate.ReachSQL(in, gate.Reach{Purpose: c.purpose, Operation: op, Column: "c.customer_id", At: at}, 1+len(q.args))
		if err != nil {
			return nil, err
		}
		q.and(where, args)
	}
	first := 1 + len(q.args)
	q.and(fmt.Sprintf("c.customer_id between $%d and $%d", first, first+1), []any{page[0], page[len(page)-1]})
	rows, err := tx.Query(fmt.Sprintf("select c.customer_id from %s where %s order by c.customer_id", q.from, q.where), q.args...)
	found, err := db.Collect(rows, err, scanCustomer)
	return slices.DeleteFunc(found, func(who id.Customer) bool {
		_, in := slices.BinarySearch(page, who)
		return !in
	}), err
}

// operations lists what must be allowed of a person for them to be in the
// audience: to be served, and, when the condition looks at their data, that
// these are used to choose them.
func (c *Condition) operations() []term.Operation {
	if len(c.fields)+len(c.events) == 0 {
		return []term.Operation{term.Serve}
	}
	return []term.Operation{term.Serve, term.Use}
}

// PersonOf reads what conditions for a purpose may look at of the customer a
// pass opens. The pass is one for that purpose, or one to answer the customer
// themselves.
func (s *Service) PersonOf(tx *db.Tx, pass gate.Pass, p term.Purpose) (Person, error) {
	if pass.Customer() == 0 || pass.Expires() <= s.clock.Now() || pass.Purpose() != p && pass.Operation() != term.Rights {
		return Person{}, errs.New(errs.Forbidden, errs.FailClosed, "there is no pass for this use of the customer's data: ask the gate first")
	}
	in, err := s.charter.Current(tx)
	if err != nil {
		return Person{}, err
	}
	return readPerson(tx, in, pass.Customer(), p, s.clock.Now())
}

// running stands for everything retention can count from that is later than the
// event: whether it is over is for the gate's standing to say.
var running = event.Life{LastOrder: clock.Never, LastContact: clock.Never, ContractEnd: clock.Never, ConsentEnd: clock.Never}

// readPerson reads the traits and events that a purpose lists.
func readPerson(tx *db.Tx, in *charter.Charter, who id.Customer, p term.Purpose, at clock.Instant) (Person, error) {
	if err := requireBasis(in, p); err != nil {
		return Person{}, err
	}
	purpose, _ := in.Purpose(p)
	traits, err := customer.TraitsOf(tx, in, []id.Customer{who})
	if err != nil {
		return Person{}, err
	}
	told := customer.Told{}
	if len(purpose.MaxAge) > 0 {
		if err := customer.TraitsTold(tx, []id.Customer{who}, told); err != nil {
			return Person{}, err
		}
	}
	out := Person{Traits: map[term.Field]Trait{}}
	for f, v := range traits[who] {
		learnt, known := told[who][f]
		if _, ok := purpose.UsesField(f); ok && !(known && learnt <= gate.StaleFrom(purpose, f, at)) {
			out.Traits[f] = traitOf(v)
		}
	}
	keep, err := event.NewKeep(in)
	if err != nil {
		return Person{}, err
	}
	events, err := event.List(tx, keep, event.Query{Customer: who, Purpose: p, At: at, Life: running})
	for _, e := range events {
		out.Events = append(out.Events, Happening{Name: e.Name, At: e.OccurredAt, Amount: e.Amount, Currency: e.Currency, Family: e.Family})
	}
	return out, err
}

func traitOf(v any) Trait {
	switch v := v.(type) {
	case string:
		return Trait{Text: v}
	case bool:
		if v {
			return Trait{Whole: 1}
		}
	case int64:
		return Trait{Whole: v}
	case clock.Instant:
		return Trait{Whole: int64(v)}
	}
	return Trait{}
}

func scanCustomer(scan db.Scan) (id.Customer, error) {
	var c id.Customer
	err := scan(&c)
	return c, err
}

// and adds a condition, whose arguments come next.
func (q *query) and(where string, args []any) {
	q.where += " and " + where
	q.args = append(q.args, args...)
}
