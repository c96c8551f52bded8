package message

import (
	"encoding/json"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// Draft is a content with who sends it and for which purpose, and its approval.
type Draft struct {
	ID           id.Message
	Controller   term.Controller
	Purpose      term.Purpose
	Channel      term.Channel
	Sender       string // the From address
	Content      Content
	Hash         []byte // of the content as it is now
	ApprovedHash []byte // of the content as it was approved; empty until then
	ApprovedBy   term.Actor
	ApprovedAt   clock.Instant
	Stopped      bool   // nothing of it leaves for now
	Chosen       Chosen // what its readers are chosen by, as far as a review needs it; not stored here
	CreatedAt    clock.Instant
}

// Approved reports whether the content is the one that was approved.
func (d Draft) Approved() bool {
	return len(d.ApprovedHash) > 0 && string(d.ApprovedHash) == string(d.Hash)
}

// InsertDraft stores a new draft and gives it back with its id and hash.
func InsertDraft(tx *db.Tx, d Draft) (Draft, error) {
	d.ID, d.Hash, d.ApprovedHash = id.New[id.Message](), d.Content.Hash(), nil
	text, err := json.Marshal(d.Content)
	if err != nil {
		return Draft{}, err
	}
	_, err = tx.Exec(`insert into message (message_id, controller, purpose, channel, class, sender, content, content_hash,
		approved_hash, approved_by, approved_at, stopped, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', 0, 0, $10)`,
		d.ID, d.Controller, d.Purpose, d.Channel, d.Content.Class, d.Sender, string(text), d.Hash, []byte{}, d.CreatedAt)
	return d, err
}

// EditDraft changes content and sender. An approval stays with the content it was
// given for: once edited, nothing of the message leaves (MSG-14).
func EditDraft(tx *db.Tx, m id.Message, c Content, sender string) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`update message set content = $2, content_hash = $3, class = $4, sender = $5 where message_id = $1`,
		m, string(text), c.Hash(), c.Class, sender)
	return changedOne(n, err)
}

// Approve approves the content as it is now and gives its hash.
func Approve(tx *db.Tx, m id.Message, by term.Actor, at clock.Instant) ([]byte, error) {
	n, err := tx.Exec(`update message set approved_hash = content_hash, approved_by = $2, approved_at = $3, stopped = 0 where message_id = $1`, m, by, at)
	if err := changedOne(n, err); err != nil {
		return nil, err
	}
	d, err := GetDraft(tx, m)
	return d.ApprovedHash, err
}

// Stop keeps everything planned of a message from leaving; Resume lets it go on.
func Stop(tx *db.Tx, m id.Message) error { return stopped(tx, m, 1) }

// Resume undoes Stop.
func Resume(tx *db.Tx, m id.Message) error { return stopped(tx, m, 0) }

func stopped(tx *db.Tx, m id.Message, to int64) error {
	n, err := tx.Exec("update message set stopped = $2 where message_id = $1", m, to)
	return changedOne(n, err)
}

// GetDraft reads a draft. It returns NOT_FOUND when there is none.
func GetDraft(tx *db.Tx, m id.Message) (Draft, error) {
	var d Draft
	var text string
	var halted int64
	err := tx.QueryRow(`select message_id, controller, purpose, channel, sender, content, content_hash, approved_hash,
		approved_by, approved_at, stopped, created_at from message where message_id = $1`, m).
		Scan(&d.ID, &d.Controller, &d.Purpose, &d.Channel, &d.Sender, &text, &d.Hash, &d.ApprovedHash, &d.ApprovedBy, &d.ApprovedAt, &halted, &d.CreatedAt)
	if err != nil {
		return Draft{}, err
	}
	d.Stopped = halted == 1
	return d, json.Unmarshal([]byte(text), &d.Content)
}

func changedOne(n int64, err error) error {
	if err == nil && n == 0 {
		return errs.New(errs.NotFound, "no_such_message", "there is no such message")
	}
	return err
}
