package campaign

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"candor/internal/audience"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/message/messagetest"
	"candor/internal/term"
)

// office is the sample business with its campaigns and a real relay.
type office struct {
	*messagetest.World
	sink   *messagetest.Sink
	sender *message.Sender
	book   *Book
}

func newOffice(t testing.TB, d *db.DB) *office {
	t.Helper()
	o := &office{World: messagetest.NewWorld(t, d), sink: messagetest.NewSink(t, false)}
	var err error
	o.sender, err = message.New(message.Config{DB: d, Ring: o.Ring, Gate: o.Gate, Charter: o.Store, Ledger: o.Log, Clock: o.Clock,
		Relay:    message.Relay{Addr: o.sink.Addr, TLS: message.PlainText, Door: o.sink.Door(), Timeout: 10 * time.Second},
		Unsigned: true, BaseURL: "https://mail.halm.example"})
	o.Must(err)
	o.book = New(Config{DB: d, Ring: o.Ring, Gate: o.Gate, Charter: o.Store, Sender: o.sender, Ledger: o.Log, Jobs: o.Jobs, Clock: o.Clock,
		Audience: audience.New(audience.Config{DB: d, Gate: o.Gate, Charter: o.Store, Clock: o.Clock})})
	return o
}

func letter() Change {
	nobody := 0
	return Change{Name: "March", Purpose: "letter", Channel: term.Email, Holdout: &nobody, Content: message.Content{Class: message.Marketing, Texts: map[term.Lang]message.Text{
		"en": {Subject: "New beans", HTML: "<p>New beans are in.</p>"}, "de": {Subject: "Neue Bohnen", HTML: "<p>Neue Bohnen sind da.</p>"}}}}
}

func (o *office) launch(c Change) id.Campaign {
	o.T.Helper()
	made, err := o.book.Create(context.Background(), c, "staff:test")
	o.Must(err)
	_, err = o.book.Launch(context.Background(), made.ID, "staff:test")
	o.Must(err)
	return made.ID
}

func (o *office) planAll(c id.Campaign) {
	o.T.Helper()
	for {
		more, err := o.book.planOnce(context.Background(), c)
		o.Must(err)
		if !more {
			return
		}
	}
}

func (o *office) progress(c id.Campaign) Progress {
	o.T.Helper()
	p, err := o.book.Progress(context.Background(), c)
	o.Must(err)
	return p
}

func (o *office) status(c id.Campaign) string {
	o.T.Helper()
	got, err := o.book.Get(context.Background(), c)
	o.Must(err)
	return got.Status()
}

func TestMSG14_LastMomentCheck(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		people := o.Readers(1000)
		c := o.launch(letter())
		o.planAll(c)
		if p := o.progress(c); p.Planned != 1000 {
			t.Fatalf("%d planned", p.Planned)
		}
		var n atomic.Int64
		o.sink.Hold = func(string) { // the run is at its tenth mail: seven who have not got theirs opt out
			if n.Add(1) != 10 {
				return
			}
			left := 7
			for i := len(people) - 1; i >= 0 && left > 0; i-- {
				if o.Count("select count(*) from send where customer_id = $1 and state in ('planned', 'claimed')", people[i]) == 1 &&
					len(o.Withdraw(people[i]).Left) == 0 { // else another worker had just handed it over
					left--
				}
			}
		}
		_, err := o.sender.Drain(context.Background())
		o.Must(err)
		p := o.progress(c)
		if got := len(o.sink.Mails()); got > 993 || int64(got) != p.Accepted || p.Denied[errs.Withdrawn] != 7 || p.Accepted != 993 {
			t.Errorf("%d mails, progress %+v", got, p)
		}
		if n := o.Count("select count(*) from ledger_entry where kind = 'send.denied'"); n != 7 {
			t.Errorf("%d denials on record", n)
		}
		o.Must(o.book.finish(context.Background(), c))
		if s := o.status(c); s != "done" {
			t.Errorf("status %s", s)
		}
	})
}

func TestMSG14_EditedAfterApproval(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.Readers(20)
		c := o.launch(letter())
		o.planAll(c)
		edited := letter()
		edited.Name = "Other"
		if _, err := o.book.Edit(context.Background(), c, edited, "staff:usr_1"); !errs.Is(err, errs.Conflict) {
			t.Errorf("a launched campaign was edited: %v", err)
		}
		got, err := o.book.Get(context.Background(), c)
		o.Must(err)
		other := got.Content
		other.Texts = map[term.Lang]message.Text{"en": {Subject: "Something else", HTML: "<p>Something else.</p>"}}
		o.Write(func(tx *db.Tx) error { return message.EditDraft(tx, got.Message, other, "") })
		_, err = o.sender.Drain(context.Background())
		o.Must(err)
		if p := o.progress(c); p.Denied[errs.Content] != 20 || len(o.sink.Mails()) != 0 {
			t.Errorf("%d mails, progress %+v", len(o.sink.Mails()), p)
		}
	})
}

func rename(o *office, table, to string) {
	o.Write(func(tx *db.Tx) error { _, err := tx.Exec("alter table " + table + " rename to " + to); return err })
}

// The store that holds consents cannot be read: first when the campaign starts,
// then when its messages are handed over.
func TestSEC10_CampaignPausesWhenTheGateCannotAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.Readers(5)
		ctx := context.Background()
		c := o.launch(letter())
		rename(o, "standing", "standing_down")
		if _, err := o.Jobs.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		if s := o.status(c); s != "paused: E_FAIL_CLOSED" || len(o.sink.Mails()) != 0 || o.progress(c).Planned != 0 {
			t.Errorf("status %q, %d mails", s, len(o.sink.Mails()))
		}
		rename(o, "standing_down", "standing")
		_, err := o.book.Resume(ctx, c, "staff:test")
		o.Must(err)
		o.planAll(c)
		rename(o, "standing_whole", "standing_whole_down")
		if _, err := o.sender.Drain(ctx); err == nil {
			t.Error("no error from the hand-over")
		}
		if s := o.status(c); s != "paused: E_FAIL_CLOSED" || len(o.sink.Mails()) != 0 {
			t.Errorf("status %q, %d mails", s, len(o.sink.Mails()))
		}
		rename(o, "standing_whole_down", "standing_whole")
		_, err = o.book.Resume(ctx, c, "staff:test")
		o.Must(err)
		o.Clock.Advance(5 * time.Minute)
		_, err = o.sender.Drain(ctx)
		o.Must(err)
		if p := o.progress(c); p.Accepted != 5 {
			t.Errorf("after it came back: %+v", p)
		}
	})
}

func TestPauseResumeCancel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.Readers(4)
		ctx := context.Background()
		c := o.launch(letter())
		o.planAll(c)
		_, err := o.book.Pause(ctx, c, "staff:test")
		o.Must(err)
		if n, err := o.sender.Drain(ctx); n != 0 || err != nil {
			t.Errorf("%d left while paused: %v", n, err)
		}
		_, err = o.book.Resume(ctx, c, "staff:test")
		o.Must(err)
		_, err = o.book.Cancel(ctx, c, "staff:test")
		o.Must(err)
		if n, err := o.sender.Drain(ctx); n != 0 || err != nil {
			t.Errorf("%d left after it was cancelled: %v", n, err)
		}
		if p := o.progress(c); p.Cancelled != 4 || o.status(c) != "cancelled" {
			t.Errorf("%s %+v", o.status(c), p)
		}
		if _, err := o.book.Resume(ctx, c, "staff:test"); !errs.Is(err, errs.Conflict) {
			t.Errorf("resumed: %v", err)
		}
	})
}

func TestLaunchRefusesWhatFailsACheck(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		for want, change := range map[string]func(*Change){
			"LNT-20": func(c *Change) { delete(c.Content.Texts, "de") },
			"LNT-11": func(c *Change) { c.Sender = "boss@other.example" },
			"LNT-12": func(c *Change) {
				c.Content.Texts["en"] = message.Text{Subject: "Last chance", HTML: "<p>Last chance</p>"}
			},
			"E_CONTENT": func(c *Change) { c.Content.Texts["en"] = message.Text{Subject: "x", HTML: "{% raw %}"} },
			"LNT-27":    func(c *Change) { c.Content.Class = message.Service },
		} {
			t.Run(want, func(t *testing.T) {
				c := letter()
				change(&c)
				made, err := o.book.Create(context.Background(), c, "staff:test")
				o.Must(err)
				list, err := o.book.Checks(context.Background(), made.ID)
				o.Must(err)
				found := false
				for _, k := range list {
					found = found || k.Code == want && !k.OK && k.Fix != ""
				}
				if _, err := o.book.Launch(context.Background(), made.ID, "staff:test"); !found || !errs.Is(err, errs.Invalid) {
					t.Errorf("checks %+v, launch: %v", list, err)
				}
			})
		}
	})
}

func BenchmarkCampaign(b *testing.B) {
	o := newOffice(b, dbtest.SQLite(b))
	o.Readers(b.N)
	c := o.launch(letter())
	o.planAll(c)
	b.ResetTimer()
	n, err := o.sender.Drain(context.Background())
	b.StopTimer()
	if err != nil || n != b.N {
		b.Fatal(fmt.Errorf("%d sent: %w", n, err))
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "mails/s")
}
