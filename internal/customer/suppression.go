package customer

import (
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

// Suppression is the promise never to write to an address again. It holds the
// least that keeps the promise (MIN-08): a keyed digest of the address, never
// the address; it cannot be listed by address, and it outlives the customer.
type Suppression struct {
	Endpoint   keyring.Digest
	Controller term.Controller // "" is every one
	Channel    term.Channel
	Scope      term.Purpose // "" is all marketing
	Reason     string
	At         clock.Instant
}

// InsertSuppression records one; the same again changes nothing. Only the gate
// calls it.
func InsertSuppression(tx *db.Tx, s Suppression) error {
	if len(s.Endpoint.Sum) != 32 {
		return errs.New(errs.Invalid, "bad_endpoint", "a suppression needs the digest of an address")
	}
	_, err := tx.Exec("insert into suppression (digest, key_id, controller, channel, scope, reason, at)"+
		" values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
		s.Endpoint.Sum, s.Endpoint.KeyID, s.Controller, s.Channel, s.Scope, s.Reason, s.At)
	return err
}

// DeleteSuppression lifts one, at the person's explicit wish after they were
// told what follows. Only the gate calls it.
func DeleteSuppression(tx *db.Tx, s Suppression) error {
	_, err := tx.Exec("delete from suppression where digest = $1 and controller = $2 and channel = $3 and scope = $4",
		s.Endpoint.Sum, s.Controller, s.Channel, s.Scope)
	return err
}

// Suppressions gives what an address is suppressed for, under every version of
// the key.
func (b *Book) Suppressions(tx *db.Tx, i Identity) ([]Suppression, error) {
	if !i.Kind.Endpoint() {
		return nil, nil
	}
	var sums [][]byte
	for _, d := range b.endpoints(i) {
		sums = append(sums, d.Sum)
	}
	found, err := SuppressionsOf(tx, sums)
	var out []Suppression
	for _, sum := range sums {
		out = append(out, found[string(sum)]...)
	}
	return out, err
}

// CountSuppressions counts them, to at most so many.
func CountSuppressions(tx *db.Tx, most int64) (n int64, err error) {
	err = tx.QueryRow("select count(*) from (select 1 as one from suppression limit $1) as counted", most).Scan(&n)
	return n, err
}

// SuppressionsOf finds suppressions by digests of addresses.
func SuppressionsOf(tx *db.Tx, sums [][]byte) (map[string][]Suppression, error) {
	out := map[string][]Suppression{}
	err := db.In(tx, sums, func(marks string, args []any) error {
		rows, err := tx.Query("select digest, key_id, controller, channel, scope, reason, at from suppression where digest in ("+marks+
			") order by digest, controller, channel, scope", args...)
		found, err := db.Collect(rows, err, scanSuppression)
		for _, s := range found {
			out[string(s.Endpoint.Sum)] = append(out[string(s.Endpoint.Sum)], s)
		}
		return err
	})
	return out, err
}

func scanSuppression(scan db.Scan) (Suppression, error) {
	var s Suppression
	err := scan(&s.Endpoint.Sum, &s.Endpoint.KeyID, &s.Controller, &s.Channel, &s.Scope, &s.Reason, &s.At)
	return s, err
}

// EndpointsOf gives the Endpoint digests of an address under every version of
// the key, newest first.
func (b *Book) EndpointsOf(i Identity) [][]byte {
	var out [][]byte
	for _, d := range b.endpoints(i) {
		out = append(out, d.Sum)
	}
	return out
}

// Fact is what the suppression means for a customer who holds the address.
func (s Suppression) Fact(c id.Customer, actor term.Actor, at clock.Instant) Fact {
	return Fact{
		ID: id.New[id.Fact](), Customer: c, Kind: Suppressed, Controller: s.Controller, Purpose: s.Scope, Channel: s.Channel,
		At: s.At, Detail: WithValue(On), Actor: actor, Source: "suppression", RecordedAt: at,
	}
}
