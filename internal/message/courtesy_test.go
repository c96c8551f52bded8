package message

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// house puts a charter in force whose house says something else.
func (p *post) house(pairs ...string) *charter.Charter {
	p.T.Helper()
	promise, house := sample.Documents()
	text := string(house)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			p.T.Fatalf("the sample's house has no %q", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	c, problems := charter.Parse(promise, []byte(text))
	p.Must(problems.Err())
	p.Write(func(tx *db.Tx) error {
		_, err := p.Store.Apply(tx, c, p.Clock.Now(), "staff:test")
		return err
	})
	_, err := p.Gate.Restand(context.Background())
	p.Must(err)
	return c
}

// byPolicy is a house without hours and caps of its own.
func (p *post) byPolicy() *charter.Charter {
	return p.house("  email: 00:00-24:00\n", "  push: 08:00-20:00\n", "  email: {at_most: 3 per week}\n", "  push: {at_most: 9 per day}\n")
}

func (p *post) ended(state State, reason string) int {
	return p.Count("select count(*) from send where state = $1 and reasons = $2", string(state), reason)
}

func TestMSG11_MessagesAreCappedOverAllBrandsAndChannels(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		c := p.byPolicy()
		people := p.Readers(2)
		reader, other := people[0], people[1]
		for range 3 { // three in seven days
			p.plan(plain(), 0, reader)
			if n := p.drain(); n != 1 {
				t.Fatalf("handed over %d", n)
			}
			p.plan(plain(), 0, reader) // a second one on a day
			if n := p.drain(); n != 0 {
				t.Error("two on one day")
			}
			p.Clock.Advance(24 * time.Hour)
		}
		if n := p.ended(Denied, "E_FREQ_CAP"); n != 3 {
			t.Errorf("%d denied for the day", n)
		}
		p.plan(plain(), 0, reader)
		p.plan(plain(), 0, reader)
		var wg sync.WaitGroup
		var mu sync.Mutex
		sent := 0
		for _, s := range []*Sender{p.sender, p.open()} { // two workers at once
			wg.Go(func() {
				n, err := s.Drain(context.Background())
				mu.Lock()
				defer mu.Unlock()
				if sent += n; err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := p.ended(Denied, "E_FREQ_CAP"); sent != 0 || n != 5 {
			t.Errorf("%d further sends, %d denied; want 0 and 2 more than 3", sent, n)
		}

		// Another brand's message on another channel takes the person's place.
		today := dayOf(p.Clock.Now())
		p.Write(func(tx *db.Tx) error {
			_, err := tx.Exec(`insert into contact_count (customer_id, controller, channel, purpose, day, n) values ($1, 'sister', 'sms', '', $2, 1)`, other, today)
			return err
		})
		p.plan(plain(), 0, other)
		if n := p.drain(); n != 0 {
			t.Error("a second message of the day, of another brand and channel")
		}

		// Eight in thirty days: the other reader has had five more.
		p.Clock.Advance(24 * time.Hour)
		p.Write(func(tx *db.Tx) error {
			_, err := tx.Exec(`insert into contact_count (customer_id, controller, channel, purpose, day, n) values ($1, 'sister', 'sms', '', $2, 7)`, other, today-10)
			return err
		})
		p.plan(plain(), 0, other)
		if n := p.drain(); n != 0 {
			t.Error("a ninth message in thirty days")
		}

		// A person who chose one a month gets one a month.
		p.Clock.Advance(60 * 24 * time.Hour)
		p.Write(func(tx *db.Tx) error {
			_, err := p.Gate.AddFact(tx, customer.Fact{Customer: other, Kind: customer.Rhythm, Purpose: "letter", Detail: customer.WithValue("monthly"), Actor: term.ByCustomer})
			return err
		})
		for _, v := range []struct{ days, want int }{{0, 1}, {14, 0}, {15, 0}, {1, 1}} {
			p.Clock.Advance(time.Duration(v.days) * 24 * time.Hour)
			p.plan(plain(), 0, other)
			if n := p.drain(); n != v.want {
				t.Errorf("%d days later %d were sent, want %d", v.days, n, v.want)
			}
		}

		// What the law caps the house cannot raise.
		law := []rulepack.MessageCap{{Channel: term.SMS, AtMost: 3, Days: 1}}
		lax := p.house("  email: {at_most: 3 per week}\n", "  sms: {at_most: 20 per day}\n")
		if got := limitsFor(lax, "letter", term.SMS, law); !slices.Contains(got, limit{"", 3, 1}) || !slices.Contains(got, limit{"", 20, 1}) {
			t.Errorf("limits are %v", got)
		}
		if got := limitsFor(c, "letter", term.Email, nil); !slices.Contains(got, limit{"letter", 3, 7}) || !slices.Contains(got, limit{"", 1, 1}) ||
			!slices.Contains(got, limit{"", 3, 7}) || !slices.Contains(got, limit{"", 8, 30}) {
			t.Errorf("limits are %v", got)
		}
	})
}

// Out of hours a message waits, and is neither dropped nor sent early.
func TestMarketingWaitsForTheHours(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		p.byPolicy()
		c := p.Readers(1)[0]
		p.Clock.Set(clock.At(time.Date(2027, 3, 2, 20, 0, 0, 0, berlin)))
		p.plan(plain(), 0, c)
		if n := p.drain(); n != 0 || p.send(c).State != Planned {
			t.Fatalf("sent at 20:00: %d, %s", n, p.send(c).State)
		}
		p.Clock.Set(clock.At(time.Date(2027, 3, 3, 7, 59, 59, 0, berlin)))
		if n := p.drain(); n != 0 {
			t.Error("sent before 8:00")
		}
		p.Clock.Set(clock.At(time.Date(2027, 3, 3, 8, 0, 0, 0, berlin)))
		if n := p.drain(); n != 1 {
			t.Errorf("at 8:00 %d were sent", n)
		}
	})
}

// TestMSG10_TheHoursHoldInEveryZoneWhereThePersonMayBe: an area code of Florida
// and an address in California; both hours must be open, on the next day too.
func TestMSG10_TheHoursHoldInEveryZoneWhereThePersonMayBe(t *testing.T) {
	pacific, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour, minute int) clock.Instant {
		return clock.At(time.Date(2026, 6, day, hour, minute, 0, 0, pacific))
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		where := []customer.Fact{
			{Kind: customer.Residence, Detail: map[string]string{"value": "US-FL", "evidence": "phone"}},
			{Kind: customer.Residence, Detail: map[string]string{"value": "US-CA", "evidence": "address"}},
		}
		for _, v := range []struct {
			name     string
			ch       term.Channel
			at, open clock.Instant
		}{
			{"Tuesday 19:30 Pacific is 22:30 Eastern", term.SMS, at(23, 19, 30), at(24, 9, 0)},
			{"calls too", term.Phone, at(23, 19, 30), at(24, 10, 0)}, // an hour later: Canada's window counts where the law is not known
			{"in the middle of the day", term.SMS, at(23, 12, 0), at(23, 12, 0)},
			{"the common window closes at 20:00 Eastern", term.SMS, at(23, 17, 0), at(24, 9, 0)},
			{"just before", term.SMS, at(23, 16, 59), at(23, 16, 59)},
			{"Saturday evening waits for Sunday noon", term.SMS, at(27, 19, 30), at(28, 12, 0)},
			{"a letter by post may arrive at any time", term.Post, at(23, 3, 0), at(23, 3, 0)},
		} {
			got, err := p.Gate.Courtesy(p.Terms, where, v.ch, v.at)
			if err != nil || got.Opens != v.open {
				t.Errorf("%s: opens %v, want %v (%v)", v.name, got.Opens.In(pacific), v.open.In(pacific), err)
			}
		}
		// The clocks change in between: the window opens by the wall clock.
		spring, _ := p.Gate.Courtesy(p.Terms, where[1:], term.SMS, clock.At(time.Date(2026, 3, 7, 21, 0, 0, 0, pacific)))
		if want := clock.At(time.Date(2026, 3, 8, 12, 0, 0, 0, pacific)); spring.Opens != want {
			t.Errorf("over the change of clocks: %v, want %v", spring.Opens.In(pacific), want)
		}
		unknown, err := p.Gate.Courtesy(p.Terms, nil, term.SMS, at(23, 12, 0)) // nothing known: by the business's clock, 21:00
		if err != nil || unknown.Opens <= at(23, 12, 0) || unknown.Opens == clock.Never {
			t.Errorf("nothing known: %v, %v", unknown.Opens, err)
		}
	})
}
