package message

import (
	"cmp"
	"slices"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/keyring"
)

// States lists the states of sends in the order they are passed through.
var States = []State{Planned, Claimed, Handed, Accepted, Refused, Returned, Uncertain, Denied, Cancelled, HeldOut}

// Log asks for messages as the log of deliveries shows them: the newest first.
type Log struct {
	Program string // "" for all
	ID      int64  // of the program
	State   State  // "" for all
	After   Place  // where the page before ended
	Limit   int
}

// Place is a place in the log.
type Place struct {
	At     clock.Instant
	Number int64
}

// Delivery is a message in the log. Nothing in it says whose it is.
type Delivery struct {
	Program    string
	ProgramID  int64
	Send       Send
	MessageID  string // before the domain
	Place      Place
	Complained clock.Instant
}

// Deliveries reads a page of the log.
func Deliveries(tx *db.Tx, ring *keyring.Ring, l Log) ([]Delivery, error) {
	states := []State{l.State}
	if l.State == "" {
		states = States
	}
	if l.After == (Place{}) {
		l.After = Place{clock.Never, 0}
	}
	var out []Delivery
	for _, s := range states {
		found, err := l.read(tx, s)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	slices.SortFunc(out, func(a, b Delivery) int {
		return cmp.Or(cmp.Compare(b.Place.At, a.Place.At), cmp.Compare(b.Place.Number, a.Place.Number))
	})
	out = out[:min(len(out), l.Limit)]
	for i := range out {
		out[i].MessageID = localID(ring, out[i].Send.Key)
	}
	return out, nil
}

func (l Log) read(tx *db.Tx, s State) ([]Delivery, error) {
	const after = " and (due_at < $2 or due_at = $2 and mail_number < $3) order by due_at desc, mail_number desc limit $4"
	query, args := "select "+sendColumns+", due_at, mail_number from send where state = $1"+after, []any{s, l.After.At, l.After.Number, l.Limit}
	if l.Program != "" {
		query = "select " + sendColumns + ", due_at, mail_number from send where program = $5 and program_id = $6 and state = $1" + after
		args = append(args, l.Program, l.ID)
	}
	rows, err := tx.Query(query, args...)
	return db.Collect(rows, err, func(scan db.Scan) (d Delivery, err error) {
		d.Send, err = scanSend(func(to ...any) error { return scan(append(to, &d.Place.At, &d.Place.Number)...) })
		d.Program, d.ProgramID, d.Complained = d.Send.Program, d.Send.ProgramID, d.Send.Complained
		return d, err
	})
}

// Lookup finds a message by its Message-ID, for the log. It returns NOT_FOUND
// when no message of ours has it.
func Lookup(tx *db.Tx, ring *keyring.Ring, messageID string) (Delivery, error) {
	s, err := ByMessageID(tx, ring, messageID)
	if errs.Is(err, errs.NotFound) {
		return Delivery{}, errs.New(errs.NotFound, "no_such_mail", "no message of ours has this Message-ID; of people who were erased the log keeps nothing").On("message_id")
	}
	return Delivery{Program: s.Program, ProgramID: s.ProgramID, Send: s, MessageID: localID(ring, s.Key), Complained: s.Complained}, err
}
