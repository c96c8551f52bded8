package campaign

import (
	"context"
	"encoding/json"

	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/message"
	"candor/internal/term"
)

// planChunk is how many people one transaction plans.
const planChunk = 500

type planArgs struct {
	Campaign id.Campaign `json:"campaign"`
}

// plan is the job that plans a campaign's people, chunk by chunk. A chunk and
// the place it reached are one transaction, so that a crash repeats nothing.
// When it cannot be known who may be written to, the campaign pauses with
// E_FAIL_CLOSED and nothing of it leaves (SEC-10).
func (b *Book) plan(ctx context.Context, j job.Job) error {
	var args planArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return err
	}
	for ctx.Err() == nil {
		more, err := b.planOnce(ctx, args.Campaign)
		if errs.Is(err, errs.Conflict) {
			continue // paused or cancelled meanwhile: read it again
		}
		if err != nil && ctx.Err() == nil {
			b.log.Error("a campaign cannot be planned", "campaign", args.Campaign.String(), "code", string(errs.CodeOf(err)))
			return b.failed(ctx, Program, int64(args.Campaign), errs.FailClosed)
		}
		if err != nil || !more {
			return err
		}
	}
	return ctx.Err()
}

// planOnce plans the next chunk and tells whether there is more.
func (b *Book) planOnce(ctx context.Context, which id.Campaign) (more bool, err error) {
	err = b.db.Write(ctx, func(tx *db.Tx) error {
		more = false
		c, err := read(tx, which)
		if err != nil || c.State != Launched {
			return err
		}
		in, err := b.charter.Current(tx)
		if err != nil {
			return err
		}
		people, err := b.people(tx, in, c)
		if err != nil {
			return err
		}
		draft, err := message.GetDraft(tx, c.Message)
		if err != nil {
			return err
		}
		kind := draft.Content.Kind()
		plans := make([]message.Plan, 0, len(people))
		for _, p := range people {
			plans = append(plans, message.Plan{
				Key:       message.Key{Program: Program, Node: c.ID.String(), Customer: p, Entry: "1", Channel: c.Channel},
				ProgramID: int64(c.ID), Message: c.Message, Controller: c.Controller, Purpose: c.Purpose,
				Class: kind, ContentHash: draft.ApprovedHash, HeldOut: b.leftOut(c, p), DueAt: c.NotBefore,
			})
		}
		if _, err := message.Put(tx, b.ring, b.clock.Now(), plans); err != nil {
			return err
		}
		tx.After(b.sender.Wake)
		if more = len(people) == planChunk; more {
			c.after = people[len(people)-1]
			return b.move(tx, &c, Launched, "")
		}
		c.all = true
		if err := b.move(tx, &c, Sending, ""); err != nil {
			return err
		}
		return b.note(tx, c, term.ByEngine, "")
	})
	return more, err
}

// people are the next customers who meet the approved condition, are permitted
// and have an address.
func (b *Book) people(tx *db.Tx, in *charter.Charter, c Campaign) ([]id.Customer, error) {
	condition, err := b.audience.Compile(in, c.Purpose, c.approved)
	if err != nil {
		return nil, err
	}
	return b.audience.Members(tx, condition, c.Channel, c.after, planChunk)
}

// failed pauses a campaign whose people cannot be decided.
func (b *Book) failed(ctx context.Context, program string, programID int64, code errs.Code) error {
	if program != Program {
		return nil
	}
	return b.db.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		c, err := read(tx, id.Campaign(programID))
		if err != nil || c.State != Launched && c.State != Sending {
			return err
		}
		if err := message.Stop(tx, c.Message); err != nil {
			return err
		}
		return b.move(tx, &c, Paused, code)
	})
}

// watch is the job that notes which campaigns are done.
func (b *Book) watch(ctx context.Context, _ job.Job) error {
	var list []id.Campaign
	err := b.db.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query("select campaign_id from campaign where state = 'sending' order by campaign_id")
		list, err = db.Collect(rows, err, func(scan db.Scan) (c id.Campaign, err error) { return c, scan(&c) })
		return err
	})
	if err != nil {
		return err
	}
	for _, which := range list {
		if err := b.finish(ctx, which); err != nil && !errs.Is(err, errs.Conflict) {
			return err
		}
	}
	return nil
}

func (b *Book) finish(ctx context.Context, which id.Campaign) error {
	return b.db.Write(ctx, func(tx *db.Tx) error {
		c, err := read(tx, which)
		if err != nil || c.State != Sending {
			return err
		}
		waiting, err := message.Waiting(tx, Program, int64(which))
		if err != nil || waiting {
			return err
		}
		c.EndedAt = b.clock.Now()
		if err := b.move(tx, &c, Done, ""); err != nil {
			return err
		}
		return b.note(tx, c, term.ByEngine, "")
	})
}
