package gate

import (
	"encoding/hex"
	"slices"

	"candor/internal/charter"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/journal"
	"candor/internal/observe"
	"candor/internal/term"
)

// Record puts an act of a customer on record and, in the same transaction,
// changes what is allowed: the record, its ledger entry, the protection journal
// when it protects, the new standing, the jobs that tell recipients, and the
// hooks that stop what is waiting.
//
// An act that claims consent without a clear affirmative act is kept as refused
// evidence: the record's Refusal says so, and nothing else changes. Consent from
// a form whose ask must be confirmed becomes a request until it is. Saying no
// again to what is already ended gives the record that ended it.
func (g *Gate) Record(tx *db.Tx, a consent.Act) (consent.Record, Effects, error) {
	h, err := g.hold(tx, a.Customer)
	if err != nil {
		return consent.Record{}, Effects{}, err
	}
	r, err := h.record(a)
	if err != nil {
		return consent.Record{}, Effects{}, err
	}
	effects, err := h.settle()
	return r, effects, err
}

// Recorded is the payload of TopicConsent: ids and names of the charter only.
type Recorded struct {
	Customer id.Customer  `json:"customer"`
	Record   id.Record    `json:"record"`
	Purpose  term.Purpose `json:"purpose"`
	Channel  term.Channel `json:"channel,omitempty"`
	Kind     consent.Kind `json:"kind"`
	Counts   bool         `json:"counts"`
}

// record writes one act of the customer held.
func (h *hold) record(a consent.Act) (consent.Record, error) {
	a, err := h.complete(a)
	if err != nil {
		return consent.Record{}, err
	}
	state := consent.StateOf(h.facts.Records, a.Key())
	if done, ok := repeated(state, a); ok {
		return done, nil
	}
	if done, ok := overtaken(h.facts.Records, state, a); ok {
		return done, nil
	}
	if err := h.askedTooSoon(a); err != nil {
		return consent.Record{}, err
	}
	if a, err = h.confirm(a, state); err != nil {
		return consent.Record{}, err
	}
	return h.put(a)
}

// put writes an act that is complete.
func (h *hold) put(a consent.Act) (consent.Record, error) {
	if a.Kind.Raises() {
		if err := h.g.ledger.Steady(); err != nil {
			return consent.Record{}, err
		}
	}
	r := consent.Record{Act: a, ID: id.New[id.Record](), Rev: h.rev, RecordedAt: h.at, Validity: consent.Judge(a)}
	r, err := consent.Next(r, h.facts.Records)
	if err != nil {
		return consent.Record{}, err
	}
	w, err := h.prove(KindConsent, r.RecordedAt, r)
	if err != nil {
		return consent.Record{}, err
	}
	r.Entry, r.Salt = w.Entry, w.Salt
	h.tx.After(func() { observe.Consents.Add(1, string(r.Kind)) })
	h.records = append(h.records, r)
	h.facts.Records = append(h.facts.Records, r)
	return r, h.follow(r)
}

// repeated finds the record that already says what an act says: the no that
// stands, or the yes of a confirmation pressed twice.
func repeated(s consent.State, a consent.Act) (consent.Record, bool) {
	if s.Pending || s.Rests.Kind != a.Kind {
		return consent.Record{}, false
	}
	pressedTwice := a.Kind == consent.Given && a.Method == consent.ByConfirmed && s.Rests.Method == a.Method
	return s.Rests, a.Kind.Lowers() || pressedTwice
}

// complete checks an act against the charter and fills what it leaves open.
func (h *hold) complete(a consent.Act) (consent.Act, error) {
	a.Customer = h.id
	if a.Controller == "" {
		a.Controller = h.law.Controller
	}
	p, ok := h.law.byName[a.Purpose]
	switch {
	case !slices.Contains(consent.Kinds, a.Kind):
		return a, errs.New(errs.Invalid, "bad_consent_kind", "say what happened: requested, given, refused, reconfirmed, withdrawn, objected, expired or invalidated").On("kind")
	case a.Controller != h.law.Controller || !ok:
		return a, errs.New(errs.Invalid, errs.NoBasis, "the charter has no such purpose").On("purpose")
	case a.Actor == "":
		return a, errs.New(errs.Invalid, "no_actor", "say who acts").On("actor")
	}
	if !a.Kind.Lowers() {
		if a.Channel != "" && !slices.Contains(p.channels, a.Channel) {
			return a, errs.New(errs.Invalid, errs.PurposeMismatch, "the purpose does not use this channel").On("channel")
		}
		if _, ok := p.recipient(a.Recipient); a.Recipient != "" && !ok {
			return a, errs.New(errs.Invalid, errs.Recipient, "the charter does not name this recipient for this purpose").On("recipient")
		}
	}
	if a.AssertedAt == 0 || a.AssertedAt > h.at {
		a.AssertedAt = h.at
	}
	if a.Strength == "" {
		a.Strength = consent.NoEvidence
	}
	if a.CharterVersion <= 0 || a.CharterVersion > h.law.Version {
		a.CharterVersion = h.law.Version
	}
	return a, h.bindNotice(&a)
}

// bindNotice notes the notice that was in force with the words shown, by id,
// hash and language, when the act does not name one (CON-05).
func (h *hold) bindNotice(a *consent.Act) error {
	if a.Notice != 0 || a.Lang == "" || a.Kind.Lowers() {
		return nil
	}
	n, err := h.g.charter.Notice(h.tx, a.CharterVersion, a.Lang)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	a.Notice = n.ID
	a.NoticeHash, err = hex.DecodeString(n.Hash)
	return err
}

// confirm handles double opt-in (CON-12): a yes on a form whose ask must be
// confirmed is a request; the confirmation takes over what the person was shown
// when they asked.
func (h *hold) confirm(a consent.Act, s consent.State) (consent.Act, error) {
	if a.Kind != consent.Given {
		return a, nil
	}
	if a.Method == consent.ByForm {
		if ask, ok := h.ask(a.Ask); ok && ask.Confirm && a.Channel == ask.Channel {
			a.Kind = consent.Requested
		}
		return a, nil
	}
	if a.Method != consent.ByConfirmed {
		return a, nil
	}
	if !s.Pending {
		return a, errs.New(errs.Conflict, "nothing_to_confirm", "nothing waits for a confirmation; ask again")
	}
	req := s.Request
	a.Ask, a.CharterVersion, a.Lang, a.Notice, a.NoticeHash = req.Ask, req.CharterVersion, req.Lang, req.Notice, req.NoticeHash
	a.ControlDefault, a.Action, a.Overruled = req.ControlDefault, req.Action, req.Overruled
	if a.Strength == consent.NoEvidence {
		a.Strength = consent.Documented
	}
	return a, nil
}

func (h *hold) ask(name term.Ask) (*charter.Ask, bool) {
	if name == "" {
		return nil, false
	}
	return h.charter.Ask(name)
}

// follow does what a record brings about besides the standing.
func (h *hold) follow(r consent.Record) error {
	if r.Counts() && (r.Kind == consent.Withdrawn || r.Kind == consent.Objected || r.Kind == consent.Refused) {
		kind := journal.Withdrawal
		if r.Kind == consent.Objected {
			kind = journal.Objection
		}
		err := h.protect(journal.Act{Kind: kind, Controller: r.Controller, Purpose: r.Purpose, Channel: r.Channel, Recipient: r.Recipient, At: r.RecordedAt}, false)
		if err != nil {
			return err
		}
	}
	if r.Counts() && (r.Kind == consent.Withdrawn || r.Kind == consent.Objected) {
		h.revoke(r)
	}
	h.told = append(h.told, Recorded{h.id, r.ID, r.Purpose, r.Channel, r.Kind, r.Counts()})
	return nil
}

// Revocation is the argument of JobRevoke: ids and names of the charter only.
type Revocation struct {
	Purpose   term.Purpose   `json:"purpose"`
	Recipient term.Recipient `json:"recipient"`
	Of        []Revoked      `json:"of"`
}

// Revoked is a customer whose consent ended, and the record that ended it.
type Revoked struct {
	Customer id.Customer `json:"customer"`
	Record   id.Record   `json:"record"`
}

// revoke has each active recipient of the purpose told (GDPR 19).
func (h *hold) revoke(r consent.Record) {
	for _, to := range h.law.byName[r.Purpose].recipients {
		if r.Recipient != "" && r.Recipient != to.ID {
			continue
		}
		if h.revoked == nil {
			h.revoked = map[revokedFrom][]Revoked{}
		}
		key := revokedFrom{r.Purpose, to.ID}
		h.revoked[key] = append(h.revoked[key], Revoked{h.id, r.ID})
		h.effects.Revocations++
	}
}
