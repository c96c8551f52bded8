package collect

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
)

// KeepQuarantine is how long rejected data are kept: long enough to repair a
// source, too short to become a store of their own.
const KeepQuarantine = 7 * 24 * time.Hour

// Held is a message in quarantine as staff may see it: without any value.
type Held struct {
	ID         id.Quarantine
	Source     id.Source
	ReceivedAt clock.Instant
	Reason     errs.Code
	Field      string // the declared name that failed, or ""
	Size       int64
}

// held is what is put in quarantine: only what the charter declares, so that
// undeclared data are not stored here either.
type held struct {
	Held
	body []byte
}

// sealHeld encrypts a message with AES-256-GCM under the newest key for blobs,
// bound to the row's id.
func sealHeld(r *keyring.Ring, q id.Quarantine, body []byte) (keyID int64, sealed []byte, err error) {
	keyID = r.Current()
	aead, err := r.Cipher(keyID, keyring.Blob)
	if err != nil {
		return 0, nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(body)+aead.Overhead())
	_, _ = rand.Read(nonce)
	return keyID, aead.Seal(nonce, nonce, body, rowID(q)), nil
}

func openHeld(r *keyring.Ring, keyID int64, q id.Quarantine, sealed []byte) ([]byte, error) {
	aead, err := r.Cipher(keyID, keyring.Blob)
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errNotOurs
	}
	body, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], rowID(q))
	if err != nil {
		return nil, errNotOurs
	}
	return body, nil
}

var errNotOurs = errs.New(errs.Internal, "quarantine_changed", "a message in quarantine is not what was put there")

func rowID(q id.Quarantine) []byte { return binary.BigEndian.AppendUint64(nil, uint64(q)) }

// quarantineRows seals messages outside the transaction that stores them.
func quarantineRows(r *keyring.Ring, messages []held) ([][]any, error) {
	rows := make([][]any, 0, len(messages))
	for _, m := range messages {
		m.ID = id.New[id.Quarantine]()
		keyID, sealed, err := sealHeld(r, m.ID, m.body)
		if err != nil {
			return nil, err
		}
		rows = append(rows, []any{m.ID, m.Source, m.ReceivedAt, m.Reason, m.Field, len(m.body), keyID, sealed})
	}
	return rows, nil
}

func insertQuarantine(tx *db.Tx, rows [][]any) error {
	_, err := tx.InsertMany(`insert into quarantine (quarantine_id, source_id, received_at, reason, field, size, key_id, body) values`, ``, rows)
	return err
}

// listQuarantine gives a page of what a source has in quarantine, oldest first.
func listQuarantine(tx *db.Tx, source id.Source, after id.Quarantine, limit int) ([]Held, error) {
	rows, err := tx.Query(`select quarantine_id, source_id, received_at, reason, field, size from quarantine
		where source_id = $1 and quarantine_id > $2 order by quarantine_id limit $3`, source, after, limit)
	return db.Collect(rows, err, func(scan db.Scan) (h Held, err error) {
		return h, scan(&h.ID, &h.Source, &h.ReceivedAt, &h.Reason, &h.Field, &h.Size)
	})
}

// MostHeld bounds what Held counts.
const MostHeld = 1000

// Held counts what is in quarantine, up to MostHeld.
func (c *Collector) Held(tx *db.Tx) (n int64, err error) {
	return n, tx.QueryRow(`select count(*) from (select quarantine_id from quarantine limit $1) q`, MostHeld).Scan(&n)
}

// expireQuarantine deletes what has been kept long enough.
func expireQuarantine(tx *db.Tx, now clock.Instant) (int64, error) {
	return tx.Exec(`delete from quarantine where received_at <= $1`, now.Add(-KeepQuarantine))
}
