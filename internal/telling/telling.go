// Package telling tells people what they must be told before their data are used:
// what became wider since the data were collected (GDPR 13(3), 14(4); 1798.100),
// and that data came from elsewhere, and from where (GDPR 14).
//
// The gate keeps such data from use by itself. A run goes through all customers
// in steps, counts those who must be told, and, when it sends, plans a service
// mail to each in their own language. A person counts as told once the relay has
// taken their mail, and no longer when it comes back; nobody gets the same news
// twice.
//
// Nobody is written to before they were counted, and more people than one person
// may write to need a second who approves. What a run did is in the ledger.
package telling

import (
	"context"
	"strconv"
	"strings"
	"time"

	"candor/internal/approval"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/ledger"
	"candor/internal/message"
	"candor/internal/term"
)

// Config is what the teller works with.
type Config struct {
	DB      *db.DB
	Gate    *gate.Gate
	Charter *charter.Store
	Mail    *message.Sender
	Jobs    *job.Queue
	Ledger  *ledger.Log
	Clock   clock.Clock
	// Approvals is asked when more people would be written to than one person may.
	Approvals *approval.Desk
}

// KindRun is the ledger's kind of entry.
const KindRun ledger.Kind = "telling.run"

// CountFirst is the code of a run that would write to people who were not counted.
const CountFirst errs.Code = "count_first"

// countGood is how long a count stands for those who are written to.
const countGood = 24 * time.Hour

// Teller tells. It is safe for concurrent use.
type Teller struct{ Config }

// JobStep is the job that goes through the customers.
const JobStep = "telling.step"

// step is how many customers one transaction looks at.
const step = 500

// New opens the teller and registers its job.
func New(c Config) *Teller {
	t := &Teller{c}
	t.Jobs.Handle(JobStep, t.run)
	return t
}

// Run is one run through all customers.
type Run struct {
	BegunAt clock.Instant `json:"begun_at"`
	Version int64         `json:"charter_version"`
	Sends   bool          `json:"sends"` // else it only counts
	Owed    int64         `json:"owed"`  // people who must be told
	Mute    int64         `json:"no_address"`
	Taken   int64         `json:"told"`      // mails that the relay took
	Waiting int64         `json:"waiting"`   // mails on their way
	Back    int64         `json:"came_back"` // mails that came back: their people are not told
	By      term.Actor    `json:"by"`
	EndedAt clock.Instant `json:"ended_at,omitzero"`

	after id.Customer
}

// Begin begins a run: one that counts, or one that sends. It returns CONFLICT
// while another is under way, and with CountFirst when it would send and nobody
// counted within a day under this charter; FORBIDDEN with E_DUAL_CONTROL when it
// would write to more people than one person may and nobody else has approved it.
func (t *Teller) Begin(ctx context.Context, sends bool, by term.Actor) (Run, error) {
	var out Run
	err := t.DB.Write(ctx, func(tx *db.Tx) error {
		last, err := latest(tx)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		if err == nil && last.EndedAt.IsZero() {
			return errs.New(errs.Conflict, "telling", "a run is under way; wait until it has ended")
		}
		c, err := t.Charter.Current(tx)
		if err != nil {
			return err
		}
		if sends {
			if err := t.may(tx, c, last, by); err != nil {
				return err
			}
		}
		out = Run{BegunAt: max(t.Clock.Now(), last.BegunAt+1), Version: c.Version, Sends: sends, By: by}
		flag := 0
		if sends {
			flag = 1
		}
		_, err = tx.Exec(`insert into telling (begun_at, version, sends, after_customer, owed, mute, by_actor, ended_at) values ($1, $2, $3, 0, 0, 0, $4, 0)`,
			out.BegunAt, out.Version, flag, by)
		if err != nil {
			return err
		}
		if err := t.note(tx, "begun", out); err != nil {
			return err
		}
		return t.Jobs.Enqueue(tx, job.New{Kind: JobStep, Unique: "one"})
	})
	return out, err
}

// may lets a run write to those who were counted last.
func (t *Teller) may(tx *db.Tx, c *charter.Charter, last Run, by term.Actor) error {
	if last.Sends || last.BegunAt == 0 || last.Version != c.Version || t.Clock.Now().Sub(last.EndedAt) > countGood {
		return errs.New(errs.Conflict, CountFirst, "count first whom it concerns; the number is good for a day")
	}
	people := last.Owed - last.Mute
	if people <= int64(c.House.Alone.Recipients) {
		return nil
	}
	version := strconv.FormatInt(c.Version, 10)
	return t.Approvals.Need(tx, approval.Act{
		Kind: approval.Send, By: by, Exact: map[string]string{"tell": version, "charter": c.Hash()},
		Says: []approval.Line{
			{Term: "Message", Text: "What people must be told before their data are used"}, {Term: "Promise", Text: "version " + version},
			{Term: "People when it was asked", Text: strconv.FormatInt(people, 10)},
		},
	})
}

func (t *Teller) note(tx *db.Tx, step string, r Run) error {
	_, err := t.Ledger.Append(tx, KindRun, t.Clock.Now(), map[string]any{
		"step": step, "run": r.BegunAt, "version": r.Version, "sends": r.Sends, "owed": r.Owed, "no_address": r.Mute, "by": r.By,
	})
	return err
}

// Latest gives the latest run, with what became of its mails. It returns
// NOT_FOUND before the first.
func (t *Teller) Latest(ctx context.Context) (Run, error) {
	var out Run
	err := t.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if out, err = latest(tx); err != nil || !out.Sends {
			return err
		}
		list, err := message.ServiceTallies(tx, int64(out.BegunAt))
		for _, x := range list {
			switch x.State {
			case message.Accepted:
				out.Taken += x.Count
			case message.Planned, message.Claimed, message.Handed:
				out.Waiting += x.Count
			case message.Returned:
				out.Back += x.Count
			}
		}
		return err
	})
	return out, err
}

func latest(tx *db.Tx) (Run, error) {
	var r Run
	var sends int64
	err := tx.QueryRow(`select begun_at, version, sends, after_customer, owed, mute, by_actor, ended_at from telling order by begun_at desc limit 1`).
		Scan(&r.BegunAt, &r.Version, &sends, &r.after, &r.Owed, &r.Mute, &r.By, &r.EndedAt)
	r.Sends = sends == 1
	return r, err
}

// run is the job: step by step, each a transaction with the place it reached, so
// that a crash repeats nothing.
func (t *Teller) run(ctx context.Context, _ job.Job) error {
	for ctx.Err() == nil {
		more, err := t.step(ctx)
		if err != nil || !more {
			return err
		}
	}
	return ctx.Err()
}

func (t *Teller) step(ctx context.Context) (more bool, err error) {
	err = t.DB.Write(ctx, func(tx *db.Tx) error {
		more = false
		r, err := latest(tx)
		if err != nil || !r.EndedAt.IsZero() {
			return err
		}
		c, err := t.Charter.Current(tx)
		if err != nil {
			return err
		}
		list, err := customer.Page(tx, r.after, step)
		if err != nil {
			return err
		}
		owed, err := t.Gate.Owed(tx, list)
		if err != nil {
			return err
		}
		for _, who := range list {
			o, ok := owed[who]
			if !ok {
				continue
			}
			r.Owed++
			if o.Mute {
				r.Mute++
				continue
			}
			if !r.Sends {
				continue
			}
			if err := t.Mail.SendService(tx, mailTo(c, r, who, o)); err != nil {
				return err
			}
		}
		if more = len(list) == step; more {
			r.after = list[len(list)-1]
		} else {
			r.EndedAt = t.Clock.Now()
			if err := t.note(tx, "ended", r); err != nil {
				return err
			}
		}
		_, err = tx.Exec("update telling set after_customer = $2, owed = $3, mute = $4, ended_at = $5 where begun_at = $1", r.BegunAt, r.after, r.Owed, r.Mute, r.EndedAt)
		return err
	})
	return more, err
}

// mailTo writes what one person is told. The same news is the same mail, however
// often a run comes by.
func mailTo(c *charter.Charter, r Run, who id.Customer, o gate.Owed) message.ServiceMail {
	lang := o.Lang
	if lang == "" || !message.Speaks(lang) {
		lang = c.Business.Languages[0]
	}
	var news []string
	for _, p := range o.News {
		if purpose, ok := c.Purpose(p); ok {
			news = append(news, purpose.Title.In(lang))
		}
	}
	version := strconv.FormatInt(c.Version, 10)
	return message.ServiceMail{Kind: message.NoticeMail, Customer: who, Controller: c.Business.ID, Lang: lang, Version: c.Version, Run: int64(r.BegunAt),
		News: strings.Join(news, ", "), Sources: strings.Join(o.Sources, ", "), Link: "/notice/" + version + "?lang=" + string(lang),
		Entry: "v" + version + "-" + strconv.FormatInt(int64(o.Since), 10) + strings.Repeat("-again", o.Failed)}
}
