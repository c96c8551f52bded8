package audience

import (
	"context"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

// Question asks how many people a condition reaches.
type Question struct {
	Purpose   term.Purpose
	Channel   term.Channel
	Condition string
	Actor     term.Actor
	Personal  bool // the actor may see personal data: exact counts and a masked sample
	Lang      term.Lang
}

// Funnel is the way from those who meet a condition to those who can be written
// to. Permitted are those whose standing allows, now, that they are served for
// the purpose on the channel and, when the condition looks at their data, that
// these are used to choose them. Reachable are those of them with an address.
type Funnel struct {
	Purpose   term.Purpose  `json:"purpose"`
	Channel   term.Channel  `json:"channel"`
	Condition string        `json:"condition"`
	Words     string        `json:"words"`
	Match     Count         `json:"match"`
	Permitted Count         `json:"permitted"`
	Reachable Count         `json:"reachable"`
	Excluded  []Slice       `json:"excluded"` // of those who match; and whom a value would choose that is too old
	Sample    []Sample      `json:"sample,omitempty"`
	Run       id.Use        `json:"run"`
	At        clock.Instant `json:"at"`
}

// Sample is a reachable customer as a person with personal access may see them.
type Sample struct {
	Customer id.Customer `json:"customer"`
	Address  string      `json:"address"` // masked
}

// maxSample bounds the sample (MIN-04).
const maxSample = 5

// Preview counts an audience and says, for everybody left out, why and what may
// be done. One entry of use is written for the run, and one for each person of
// the sample. It returns FORBIDDEN with E_NO_BASIS and no count when the purpose
// has no legal basis (CON-01), and FORBIDDEN "too_similar" when someone without
// personal access compares two almost equal audiences.
func (s *Service) Preview(ctx context.Context, q Question) (Funnel, error) {
	if q.Actor == "" {
		return Funnel{}, errs.New(errs.Invalid, "no_actor", "say who asks").On("actor")
	}
	f := &funnel{service: s, question: q, at: s.clock.Now()}
	if err := s.db.Read(ctx, f.read); err != nil {
		return Funnel{}, err
	}
	if q.Personal && f.reachable >= small {
		if err := s.db.Read(ctx, f.readSample); err != nil {
			return Funnel{}, err
		}
	}
	if err := s.db.Write(ctx, f.record); err != nil {
		return Funnel{}, err
	}
	return f.answer(), nil
}

// funnel is a preview at work.
type funnel struct {
	service  *Service
	question Question
	at       clock.Instant

	charter   *charter.Charter
	condition *Condition
	match     int64
	permitted int64
	reachable int64
	aged      int64                   // would be reached, were it not that what is known of them is too old
	denied    map[string]*deniedGroup // by reasonKey
	sample    []Sample
	run       id.Use
}

type deniedGroup struct {
	reason gate.Reason
	n      int64
}

func (f *funnel) read(tx *db.Tx) error {
	var err error
	if f.charter, err = f.service.charter.Current(tx); err != nil {
		return err
	}
	if f.condition, err = For(f.charter, f.question.Purpose, f.question.Condition); err != nil {
		return err
	}
	if !f.question.Personal {
		if err := f.refuseSimilar(tx); err != nil {
			return err
		}
	}
	if err := f.count(tx); err != nil {
		return err
	}
	return f.countAged(tx)
}

// record writes that the run was made: one entry for all, and one for each
// person who is shown. A person whose standing has changed since is not shown.
func (f *funnel) record(tx *db.Tx) (err error) {
	q, in := f.question, f.charter
	f.run, err = f.service.gate.UseRun(tx, gate.Run{
		Controller: in.Business.ID, Purpose: q.Purpose, Operation: term.Use, Channel: q.Channel, What: "preview",
		Expression: f.condition.String(), Customers: show(f.match, true).N, Actor: q.Actor,
	})
	if err != nil {
		return err
	}
	if err := f.remember(tx); err != nil {
		return err
	}
	shown := make([]Sample, 0, len(f.sample))
	for _, m := range f.sample {
		_, d, err := f.service.gate.Use(tx, gate.Request{
			Customer: m.Customer, Controller: in.Business.ID, Purpose: q.Purpose, Operation: term.Use, Channel: q.Channel,
			Fields: addressFields(in, q.Purpose, q.Channel), Actor: q.Actor,
		})
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		if d.Allowed() {
			shown = append(shown, m)
		}
	}
	f.sample = shown
	return nil
}

// readSample takes a few of the reachable and masks their addresses.
func (f *funnel) readSample(tx *db.Tx) error {
	members, ok, err := f.membersIndexed(maxSample)
	if err == nil && !ok {
		members, err = f.service.Members(tx, f.condition, f.question.Channel, 0, maxSample)
	}
	if err != nil {
		return err
	}
	f.sample = nil
	for _, m := range members {
		masked, err := f.service.gate.MaskedAddress(tx.Context(), tx, m, f.question.Channel)
		if err != nil {
			return err
		}
		f.sample = append(f.sample, Sample{Customer: m, Address: masked})
	}
	return nil
}

// addressFields names the fields of a purpose that hold a channel's address.
func addressFields(in *charter.Charter, p term.Purpose, ch term.Channel) []term.Field {
	kinds := map[term.Channel]charter.FieldKind{
		term.Email: charter.KindEmail, term.SMS: charter.KindPhone, term.Phone: charter.KindPhone, term.Post: charter.KindPostal,
	}
	purpose, _ := in.Purpose(p)
	out := []term.Field{}
	for _, f := range in.Fields {
		if _, ok := purpose.UsesField(f.ID); ok && f.Kind == kinds[ch] {
			out = append(out, f.ID)
		}
	}
	return out
}
