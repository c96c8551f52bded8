package gate

import (
	"encoding/binary"
	"errors"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

// A customer's standing is kept twice, written together: whole, packed into one
// value, for whoever asks about one customer, and as rows, for questions over
// all customers. One row found by a number is a small part of the work of sixteen
// found by names.
//
// A packed standing is its version, the distinct texts, and the intervals, which
// give their texts by the place among those. Numbers are varints.
const packedVersion = 1

var errPacked = errors.New("gate: a standing cannot be read")

// texts are those of an interval, in the order in which they are packed.
func (s *Standing) texts() [9]string {
	return [9]string{string(s.Controller), string(s.Purpose), string(s.Channel), string(s.Recipient), s.Scope, s.Because, s.Basis, s.Evidence, s.PackVersion}
}

func (s *Standing) numbers() [5]int64 {
	return [5]int64{int64(s.From), int64(s.Until), int64(s.Ops), s.CharterVersion, s.Rules}
}

func pack(list []Standing) []byte {
	var texts []string
	places := map[string]uint64{}
	body := binary.AppendUvarint(make([]byte, 0, 48*len(list)+10), uint64(len(list)))
	for i := range list {
		for _, text := range list[i].texts() {
			place, known := places[text]
			if !known {
				place = uint64(len(texts))
				places[text] = place
				texts = append(texts, text)
			}
			body = binary.AppendUvarint(body, place)
		}
		for _, n := range list[i].numbers() {
			body = binary.AppendVarint(body, n)
		}
	}
	out := binary.AppendUvarint(make([]byte, 0, len(body)+512), packedVersion)
	out = binary.AppendUvarint(out, uint64(len(texts)))
	for _, t := range texts {
		out = append(binary.AppendUvarint(out, uint64(len(t))), t...)
	}
	return append(out, body...)
}

// unpack gives each interval of a packed standing to a function, which keeps a
// copy of what it wants.
func unpack(packed []byte, each func(s *Standing)) error {
	if len(packed) == 0 {
		return nil
	}
	u := unpacker{rest: packed}
	if u.count() != packedVersion {
		return errPacked
	}
	texts := make([]string, u.size())
	all := string(packed)
	for i := range texts {
		n := u.size()
		at := len(packed) - len(u.rest)
		texts[i], u.rest = all[at:at+n], u.rest[n:]
	}
	var s Standing
	for range u.size() {
		var t [9]string
		for i := range t {
			if n := u.count(); n < uint64(len(texts)) {
				t[i] = texts[n]
			} else {
				u.bad = true
			}
		}
		s.Controller, s.Purpose, s.Channel, s.Recipient, s.Scope = term.Controller(t[0]), term.Purpose(t[1]), term.Channel(t[2]), term.Recipient(t[3]), t[4]
		s.Because, s.Basis, s.Evidence, s.PackVersion = t[5], t[6], t[7], t[8]
		s.From, s.Until, s.Ops = clock.Instant(u.number()), clock.Instant(u.number()), Ops(u.number())
		s.CharterVersion, s.Rules = u.number(), u.number()
		if u.bad {
			return errPacked
		}
		each(&s)
	}
	if u.bad || len(u.rest) > 0 {
		return errPacked
	}
	return nil
}

// unpacker reads numbers; bad is set when there is none.
type unpacker struct {
	rest []byte
	bad  bool
}

func (u *unpacker) count() uint64 {
	v, n := binary.Uvarint(u.rest)
	if n <= 0 {
		u.bad = true
		return 0
	}
	u.rest = u.rest[n:]
	return v
}

// size is a count of things that follow, each at least a byte.
func (u *unpacker) size() int {
	n := u.count()
	if n > uint64(len(u.rest)) {
		u.bad = true
		return 0
	}
	return int(n)
}

func (u *unpacker) number() int64 {
	v, n := binary.Varint(u.rest)
	if n <= 0 {
		u.bad = true
		return 0
	}
	u.rest = u.rest[n:]
	return v
}

// standingOf gives all intervals of a customer, those of one slot in order.
func standingOf(tx *db.Tx, c id.Customer) ([]Standing, error) {
	found, err := standingsOf(tx, []id.Customer{c})
	return found[c], err
}

// standingsOf is standingOf for several customers.
func standingsOf(tx *db.Tx, list []id.Customer) (map[id.Customer][]Standing, error) {
	out := make(map[id.Customer][]Standing, len(list))
	err := db.In(tx, list, func(marks string, args []any) error {
		return EachStanding(tx, "customer_id in ("+marks+")", args, func(c id.Customer, s *Standing) {
			out[c] = append(out[c], *s)
		})
	})
	return out, err
}

// EachStanding gives the intervals of the customers that a condition on
// customer_id chooses, customer by customer, those of one slot in order. The
// function keeps a copy of what it wants.
func EachStanding(tx *db.Tx, where string, args []any, each func(c id.Customer, s *Standing)) error {
	rows, err := tx.Query(`select customer_id, packed from standing_whole where `+where+` order by customer_id`, args...)
	return db.Each(rows, err, func(scan db.Scan) error {
		var c id.Customer
		var packed []byte
		if err := scan(&c, &packed); err != nil {
			return err
		}
		return unpack(packed, func(s *Standing) { each(c, s) })
	})
}
