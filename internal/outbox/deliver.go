package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
)

// Deliver brings every follower up to date with what is numbered. It gives the
// number of messages delivered, and the errors of those held back.
func (b *Box) Deliver(ctx context.Context) (int, error) {
	b.mu.Lock()
	followers := append([]follower(nil), b.followers...)
	b.mu.Unlock()
	total := 0
	var failures []error
	for _, f := range followers {
		n, err := b.deliver(ctx, f)
		total += n
		if err != nil {
			failures = append(failures, err)
		}
	}
	return total, errors.Join(failures...)
}

func (b *Box) deliver(ctx context.Context, f follower) (int, error) {
	from, err := b.position(ctx, f)
	if err != nil {
		return 0, err
	}
	total := 0
	for {
		messages, err := b.after(ctx, f.topic, from)
		if err != nil || len(messages) == 0 {
			return total, err
		}
		n, err := b.some(ctx, f, from, messages)
		total += n
		if n > 0 {
			from = messages[n-1].Pos
		}
		if errs.CodeOf(err) == elsewhere {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// some delivers messages in as few transactions as it can and says how many were
// delivered. When a handler fails its part is undone and delivered one by one, so
// that all before the failure are.
func (b *Box) some(ctx context.Context, f follower, from int64, messages []Message) (done int, err error) {
	for part := range slices.Chunk(messages, together) {
		err := b.write(ctx, f, from, part)
		if err == nil {
			done, from = done+len(part), part[len(part)-1].Pos
			continue
		}
		if errs.CodeOf(err) == elsewhere || len(part) == 1 {
			return done, err
		}
		for i := range part {
			if err := b.write(ctx, f, from, part[i:i+1]); err != nil {
				return done, err
			}
			done, from = done+1, part[i].Pos
		}
	}
	return done, nil
}

// together is how many messages share a transaction.
const together = 50

// elsewhere says that another process moved the follower on meanwhile.
const elsewhere errs.Code = "followed_elsewhere"

// write moves the follower on, then handles the messages. The first statement
// locks the follower's row, so that two processes never handle one message.
func (b *Box) write(ctx context.Context, f follower, from int64, list []Message) error {
	return b.db.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`update outbox_follower set pos = $1 where name = $2 and topic = $3 and pos = $4`, list[len(list)-1].Pos, f.name, f.topic, from)
		if err != nil {
			return err
		}
		if n != 1 {
			return errs.New(errs.Conflict, elsewhere, "another process follows")
		}
		for _, m := range list {
			if err := f.handle(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// position reads how far a follower is; a new one starts at the end.
func (b *Box) position(ctx context.Context, f follower) (int64, error) {
	var pos int64
	read := func(tx *db.Tx) error {
		return tx.QueryRow(`select pos from outbox_follower where name = $1 and topic = $2`, f.name, f.topic).Scan(&pos)
	}
	err := b.db.Read(ctx, read)
	if !errs.Is(err, errs.NotFound) {
		return pos, err
	}
	err = b.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into outbox_follower (name, topic, pos)
			select $1, $2, coalesce(max(pos), 0) from outbox_number where name = 'outbox' on conflict (name, topic) do nothing`, f.name, f.topic)
		if err != nil {
			return err
		}
		return read(tx)
	})
	return pos, err
}

func (b *Box) after(ctx context.Context, topic string, pos int64) ([]Message, error) {
	var out []Message
	err := b.db.Read(ctx, func(tx *db.Tx) (err error) {
		rows, err := tx.Query(`select outbox_id, pos, topic, at, payload from outbox
			where topic = $1 and pos > $2 order by pos limit $3`, topic, pos, batch)
		out, err = db.Collect(rows, err, scanMessage)
		return err
	})
	return out, err
}

func scanMessage(scan db.Scan) (Message, error) {
	var m Message
	var payload string
	err := scan(&m.ID, &m.Pos, &m.Topic, &m.At, &payload)
	m.Payload = json.RawMessage(payload)
	return m, err
}

// Prune deletes what every follower of the topic has read and is older than
// Keep, and changes older than KeepChanges. Numbers are never given again: they come from outbox_number.
func (b *Box) Prune(ctx context.Context) error {
	old := b.clock.Now().Add(-Keep)
	return b.db.Write(ctx, func(tx *db.Tx) error { return pruneBefore(tx, old) })
}

func pruneBefore(tx *db.Tx, old clock.Instant) error {
	if err := pruneChanges(tx, old.Add(Keep-KeepChanges)); err != nil {
		return err
	}
	_, err := tx.Exec(`delete from outbox where at < $1 and pos > 0 and not exists (
		select 1 from outbox_follower f where f.topic = outbox.topic and f.pos < outbox.pos)`, old)
	return err
}
