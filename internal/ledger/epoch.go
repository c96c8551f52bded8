package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/ledger/receipt"
)

// KindEpoch is the first entry after a database was set back.
const KindEpoch Kind = "ledger.epoch"

// Epoch is its content. A restored database has lost entries that were already
// signed, so going on under the old name would sign two trees of one size. The
// log goes on under a new name instead, and its first entry there commits to the
// last checkpoint that is known of the old: everybody can see what was lost.
type Epoch struct {
	Origin   string `json:"origin"`             // the log's name from here on
	Previous string `json:"previous,omitempty"` // the last known signed checkpoint under the name before
	Reason   string `json:"reason"`
}

// epoch is an Epoch as the log needs it.
type epoch struct {
	Epoch
	first int64 // its entry's leaf number
	last  head  // of Previous
}

// epochName matches what an epoch adds to the log's name.
var epochName = regexp.MustCompile(`^/[0-9]{8}T[0-9]{6}Z$`)

// named reports whether an origin is this log's, in any epoch.
func (l *Log) named(origin string) bool {
	rest, ok := strings.CutPrefix(origin, l.base)
	return ok && (rest == "" || epochName.MatchString(rest))
}

// adopt makes an origin the one that the log signs under: the same key, with a
// name of its own.
func (l *Log) adopt(origin string) (err error) {
	if l.vkey, err = l.keyFor(origin); err != nil {
		return err
	}
	parts := strings.SplitN(l.skey, "+", 5)
	hash := strings.SplitN(l.vkey[len(origin):], "+", 3)[1]
	l.origin = origin
	l.signer, err = note.NewSigner(strings.Join([]string{parts[0], parts[1], origin, hash, parts[4]}, "+"))
	return err
}

// keyFor gives the verifier key under a name of this log.
func (l *Log) keyFor(origin string) (string, error) {
	public, err := publicKey(l.skey)
	if err != nil {
		return "", err
	}
	return note.NewEd25519VerifierKey(origin, public)
}

// open reads a signed checkpoint of any epoch of this log.
func (l *Log) openAny(signed []byte) (receipt.Checkpoint, error) {
	origin, _, _ := strings.Cut(string(signed), "\n")
	if !l.named(origin) {
		return receipt.Checkpoint{}, errs.New(errs.Invalid, receipt.Unsigned, "the checkpoint is another log's")
	}
	key, err := l.keyFor(origin)
	if err != nil {
		return receipt.Checkpoint{}, err
	}
	return receipt.OpenCheckpoint(signed, key, origin)
}

// epochs reads the epochs from the entries that began them, in order.
func (l *Log) epochs(tx *db.Tx) ([]epoch, error) {
	rows, err := tx.Query(`select `+rowColumns+` from ledger_entry where kind = $1 and pos is not null order by pos`, KindEpoch)
	list, err := db.Collect(rows, err, l.scan)
	if err != nil {
		return nil, err
	}
	out := make([]epoch, 0, len(list))
	for _, r := range list {
		e := epoch{first: r.Pos}
		if err := json.Unmarshal(r.Content, &e.Epoch); err != nil || !l.named(e.Origin) {
			return nil, errTiles
		}
		if e.Previous != "" {
			c, err := l.openAny([]byte(e.Previous))
			if err != nil {
				return nil, errTiles
			}
			e.last = head{size: c.Size, root: c.Root, origin: c.Origin}
		}
		out = append(out, e)
	}
	return out, nil
}

// loadEpoch takes on the name of the epoch that the database is in.
func (l *Log) loadEpoch(ctx context.Context) error {
	return l.db.Read(ctx, func(tx *db.Tx) error {
		list, err := l.epochs(tx)
		if err != nil || len(list) == 0 {
			return err
		}
		return l.adopt(list[len(list)-1].Origin)
	})
}

// Reopen begins a new epoch in a database that was set back, so that the log can
// go on. It is called by whoever restored it, before anything serves, and gives
// the new name and the last checkpoint that is known of the old one.
func (l *Log) Reopen(ctx context.Context, reason string) (Epoch, error) {
	l.round.Lock()
	defer l.round.Unlock()
	last, err := l.lastKnown(ctx)
	if err != nil {
		return Epoch{}, err
	}
	e := Epoch{Origin: l.base + "/" + l.clock.Now().Time().Format("20060102T150405Z"), Previous: last, Reason: reason}
	err = l.db.Write(ctx, func(tx *db.Tx) error {
		w, err := l.Append(tx, KindEpoch, l.clock.Now(), e)
		if err != nil {
			return err
		}
		h, err := readHead(tx)
		if err != nil {
			return err
		}
		// It goes before entries that the backup held without a number.
		if err := growBy(tx, &h, []pending{{w.Entry, w.Commit}}); err != nil {
			return err
		}
		h.latest = max(h.latest, l.clock.Now())
		return writeHead(tx, h)
	})
	if err != nil {
		return Epoch{}, err
	}
	return e, l.adopt(e.Origin)
}

// lastKnown gives the newest signed checkpoint there is: anchored, or else in the
// database.
func (l *Log) lastKnown(ctx context.Context) (string, error) {
	lines, err := l.anchor.read()
	if err != nil {
		return "", err
	}
	if len(lines) > 0 {
		last := lines[len(lines)-1].Checkpoint
		if _, err := l.openAny([]byte(last)); err != nil {
			return "", errs.Wrap(err, errs.Unavailable, LedgerTampered, "the anchor file holds a checkpoint that this log did not sign")
		}
		return last, nil
	}
	text, err := l.Checkpoint(ctx)
	if errs.Is(err, errs.NotFound) {
		return "", nil
	}
	return string(text), err
}

// Rewound tells whether the database is older than what was anchored, or another.
// Then nothing is signed until Reopen.
func (l *Log) Rewound(ctx context.Context) (bool, error) {
	err := l.checkAnchor(ctx)
	if errs.CodeOf(err) == Rewound {
		return true, nil
	}
	return false, err
}

// lostIn tells whether an anchored checkpoint was lost when the database was set
// back later. It is an error when no epoch admits the loss: each names the last
// checkpoint that was known, and with it all those anchored before.
func lostIn(epochs []epoch, base string, anchors []head, i int) (bool, error) {
	h := anchors[i]
	at := -1 // the epoch it was signed in; the first has no entry
	for n, e := range epochs {
		if e.Origin == h.origin {
			at = n
		}
	}
	known := at >= 0 || h.origin == base
	if known && (at+1 == len(epochs) || h.size <= epochs[at+1].first) {
		return false, nil
	}
	for _, e := range epochs[at+1:] {
		if e.admits(anchors, i) {
			return true, nil
		}
	}
	return true, fmt.Errorf("later than what any epoch admits to have been lost")
}

// admits reports whether an epoch names a checkpoint, or one anchored after it, as
// the last that was known.
func (e epoch) admits(anchors []head, i int) bool {
	for n := len(anchors) - 1; n >= i; n-- {
		if a := anchors[n]; a.origin == e.last.origin && a.size == e.last.size && bytes.Equal(a.root, e.last.root) {
			return true
		}
	}
	return false
}
