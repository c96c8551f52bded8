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
// A packed standing is its version, the distinct texts, the distinct numbers, and
// the intervals, which give both by their places among those: instants and
// fingerprints are long and mostly the same. Numbers are varints.
const packedVersion = 2

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
	var numbers []int64
	textPlaces, numberPlaces := map[string]uint64{}, map[int64]uint64{}
	body := binary.AppendUvarint(make([]byte, 0, 20*len(list)+10), uint64(len(list)))
	for i := range list {
		for _, text := range list[i].texts() {
			body = binary.AppendUvarint(body, placed(&texts, textPlaces, text))
		}
		for _, n := range list[i].numbers() {
			body = binary.AppendUvarint(body, placed(&numbers, numberPlaces, n))
		}
	}
	out := binary.AppendUvarint(make([]byte, 0, len(body)+768), packedVersion)
	out = binary.AppendUvarint(out, uint64(len(texts)))
	for _, t := range texts {
		out = append(binary.AppendUvarint(out, uint64(len(t))), t...)
	}
	out = binary.AppendUvarint(out, uint64(len(numbers)))
	for _, n := range numbers {
		out = binary.AppendVarint(out, n)
	}
	return append(out, body...)
}

// placed gives the place of a value among the distinct ones.
func placed[T comparable](list *[]T, places map[T]uint64, v T) uint64 {
	place, known := places[v]
	if !known {
		place = uint64(len(*list))
		places[v] = place
		*list = append(*list, v)
	}
	return place
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
	numbers := make([]int64, u.size())
	for i := range numbers {
		numbers[i] = u.number()
	}
	var s Standing
	for range u.size() {
		var t [9]string
		for i := range t {
			t[i] = pick(&u, texts)
		}
		s.Controller, s.Purpose, s.Channel, s.Recipient, s.Scope = term.Controller(t[0]), term.Purpose(t[1]), term.Channel(t[2]), term.Recipient(t[3]), t[4]
		s.Because, s.Basis, s.Evidence, s.PackVersion = t[5], t[6], t[7], t[8]
		s.From, s.Until, s.Ops = clock.Instant(pick(&u, numbers)), clock.Instant(pick(&u, numbers)), Ops(pick(&u, numbers))
		s.CharterVersion, s.Rules = pick(&u, numbers), pick(&u, numbers)
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

// pick reads a place and gives what is there.
func pick[T any](u *unpacker, list []T) (v T) {
	n := u.count()
	if n >= uint64(len(list)) {
		u.bad = true
		return v
	}
	return list[n]
}

// unpacker reads numbers; bad is set when there is none.
type unpacker struct {
	rest []byte
	bad  bool
}

func (u *unpacker) count() uint64 {
	if len(u.rest) > 0 && u.rest[0] < 0x80 { // most are below 128: a byte each
		v := u.rest[0]
		u.rest = u.rest[1:]
		return uint64(v)
	}
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
