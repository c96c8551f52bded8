package message

import (
	"context"
	"maps"
	"net/mail"
	"slices"
	"time"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/observe"
	"candor/internal/term"
)

// result is what became of one mail.
type result struct {
	send    Send
	outcome outcome
	reasons []errs.Code
}

// idleTime is how long an open connection to the relay is kept for the next
// group.
const idleTime = 20 * time.Second

// line gives an open connection, an idle one when there is.
func (s *Sender) line(ctx context.Context) (*wire, error) {
	for {
		s.mu.Lock()
		if len(s.idle) == 0 {
			s.mu.Unlock()
			return s.relay.connect(ctx)
		}
		w := s.idle[len(s.idle)-1]
		s.idle = s.idle[:len(s.idle)-1]
		s.mu.Unlock()
		if time.Since(w.used) < idleTime && w.alive() {
			return w, nil
		}
		_ = w.c.Close()
	}
}

// keep puts a connection back for the next group.
func (s *Sender) keep(w *wire, broken bool) {
	if w == nil {
		return
	}
	if broken {
		_ = w.c.Close()
		return
	}
	w.used = time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, w)
}

func (s *Sender) closeIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.idle {
		w.close()
	}
	s.idle = nil
}

// transmit writes and sends what was handed over. A mail that was handed over is
// sent even when the process is about to stop; one that did not reach DATA may
// be tried again.
func (s *Sender) transmit(ctx context.Context, w *wire, list []ready) ([]result, *wire) {
	out := make([]result, 0, len(list))
	for _, r := range list {
		raw, err := s.write(r)
		if err != nil {
			s.log.Error("a mail could not be written", "code", string(errs.CodeOf(err)))
			out = append(out, result{r.send, outcome{state: Refused}, []errs.Code{errs.Content}})
			continue
		}
		if w == nil {
			if w, err = s.line(ctx); err != nil {
				w = nil
				out = append(out, result{send: r.send, outcome: outcome{state: Planned}})
				continue
			}
		}
		held := func() bool { return s.clock.Now() < r.at.Add(leaseTime) } // when not, it counts as uncertain, and a withdrawal does not wait for it
		o := w.sendWhile(held, s.returnTo(r), r.address.Reveal(), raw)
		if o.broken {
			s.keep(w, true)
			w = nil
		}
		out = append(out, result{send: r.send, outcome: o})
	}
	return out, w
}

// returnTo is where a mail that cannot be delivered comes back to: an address of
// its own, where there is a domain for them.
func (s *Sender) returnTo(r ready) string {
	if s.returns == "" {
		return r.sender.Address
	}
	return returnLocal(s.ring, r.send.Key) + "@" + s.returns
}

// write renders, frames and signs one mail.
func (s *Sender) write(r ready) ([]byte, error) {
	if r.template == nil {
		return s.writeService(r)
	}
	content, err := r.template.Render(r.lang, r.values)
	if err != nil {
		return nil, err
	}
	frame := s.frame(r)
	html, text, err := framed(content, frame, r.send.Class)
	if err != nil {
		return nil, err
	}
	return s.sign(Mail{
		From: mail.Address{Name: r.sender.Name, Address: r.sender.Address}, To: r.address, ReplyTo: r.sender.ReplyTo, Subject: content.Subject,
		Date: r.at, MessageID: MessageID(s.ring, r.send.Key, domainOf(r.sender.Address)), HTML: html, Text: text,
		Unsubscribe: frame.Unsubscribe, Class: r.send.Class,
	})
}

// frame is what the sender puts around a content.
func (s *Sender) frame(r ready) Frame {
	f := frameOf(r.charter, r.lang)
	l := Link{Customer: r.send.Customer, Controller: r.send.Controller, Purpose: r.send.Purpose, Channel: r.send.Channel,
		Endpoint: r.endpoint.Sum, EndpointKey: r.endpoint.KeyID, Send: r.send.Key}
	l.Scope = Choices
	f.Choices = s.base + "/privacy/c/" + l.Seal(s.ring)
	if p, ok := r.charter.Purpose(r.send.Purpose); ok {
		f.Why = why(p, r.lang, r.send.Class)
	}
	f.Old = r.old
	if r.send.Class == Marketing {
		f.First = r.first
		f.Personal = len(r.values) > 0 || r.speaks
		f.WhyLink = s.base + "/privacy/why/" + l.Seal(s.ring)
		l.Scope = Unsubscribe
		f.Unsubscribe = s.base + "/u/" + l.Seal(s.ring)
	}
	return f
}

// sign writes a mail with the signature of its From domain. Marketing leaves
// only with both one-click fields under a signature.
func (s *Sender) sign(m Mail) ([]byte, error) {
	raw, err := m.Bytes()
	if err != nil {
		return nil, err
	}
	signer := s.keys.signer(domainOf(m.From.Address))
	if signer == nil {
		if !s.unsigned {
			return nil, errs.New(errs.Invalid, errs.Content, "there is no DKIM key for the sender's domain")
		}
		return raw, nil
	}
	if raw, err = signer.Sign(raw); err != nil {
		return nil, err
	}
	if m.Class == Marketing {
		return raw, checkOneClick(raw)
	}
	return raw, nil
}

// maxAttempts is how often a mail is offered that the relay puts off.
const maxAttempts = 5

// retryAfter is the pause before the next attempt.
func retryAfter(attempt int64) time.Duration {
	return min(time.Minute<<min(2*(attempt-1), 8), 2*time.Hour)
}

// settle writes down what became of a burst and begins the next, of which it
// gives what may leave. A bounce is a fact about the customer, so it has a
// transaction of its own that begins with their lock.
func (s *Sender) settle(ctx context.Context, holder string, results []result, next []ready) (begun []ready, err error) {
	var plain, bounced []result
	for _, r := range results {
		observe.Mails.Add(1, string(r.send.Class), string(r.next()))
		if r.outcome.bounced || r.outcome.soft() || r.outcome.state == Accepted && r.send.tells() {
			bounced = append(bounced, r)
		} else {
			plain = append(plain, r)
		}
	}
	if len(plain) > 0 || len(next) > 0 {
		err = s.db.Write(ctx, func(tx *db.Tx) error {
			if err := s.settleAll(tx, holder, plain); err != nil {
				return err
			}
			begun, err = s.begin(tx, holder, next)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, r := range bounced {
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			_, err := customer.Lock(tx, r.send.Customer)
			if errs.Is(err, errs.NotFound) {
				return nil // erased meanwhile
			}
			if err != nil {
				return err
			}
			if err := s.settleAll(tx, holder, []result{r}); err != nil {
				return err
			}
			switch {
			case r.outcome.state == Accepted:
				return s.told(tx, r.send)
			case r.outcome.bounced:
				return s.bounce(tx, r.send, "smtp")
			}
			return s.softBounce(tx, r.send)
		})
		if err != nil {
			return nil, err
		}
	}
	return begun, nil
}

// next says which state follows from what the relay said. A service message
// that may have left goes once more; marketing never does.
func (r result) next() State {
	switch {
	case r.outcome.state == Uncertain && r.send.Class == Service && r.send.Attempt == 0:
		return Planned
	case r.outcome.state == Planned && r.send.Attempt+1 >= maxAttempts:
		return Refused
	}
	return r.outcome.state
}

// settleAll writes what became of messages, each for itself. Those that were
// erased meanwhile are left out.
func (s *Sender) settleAll(tx *db.Tx, holder string, list []result) error {
	now := s.clock.Now()
	each, place := make([][]any, len(list)), map[string]int{}
	for i, r := range list {
		place[string(r.send.Key)] = i
		state, ended, due := r.next(), now, now
		if state == Planned {
			ended = 0
			if r.outcome.state == Planned {
				due = now.Add(retryAfter(r.send.Attempt + 1))
			}
		}
		each[i] = []any{r.send.Customer, r.send.Key, holder, state, r.outcome.code, ended, due, joinCodes(r.reasons)}
	}
	overtaken := map[int]clock.Instant{}
	err := tx.ChangeReturning("v (c, k, h, s, r, e, d, w)", `update send set state = v.s, reply = v.r, ended_at = v.e, due_at = v.d, holder = '', lease_until = 0,
		reasons = case when v.w = '' then reasons else v.w end, payload = case when v.s = 'planned' then payload else '' end
		from v where customer_id = v.c and send_key = v.k and state = 'handed' and holder = v.h returning send_key, overtaken_at`, each, func(scan db.Scan) error {
		var key []byte
		var at clock.Instant
		err := scan(&key, &at)
		if i := place[string(key)]; at != 0 {
			overtaken[i] = at
		}
		return err
	})
	for _, i := range slices.Sorted(maps.Keys(overtaken)) {
		if err == nil {
			err = s.settleOvertaken(tx, list[i].send, list[i].next(), overtaken[i])
		}
	}
	return err
}

// settleOvertaken is for a message whose recipient withdrew while it was on its
// way: one that did not leave is cancelled, one that did is an incident.
func (s *Sender) settleOvertaken(tx *db.Tx, send Send, state State, since clock.Instant) error {
	now := s.clock.Now()
	switch state {
	case Planned:
		_, err := tx.Exec("update send set state = 'cancelled', ended_at = $3, payload = '' where customer_id = $1 and send_key = $2", send.Customer, send.Key, now)
		return err
	case Accepted, Uncertain:
		s.log.Warn("a message left while its recipient withdrew", "after", now.Sub(since).String())
		_, err := s.ledger.Append(tx, KindOvertaken, now, entryOf(send))
		return err
	}
	return nil
}

// bounce puts on record that the address takes no mail, so that nothing goes
// there until it is confirmed anew.
func (s *Sender) bounce(tx *db.Tx, send Send, source string) error {
	_, err := s.gate.AddFact(tx, customer.Fact{
		Customer: send.Customer, Kind: customer.Address, Channel: send.Channel, At: s.clock.Now(),
		Detail: customer.WithValue("bounced"), Actor: term.ByEngine, Source: source,
	})
	return err
}

// Three messages put off by the receiving side within two weeks say that an
// address is in trouble: it is left in peace for as long (ACC-04).
const (
	softBounces = 3
	softWindow  = 14 * 24 * time.Hour
)

// soft reports whether the receiving side put the mail off for now.
func (o outcome) soft() bool { return o.code >= 400 && o.code < 500 && o.code != 421 }

// softBounce pauses advertising to an address that put off too many messages.
func (s *Sender) softBounce(tx *db.Tx, send Send) error {
	now := s.clock.Now()
	var n int64
	err := tx.QueryRow(`select count(*) from send where customer_id = $1 and channel = $2 and reply >= 400 and reply < 500 and handed_at > $3`,
		send.Customer, send.Channel, now.Add(-softWindow)).Scan(&n)
	if err != nil || n < softBounces {
		return err
	}
	_, err = s.gate.AddFact(tx, customer.Fact{
		Customer: send.Customer, Kind: customer.Pause, Channel: send.Channel, At: now, Until: now.Add(softWindow),
		Detail: customer.WithValue(customer.On), Actor: term.ByEngine, Source: "smtp",
	})
	return err
}

// Forget ends every message that waits or was on its way, after a restore: it may
// have left since the backup, and nothing is sent twice.
func Forget(tx *db.Tx, now clock.Instant) (int64, error) {
	return tx.Exec(`update send set state = 'uncertain', holder = '', lease_until = 0, ended_at = $1, payload = ''
		where state in ('planned', 'claimed', 'handed')`, now)
}

// Due counts, to a bound, the messages whose time has come and that wait to be
// handed over.
func Due(tx *db.Tx, now clock.Instant) (n int64, err error) {
	err = tx.QueryRow(`select count(*) from (select send_key from send where state = 'planned' and due_at <= $1 limit 100000) d`, now).Scan(&n)
	return n, err
}
