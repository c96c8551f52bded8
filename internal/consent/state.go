package consent

import "candor/internal/clock"

// Status is where a consent stands, before the law of its expiry is applied.
type Status string

// The statuses. Only Agreed is usable.
const (
	None      Status = "none"
	Pending   Status = "pending" // asked for, the address not yet confirmed
	Agreed    Status = "given"
	Declined  Status = "refused"
	Taken     Status = "withdrawn"
	Opposed   Status = "objected"
	Lapsed    Status = "expired"
	Discarded Status = "invalidated"
)

// State is what the records of one key say together.
type State struct {
	Key     Key
	Status  Status
	Pending bool   // a later request waits for confirmation
	Rests   Record // the record it rests on: the agreement, or what ended it; zero when None
	Request Record // the request that waits; zero when not Pending
}

// StateOf folds a customer's records, in their order, to the state of one key.
//
// A withdrawal or objection that names a purpose but no channel and no recipient
// is about all of the purpose.
func StateOf(records []Record, k Key) State {
	s := State{Key: k, Status: None}
	for _, r := range records {
		if r.Counts() && r.touches(k) {
			s.apply(r)
		}
	}
	return s
}

// StateAt is StateOf as it was at an instant.
func StateAt(records []Record, k Key, at clock.Instant) State {
	n := 0
	for n < len(records) && records[n].RecordedAt <= at {
		n++
	}
	return StateOf(records[:n], k)
}

// Keys lists what the records are about, each key once, in order of appearance.
func Keys(records []Record) []Key {
	var out []Key
	seen := map[Key]bool{}
	for _, r := range records {
		if k := r.Key(); !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	return out
}

func (r Record) touches(k Key) bool {
	if r.Controller != k.Controller || r.Purpose != k.Purpose {
		return false
	}
	if r.Channel == k.Channel && r.Recipient == k.Recipient {
		return true
	}
	return (r.Kind == Withdrawn || r.Kind == Objected) && r.Channel == "" && r.Recipient == ""
}

var ends = map[Kind]Status{
	Refused: Declined, Withdrawn: Taken, Objected: Opposed, Expired: Lapsed, Invalidated: Discarded,
}

func (s *State) apply(r Record) {
	switch {
	case r.Kind == Requested:
		s.Pending, s.Request = true, r
		if s.Status == None {
			s.Status = Pending
		}
		return
	case r.Kind.Raises():
		s.Status = Agreed
	default:
		s.Status = s.lowered(ends[r.Kind])
	}
	s.Pending, s.Request, s.Rests = false, Record{}, r
}

// lowered keeps an objection when something weaker follows it: a refusal or an
// expiry does not make an objection less.
func (s *State) lowered(to Status) Status {
	if s.Status == Opposed {
		return Opposed
	}
	if s.Status == Taken && to != Opposed {
		return Taken
	}
	return to
}
