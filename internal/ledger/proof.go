package ledger

import (
	"bytes"
	"context"
	"strings"

	"github.com/transparency-dev/merkle/proof"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger/receipt"
)

// Proof shows that an entry is in the tree of a signed checkpoint.
type Proof struct {
	Row     Row
	Size    int64         // leaves of the checkpoint's tree
	Proof   receipt.Proof // String gives a C2SP tlog-proof
	Receipt []byte        // the whole receipt, as candor verify reads it
}

// Proof proves an entry under the newest checkpoint that witnesses signed, or, as
// long as none covers it, the newest of all. It returns NOT_FOUND for an
// unknown entry, and CONFLICT with ProofPending until a checkpoint covers it.
func (l *Log) Proof(ctx context.Context, e id.Entry) (Proof, error) {
	return l.prove(ctx, e, func(*db.Tx, *Row) error { return nil })
}

// ProofOf is Proof for whoever kept kind, time, salt and content of an entry
// elsewhere: it proves them also after the log's own content is gone.
func (l *Log) ProofOf(ctx context.Context, w Written) (Proof, error) {
	return l.prove(ctx, w.Entry, func(tx *db.Tx, row *Row) error {
		if len(row.Content) > 0 {
			return nil
		}
		ok, err := l.Holds(tx, w)
		if err == nil && ok {
			row.Salt = w.Salt
			row.Content, err = receipt.Canonical(w.Content)
		}
		return err
	})
}

// prove lets the caller fill in what was expunged of an entry.
func (l *Log) prove(ctx context.Context, e id.Entry, fill func(*db.Tx, *Row) error) (Proof, error) {
	var p Proof
	err := l.db.Read(ctx, func(tx *db.Tx) (err error) {
		if p.Row, err = l.get(tx, e); err != nil {
			return err
		}
		if err := fill(tx, &p.Row); err != nil {
			return err
		}
		if len(p.Row.Content) == 0 {
			return errs.New(errs.NotFound, Expired, "the time for keeping the content of this entry is over; its leaf stays, and a receipt that was handed out verifies")
		}
		var signed string
		p.Size, signed, err = covering(tx, p.Row.Pos)
		if errs.Is(err, errs.NotFound) || err == nil && (p.Row.Pos < 0 || p.Row.Pos >= p.Size) {
			return errs.New(errs.Conflict, ProofPending, "the entry is on record and its proof follows within seconds; ask again")
		}
		if err != nil {
			return err
		}
		p.Proof = receipt.Proof{Index: p.Row.Pos, Checkpoint: []byte(signed)}
		p.Proof.Hashes, err = inclusion(tx, p.Row.Pos, p.Size)
		return err
	})
	if err != nil {
		return Proof{}, err
	}
	record, err := p.Row.Record()
	if err != nil {
		return Proof{}, err
	}
	p.Receipt, err = receipt.Receipt{Record: record, Salt: p.Row.Salt, LeafIndex: p.Row.Pos, Proof: p.Proof.String()}.Marshal()
	return p, err
}

// Holds reports whether the leaf of an entry is made of exactly this: kind, time,
// salt and content. It tells so also after the content of the log's own is gone,
// for whoever kept it elsewhere.
func (l *Log) Holds(tx *db.Tx, w Written) (bool, error) {
	row, err := l.get(tx, w.Entry)
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if w.Content, err = receipt.Canonical(w.Content); err != nil {
		return false, err
	}
	commit, err := w.commitment()
	return bytes.Equal(commit, row.Commit), err
}

// covering gives the checkpoint that proves a leaf, with the signatures of
// witnesses.
func covering(tx *db.Tx, pos int64) (size int64, signed string, err error) {
	err = tx.QueryRow(`select c.size, c.note from ledger_cosignature s join ledger_checkpoint c on c.size = s.size
		where s.size > $1 order by s.size desc limit 1`, pos).Scan(&size, &signed)
	if pos < 0 || errs.Is(err, errs.NotFound) {
		err = tx.QueryRow(`select size, note from ledger_checkpoint order by size desc limit 1`).Scan(&size, &signed)
	}
	if err != nil {
		return 0, "", err
	}
	lines, err := cosignatures(tx, size)
	return size, signed + strings.Join(lines, ""), err
}

// inclusion gives the audit path of a leaf (RFC 6962 §2.1.1) from the tiles.
func inclusion(tx *db.Tx, index, size int64) ([][]byte, error) {
	need, err := proof.Inclusion(uint64(index), uint64(size))
	if err != nil {
		return nil, err
	}
	return gather(tx, need)
}

// gather reads the nodes that a proof needs.
func gather(tx *db.Tx, need proof.Nodes) ([][]byte, error) {
	r := &nodes{tx, map[tile][]byte{}}
	hashes := make([][]byte, 0, len(need.IDs))
	for _, n := range need.IDs {
		h, err := r.get(n)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, h)
	}
	return need.Rehash(hashes, hashPair)
}
