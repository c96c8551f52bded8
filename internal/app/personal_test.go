package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/message"
	"candor/internal/term"
)

// beans is a message for the letter in both languages.
func beans(html string, refers ...message.Reference) message.Content {
	return message.Content{Class: message.Marketing, Refers: refers, Texts: map[term.Lang]message.Text{
		"en": {Subject: "New beans", HTML: html}, "de": {Subject: "Neue Bohnen", HTML: html}}}
}

// PRF-10: with a bound of 5, a push that names a product viewed ten minutes ago
// scores 7 and is refused with the parts of its score; so is a campaign whose
// people and words are too fresh and sensitive. One that is allowed offers "too
// personal": the person's level drops by one, the campaign's count rises by one.
func TestPRF10_PersonalisationHasABound(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		var in *charter.Charter
		h.must(h.DB.Read(ctx, func(tx *db.Tx) (err error) { in, err = h.Charter.Current(tx); return err }))
		if in.PersonalAtMost != 5 {
			t.Fatalf("the bound is %d", in.PersonalAtMost)
		}
		viewed := message.Reference{Event: "Product Viewed", Within: 10}
		push := message.Draft{Controller: "halm", Purpose: "letter", Channel: term.Push, Content: beans("<p>The grinder you looked at is still here.</p>", viewed)}
		_, problems := message.Review(in, push, h.Clock.Now())
		refused := ""
		for _, p := range problems {
			if p.Code == message.CodeTooPersonal {
				refused = p.Msg
			}
		}
		for _, part := range []string{"7 of at most 5", "speaks of Products you looked at 2", "no more than an hour ago 3", "by push 2"} {
			if !strings.Contains(refused, part) {
				t.Errorf("the push: %q does not say %q", refused, part)
			}
		}

		draft := func(audience string, content message.Content) campaign.Campaign {
			h.t.Helper()
			nobody := 0
			c, err := h.Campaigns.Create(ctx, campaign.Change{Name: "beans", Purpose: "letter", Channel: term.Email, Holdout: &nobody, Audience: audience, Content: content}, "staff:test")
			h.must(err)
			return c
		}
		checked := func(c campaign.Campaign) campaign.Check {
			h.t.Helper()
			list, err := h.Campaigns.Checks(ctx, c.ID)
			h.must(err)
			for _, k := range list {
				if k.Name == "how personal" {
					return k
				}
			}
			h.t.Fatal("how personal it is was not checked")
			return campaign.Check{}
		}
		// Two shown, one of them the roast, and orders of today chosen by and views of this hour spoken of: 1 + 1 + 1 + 2 + 2 + 3.
		const roast = `<p>For {{ email | default: "you" }}, as {{ roast | default: "you like" }}.</p>`
		over := draft(`count("Order Completed", days(1)) >= 1`, beans(roast, viewed))
		if k := checked(over); k.OK || k.Code != message.CodeTooPersonal || !strings.Contains(k.Fix, "10 of at most 5") || !strings.Contains(k.Fix, "chosen by Your orders 1") || !strings.Contains(k.Fix, "shows Favourite roast 1") {
			t.Errorf("too much: %+v", k)
		}
		if _, err := h.Campaigns.Launch(ctx, over.ID, "staff:test"); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "10 of at most 5") {
			t.Errorf("launched: %v", err)
		}
		if k := checked(draft("", beans("<p>For everybody.</p>"))); !k.OK || k.Note != "0 of at most 5: the same for everyone" {
			t.Errorf("the same for everyone: %+v", k)
		}

		c := h.reader("ada@post.example")
		h.tells("shop", c, nil, map[term.Field]any{"roast": "dark"})
		level := func() (w gate.Wishes) {
			h.must(h.DB.Read(ctx, func(tx *db.Tx) (err error) { w, err = h.Gate.Wishes(tx, c); return err }))
			return w
		}
		h.write(func(tx *db.Tx) error {
			_, err := h.Gate.Wish(tx, c, gate.Wish{Kind: customer.Dial, Value: "purchase", Actor: term.ByCustomer})
			return err
		})
		allowed := draft("", beans(`<p>As {{ roast | default: "you like" }} as you like it.</p>`))
		if k := checked(allowed); !k.OK || k.Note != "1 of at most 5: shows Favourite roast 1" {
			t.Errorf("an allowed one: %+v", k)
		}
		_, err := h.Campaigns.Launch(ctx, allowed.ID, "staff:test")
		h.must(err)
		for range 6 {
			h.later(20 * time.Second)
		}
		mails := visit(h.App, http.MethodGet, h.Mailbox.Path()+"mails.json", nil).Body.String()
		if !strings.Contains(mails, "Too personal?") || !strings.Contains(mails, "#shown") {
			t.Error("a personal message does not offer to say so")
		}
		link := whyLink.FindString(mails)
		for range 2 { // pressed twice, it counts once
			if w := visit(h.App, http.MethodPost, link+"/less", url.Values{}); w.Code != http.StatusSeeOther {
				t.Fatalf("too personal: %d", w.Code)
			}
			if got := level().Level; got != "taste" {
				t.Errorf("the level is %s", got)
			}
			if p, err := h.Campaigns.Progress(ctx, allowed.ID); err != nil || p.Too != 1 {
				t.Errorf("the campaign counts %d, %v", p.Too, err)
			}
		}
	})
}

// What the words speak of is governed by the person's level too: who did not
// allow it does not get the message.
func TestAMessageSpeaksOnlyOfWhatTheLevelLets(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		c := h.reader("ada@post.example")
		h.write(func(tx *db.Tx) error {
			_, err := h.Gate.Wish(tx, c, gate.Wish{Kind: customer.Dial, Value: "taste", Actor: term.ByCustomer})
			return err
		})
		made, err := h.Campaigns.Create(ctx, campaign.Change{Name: "grinder", Purpose: "letter", Channel: term.Email,
			Content: beans("<p>The grinder you looked at last month is back.</p>", message.Reference{Event: "Product Viewed"})}, "staff:test")
		h.must(err)
		_, err = h.Campaigns.Launch(ctx, made.ID, "staff:test")
		h.must(err)
		for range 6 {
			h.later(20 * time.Second)
		}
		if p, err := h.Campaigns.Progress(ctx, made.ID); err != nil || p.Denied[errs.Objected] != 1 || p.Accepted != 0 {
			t.Errorf("%+v, %v", p, err)
		}
	})
}
