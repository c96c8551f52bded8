package collect

import (
	"context"
	"encoding/json"
	"slices"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
)

// Replayed is what became of a source's quarantine.
type Replayed struct {
	Taken int `json:"taken"` // in order now, and out of quarantine
	Kept  int `json:"kept"`  // still not in order; they expire after a week
}

// replayBatch is how many messages are tried at once.
const replayBatch = 200

// Replay tries a source's quarantined messages again, oldest first: after the
// source was mended or the charter declares more. What is taken leaves
// quarantine; a message that was taken before adds nothing, so a replay that is
// killed may simply be run again. What a person has said otherwise stays held. It
// returns NOT_FOUND when there is no such source.
func (c *Collector) Replay(ctx context.Context, source id.Source) (Replayed, error) {
	s, err := c.sources.any(ctx, source)
	if err != nil {
		return Replayed{}, err
	}
	var out Replayed
	var after id.Quarantine
	for {
		part, err := c.heldAfter(ctx, source, after)
		if err != nil || len(part) == 0 {
			return out, err
		}
		for _, h := range part {
			taken, err := c.retry(ctx, s, h)
			if err != nil {
				return out, err
			}
			if taken {
				out.Taken++
			} else {
				out.Kept++
			}
		}
		after = part[len(part)-1].ID
	}
}

// sealedHeld is a message in quarantine with its sealed body.
type sealedHeld struct {
	Held
	keyID  int64
	sealed []byte
}

func (c *Collector) heldAfter(ctx context.Context, source id.Source, after id.Quarantine) (out []sealedHeld, err error) {
	err = c.db.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query(`select quarantine_id, source_id, received_at, reason, field, size, key_id, body from quarantine
			where source_id = $1 and quarantine_id > $2 order by quarantine_id limit $3`, source, after, replayBatch)
		out, err = db.Collect(rows, err, func(scan db.Scan) (h sealedHeld, err error) {
			return h, scan(&h.ID, &h.Source, &h.ReceivedAt, &h.Reason, &h.Field, &h.Size, &h.keyID, &h.sealed)
		})
		return err
	})
	return out, err
}

// heldBody is a message as hold wrote it.
type heldBody struct {
	Type        call           `json:"type"`
	MessageID   string         `json:"messageId"`
	UserID      string         `json:"userId"`
	AnonymousID string         `json:"anonymousId"`
	Event       string         `json:"event"`
	Name        string         `json:"name"`
	Email       string         `json:"email"`
	Timestamp   clock.Instant  `json:"timestamp"`
	SentAt      clock.Instant  `json:"sentAt"`
	Data        map[string]any `json:"data"`
}

// retry tries one message as it would be tried if it came now, at the time it
// came then.
func (c *Collector) retry(ctx context.Context, source *Source, h sealedHeld) (taken bool, err error) {
	text, err := openHeld(c.ring, h.keyID, h.ID, h.sealed)
	if err != nil {
		return false, err
	}
	var b heldBody
	if err := json.Unmarshal(text, &b); err != nil {
		return false, errs.Wrap(err, errs.Internal, "quarantine_changed", "a message in quarantine is not what was put there")
	}
	rules, err := c.admitted(ctx)
	if err != nil {
		return false, err
	}
	s := sorting{rules: rules}
	err = c.place(&s, delivery{source: source, received: h.ReceivedAt}, message{
		call: b.Type, id: b.MessageID, userID: b.UserID, anonymousID: b.AnonymousID, email: b.Email, event: b.Event, name: b.Name,
		happened: b.Timestamp, sent: b.SentAt, data: b.Data,
	})
	if err != nil || len(s.held) > 0 || len(s.arrivals) == 0 {
		if errs.KindOf(err) == errs.Internal && err != nil {
			return false, err
		}
		return false, nil
	}
	got, err := c.gate.Take(ctx, s.arrivals)
	if err != nil {
		return false, err
	}
	for _, one := range got {
		pinned := slices.ContainsFunc(one.Notes, func(n gate.Note) bool { return n.Code == gate.NotePinned })
		if one.Refused != nil || pinned {
			return false, nil
		}
	}
	c.countTaken(source, got)
	return true, c.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`delete from quarantine where quarantine_id = $1`, h.ID)
		return err
	})
}
