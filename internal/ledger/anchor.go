package ledger

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
)

// anchor is the file, outside the database and on another volume, to which every
// checkpoint is appended before it is published. It is what shows that a
// database was set back. The nil anchor keeps nothing.
type anchor struct {
	mu   sync.Mutex
	path string
}

// anchored is one line of the file.
type anchored struct {
	At         clock.Instant   `json:"at"`
	Checkpoint string          `json:"checkpoint"`
	Beside     json.RawMessage `json:"beside,omitempty"`
}

func openAnchor(dir string) (*anchor, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("ledger anchor: %w", err)
	}
	return &anchor{path: filepath.Join(dir, AnchorName)}, nil
}

// add appends a checkpoint and returns once it is on disk.
func (a *anchor) add(line anchored, h head) error {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(a.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = f.Write(append(text, '\n'))
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return errs.Wrap(err, errs.Unavailable, "anchor_failed", "the checkpoint of size %d could not be written to the anchor file, so it is not published; make room there", h.size)
	}
	return nil
}

// read gives the anchored lines, oldest first. A torn last line is left out.
func (a *anchor) read() ([]anchored, error) {
	if a == nil {
		return nil, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	b, err := os.ReadFile(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ledger anchor: %w", err)
	}
	return parseAnchors(b)
}

func parseAnchors(b []byte) ([]anchored, error) {
	var out []anchored
	s := bufio.NewScanner(bytes.NewReader(b[:bytes.LastIndexByte(b, '\n')+1]))
	for s.Scan() {
		var line anchored
		if json.Unmarshal(s.Bytes(), &line) != nil {
			if len(s.Bytes()) == 0 || s.Bytes()[0] != '{' {
				continue
			}
			return nil, errs.New(errs.Unavailable, LedgerTampered, "line %d of the anchor file is not a checkpoint", len(out)+1)
		}
		out = append(out, line)
	}
	return out, s.Err()
}

// Besides gives what the anchored lines tell beside their checkpoints, the latest
// last.
func (l *Log) Besides() ([]json.RawMessage, error) {
	lines, err := l.anchor.read()
	var out []json.RawMessage
	for _, line := range lines {
		if len(line.Beside) > 0 {
			out = append(out, line.Beside)
		}
	}
	return out, err
}

// anchoredHeads gives sizes and roots of the anchored checkpoints that carry this log's
// signature.
func (l *Log) anchoredHeads() ([]head, error) {
	lines, err := l.anchor.read()
	if err != nil {
		return nil, err
	}
	out := make([]head, 0, len(lines))
	for _, line := range lines {
		c, err := l.openAny([]byte(line.Checkpoint))
		if err != nil {
			return nil, errs.Wrap(err, errs.Unavailable, LedgerTampered, "the anchor file holds a checkpoint that this log did not sign")
		}
		out = append(out, head{size: c.Size, root: c.Root, latest: line.At, origin: c.Origin})
	}
	return out, nil
}

// checkAnchor refuses to go on from a database that is older than what was
// anchored, or that grew differently: a second root of one size would follow.
func (l *Log) checkAnchor(ctx context.Context) error {
	heads, err := l.anchoredHeads()
	if err != nil || len(heads) == 0 {
		return err
	}
	last := heads[len(heads)-1]
	return l.db.Read(ctx, func(tx *db.Tx) error {
		h, err := readHead(tx)
		if err != nil {
			return err
		}
		if last.origin != l.origin {
			return l.checkOlder(tx, heads, h.size)
		}
		if h.size < last.size {
			return rewound(last.size, h.size)
		}
		root, err := (&nodes{tx, map[tile][]byte{}}).rootAt(last.size)
		if err == nil && !bytes.Equal(root, last.root) {
			err = rewound(last.size, h.size)
		}
		return err
	})
}

// checkOlder looks at a last anchored checkpoint of another epoch than the
// database's: the epoch must have begun after it.
func (l *Log) checkOlder(tx *db.Tx, anchors []head, size int64) error {
	list, err := l.epochs(tx)
	last := len(anchors) - 1
	if err == nil && (len(list) == 0 || !list[len(list)-1].admits(anchors, last)) {
		err = rewound(anchors[last].size, size)
	}
	return err
}

func rewound(anchored, found int64) error {
	return errs.New(errs.Unavailable, Rewound, "an anchored checkpoint has %d entries, the database has %d or others; nothing is signed: was an old backup restored?", anchored, found)
}
