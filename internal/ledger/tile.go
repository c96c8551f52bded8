package ledger

import (
	"bytes"
	"crypto/sha256"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"candor/internal/db"
	"candor/internal/errs"
)

const (
	hashSize   = 32
	tileWidth  = 256 // hashes in a full tile
	tileHeight = 8   // levels of the tree between two levels of tiles
)

func hashLeaf(commitment []byte) []byte    { return rfc6962.DefaultHasher.HashLeaf(commitment) }
func hashPair(left, right []byte) []byte   { return rfc6962.DefaultHasher.HashChildren(left, right) }
func hashAt(hashes []byte, i int64) []byte { return hashes[i*hashSize : (i+1)*hashSize] }
func hashesIn(hashes []byte) int64         { return int64(len(hashes) / hashSize) }

// tile names one tile.
type tile struct{ level, number int64 }

// edge is the right edge of the tree: at each level of tiles the hashes of the
// tile that is not full yet. It is all that is needed to grow the tree and to
// compute its root.
type edge struct {
	size  int64
	tails [][]byte
}

// add appends a leaf and gives each tile that it fills to full.
func (e *edge) add(leaf []byte, full func(t tile, hashes []byte)) {
	e.size++
	e.push(0, leaf, full)
}

func (e *edge) push(level int, hash []byte, full func(tile, []byte)) {
	if level == len(e.tails) {
		e.tails = append(e.tails, nil)
	}
	e.tails[level] = append(e.tails[level], hash...)
	if hashesIn(e.tails[level]) < tileWidth {
		return
	}
	done := e.tails[level]
	e.tails[level] = nil
	full(tile{int64(level), countAt(e.size, level)/tileWidth - 1}, done)
	e.push(level+1, fold(done), full)
}

// countAt is how many hashes a tree has at a level of tiles.
func countAt(size int64, level int) int64 { return size >> (tileHeight * level) }

// open gives the tiles that are not full.
func (e *edge) open(each func(t tile, hashes []byte)) {
	for level, hashes := range e.tails {
		if len(hashes) > 0 {
			each(tile{int64(level), countAt(e.size, level) / tileWidth}, hashes)
		}
	}
}

// root is the Merkle tree hash (RFC 6962 §2.1).
func (e *edge) root() []byte {
	var acc []byte
	for _, hashes := range e.tails {
		for n := hashesIn(hashes); n > 0; {
			width := n & -n // the smallest perfect subtree is the rightmost
			sub := fold(hashes[(n-width)*hashSize : n*hashSize])
			if acc == nil {
				acc = sub
			} else {
				acc = hashPair(sub, acc)
			}
			n -= width
		}
	}
	if acc == nil {
		return rfc6962.DefaultHasher.EmptyRoot()
	}
	return acc
}

// fold is the root of a perfect subtree of 1, 2, 4, ... 256 hashes. It hashes in
// place, since a proof folds most of each tile it reads.
func fold(hashes []byte) []byte {
	var pair [1 + 2*hashSize]byte
	var level [tileWidth * hashSize]byte
	pair[0] = rfc6962.RFC6962NodeHashPrefix
	n := copy(level[:], hashes)
	for ; n > hashSize; n /= 2 {
		for i := 0; i < n; i += 2 * hashSize {
			copy(pair[1:], level[i:i+2*hashSize])
			sum := sha256.Sum256(pair[:])
			copy(level[i/2:], sum[:])
		}
	}
	return bytes.Clone(level[:hashSize])
}

// readEdge reads the right edge of a tree of a size and checks that it gives the
// root that was stored with it. It returns UNAVAILABLE with LedgerTampered when
// it does not: nothing may be signed on top of it.
func readEdge(tx *db.Tx, size int64, root []byte) (*edge, error) {
	e := &edge{size: size}
	for level := 0; countAt(size, level) > 0; level++ {
		count := countAt(size, level)
		var hashes []byte
		if count%tileWidth > 0 {
			var err error
			if hashes, err = readTile(tx, tile{int64(level), count / tileWidth}); err != nil {
				return nil, err
			}
		}
		if hashesIn(hashes) != count%tileWidth {
			return nil, errTiles
		}
		e.tails = append(e.tails, hashes)
	}
	if !bytes.Equal(e.root(), root) {
		return nil, errTiles
	}
	return e, nil
}

var errTiles = errs.New(errs.Unavailable, LedgerTampered, "the ledger's tree is not as it was signed; nothing more is signed: run candor ledger verify")

func readTile(tx *db.Tx, t tile) ([]byte, error) {
	var hashes []byte
	err := tx.QueryRow(`select hashes from ledger_tile where level = $1 and tile = $2`, t.level, t.number).Scan(&hashes)
	if errs.Is(err, errs.NotFound) {
		return nil, errTiles
	}
	return hashes, err
}

func writeTile(tx *db.Tx, t tile, hashes []byte) error {
	_, err := tx.Exec(`insert into ledger_tile (level, tile, hashes) values ($1, $2, $3)
		on conflict (level, tile) do update set hashes = excluded.hashes`, t.level, t.number, hashes)
	return err
}

// nodes reads nodes of the tree from its tiles, each tile once.
type nodes struct {
	tx   *db.Tx
	seen map[tile][]byte
}

// get gives the hash of a node whose subtree is complete.
func (r *nodes) get(n compact.NodeID) ([]byte, error) {
	level := int64(n.Level) / tileHeight
	width := int64(1) << (int64(n.Level) % tileHeight)
	first := int64(n.Index) * width
	t := tile{level, first / tileWidth}
	hashes, ok := r.seen[t]
	if !ok {
		var err error
		if hashes, err = readTile(r.tx, t); err != nil {
			return nil, err
		}
		r.seen[t] = hashes
	}
	from := first % tileWidth
	if hashesIn(hashes) < from+width {
		return nil, errTiles
	}
	return fold(hashes[from*hashSize : (from+width)*hashSize]), nil
}

// rootAt is the root that the tree had at an earlier size.
func (r *nodes) rootAt(size int64) ([]byte, error) {
	ids := compact.RangeNodes(0, uint64(size), nil)
	var acc []byte
	for i := len(ids) - 1; i >= 0; i-- {
		h, err := r.get(ids[i])
		if err != nil {
			return nil, err
		}
		if acc == nil {
			acc = h
		} else {
			acc = hashPair(h, acc)
		}
	}
	return acc, nil
}
