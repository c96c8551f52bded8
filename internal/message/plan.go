package message

import (
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

// Plan is a send to be written down: in the transaction that moves the program
// on, so that it exists exactly when its cause does.
type Plan struct {
	Key       Key
	ProgramID int64
	Message   id.Message
	// Controller, Purpose and Class repeat the message's, ContentHash is what was
	// approved.
	Controller  term.Controller
	Purpose     term.Purpose
	Class       Class
	Lang        term.Lang // "" for the language the person consented in, else the charter's first
	ContentHash []byte
	DueAt       clock.Instant
	HeldOut     bool // left out on purpose
	// Reasons, when set, says that the gate denied it already.
	Reasons []errs.Code

	payload string
}

// Put writes sends down and gives how many were new: a send that exists already
// stays as it is.
func Put(tx *db.Tx, ring *keyring.Ring, now clock.Instant, plans []Plan) (int64, error) {
	rows := make([][]any, len(plans))
	for i, p := range plans {
		state, ended := Planned, clock.Instant(0)
		switch {
		case len(p.Reasons) > 0:
			state, ended = Denied, now
		case p.HeldOut:
			state, ended = HeldOut, now
		}
		due := max(p.DueAt, now)
		key := p.Key.Sum(ring)
		rows[i] = []any{p.Key.Customer, key, p.Key.Program, p.ProgramID, p.Message, p.Controller, p.Purpose, p.Key.Channel,
			p.Class, p.Lang, p.ContentHash, p.payload, state, joinCodes(p.Reasons), 0, 0, 0, 0, 0, 0, 0, "", 0, due, now, 0, ended, mailNumber(localID(ring, key)), 0}
	}
	return tx.InsertMany(`insert into send (customer_id, send_key, program, program_id, message_id, controller, purpose, channel,
		class, lang, content_hash, payload, state, reasons, reply, attempt, begun, counted, entry, overtaken_at, too_personal, holder, lease_until, due_at,
		planned_at, handed_at, ended_at, mail_number, complained_at) values`, "on conflict (customer_id, send_key) do nothing", rows)
}

const sendColumns = `customer_id, send_key, program, program_id, message_id, controller, purpose, channel, class, lang, content_hash,
	payload, state, reasons, reply, attempt, counted, overtaken_at, lease_until, planned_at, handed_at, ended_at, complained_at`

func scanSend(scan db.Scan) (Send, error) {
	var s Send
	var reasons string
	var counted int64
	err := scan(&s.Customer, &s.Key, &s.Program, &s.ProgramID, &s.Message, &s.Controller, &s.Purpose, &s.Channel, &s.Class, &s.Lang,
		&s.ContentHash, &s.payload, &s.State, &reasons, &s.Reply, &s.Attempt, &counted, &s.Overtaken, &s.lease, &s.PlannedAt, &s.HandedAt, &s.EndedAt, &s.Complained)
	s.Reasons, s.counted = splitCodes(reasons), counted == 1
	return s, err
}

// Of lists a customer's sends, the newest first.
func Of(tx *db.Tx, c id.Customer) ([]Send, error) {
	rows, err := tx.Query("select "+sendColumns+" from send where customer_id = $1 order by planned_at desc, send_key", c)
	return db.Collect(rows, err, scanSend)
}

// Get reads one send of a customer. It returns NOT_FOUND when there is none.
func Get(tx *db.Tx, c id.Customer, key []byte) (Send, error) {
	rows, err := tx.Query("select "+sendColumns+" from send where customer_id = $1 and send_key = $2", c, key)
	found, err := db.Collect(rows, err, scanSend)
	if err == nil && len(found) == 0 {
		err = errs.New(errs.NotFound, "no_message", "there is no such message")
	}
	if err != nil {
		return Send{}, err
	}
	return found[0], nil
}

// TooPersonal notes that the person found a message too personal. It reports
// whether that is news: a message counts once.
func TooPersonal(tx *db.Tx, c id.Customer, key []byte) (bool, error) {
	n, err := tx.Exec("update send set too_personal = 1 where customer_id = $1 and send_key = $2 and too_personal = 0", c, key)
	return n > 0, err
}

// Tally counts a program's sends by state and reasons.
type Tally struct {
	State   State
	Reasons []errs.Code
	Count   int64
	Left    int64 // of them, how many were on their way when the person withdrew
	Too     int64 // of them, how many people found too personal
	Spam    int64 // of them, how many people called spam
}

// Tallies counts the sends of a program.
func Tallies(tx *db.Tx, program string, programID int64) ([]Tally, error) {
	rows, err := tx.Query(`select state, reasons, count(*), sum(case when overtaken_at > 0 then 1 else 0 end), sum(too_personal),
		sum(case when complained_at > 0 then 1 else 0 end) from send
		where program = $1 and program_id = $2 group by state, reasons order by state, reasons`, program, programID)
	return db.Collect(rows, err, func(scan db.Scan) (Tally, error) {
		var t Tally
		var reasons string
		err := scan(&t.State, &reasons, &t.Count, &t.Left, &t.Too, &t.Spam)
		t.Reasons = splitCodes(reasons)
		return t, err
	})
}

// ServiceTallies counts the engine's own mails of a run.
func ServiceTallies(tx *db.Tx, run int64) ([]Tally, error) { return Tallies(tx, serviceProgram, run) }

// CancelProgram cancels all of a program's sends that are not on their way yet
// and gives how many.
func CancelProgram(tx *db.Tx, program string, programID int64, now clock.Instant) (int64, error) {
	return tx.Exec(`update send set state = 'cancelled', ended_at = $3, payload = '', holder = ''
		where program = $1 and program_id = $2 and state in ('planned', 'claimed')`, program, programID, now)
}

// Waiting tells whether sends of a program have not come to their end.
func Waiting(tx *db.Tx, program string, programID int64) (bool, error) {
	rows, err := tx.Query(`select 1 from send where program = $1 and program_id = $2 and state in ('planned', 'claimed', 'handed') limit 1`, program, programID)
	found, err := db.Collect(rows, err, func(scan db.Scan) (n int64, err error) { return n, scan(&n) })
	return len(found) > 0, err
}

// InBoth finds a customer to whom one program's message has gone and for whom
// another's waits. It returns NOT_FOUND when there is none.
func InBoth(tx *db.Tx, program string, gone, waits int64) (id.Customer, error) {
	rows, err := tx.Query(`select s.customer_id from send s join send w on w.customer_id = s.customer_id and w.program = $1 and w.program_id = $3
		and w.state = 'planned' where s.program = $1 and s.program_id = $2 and s.state = 'accepted' order by s.handed_at limit 1`, program, gone, waits)
	found, err := db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
	if err == nil && len(found) == 0 {
		err = errs.New(errs.NotFound, "nobody", "nobody is in both yet")
	}
	if err != nil {
		return 0, err
	}
	return found[0], nil
}

// Receivers lists the customers to whom a program's message was handed over, in the
// order of their ids.
func Receivers(tx *db.Tx, program string, programID int64) ([]id.Customer, error) {
	rows, err := tx.Query(`select distinct customer_id from send where program = $1 and program_id = $2
		and state in ('handed', 'accepted', 'uncertain', 'returned') order by customer_id`, program, programID)
	return db.Collect(rows, err, func(scan db.Scan) (c id.Customer, err error) { return c, scan(&c) })
}
