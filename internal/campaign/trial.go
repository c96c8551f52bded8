package campaign

import (
	"context"
	"slices"

	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
)

// Try sends a campaign's message to a member of staff, filled in for an invented
// reader about whom all is known, or nothing.
func (b *Book) Try(ctx context.Context, which id.Campaign, t message.Trial, known bool) error {
	c, err := b.Get(ctx, which)
	if err != nil {
		return err
	}
	var in *charter.Charter
	err = b.db.Read(ctx, func(tx *db.Tx) (err error) {
		in, err = b.charter.Current(tx)
		return err
	})
	if err != nil {
		return err
	}
	t.Draft, t.Values = c.draft(), message.Persona(in, c.Purpose, known)
	if _, ok := c.Content.Texts[t.Lang]; !ok {
		t.Lang = in.Business.Languages[0]
	}
	return b.sender.Try(ctx, t)
}

func (c Campaign) draft() message.Draft {
	return message.Draft{ID: c.Message, Controller: c.Controller, Purpose: c.Purpose, Channel: c.Channel, Sender: c.Sender, Content: c.Content}
}

// MostSampled is for how many people a message may be looked at.
const MostSampled = 5

// Sample renders a campaign's message for up to five people of its audience,
// taken by chance, with what identifies them masked. Each of them is asked of the
// gate, and finds the look among the uses of their data.
func (b *Book) Sample(ctx context.Context, which id.Campaign, lang term.Lang, by term.Actor) ([]message.Previewed, error) {
	var out []message.Previewed
	list, err := b.drawn(ctx, which)
	if err != nil {
		return nil, err
	}
	if err := b.gate.Warm(ctx, list); err != nil {
		return nil, err
	}
	err = b.db.Write(ctx, func(tx *db.Tx) error {
		out = out[:0]
		c, err := get(tx, which)
		if err != nil {
			return err
		}
		in, err := b.charter.Current(tx)
		if err != nil {
			return err
		}
		fields := []term.Field{}
		for _, v := range message.Variables(in, c.Purpose) {
			fields = append(fields, term.Field(v.Name))
		}
		for _, who := range list {
			if _, err := customer.Lock(tx, who); errs.Is(err, errs.NotFound) {
				continue
			} else if err != nil {
				return err
			}
			pass, d, err := b.gate.Use(tx, gate.Request{Customer: who, Controller: c.Controller, Purpose: c.Purpose, Operation: term.Serve, Channel: c.Channel, Fields: fields, Actor: by})
			if err != nil {
				return err
			}
			if !d.Allowed() {
				continue
			}
			values, err := message.Masked(tx, in, pass)
			if err != nil {
				return err
			}
			p, err := message.Preview(in, c.draft(), lang, values)
			if err != nil {
				return err
			}
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

// drawn draws people of a campaign's audience: those that follow a random id,
// which ids themselves are.
func (b *Book) drawn(ctx context.Context, which id.Campaign) (list []id.Customer, err error) {
	err = b.db.Read(ctx, func(tx *db.Tx) error {
		c, err := get(tx, which)
		if err != nil {
			return err
		}
		in, err := b.charter.Current(tx)
		if err != nil {
			return err
		}
		condition, err := b.audience.Compile(in, c.Purpose, everyone(c.Audience))
		if err != nil {
			return err
		}
		if list, err = b.audience.Members(tx, condition, c.Channel, id.NewCustomer(), MostSampled); err != nil || len(list) == MostSampled {
			return err
		}
		more, err := b.audience.Members(tx, condition, c.Channel, 0, MostSampled-len(list))
		list = append(list, more...)
		return err
	})
	slices.Sort(list)
	return slices.Compact(list), err
}
