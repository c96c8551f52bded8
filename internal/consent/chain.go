package consent

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

const chainLabel = "candor/consent/v1"

// Seal chains a record to the one before it: it sets Prev and Hash. The chain
// covers all of the record but the customer's id and the place in the ledger.
func Seal(r Record, prev []byte) (Record, error) {
	r.Prev = prev
	sum, err := r.sum()
	r.Hash = sum
	return r, err
}

func (r Record) sum() ([]byte, error) {
	statement, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("consent: record cannot be hashed: %w", err)
	}
	h := sha256.New()
	h.Write([]byte(chainLabel))
	h.Write(r.Prev)
	h.Write(statement)
	return h.Sum(nil), nil
}

// Verify checks a customer's records, all of them in order. It gives the number
// of the first record that is not as it was written, missing or out of place,
// counted from 1; 0 when the chain is whole.
func Verify(records []Record) int {
	var prev []byte
	for i, r := range records {
		sum, err := r.sum()
		if err != nil || r.Seq != int64(i+1) || !bytes.Equal(r.Prev, prev) || !bytes.Equal(r.Hash, sum) {
			return i + 1
		}
		if i > 0 && (r.RecordedAt < records[i-1].RecordedAt || r.Rev < records[i-1].Rev) {
			return i + 1
		}
		prev = r.Hash
	}
	return 0
}
