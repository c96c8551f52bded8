package portal

import (
	"net/http"
	"slices"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
	"candor/internal/ui"
)

// What the foot of every page says: the notice, the choices, what California
// asks for where the charter makes it due (11 CCR §7013-7015), and that the
// browser's signal is honoured (§7025(c)(6)).

// optOutURL is where a sale, sharing, or the wide use of sensitive data is
// refused, without showing who one is (§7026).
const optOutURL = "/privacy/opt-out"

// links are those of the foot, for people of a market; "" for everybody whom the
// business addresses.
func (p *Portal) links(c *charter.Charter, market term.Market, lang term.Lang) []ui.Link {
	at := func(path, key string) ui.Link {
		return ui.Link{Text: p.say(lang, key), URL: path + "?lang=" + string(lang)}
	}
	out := []ui.Link{at("/notice", "notice"), at("/privacy", "privacy")}
	if c == nil || market == "" && !c.Addresses(charter.California) || market != "" && market != charter.California {
		return out
	}
	if c.SellsOrShares() {
		out = append(out, at(optOutURL, "footer-sale"))
	}
	if len(c.SensitiveBeyond()) > 0 {
		out = append(out, at(optOutURL, "footer-limit"))
	}
	return out
}

// signal says that the browser's request is honoured, when it makes one; nil
// otherwise.
func (p *Portal) signal(r *http.Request, lang term.Lang) *ui.Signal {
	if !gpcSeen(r) {
		return nil
	}
	return p.honoured(lang, 0)
}

// honoured is the status of an opt-out, since a day for people who are known.
func (p *Portal) honoured(lang term.Lang, since clock.Instant) *ui.Signal {
	s := &ui.Signal{Text: p.say(lang, "signal-honoured"), Toggle: p.say(lang, "signal-toggle"), Off: p.say(lang, "signal-off")}
	if since != 0 {
		s.Since = p.say(lang, "signal-since", "date", ui.Date(lang, since.Time()))
	}
	return s
}

// signalled reads since when a known person's opt-out stands; 0 when there is
// none.
func signalled(tx *db.Tx, c id.Customer) (clock.Instant, error) {
	facts, err := customer.FactsOf(tx, c)
	var since clock.Instant
	for _, f := range facts {
		if f.Kind != customer.GPC {
			continue
		}
		if f.Value() == customer.Off {
			since = 0
		} else if since == 0 {
			since = f.RecordedAt
		}
	}
	return since, err
}

// optsOut puts an opt-out of sale and sharing on record for a person.
func (p *Portal) optsOut(tx *db.Tx, c id.Customer, source string) error {
	_, err := p.Gate.AddFact(tx, customer.Fact{Customer: c, Kind: customer.GPC, At: p.Clock.Now(),
		Detail: customer.WithValue(customer.On), Actor: term.ByCustomer, Source: source})
	return err
}

// embedFooter is the foot for a page of the business's own.
type embedFooter struct {
	Lang   term.Lang   `json:"lang"`
	Links  []embedLink `json:"links"`
	Signal *ui.Signal  `json:"signal,omitempty"`
}

type embedLink struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

func (p *Portal) showFooter(w http.ResponseWriter, r *http.Request) error {
	lang := language(r)
	c, err := p.current(r)
	if err != nil {
		return err
	}
	out := embedFooter{Lang: lang, Signal: p.signal(r, lang)}
	for _, l := range p.links(c, term.Market(r.URL.Query().Get("market")), lang) {
		out.Links = append(out.Links, embedLink{l.Text, p.URL + l.URL})
	}
	return writeJSON(w, http.StatusOK, out)
}

func (p *Portal) showOptOut(w http.ResponseWriter, r *http.Request) error {
	return p.renderOptOut(w, r, http.StatusOK, "")
}

func (p *Portal) renderOptOut(w http.ResponseWriter, r *http.Request, status int, wrong string) error {
	f := p.intro(p.frame(r, "optout"), "optout-lead")
	return p.pages.optOut.Render(w, status, f, findPage{ui.Field{ID: "email", Name: "email", Label: p.say(f.Lang, "email-label"),
		Type: "email", Autocomplete: "email", Max: 254, Required: true, Error: wrong}})
}

// optOut refuses sale, sharing and the wide use of sensitive data for all whose
// address is given. Nobody has to show who they are, and the answer is the same
// for an address that nobody has.
func (p *Portal) optOut(w http.ResponseWriter, r *http.Request) error {
	lang := language(r)
	address, err := customer.Email(r.PostFormValue("email"))
	if err != nil {
		return p.renderOptOut(w, r, http.StatusUnprocessableEntity, p.say(lang, "email-wrong"))
	}
	if err := p.limit.allow(r); err != nil {
		return err
	}
	err = evenly(r, func() error {
		return p.DB.Write(r.Context(), func(tx *db.Tx) error {
			who, err := p.Gate.Find(tx, address)
			if err != nil {
				return err
			}
			c, err := p.Charter.Current(tx)
			if err != nil {
				return err
			}
			slices.Sort(who)
			for _, one := range who {
				if err := p.optsOut(tx, one, "opt-out"); err != nil {
					return err
				}
				for _, purpose := range c.SensitiveBeyond() {
					if _, err := p.Gate.AddFact(tx, customer.Fact{Customer: one, Kind: customer.Objection, Purpose: purpose,
						Detail: customer.WithValue(customer.On), Actor: term.ByCustomer, Source: "opt-out"}); err != nil {
						return err
					}
				}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return p.answer(w, r, "optout-done", nil)
}
