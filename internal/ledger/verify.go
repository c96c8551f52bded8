package ledger

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"candor/internal/db"
	"candor/internal/errs"
)

// Report is what Verify found.
type Report struct {
	Size        int64  // leaves
	Pending     int64  // entries without a leaf yet
	Checkpoints int    // signed checkpoints that were recomputed
	Anchors     int    // anchored checkpoints that were recomputed
	Kept        int    // checkpoints kept elsewhere that were recomputed
	Cosigned    int    // signatures of witnesses that are right
	Expunged    int    // leaves whose content was deleted in its time, as later entries say
	Lost        int    // anchored checkpoints of entries that a restore lost, as its epoch admits
	Epochs      int    // how often the log began, restores included
	FirstBad    int64  // the first sequence number that is not as it was signed, or -1
	Problem     string // what is wrong there, "" when nothing is
}

// OK tells whether everything is as it was signed.
func (r Report) OK() bool { return r.FirstBad < 0 }

// verifyPage is how many entries are read at a time.
const verifyPage = 2000

// Verify recomputes the whole tree from the entries and holds it against tiles,
// signed checkpoints, anchors, and checkpoints that somebody kept elsewhere, each in
// a text of its own. It finds entries that were edited, deleted, swapped or
// inserted, a tail that was cut off, and a database that was set back; who has the
// log's key and its anchors too cannot change what was kept elsewhere.
// The error has the code LedgerTampered and names the first bad number, which the
// report holds too; another error means that it could not be finished.
func (l *Log) Verify(ctx context.Context, kept ...[]byte) (Report, error) {
	v := &verification{log: l, report: Report{FirstBad: -1}}
	anchors, err := l.anchoredHeads()
	if errs.CodeOf(err) == LedgerTampered {
		v.bad(0, "the anchor file was changed")
		return v.report, v.err()
	}
	if err != nil {
		return v.report, err
	}
	v.anchors = anchors
	for _, text := range kept {
		h, err := l.kept(text)
		if err != nil {
			return v.report, err
		}
		v.kept = append(v.kept, h)
	}
	if err := l.db.Read(ctx, v.run); err != nil {
		return v.report, err
	}
	return v.report, v.err()
}

// verification is one run of Verify.
type verification struct {
	log     *Log
	tx      *db.Tx
	report  Report
	anchors []head
	kept    []head
	marks   []mark
	good    int64 // size of the last mark whose root was right
	edge    edge
	gaps    map[int64]bool // leaves that may lack their content
	failed  error
}

// mark is a size at which the root is known, and counts where it is from.
type mark struct {
	size  int64
	root  []byte
	what  string
	count *int
}

func (v *verification) run(tx *db.Tx) error {
	v.tx = tx
	h, err := readHead(tx)
	if err != nil {
		return err
	}
	v.report.Size = h.size
	if err := tx.QueryRow(`select count(*) from ledger_entry where pos is null`).Scan(&v.report.Pending); err != nil {
		return err
	}
	if v.gaps, err = expunged(tx); err != nil {
		return err
	}
	if err := v.readMarks(h); err != nil {
		return err
	}
	for _, step := range []func(head) error{v.leaves, v.beyond, v.tiles, v.later} {
		if !v.report.OK() {
			return nil
		}
		if err := step(h); err != nil {
			return err
		}
	}
	return nil
}

func (v *verification) bad(pos int64, format string, args ...any) {
	if v.report.OK() {
		v.report.FirstBad, v.report.Problem = pos, fmt.Sprintf(format, args...)
	}
}

func (v *verification) err() error {
	if v.report.OK() {
		return nil
	}
	return errs.New(errs.Conflict, LedgerTampered, "the ledger is not as it was signed; the first bad sequence number is %d: %s", v.report.FirstBad, v.report.Problem)
}

// readMarks gathers the known roots: stored checkpoints whose signature is
// right, and anchors.
func (v *verification) readMarks(h head) error {
	type stored struct {
		head
		note string
	}
	rows, err := v.tx.Query(`select size, root, note from ledger_checkpoint order by size`)
	all, err := db.Collect(rows, err, func(scan db.Scan) (s stored, err error) { return s, scan(&s.size, &s.root, &s.note) })
	if err != nil {
		return err
	}
	for _, s := range all {
		c, err := v.log.openAny([]byte(s.note))
		if err != nil || c.Size != s.size || !bytes.Equal(c.Root, s.root) {
			v.bad(v.lastMark(), "the checkpoint of size %d is not as it was signed", s.size)
			return nil
		}
		v.marks = append(v.marks, mark{c.Size, c.Root, "a signed checkpoint", &v.report.Checkpoints})
	}
	epochs, err := v.log.epochs(v.tx)
	if errs.CodeOf(err) == LedgerTampered {
		v.bad(v.lastMark(), "an epoch's entry is not one of this log")
		return nil
	}
	if err != nil {
		return err
	}
	v.report.Epochs = 1 + len(epochs)
	for i, a := range v.anchors {
		lost, err := lostIn(epochs, v.log.base, v.anchors, i)
		if err != nil {
			v.bad(min(a.size, h.size), "an anchored checkpoint of %d entries is %s", a.size, err)
			return nil
		}
		if lost {
			v.report.Lost++
			continue
		}
		v.marks = append(v.marks, mark{a.size, a.root, "an anchored checkpoint", &v.report.Anchors})
	}
	for _, k := range v.kept {
		if slices.ContainsFunc(v.anchors, func(a head) bool {
			return a.origin == k.origin && a.size == k.size && bytes.Equal(a.root, k.root)
		}) {
			v.report.Kept++ // recomputed, or admitted to be lost, with its anchor
			continue
		}
		v.marks = append(v.marks, mark{k.size, k.root, "a checkpoint kept elsewhere", &v.report.Kept})
	}
	if err := v.witnessed(); err != nil {
		return err
	}
	v.marks = append(v.marks, mark{h.size, h.root, "the tree", new(int)})
	slices.SortStableFunc(v.marks, func(a, b mark) int { return int(a.size - b.size) })
	return nil
}

func (v *verification) lastMark() int64 {
	if len(v.marks) == 0 {
		return 0
	}
	return v.marks[len(v.marks)-1].size
}

// leaves recomputes each entry's commitment and leaf, in order.
func (v *verification) leaves(h head) error {
	v.atMark()
	for v.report.OK() && v.edge.size < h.size {
		rows, err := v.tx.Query(`select `+rowColumns+` from ledger_entry
			where pos >= $1 and pos < $2 order by pos limit $3`, v.edge.size, h.size, verifyPage)
		page, err := db.Collect(rows, err, v.log.scan)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			v.bad(v.edge.size, "the entry is missing")
		}
		stored, err := v.storedLeaves(int64(len(page)))
		if err != nil {
			return err
		}
		for i, r := range page {
			if v.leaf(r, stored[i]); !v.report.OK() {
				return v.failed
			}
		}
	}
	return v.failed
}

// storedLeaves reads the leaf hashes that the tiles hold from here on; nil where
// there is none.
func (v *verification) storedLeaves(n int64) ([][]byte, error) {
	out := make([][]byte, n)
	for i := int64(0); i < n; {
		pos := v.edge.size + i
		hashes, err := readTile(v.tx, tile{0, pos / tileWidth})
		if err != nil && errs.CodeOf(err) != LedgerTampered {
			return nil, err
		}
		for at := pos % tileWidth; at < tileWidth && i < n; at, i = at+1, i+1 {
			if at < hashesIn(hashes) {
				out[i] = hashAt(hashes, at)
			}
		}
	}
	return out, nil
}

// leaf checks one entry and adds it to the recomputed tree.
func (v *verification) leaf(r Row, stored []byte) {
	pos := v.edge.size
	if r.Pos != pos {
		v.bad(pos, "the entry is missing")
		return
	}
	if !v.content(r) {
		return
	}
	hash := hashLeaf(r.Commit)
	if !bytes.Equal(hash, stored) {
		v.bad(pos, "the entry is another than the one that was signed there")
		return
	}
	v.edge.add(hash, v.sameTile)
	v.atMark()
}

// content checks that an entry says what its commitment holds, or lacks its
// content because a later entry expunged it.
func (v *verification) content(r Row) bool {
	if len(r.Content) == 0 {
		if !v.gaps[r.Pos] {
			v.bad(r.Pos, "the entry's content is missing, and no later entry expunged it")
			return false
		}
		v.report.Expunged++
		return true
	}
	commit, err := r.commitment()
	if err != nil || !bytes.Equal(commit, r.Commit) {
		v.bad(r.Pos, "the entry was changed")
		return false
	}
	return true
}

// atMark compares the root when its value at this size is known.
func (v *verification) atMark() {
	for len(v.marks) > 0 && v.marks[0].size == v.edge.size {
		m := v.marks[0]
		v.marks = v.marks[1:]
		if !bytes.Equal(m.root, v.edge.root()) {
			v.bad(v.good, "the entries from %d to %d are not those that were signed", v.good, m.size-1)
			return
		}
		v.good = m.size
		*m.count++
	}
}

// sameTile compares a tile that the recomputed tree has filled with the stored
// one.
func (v *verification) sameTile(t tile, hashes []byte) {
	stored, err := readTile(v.tx, t)
	switch {
	case err != nil && errs.CodeOf(err) != LedgerTampered:
		v.failed = err
	case !bytes.Equal(stored, hashes):
		v.bad(t.number<<(tileHeight*(t.level+1)), "the stored tree differs from the entries at level %d", t.level*tileHeight)
	}
}

// beyond finds entries with numbers that were never given.
func (v *verification) beyond(h head) error {
	var n, first int64
	err := v.tx.QueryRow(`select count(*), coalesce(min(pos), 0) from ledger_entry where pos < 0 or pos >= $1`, h.size).Scan(&n, &first)
	if err == nil && n > 0 {
		v.bad(max(first, 0), "%d entries have numbers that were never given", n)
	}
	return err
}

// tiles compares the tiles that are not full, and finds those that should not be.
func (v *verification) tiles(h head) error {
	v.edge.open(v.sameTile)
	want := int64(0)
	for level := 0; countAt(h.size, level) > 0; level++ {
		want += (countAt(h.size, level) + tileWidth - 1) / tileWidth
	}
	var have int64
	if err := v.tx.QueryRow(`select count(*) from ledger_tile`).Scan(&have); err != nil {
		return err
	}
	if have != want {
		v.bad(h.size, "the stored tree goes on after the last entry")
	}
	return v.failed
}

// later finds checkpoints and anchors of a larger tree: the tail was cut off, or
// the database set back.
func (v *verification) later(h head) error {
	for _, m := range v.marks {
		v.bad(h.size, "%s has %d entries, the ledger only %d", m.what, m.size, h.size)
	}
	return nil
}
