package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"golang.org/x/mod/sumdb/note"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/ledger/receipt"
)

// Witness is somebody outside who signs what they have seen of the log: a
// checkpoint that grew out of the last one they signed, and none beside it (C2SP
// tlog-witness, tlog-cosignature). Who has the database and the log's own key can
// rewrite neither what a witness saw nor what it signed.
type Witness struct {
	Key string // its public key, name+hash+key
	URL string // its submission prefix; "" when its signatures are only checked
}

// NotWitnessed is the code when a witness says that the log did not grow out of
// what it saw.
const NotWitnessed errs.Code = "not_witnessed"

// witnessEvery is how often the newest checkpoint goes to the witnesses.
const witnessEvery = 10 * time.Second

// maxAnswer bounds what is read of a witness's answer.
const maxAnswer = 16 << 10

type witness struct {
	note.Verifier
	url  string
	seen int64 // the size that it signed last, as far as this process knows
}

func openWitnesses(list []Witness) ([]*witness, error) {
	var out []*witness
	for _, w := range list {
		v, err := receipt.NewWitness(w.Key)
		if err != nil {
			return nil, err
		}
		out = append(out, &witness{Verifier: v, url: strings.TrimSuffix(w.URL, "/")})
	}
	return out, nil
}

// RunWitnesses shows new checkpoints to the witnesses until the context ends. Of
// several processes the one that signs does.
func (l *Log) RunWitnesses(ctx context.Context) error {
	tick := time.NewTicker(witnessEvery)
	defer tick.Stop()
	for len(l.witnesses) > 0 {
		if l.leads() {
			if err := l.Cosign(ctx); err != nil && ctx.Err() == nil {
				l.log.Warn("ledger: a witness did not sign", "code", errs.CodeOf(err), "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	return nil
}

// Refused returns what a witness found wrong with this log, or nil.
func (l *Log) Refused() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

func (l *Log) leads() bool {
	l.round.Lock()
	defer l.round.Unlock()
	return l.lease != nil
}

// Cosign asks every witness to sign the newest checkpoint, and keeps what they
// sign. It returns CONFLICT with NotWitnessed when one says that the log did not
// grow out of what it saw; Refused says so from then on.
func (l *Log) Cosign(ctx context.Context) error {
	var all []error
	for _, w := range l.witnesses {
		if w.url == "" {
			continue
		}
		err := l.cosign(ctx, w)
		if errs.CodeOf(err) == NotWitnessed {
			l.mu.Lock()
			l.refused = err
			l.mu.Unlock()
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

func (l *Log) cosign(ctx context.Context, w *witness) error {
	var newest head
	var signed string
	known := false
	err := l.db.Read(ctx, func(tx *db.Tx) error {
		err := tx.QueryRow(`select size, note from ledger_checkpoint order by size desc limit 1`).Scan(&newest.size, &signed)
		if errs.Is(err, errs.NotFound) {
			return nil
		}
		if err == nil {
			known, err = has(tx, newest.size, w.Name())
		}
		return err
	})
	if err != nil || signed == "" || known {
		return err
	}
	for try := 0; ; try++ {
		line, theirs, err := l.show(ctx, w, newest.size, signed)
		if errs.Is(err, errs.Conflict) && errs.CodeOf(err) != NotWitnessed && try == 0 && theirs <= newest.size && theirs != w.seen {
			w.seen = theirs // it has seen more, or less, than this process knew
			continue
		}
		if errs.Is(err, errs.Conflict) {
			return errs.Wrap(err, errs.Conflict, NotWitnessed, "the witness %s has seen another ledger than this one of %d entries: history was changed, or a backup restored without a new epoch", w.Name(), newest.size)
		}
		if err != nil {
			return err
		}
		w.seen = newest.size
		return l.db.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`insert into ledger_cosignature (size, witness, line) values ($1, $2, $3) on conflict (size, witness) do nothing`, newest.size, w.Name(), line)
			return err
		})
	}
}

func has(tx *db.Tx, size int64, name string) (bool, error) {
	var n int64
	err := tx.QueryRow(`select count(*) from ledger_cosignature where size = $1 and witness = $2`, size, name).Scan(&n)
	return n > 0, err
}

// show submits a checkpoint with the proof that it grew out of what the witness
// saw. It gives the signature, or the size that the witness has seen.
func (l *Log) show(ctx context.Context, w *witness, size int64, signed string) (line string, theirs int64, err error) {
	body, err := l.submission(ctx, w.seen, size, signed)
	if err != nil {
		return "", 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/add-checkpoint", strings.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	answer, err := l.ask(r)
	if err != nil {
		return "", 0, errs.Wrap(err, errs.Unavailable, "witness", "the witness %s cannot be reached", w.Name())
	}
	defer func() { _ = answer.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return "", 0, errs.Wrap(err, errs.Unavailable, "witness", "the witness %s did not answer to its end", w.Name())
	}
	switch answer.StatusCode {
	case http.StatusOK:
		line, err = receipt.Cosigned(append([]byte(signed), b...), w)
		return line, 0, err
	case http.StatusConflict:
		theirs, err = strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
		if err != nil || theirs < 0 {
			return "", 0, errs.New(errs.Conflict, NotWitnessed, "the witness %s has another root", w.Name())
		}
		return "", theirs, errs.New(errs.Conflict, "witness_size", "the witness %s has seen %d entries", w.Name(), theirs)
	case http.StatusUnprocessableEntity:
		return "", 0, errs.New(errs.Conflict, NotWitnessed, "the witness %s does not find the proof right", w.Name())
	}
	return "", 0, errs.New(errs.Unavailable, "witness", "the witness %s answered %d; have it configured with this log's key and name", w.Name(), answer.StatusCode)
}

// submission is the body of add-checkpoint.
func (l *Log) submission(ctx context.Context, old, size int64, signed string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "old %d\n", old)
	err := l.db.Read(ctx, func(tx *db.Tx) error {
		hashes, err := consistency(tx, old, size)
		for _, h := range hashes {
			b.WriteString(base64.StdEncoding.EncodeToString(h) + "\n")
		}
		return err
	})
	b.WriteString("\n" + signed)
	return b.String(), err
}

// consistency proves that a tree grew out of a smaller one (RFC 6962 §2.1.2).
func consistency(tx *db.Tx, old, size int64) ([][]byte, error) {
	if old == 0 || old == size {
		return nil, nil
	}
	need, err := proof.Consistency(uint64(old), uint64(size))
	if err != nil {
		return nil, err
	}
	return gather(tx, need)
}

// cosignatures gives the signature lines of witnesses on a checkpoint.
func cosignatures(tx *db.Tx, size int64) ([]string, error) {
	rows, err := tx.Query(`select line from ledger_cosignature where size = $1 order by witness`, size)
	return db.Collect(rows, err, func(scan db.Scan) (s string, err error) { return s, scan(&s) })
}

// witnessed checks the stored cosignatures of the known witnesses.
func (v *verification) witnessed() error {
	for _, w := range v.log.witnesses {
		rows, err := v.tx.Query(`select c.size, c.note, s.line from ledger_cosignature s join ledger_checkpoint c on c.size = s.size
			where s.witness = $1 order by c.size`, w.Name())
		err = db.Each(rows, err, func(scan db.Scan) error {
			var size int64
			var signed, line string
			if err := scan(&size, &signed, &line); err != nil {
				return err
			}
			if got, err := receipt.Cosigned([]byte(signed+line), w); err != nil || got != line {
				v.bad(0, "the checkpoint of size %d is not the one that the witness %s signed", size, w.Name())
			}
			v.report.Cosigned++
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// kept reads a checkpoint that somebody kept elsewhere, from a file or a mail.
func (l *Log) kept(text []byte) (head, error) {
	found, err := receipt.FindCheckpoint(text, l.named)
	if err != nil {
		return head{}, err
	}
	c, err := l.openAny(found)
	return head{size: c.Size, root: c.Root, origin: c.Origin}, err
}
