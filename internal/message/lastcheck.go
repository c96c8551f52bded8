package message

import (
	"encoding/hex"
	"reflect"
	"slices"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/observe"
	"candor/internal/personal"
	"candor/internal/term"
)

// ready is a recipient that passed the last check: all that is needed to write
// the mail, held in memory until it is sent.
type ready struct {
	send     Send
	address  personal.Value
	endpoint keyring.Digest
	values   map[string]any
	lang     term.Lang
	template *Template
	sender   charter.Sender
	charter  *charter.Charter
	at       clock.Instant
	old      bool // something of it is too old to be shown: the person is asked
	speaks   bool // of something that the person did
	first    bool // no advertisement of the controller reached the person before
}

// approved is a message as the last check needs it: read once for a group.
type approved struct {
	draft    Draft
	template *Template
	sender   charter.Sender
	bad      bool // changed since its approval, or no longer in order
}

// lastCheck is the last check of a group, in one transaction. The customers are
// locked; what is known of them is read for all at once.
type lastCheck struct {
	*Sender
	tx      *db.Tx
	charter *charter.Charter
	now     clock.Instant
	here    []id.Customer
	drafts  map[id.Message]*approved

	counts  *counts
	facts   map[id.Customer][]customer.Fact  // nil until asked for
	records map[id.Customer][]consent.Record // nil until asked for
	reached map[id.Customer]bool             // by an advertisement before; nil until asked for
	handed  []Send
	entries []ledger.Written // of handed, in their order
	latest  Entry            // what the last of them says
}

// noAddress is the reason when nothing is on file to send to.
const noAddress errs.Code = "no_address"

// all checks every send. Those that were denied, put back, or cancelled by a
// withdrawal that came first are not among what it gives.
func (l *lastCheck) all(sends []Send) ([]ready, error) {
	var out []ready
	var list []due
	var asked []gate.Request
	for _, send := range sends {
		if send.Program == serviceProgram {
			r, err := l.service(send)
			if err != nil {
				return nil, err
			}
			out = appendReady(out, r)
			continue
		}
		w, ok, err := l.due(send)
		if err != nil {
			return nil, err
		}
		if ok {
			list, asked = append(list, w), append(asked, w.request)
		}
	}
	passes, decisions, err := l.gate.UseMany(l.tx, asked)
	if err != nil {
		return nil, err
	}
	if l.counts, err = readCounts(l.tx, l.here, dayOf(l.now)); err != nil {
		return nil, err
	}
	for i, w := range list {
		if !decisions[i].Allowed() {
			if err := l.deny(w.send, codesOf(decisions[i])...); err != nil {
				return nil, err
			}
			continue
		}
		r, err := l.allowed(w, passes[i], decisions[i])
		if err != nil {
			return nil, err
		}
		out = appendReady(out, r)
	}
	return out, l.write()
}

func appendReady(list []ready, r *ready) []ready {
	if r == nil {
		return list
	}
	return append(list, *r)
}

// due is a send whose message may leave: what the person wishes, the names of
// the data that it may then show, and what the gate is asked.
type due struct {
	send    Send
	wishes  gate.Wishes
	used    []string
	request gate.Request
}

// due works out what the gate is asked about a send, when its message may leave
// and the person does not leave its topic out.
func (l *lastCheck) due(send Send) (due, bool, error) {
	m, err := l.message(send.Message)
	switch {
	case err != nil:
		return due{}, false, err
	case m.draft.Stopped:
		return due{}, false, putBack(l.tx, send, l.now)
	case m.bad || string(send.ContentHash) != string(m.draft.Hash):
		return due{}, false, l.deny(send, errs.Content)
	}
	if m.template.Promotes {
		send.Class = Marketing
	}
	w := due{send: send}
	if send.Class == Marketing {
		facts, err := l.factsOf(send.Customer)
		if err != nil {
			return due{}, false, err
		}
		w.wishes = l.gate.WishesIn(l.charter, facts)
		if slices.Contains(w.wishes.Unwanted[send.Purpose], m.draft.Content.Topic) || !letsAll(l.charter, w.wishes, m.draft.Content.Refers) {
			return due{}, false, l.deny(send, errs.Objected)
		}
	}
	w.used = personalBy(l.charter, m.template, send, w.wishes)
	w.request = gate.Request{
		Customer: send.Customer, Controller: send.Controller, Purpose: send.Purpose, Operation: term.Serve,
		Channel: send.Channel, Fields: fieldsOf(l.charter, w.used, send), Promotes: m.template.Promotes, Actor: term.Actor("program:" + send.Program),
	}
	return w, true, nil
}

// personalBy lists what a template shows of a person: of an advertisement only
// what the level that they chose lets in (PRF-10).
func personalBy(c *charter.Charter, t *Template, send Send, w gate.Wishes) []string {
	if send.Class != Marketing {
		return t.Used
	}
	var out []string
	for _, name := range t.Used {
		if w.Lets(c, name) {
			out = append(out, name)
		}
	}
	return out
}

// letsAll reports whether the person's level lets everything that a message
// speaks of.
func letsAll(c *charter.Charter, w gate.Wishes, refers []Reference) bool {
	return !slices.ContainsFunc(refers, func(r Reference) bool { return !w.Lets(c, string(r.Event)) })
}

// allowed does what follows the gate's yes: address, caps, values.
func (l *lastCheck) allowed(w due, pass gate.Pass, d gate.Decision) (*ready, error) {
	send, m := w.send, l.drafts[w.send.Message]
	r := &ready{send: send, template: m.template, sender: m.sender, charter: l.charter, at: l.now, speaks: len(m.draft.Content.Refers) > 0}
	var err error
	if r.address, r.endpoint, err = l.address(pass); err != nil {
		return nil, err
	}
	if r.address.IsZero() {
		return nil, l.deny(send, noAddress)
	}
	if send.Class == Marketing {
		if waits, err := l.courteous(w); err != nil || waits {
			return nil, err
		}
		if r.first, err = l.isFirst(send); err != nil {
			return nil, err
		}
	}
	if r.values, err = l.values(pass, w.used, send); err != nil {
		return nil, err
	}
	r.old = len(pass.Stale()) > 0
	if r.lang, err = l.lang(send, m.template); err != nil {
		return nil, err
	}
	return r, l.hand(send, d)
}

// factsOf gives a customer's facts, read for the group when the first is asked
// for.
func (l *lastCheck) factsOf(c id.Customer) (_ []customer.Fact, err error) {
	if l.facts == nil {
		l.facts, err = customer.FactsOfMany(l.tx, l.here)
	}
	return l.facts[c], err
}

// recordsOf is that for a customer's consent records.
func (l *lastCheck) recordsOf(c id.Customer) (_ []consent.Record, err error) {
	if l.records == nil {
		l.records, err = consent.OfMany(l.tx, l.here)
	}
	return l.records[c], err
}

// isFirst reports whether no advertisement of the controller was delivered to
// the person so far (NOT-03).
func (l *lastCheck) isFirst(send Send) (bool, error) {
	if l.reached == nil {
		l.reached = map[id.Customer]bool{}
		err := db.In(l.tx, l.here, func(marks string, args []any) error {
			rows, err := l.tx.Query(`select distinct customer_id from send where controller = $1 and class = $2 and state = 'accepted'
				and customer_id in (`+marks+`)`, args...)
			return db.Each(rows, err, func(scan db.Scan) error {
				var c id.Customer
				err := scan(&c)
				l.reached[c] = true
				return err
			})
		}, send.Controller, string(Marketing))
		if err != nil {
			return false, err
		}
	}
	return !l.reached[send.Customer], nil
}

// courteous keeps marketing to its hours and its measure. Out of hours a send
// waits, until the next instant that is open everywhere the person may be;
// beyond a cap it is denied. It reports whether the send goes no further.
func (l *lastCheck) courteous(w due) (bool, error) {
	send := w.send
	facts, err := l.factsOf(send.Customer)
	if err != nil {
		return true, err
	}
	polite, err := l.gate.Courtesy(l.charter, facts, send.Channel, l.now)
	if err != nil {
		return true, err
	}
	switch {
	case polite.Opens == clock.Never:
		return true, l.deny(send, errs.QuietHours)
	case polite.Opens > l.now:
		return true, putBack(l.tx, send, polite.Opens)
	case send.counted:
		return false, nil
	}
	p := place{send.Customer, send.Controller, send.Channel, send.Purpose}
	if l.counts.take(p, asChosen(limitsFor(l.charter, send.Purpose, send.Channel, polite.Caps), w.wishes, send.Purpose)) {
		return false, nil
	}
	return true, l.deny(send, errs.FreqCap)
}

// message reads and compiles a message once for the group.
func (l *lastCheck) message(m id.Message) (*approved, error) {
	if a := l.drafts[m]; a != nil {
		return a, nil
	}
	draft, err := GetDraft(l.tx, m)
	if err != nil {
		return nil, err
	}
	a := &approved{draft: draft, bad: !draft.Approved()}
	if !a.bad {
		a.template, a.bad = l.compiled(l.charter, draft)
	}
	if !a.bad {
		a.sender, err = SenderOf(l.charter, draft.Purpose, draft.Channel, draft.Sender)
		a.bad = err != nil
	}
	l.drafts[m] = a
	return a, nil
}

// compiled gives the template of an approved draft, kept between groups. bad
// means that the charter no longer lets it use what it uses.
func (s *Sender) compiled(c *charter.Charter, d Draft) (t *Template, bad bool) {
	key := templateKey{string(d.Hash), c.Version, d.Purpose}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.templates[key]; ok {
		return t, t == nil
	}
	t, problems := Compile(d.Content, Variables(c, d.Purpose))
	if len(problems) > 0 || d.Content.Class == Marketing && intrusion(c, d, t.Used).Over() {
		t = nil
	}
	if len(s.templates) >= 64 {
		clear(s.templates)
	}
	s.templates[key] = t
	return t, t == nil
}

type templateKey struct {
	hash    string
	version int64
	purpose term.Purpose
}

// fieldsOf lists what a template reads, with the address it goes to.
func fieldsOf(c *charter.Charter, used []string, send Send) []term.Field {
	out := []term.Field{}
	for _, name := range used {
		out = append(out, term.Field(name))
	}
	for i := range c.Fields {
		f := &c.Fields[i]
		if p, ok := c.Purpose(send.Purpose); ok && f.Kind == charter.KindEmail && !slices.Contains(out, f.ID) {
			if _, uses := p.UsesField(f.ID); uses {
				out = append(out, f.ID)
			}
		}
	}
	return out
}

// address gives where a mail goes and the digest of it for links; zero values
// when nothing fit is on file.
func (l *lastCheck) address(pass gate.Pass) (personal.Value, keyring.Digest, error) {
	v, err := pass.Address(l.tx.Context(), l.tx)
	if errs.Is(err, errs.NotFound) || err == nil && v.IsZero() {
		return personal.Value{}, keyring.Digest{}, nil
	}
	if err != nil {
		return personal.Value{}, keyring.Digest{}, err
	}
	identity, err := customer.Email(v.Reveal())
	if err != nil {
		return personal.Value{}, keyring.Digest{}, nil
	}
	return identity.Value, l.book.Endpoint(identity), nil
}

// values reads what the template shows. Nothing is shown of a person whose
// address nobody confirmed: whoever typed it may be somebody else.
func (l *lastCheck) values(pass gate.Pass, used []string, send Send) (map[string]any, error) {
	if len(used) == 0 {
		return nil, nil
	}
	facts, err := l.factsOf(send.Customer)
	if err != nil {
		return nil, err
	}
	confirmed := true
	for _, f := range facts {
		if f.Kind == customer.Address && f.Channel == send.Channel {
			confirmed = f.Value() != "unconfirmed"
		}
	}
	if !confirmed {
		confirmed, err = l.confirmedByConsent(send)
		if err != nil || !confirmed {
			return nil, err
		}
	}
	out := map[string]any{}
	for _, name := range used {
		v, err := pass.Value(l.tx.Context(), l.tx, term.Field(name))
		if err != nil {
			return nil, err
		}
		if !v.IsZero() {
			out[name] = v.Reveal()
		}
	}
	return out, nil
}

// confirmedByConsent reports whether the person pressed the button of a
// confirmation mail, which only the owner of the address can.
func (l *lastCheck) confirmedByConsent(send Send) (bool, error) {
	records, err := l.recordsOf(send.Customer)
	for _, r := range records {
		if r.Kind.Raises() && r.Method == consent.ByConfirmed && r.Channel == send.Channel {
			return true, err
		}
	}
	return false, err
}

// lang is the language the person agreed in, when the message speaks it.
func (l *lastCheck) lang(send Send, t *Template) (term.Lang, error) {
	if _, ok := t.texts[send.Lang]; ok {
		return send.Lang, nil
	}
	best := l.charter.Business.Languages[0]
	if _, ok := t.texts[best]; !ok || len(t.texts) == 1 {
		best = t.Langs()[0]
	}
	if len(t.texts) == 1 {
		return best, nil
	}
	records, err := l.recordsOf(send.Customer)
	for _, r := range records {
		if _, speaks := t.texts[r.Lang]; speaks && r.Kind.Raises() {
			best = r.Lang
		}
	}
	return best, err
}

func codesOf(d gate.Decision) []errs.Code {
	var out []errs.Code
	for _, r := range d.Reasons {
		if !slices.Contains(out, r.Code) {
			out = append(out, r.Code)
		}
	}
	slices.Sort(out)
	return out
}

func entryOf(send Send) Entry {
	return Entry{Program: send.Program, Message: send.Message, Control: send.Controller, Purpose: send.Purpose, Channel: send.Channel,
		Class: send.Class, Content: hex.EncodeToString(send.ContentHash), Attempt: send.Attempt}
}

// hand notes that a send is handed over, with a ledger entry of its own.
func (l *lastCheck) hand(send Send, d gate.Decision) error {
	e := entryOf(send)
	e.Basis, e.Charter, e.Packs, e.Attempt = d.Basis, d.CharterVersion, d.PackVersion, send.Attempt+1
	var w ledger.Written
	var err error
	if len(l.entries) > 0 && reflect.DeepEqual(e, l.latest) {
		w, err = l.entries[len(l.entries)-1].Again()
	} else {
		w, err = ledger.Prepare(KindHanded, l.now, e)
	}
	l.latest = e
	l.handed, l.entries = append(l.handed, send), append(l.entries, w)
	return err
}

// write writes what was handed over and counted.
func (l *lastCheck) write() error {
	if err := l.counts.write(l.tx); err != nil {
		return err
	}
	if err := l.ledger.Put(l.tx, l.entries...); err != nil {
		return err
	}
	each := make([][]any, len(l.handed))
	for i, send := range l.handed {
		each[i] = []any{send.Customer, send.Key, l.now, l.entries[i].Entry, l.now.Add(leaseTime)}
	}
	return l.tx.ChangeMany("v (c, k, at, e, l)", `update send set state = 'handed', handed_at = v.at, attempt = attempt + 1, begun = 0, counted = 1, entry = v.e,
		lease_until = v.l from v where customer_id = v.c and send_key = v.k`, each)
}

// deny ends a send that may not leave, with all reasons on record.
func (l *lastCheck) deny(send Send, reasons ...errs.Code) error {
	l.tx.After(func() { observe.Mails.Add(1, string(send.Class), string(Denied)) })
	return l.end(l.tx, send, Denied, reasons, l.now)
}

// end ends a send that never left, with a ledger entry.
func (s *Sender) end(tx *db.Tx, send Send, state State, reasons []errs.Code, now clock.Instant) error {
	e := entryOf(send)
	e.Reasons = reasons
	w, err := s.ledger.Append(tx, KindDenied, now, e)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`update send set state = $6, reasons = $3, ended_at = $4, entry = $5, payload = '', holder = ''
		where customer_id = $1 and send_key = $2`, send.Customer, send.Key, joinCodes(reasons), now, w.Entry, state)
	return err
}
