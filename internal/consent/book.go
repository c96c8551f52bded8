package consent

import (
	"encoding/json"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

// Table is where the records are.
const Table = "consent_record"

const columns = `customer_id, seq, record_id, rev, controller, purpose, channel, recipient, kind, validity,
	ask, charter_version, notice_id, notice_hash, lang, method, control_default, action, evidence, strength,
	asserted_at, actor, source, overruled, recorded_at, entry_id, salt, prev, hash`

// Insert writes records that Next has prepared. The caller is the gate and has
// locked the customers.
func Insert(tx *db.Tx, list ...Record) error {
	rows := make([][]any, len(list))
	for i, r := range list {
		row, err := r.row()
		if err != nil {
			return err
		}
		rows[i] = row
	}
	_, err := tx.InsertMany(`insert into consent_record (`+columns+`) values`, "", rows)
	return err
}

// Next gives a record its number after a customer's records so far, its place in
// the chain, and a time of record that never goes back.
func Next(r Record, before []Record) (Record, error) {
	r.Seq = int64(len(before)) + 1
	var prev []byte
	if len(before) > 0 {
		last := before[len(before)-1]
		r.RecordedAt = max(r.RecordedAt, last.RecordedAt)
		prev = last.Hash
	}
	return Seal(r, prev)
}

func (r Record) row() ([]any, error) {
	overruled := ""
	if len(r.Overruled) > 0 {
		text, err := json.Marshal(r.Overruled)
		if err != nil {
			return nil, err
		}
		overruled = string(text)
	}
	return []any{r.Customer, r.Seq, r.ID, r.Rev, r.Controller, r.Purpose, r.Channel, r.Recipient, r.Kind, r.Validity,
		r.Ask, r.CharterVersion, r.Notice, r.NoticeHash, r.Lang, r.Method, r.ControlDefault, r.Action, r.Evidence, r.Strength,
		r.AssertedAt, r.Actor, r.Source, overruled, r.RecordedAt, r.Entry, r.Salt, r.Prev, r.Hash}, nil
}

func scan(row db.Scan) (Record, error) {
	var r Record
	var overruled string
	err := row(&r.Customer, &r.Seq, &r.ID, &r.Rev, &r.Controller, &r.Purpose, &r.Channel, &r.Recipient, &r.Kind, &r.Validity,
		&r.Ask, &r.CharterVersion, &r.Notice, &r.NoticeHash, &r.Lang, &r.Method, &r.ControlDefault, &r.Action, &r.Evidence, &r.Strength,
		&r.AssertedAt, &r.Actor, &r.Source, &overruled, &r.RecordedAt, &r.Entry, &r.Salt, &r.Prev, &r.Hash)
	if len(r.NoticeHash) == 0 {
		r.NoticeHash = nil
	}
	if err == nil && overruled != "" {
		err = json.Unmarshal([]byte(overruled), &r.Overruled)
	}
	return r, err
}

// Of gives all records of a customer in their order; none is no error.
func Of(tx *db.Tx, c id.Customer) ([]Record, error) {
	rows, err := tx.Query(`select `+columns+` from consent_record where customer_id = $1 order by seq`, c)
	return db.Collect(rows, err, scan)
}

// OfMany is Of for several customers.
func OfMany(tx *db.Tx, list []id.Customer) (map[id.Customer][]Record, error) {
	out := make(map[id.Customer][]Record, len(list))
	err := db.In(tx, list, func(marks string, args []any) error {
		rows, err := tx.Query(`select `+columns+` from consent_record where customer_id in (`+marks+`) order by customer_id, seq`, args...)
		found, err := db.Collect(rows, err, scan)
		for _, r := range found {
			out[r.Customer] = append(out[r.Customer], r)
		}
		return err
	})
	return out, err
}

// Get gives one record. It returns NOT_FOUND when there is none, also after the
// customer was erased.
func Get(tx *db.Tx, r id.Record) (Record, error) {
	rows, err := tx.Query(`select `+columns+` from consent_record where record_id = $1 order by customer_id, seq limit 1`, r)
	got, err := db.Collect(rows, err, scan)
	if err != nil {
		return Record{}, err
	}
	if len(got) == 0 {
		return Record{}, errs.New(errs.NotFound, "no_such_record", "there is no such consent record")
	}
	return got[0], nil
}

// Export is a customer's consent history, as the controller must be able to
// show it (GDPR 7(1)): ordered events, and what they amount to.
type Export struct {
	SchemaVersion string   `json:"schema_version"`
	Events        []Record `json:"events"`
	States        []Stated `json:"states"`
	Broken        int      `json:"broken_at,omitempty"` // Verify of the events; 0 when the chain is whole
}

// Stated is the status of one key at the instant of an export.
type Stated struct {
	Key
	Status Status    `json:"status"`
	Rests  id.Record `json:"rests_on,omitzero"`
}

// SchemaVersion names the form of an export and the standard it follows.
const SchemaVersion = "ISO/IEC TS 27560:2023 candor/1"

// ExportAt gives the history up to an instant.
func ExportAt(records []Record, at clock.Instant) Export {
	n := 0
	for n < len(records) && records[n].RecordedAt <= at {
		n++
	}
	out := Export{SchemaVersion: SchemaVersion, Events: records[:n], Broken: Verify(records[:n])}
	for _, k := range Keys(records[:n]) {
		s := StateOf(records[:n], k)
		out.States = append(out.States, Stated{k, s.Status, s.Rests.ID})
	}
	return out
}
