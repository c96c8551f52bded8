package claim

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
)

// row is a claim as stored, without the digest it is found by.
type row struct {
	Kept
	request id.Request
	keyID   int64
	madeAt  clock.Instant
	sealed  []byte
}

func scanRow(scan db.Scan) (r row, err error) {
	return r, scan(&r.request, &r.keyID, &r.Market, &r.Ground, &r.Records, &r.madeAt, &r.Until, &r.sealed)
}

const columns = "request_id, key_id, market, ground, records, made_at, until_at, sealed"

// ofErasure gives what an erasure left, or false.
func ofErasure(tx *db.Tx, r id.Request) (row, bool, error) {
	rows, err := tx.Query("select "+columns+" from claim where request_id = $1 order by digest limit 1", r)
	list, err := db.Collect(rows, err, scanRow)
	if err != nil || len(list) == 0 {
		return row{}, false, err
	}
	return list[0], true, nil
}

// seal seals evidence under the newest key, bound to the erasure.
func (s *Store) seal(r id.Request, ev Evidence) (keyID int64, sealed []byte, err error) {
	keyID = s.Ring.Current()
	sealed, err = s.sealUnder(keyID, r, ev)
	return keyID, sealed, err
}

func (s *Store) sealUnder(keyID int64, r id.Request, ev Evidence) ([]byte, error) {
	text, err := json.Marshal(ev)
	if err != nil {
		return nil, err
	}
	aead, err := s.Ring.Cipher(keyID, keyring.Claim)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(text)+aead.Overhead())
	_, _ = rand.Read(nonce)
	return aead.Seal(nonce, nonce, text, boundTo(r)), nil
}

func (s *Store) open(r row) (ev Evidence, err error) {
	aead, err := s.Ring.Cipher(r.keyID, keyring.Claim)
	if err != nil {
		return ev, err
	}
	changed := errs.New(errs.Internal, "claim_changed", "what was kept for claims is not what was put there")
	if len(r.sealed) < aead.NonceSize() {
		return ev, changed
	}
	text, err := aead.Open(nil, r.sealed[:aead.NonceSize()], r.sealed[aead.NonceSize():], boundTo(r.request))
	if err != nil {
		return ev, changed
	}
	return ev, json.Unmarshal(text, &ev)
}

func boundTo(r id.Request) []byte { return binary.BigEndian.AppendUint64([]byte("claim/"), uint64(r)) }
