package campaign

import (
	"context"
	"encoding/hex"
	"strings"

	"candor/internal/approval"
	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/lint"
	"candor/internal/message"
	"candor/internal/term"
)

// Checks lists what must hold before a launch, with what to fix.
func (b *Book) Checks(ctx context.Context, which id.Campaign) ([]Check, error) {
	var out []Check
	err := b.db.Read(ctx, func(tx *db.Tx) error {
		in, err := b.charter.Current(tx)
		if err != nil {
			return err
		}
		c, err := get(tx, which)
		if err != nil {
			return err
		}
		out, err = b.checks(tx, in, c)
		return err
	})
	return out, err
}

// howPersonal is the check of PRF-10.
const howPersonal = "how personal"

// The groups that problems are shown under, with the codes that belong to each;
// the first that fits.
var groups = []struct {
	name string
	fits func(p message.Problem) bool
}{
	{"postal address and footer", func(p message.Problem) bool { return strings.HasSuffix(p.Part, "footer") && p.Code == lint.CodeContent }},
	{"languages", func(p message.Problem) bool { return p.Code == "LNT-20" }},
	{"sender", func(p message.Problem) bool { return p.Code == "LNT-11" }},
	{howPersonal, func(p message.Problem) bool { return p.Code == message.CodeTooPersonal || p.Part == "refers" }},
	{"template", func(p message.Problem) bool { return p.Code == lint.CodeContent }},
	{"honest wording", func(message.Problem) bool { return true }},
}

func (b *Book) checks(tx *db.Tx, in *charter.Charter, c Campaign) ([]Check, error) {
	out := []Check{b.checkPurpose(in, c), b.checkAudience(in, c)}
	draft, err := message.GetDraft(tx, c.Message)
	if err != nil {
		return nil, err
	}
	draft.Chosen = b.chosen(in, c)
	_, problems := message.Review(in, draft, b.clock.Now())
	failed := map[string]bool{}
	for _, p := range problems {
		for _, g := range groups {
			if g.fits(p) {
				failed[g.name] = true
				out = append(out, Check{Name: g.name, Code: p.Code, Fix: p.String()})
				break
			}
		}
	}
	for _, g := range groups {
		if failed[g.name] {
			continue
		}
		passed := Check{Name: g.name, OK: true}
		if g.name == howPersonal {
			passed.Note = message.IntrusionOf(in, draft).String()
		}
		out = append(out, passed)
	}
	return out, nil
}

func (b *Book) checkPurpose(in *charter.Charter, c Campaign) Check {
	out := Check{Name: "purpose"}
	p, ok := in.Purpose(c.Purpose)
	switch {
	case !ok:
		out.Code, out.Fix = string(errs.NoBasis), "The charter in force has no such purpose."
	case !hasChannel(p, c.Channel):
		out.Code, out.Fix = string(errs.PurposeMismatch), "The charter does not let this purpose write by e-mail."
	default:
		out.OK = true
	}
	return out
}

func hasChannel(p *charter.Purpose, ch term.Channel) bool {
	for _, have := range p.Channels() {
		if have == ch {
			return true
		}
	}
	return false
}

func (b *Book) checkAudience(in *charter.Charter, c Campaign) Check {
	if _, err := b.audience.Compile(in, c.Purpose, everyone(c.Audience)); err != nil {
		return Check{Name: "audience", Code: string(errs.CodeOf(err)), Fix: err.Error()}
	}
	return Check{Name: "audience", OK: true}
}

// chosen is what the campaign's people are chosen by; nothing when the condition
// cannot be read, which is a check of its own.
func (b *Book) chosen(in *charter.Charter, c Campaign) message.Chosen {
	cond, err := b.audience.Compile(in, c.Purpose, everyone(c.Audience))
	if err != nil {
		return message.Chosen{}
	}
	out := message.Chosen{Fields: cond.Fields()}
	for e, days := range cond.Fresh() {
		out.Events = append(out.Events, message.Reference{Event: e, Within: days * 24 * 60})
	}
	return out
}

// everyone is the condition of a campaign that names none.
func everyone(condition string) string {
	if strings.TrimSpace(condition) == "" {
		return "true"
	}
	return condition
}

// Launch approves content and audience as they are now and begins to plan. It
// returns INVALID with the first failed check when one fails, and FORBIDDEN with
// E_DUAL_CONTROL when it would reach more people than the house lets one person
// write to and nobody else has approved exactly this.
func (b *Book) Launch(ctx context.Context, which id.Campaign, by term.Actor) (Campaign, error) {
	var out Campaign
	holdout, reach, err := b.weigh(ctx, which, by)
	if err != nil {
		return Campaign{}, err
	}
	err = b.db.Write(ctx, func(tx *db.Tx) error {
		in, err := b.charter.Current(tx)
		if err != nil {
			return err
		}
		if out, err = get(tx, which); err != nil {
			return err
		}
		if out.State != Draft {
			return errState(out.State, "launched")
		}
		list, err := b.checks(tx, in, out)
		if err != nil {
			return err
		}
		for _, c := range list {
			if !c.OK {
				return errs.New(errs.Invalid, errs.Code(c.Code), "%s", c.Fix).On(c.Name)
			}
		}
		if mostOf(reach) > int64(in.House.Alone.Recipients) {
			if err := b.approve.Need(tx, act(in, out, reach, by)); err != nil {
				return err
			}
		}
		now := b.clock.Now()
		hash, err := message.Approve(tx, out.Message, by, now)
		if err != nil {
			return err
		}
		out.approved, out.LaunchedAt = everyone(out.Audience), now
		if out.Holdout == Undecided {
			out.Holdout = holdout
		}
		if err := b.move(tx, &out, Launched, ""); err != nil {
			return err
		}
		if err := b.note(tx, out, by, hex.EncodeToString(hash)); err != nil {
			return err
		}
		return b.enqueue(tx, which)
	})
	return out, err
}

// act is a launch as a second person approves it: any change of it is another.
func act(in *charter.Charter, c Campaign, reach audience.Count, by term.Actor) approval.Act {
	who := c.Audience
	if who == "" {
		who = "everyone permitted"
	}
	return approval.Act{
		Kind: approval.Send, By: by, Makers: c.makers(),
		Exact: struct {
			Campaign  id.Campaign
			Audience  string
			Sender    string
			Holdout   int
			NotBefore clock.Instant
			Content   message.Content
			Makers    []term.Actor
		}{c.ID, c.Audience, c.Sender, c.Holdout, c.NotBefore, c.Content, c.makers()},
		Says: []approval.Line{
			{Term: "Campaign", Text: c.Name + " (" + c.ID.String() + ")"}, {Term: "Purpose", Text: string(c.Purpose)}, {Term: "Subject", Text: c.Content.Texts[in.Business.Languages[0]].Subject},
			{Term: "Audience", Text: who}, {Term: "People when it was asked", Text: reach.Shown},
		},
	}
}

func (b *Book) enqueue(tx *db.Tx, which id.Campaign) error {
	return b.jobs.Enqueue(tx, job.New{Kind: JobPlan, Args: planArgs{which}, Unique: which.String()})
}

// Pause keeps everything that has not been handed over from leaving.
func (b *Book) Pause(ctx context.Context, which id.Campaign, by term.Actor) (Campaign, error) {
	return b.step(ctx, which, by, func(tx *db.Tx, c *Campaign) error {
		if c.State != Launched && c.State != Sending {
			return errState(c.State, "paused")
		}
		if err := message.Stop(tx, c.Message); err != nil {
			return err
		}
		return b.move(tx, c, Paused, "")
	})
}

// Resume goes on where a pause was.
func (b *Book) Resume(ctx context.Context, which id.Campaign, by term.Actor) (Campaign, error) {
	return b.step(ctx, which, by, func(tx *db.Tx, c *Campaign) error {
		if c.State != Paused {
			return errState(c.State, "resumed")
		}
		if err := message.Resume(tx, c.Message); err != nil {
			return err
		}
		tx.After(b.sender.Wake)
		if c.all {
			return b.move(tx, c, Sending, "")
		}
		if err := b.move(tx, c, Launched, ""); err != nil {
			return err
		}
		return b.enqueue(tx, which)
	})
}

// Cancel stops a campaign for good. What has been handed over is on its way.
func (b *Book) Cancel(ctx context.Context, which id.Campaign, by term.Actor) (Campaign, error) {
	return b.step(ctx, which, by, func(tx *db.Tx, c *Campaign) error {
		if c.State == Done || c.State == Cancelled {
			return errState(c.State, "cancelled")
		}
		now := b.clock.Now()
		if err := message.Stop(tx, c.Message); err != nil {
			return err
		}
		if _, err := message.CancelProgram(tx, Program, int64(c.ID), now); err != nil {
			return err
		}
		c.EndedAt = now
		return b.move(tx, c, Cancelled, "")
	})
}

// step changes a campaign and puts the step on record.
func (b *Book) step(ctx context.Context, which id.Campaign, by term.Actor, fn func(*db.Tx, *Campaign) error) (Campaign, error) {
	var out Campaign
	err := b.db.Write(ctx, func(tx *db.Tx) error {
		var err error
		if out, err = get(tx, which); err != nil {
			return err
		}
		if err := fn(tx, &out); err != nil {
			return err
		}
		return b.note(tx, out, by, "")
	})
	return out, err
}

// CancelAll stops every campaign that is under way, after a restore: who had got
// it already is not known any more, and nobody gets it twice.
func (b *Book) CancelAll(ctx context.Context) (int, error) {
	n := 0
	for {
		var open []id.Campaign
		err := b.db.Read(ctx, func(tx *db.Tx) error {
			rows, err := tx.Query("select campaign_id from campaign where state in ($1, $2, $3) order by campaign_id limit 100", Launched, Sending, Paused)
			open, err = db.Collect(rows, err, func(scan db.Scan) (c id.Campaign, err error) { return c, scan(&c) })
			return err
		})
		if err != nil || len(open) == 0 {
			return n, err
		}
		for _, c := range open {
			if _, err := b.Cancel(ctx, c, term.ByEngine); err != nil {
				return n, err
			}
			n++
		}
	}
}
