package campaign

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"candor/internal/approval"
	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/message"
	"candor/internal/personal"
	"candor/internal/term"
)

// Config is what the campaigns work with.
type Config struct {
	DB       *db.DB
	Ring     *keyring.Ring
	Gate     *gate.Gate
	Charter  *charter.Store
	Audience *audience.Service
	Sender   *message.Sender
	Ledger   *ledger.Log
	Jobs     *job.Queue
	Clock    clock.Clock
	Log      *slog.Logger
	// Approvals is asked when a launch would write to more people than one person
	// may write to.
	Approvals *approval.Desk
}

// Book holds all campaigns. It is safe for concurrent use.
type Book struct {
	db       *db.DB
	ring     *keyring.Ring
	gate     *gate.Gate
	charter  *charter.Store
	audience *audience.Service
	sender   *message.Sender
	ledger   *ledger.Log
	jobs     *job.Queue
	clock    clock.Clock
	log      *slog.Logger
	approve  *approval.Desk

	followers followers
}

// The kinds of the book's jobs.
const (
	JobPlan  = "campaign.plan"  // plan the next people of a campaign
	JobWatch = "campaign.watch" // note that campaigns are done
)

// KindStep is the ledger's kind of entry for a step of a campaign.
const KindStep ledger.Kind = "campaign.step"

// Program names campaigns in sends.
const Program = "campaign"

// New opens the book and registers its jobs.
func New(cfg Config) *Book {
	b := &Book{db: cfg.DB, ring: cfg.Ring, gate: cfg.Gate, charter: cfg.Charter, audience: cfg.Audience, sender: cfg.Sender,
		ledger: cfg.Ledger, jobs: cfg.Jobs, clock: cfg.Clock, log: cfg.Log, approve: cfg.Approvals}
	if b.clock == nil {
		b.clock = clock.System{}
	}
	if b.log == nil {
		b.log = slog.Default()
	}
	b.jobs.Handle(JobPlan, b.plan)
	b.jobs.Handle(JobWatch, b.watch)
	b.jobs.Every(JobWatch, 5*time.Second)
	b.sender.OnFailed(b.failed)
	return b
}

// Change is what people write of a campaign.
type Change struct {
	Name     string       `json:"name"`
	Purpose  term.Purpose `json:"purpose"`
	Channel  term.Channel `json:"channel"`
	Audience string       `json:"audience,omitempty"` // a condition, "" for everyone permitted
	Sender   string       `json:"sender,omitempty"`   // a registered From address, "" for the purpose's first
	Holdout  *int         `json:"holdout,omitempty" minimum:"0" maximum:"50" doc:"Percent left out, by chance, to compare with. Left out: 10, or 0 when fewer than 1,000 people are reached."`
	// NotBefore is when it may leave at the earliest; quiet hours are looked at besides.
	NotBefore clock.Instant   `json:"not_before,omitzero"`
	Content   message.Content `json:"content"`
	Template  id.Template     `json:"template_id,omitempty"` // that the text came from; it stays as drafted
}

// holdout is the percentage asked for, or Undecided.
func (c Change) holdout() int {
	if c.Holdout == nil {
		return Undecided
	}
	return *c.Holdout
}

// check refuses what no campaign can be.
func (c Change) check(in *charter.Charter) error {
	if c.Name == "" || len(c.Name) > 200 || personal.HoldsAddress(c.Name) {
		return errs.New(errs.Invalid, "campaign_name", "give the campaign a name of at most 200 letters that holds nobody's address").On("name")
	}
	if c.Channel != term.Email {
		return errs.New(errs.Invalid, "campaign_channel", "campaigns are sent by e-mail").On("channel")
	}
	if _, ok := in.Purpose(c.Purpose); !ok {
		return errs.New(errs.Invalid, errs.NoBasis, "the charter has no such purpose").On("purpose")
	}
	if h := c.holdout(); h != Undecided && (h < 0 || h > maxHoldout) {
		return errs.New(errs.Invalid, "campaign_holdout", "leave out between 0 and %d percent", maxHoldout).On("holdout")
	}
	if len(c.Audience) > audience.MaxLength {
		return errs.New(errs.TooLarge, "condition_too_long", "a condition has at most %d characters", audience.MaxLength).On("audience")
	}
	return nil
}

// Create drafts a campaign.
func (b *Book) Create(ctx context.Context, c Change, by term.Actor) (Campaign, error) {
	var out Campaign
	err := b.db.Write(ctx, func(tx *db.Tx) error {
		in, err := b.charter.Current(tx)
		if err != nil {
			return err
		}
		if err := c.check(in); err != nil {
			return err
		}
		now := b.clock.Now()
		draft, err := message.InsertDraft(tx, message.Draft{Controller: in.Business.ID, Purpose: c.Purpose, Channel: c.Channel,
			Sender: c.Sender, Content: c.Content, CreatedAt: now})
		if err != nil {
			return err
		}
		out = Campaign{ID: id.New[id.Campaign](), Controller: in.Business.ID, Name: c.Name, Purpose: c.Purpose, Channel: c.Channel,
			Audience: c.Audience, Holdout: c.holdout(), NotBefore: c.NotBefore, Sender: c.Sender, Message: draft.ID, Template: c.Template, Content: c.Content, State: Draft, Rev: 1, By: by, CreatedAt: now}
		return insert(tx, out)
	})
	return out, err
}

// Edit changes a draft; whoever does is put on record as one of its makers, who
// approve nothing of it. It returns CONFLICT when the campaign was launched: what
// was approved stays as it is.
func (b *Book) Edit(ctx context.Context, which id.Campaign, c Change, by term.Actor) (Campaign, error) {
	var out Campaign
	err := b.db.Write(ctx, func(tx *db.Tx) error {
		in, err := b.charter.Current(tx)
		if err != nil {
			return err
		}
		if err := c.check(in); err != nil {
			return err
		}
		if out, err = get(tx, which); err != nil {
			return err
		}
		if out.State != Draft {
			return errState(out.State, "edited")
		}
		if out.Purpose != c.Purpose || out.Channel != c.Channel {
			return errs.New(errs.Conflict, "campaign_purpose", "the purpose and the channel of a campaign stay; draft another one").On("purpose")
		}
		if err := message.EditDraft(tx, out.Message, c.Content, c.Sender); err != nil {
			return err
		}
		out.Name, out.Audience, out.Holdout, out.NotBefore, out.Sender, out.Content = c.Name, c.Audience, c.holdout(), c.NotBefore, c.Sender, c.Content
		if !slices.Contains(out.makers(), by) {
			out.Editors = append(out.Editors, by)
		}
		return b.move(tx, &out, Draft, "")
	})
	return out, err
}

// Get reads a campaign. It returns NOT_FOUND when there is none.
func (b *Book) Get(ctx context.Context, which id.Campaign) (Campaign, error) {
	var out Campaign
	err := b.db.Read(ctx, func(tx *db.Tx) (err error) {
		out, err = get(tx, which)
		return err
	})
	return out, err
}

// List gives campaigns, the newest first: a page of at most limit before one of
// them, or the first page when before is zero.
func (b *Book) List(ctx context.Context, before id.Campaign, limit int) ([]Campaign, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	var out []Campaign
	err := b.db.Read(ctx, func(tx *db.Tx) error {
		rows, err := tx.Query("select "+columns+" from campaign where campaign_id < $1 order by campaign_id desc limit $2", before, min(max(limit, 1), 500))
		if out, err = db.Collect(rows, err, scan); err != nil {
			return err
		}
		for i := range out {
			if err := out[i].fill(tx); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// From gives the newest campaigns that were drafted from a template.
func (b *Book) From(tx *db.Tx, which id.Template, limit int) ([]Campaign, error) {
	rows, err := tx.Query("select "+columns+" from campaign where template_id = $1 order by campaign_id desc limit $2", which, limit)
	return db.Collect(rows, err, scan)
}

// Condition gives the condition by which a campaign's audience was chosen, ""
// for everybody permitted. It returns NOT_FOUND for an unknown campaign.
func (b *Book) Condition(tx *db.Tx, which id.Campaign) (string, error) {
	c, err := get(tx, which)
	return cmp.Or(c.approved, c.Audience), err
}

// Progress counts a campaign's messages.
func (b *Book) Progress(ctx context.Context, which id.Campaign) (Progress, error) {
	out := Progress{Denied: map[errs.Code]int64{}}
	err := b.db.Read(ctx, func(tx *db.Tx) error {
		if _, err := get(tx, which); err != nil {
			return err
		}
		list, err := message.Tallies(tx, Program, int64(which))
		if err != nil {
			return err
		}
		out = Progress{Denied: map[errs.Code]int64{}}
		for _, t := range list {
			out.add(t)
		}
		return nil
	})
	return out, err
}

func (p *Progress) add(t message.Tally) {
	p.Planned += t.Count
	p.Too += t.Too
	p.Spam += t.Spam
	switch t.State {
	case message.Planned, message.Claimed:
		p.Waiting += t.Count
	case message.Handed:
		p.Handed += t.Count
	case message.Accepted:
		p.Accepted += t.Count
		p.Left += t.Left
	case message.Refused:
		p.Refused += t.Count
	case message.Returned:
		p.Returned += t.Count
	case message.Uncertain:
		p.Uncertain += t.Count
		p.Left += t.Left
	case message.HeldOut:
		p.HeldOut += t.Count
	case message.Cancelled:
		p.Cancelled += t.Count
		for _, r := range t.Reasons {
			p.Denied[r] += t.Count
		}
	case message.Denied:
		for _, r := range t.Reasons {
			p.Denied[r] += t.Count
		}
	}
}
