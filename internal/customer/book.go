package customer

import (
	"bytes"
	"encoding/hex"
	"slices"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

// Marks of an address that never proves who someone is.
const (
	MarkNone   = ""
	MarkShared = "shared" // several people use it, or two signed in with it
	MarkRole   = "role"   // belongs to a function: info@, office@
)

// Held is an identity as a customer holds it.
type Held struct {
	Customer    id.Customer
	Digest      []byte // keyed digest; use Identity
	KeyID       int64
	Kind        IdentityKind
	Namespace   string
	Mark        string
	Endpoint    []byte // of an address: keyed digest, use Suppression; else empty
	Source      string
	AddedAt     clock.Instant
	ConfirmedAt clock.Instant // the person showed that the address is theirs, or 0
	InvalidAt   clock.Instant // mail to it bounced for good, or 0
	Origin      id.Customer
	First       bool // of Claim only: nobody was found to hold it
}

// Book finds customers by their identities. It is safe for concurrent use.
type Book struct{ ring *keyring.Ring }

// NewBook makes a book over a ring of keys.
func NewBook(ring *keyring.Ring) *Book { return &Book{ring} }

// Digests gives the keyed digests under which an identity may be found, that of
// the newest key first.
func (b *Book) Digests(i Identity) []keyring.Digest {
	return b.ring.Digests(keyring.Identity, string(i.Kind), i.Namespace, i.Value.Reveal())
}

// Endpoint gives the keyed digest of an address by which it is suppressed. It
// stays meaningful after its customers were erased.
func (b *Book) Endpoint(i Identity) keyring.Digest {
	return b.ring.Digest(keyring.Suppression, string(i.Kind), i.Value.Reveal())
}

func (b *Book) endpoints(i Identity) []keyring.Digest {
	return b.ring.Digests(keyring.Suppression, string(i.Kind), i.Value.Reveal())
}

// Hold makes the row of an identity for a customer.
func (b *Book) Hold(i Identity, c id.Customer, source string, at clock.Instant) Held {
	d := b.ring.Digest(keyring.Identity, string(i.Kind), i.Namespace, i.Value.Reveal())
	h := Held{Customer: c, Digest: d.Sum, KeyID: d.KeyID, Kind: i.Kind, Namespace: i.Namespace, Source: source, AddedAt: at}
	if i.Kind.Endpoint() {
		h.Endpoint = b.Endpoint(i).Sum
	}
	if i.Role() {
		h.Mark = MarkRole
	}
	return h
}

// Find gives the customers who hold an identity, in ascending order; none is no
// error.
func (b *Book) Find(tx *db.Tx, i Identity) ([]id.Customer, error) {
	var sums [][]byte
	for _, d := range b.Digests(i) {
		sums = append(sums, d.Sum)
	}
	found, err := Lookup(tx, sums)
	if err != nil {
		return nil, err
	}
	var out []id.Customer
	for _, list := range found {
		out = append(out, list...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// HoldersOf gives the customers who hold an address, by its Endpoint digest.
func HoldersOf(tx *db.Tx, endpoint []byte) ([]id.Customer, error) {
	found, err := Lookup(tx, [][]byte{endpoint})
	if err != nil {
		return nil, err
	}
	return found[string(endpoint)], nil
}

// Lookup finds the holders of many digests in one query.
func Lookup(tx *db.Tx, sums [][]byte) (map[string][]id.Customer, error) {
	out := make(map[string][]id.Customer, len(sums))
	err := db.In(tx, sums, func(marks string, args []any) error {
		rows, err := tx.Query("select digest, customer_id from identity_lookup where digest in ("+marks+") order by digest, slot, customer_id", args...)
		_, err = db.Collect(rows, err, func(scan db.Scan) (struct{}, error) {
			var sum []byte
			var c id.Customer
			err := scan(&sum, &c)
			out[string(sum)] = append(out[string(sum)], c)
			return struct{}{}, err
		})
		return err
	})
	return out, err
}

// ErrRaced says that another writer gave an identity to someone in the
// meantime. The caller looks it up again and starts over.
var ErrRaced = errs.New(errs.Conflict, "identity_taken", "somebody else took this identity at the same moment; try again")

// Claim gives identities to customers. An identity that was found to be
// nobody's (First), and every one that is not an address, is taken once over
// all customers: it returns ErrRaced when another writer was first. Only the
// gate calls it.
func Claim(tx *db.Tx, list []Held) error {
	rows := make([][]any, 0, len(list))
	var lookup []lookupRow
	for _, h := range list {
		rows = append(rows, []any{h.Customer, h.Digest, h.KeyID, h.Kind, h.Namespace, h.Mark, h.Endpoint, h.Source,
			h.AddedAt, h.ConfirmedAt, h.InvalidAt, h.Origin})
		slot := id.Customer(0)
		if h.Kind.Endpoint() && !h.First {
			slot = h.Customer
		}
		lookup = append(lookup, lookupRow{h.Digest, slot, h.Customer})
		if len(h.Endpoint) > 0 {
			lookup = append(lookup, lookupRow{h.Endpoint, h.Customer, h.Customer})
		}
	}
	if err := insertLookup(tx, lookup); err != nil {
		return err
	}
	_, err := tx.InsertMany("insert into identity (customer_id, digest, key_id, kind, namespace, mark, endpoint, source,"+
		" added_at, confirmed_at, invalid_at, origin) values", "", rows)
	return err
}

type lookupRow struct {
	digest         []byte
	slot, customer id.Customer
}

// insertLookup writes in the order of the digests, so that two writers wait for
// each other and never in a circle.
func insertLookup(tx *db.Tx, list []lookupRow) error {
	slices.SortFunc(list, func(a, b lookupRow) int { return bytes.Compare(a.digest, b.digest) })
	rows := make([][]any, len(list))
	for i, l := range list {
		rows[i] = []any{l.digest, l.slot, l.customer}
	}
	n, err := tx.InsertMany("insert into identity_lookup (digest, slot, customer_id) values", "on conflict do nothing", rows)
	if err != nil {
		return err
	}
	if n != int64(len(rows)) {
		return ErrRaced
	}
	return nil
}

const heldColumns = "customer_id, digest, key_id, kind, namespace, mark, endpoint, source, added_at, confirmed_at, invalid_at, origin"

// IdentitiesOf gives the identities of customers, those added first in front.
func IdentitiesOf(tx *db.Tx, list []id.Customer) (map[id.Customer][]Held, error) {
	out := make(map[id.Customer][]Held, len(list))
	err := db.In(tx, list, func(marks string, args []any) error {
		rows, err := tx.Query("select "+heldColumns+" from identity where customer_id in ("+marks+") order by customer_id, added_at, digest", args...)
		found, err := db.Collect(rows, err, scanHeld)
		for _, h := range found {
			out[h.Customer] = append(out[h.Customer], h)
		}
		return err
	})
	return out, err
}

func scanHeld(scan db.Scan) (Held, error) {
	var h Held
	err := scan(&h.Customer, &h.Digest, &h.KeyID, &h.Kind, &h.Namespace, &h.Mark, &h.Endpoint, &h.Source,
		&h.AddedAt, &h.ConfirmedAt, &h.InvalidAt, &h.Origin)
	return h, err
}

// Release takes an identity away from a customer.
func Release(tx *db.Tx, c id.Customer, digest []byte) error {
	if _, err := tx.Exec("delete from identity where customer_id = $1 and digest = $2", c, digest); err != nil {
		return err
	}
	_, err := tx.Exec("delete from identity_lookup where digest = $1 and customer_id = $2", digest, c)
	return err
}

// NoteAddress brings what is known of a customer's addresses into line with a
// fact of kind Address: all of its channel, or the one whose Endpoint digest
// stands, in hexadecimal, in Detail["endpoint"].
func NoteAddress(tx *db.Tx, f Fact) error {
	args := []any{f.Customer, kindOf(f.Channel), f.At}
	var set string
	switch f.Value() {
	case "confirmed":
		set = "confirmed_at = $3, invalid_at = 0"
	case "bounced", "invalid":
		set = "invalid_at = $3"
	case "unconfirmed":
		set, args[2] = "confirmed_at = $3, invalid_at = $3", int64(0)
	default:
		return nil
	}
	where := " where customer_id = $1 and kind = $2"
	if one := f.Detail["endpoint"]; one != "" {
		sum, err := hex.DecodeString(one)
		if err != nil {
			return invalid("bad_endpoint", "endpoint", "an endpoint is a digest in hexadecimal")
		}
		where += " and endpoint = $4"
		args = append(args, sum)
	}
	_, err := tx.Exec("update identity set "+set+where, args...)
	return err
}

func kindOf(ch term.Channel) IdentityKind {
	switch ch {
	case term.Email:
		return EmailAddress
	case term.SMS, term.Phone:
		return PhoneNumber
	}
	return ""
}
