package portal

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/term"
	"candor/internal/ui"
)

// pause is a time without advertising, running or offered.
type pause struct {
	Until string // in words, when one runs
	Days  []int  // offered
}

var pauseOf = regexp.MustCompile(`^pause (\d+) days$`)

// pause offers what the charter's purposes let people choose.
func (p *Portal) pause(c *charter.Charter, w gate.Wishes, lang term.Lang) pause {
	var out pause
	if w.Paused != 0 {
		out.Until = ui.Date(lang, w.Paused.Time())
	}
	for i := range c.Purposes {
		for _, r := range c.Purposes[i].Rhythm.TheyChoose {
			if m := pauseOf.FindStringSubmatch(r); m != nil {
				if n, err := strconv.Atoi(m[1]); err == nil && !slices.Contains(out.Days, n) {
					out.Days = append(out.Days, n)
				}
			}
		}
	}
	return out
}

// dial lists the levels of personalisation, each with the data that it uses.
func (p *Portal) dial(c *charter.Charter, w gate.Wishes, lang term.Lang) []ui.Choice {
	var out []ui.Choice
	for _, l := range c.Personalisation {
		var names []string
		for _, u := range l.Uses {
			names = append(names, nameOf(c, u, lang))
		}
		hint := p.say(lang, "dial-nothing")
		if len(names) > 0 {
			hint = p.say(lang, "dial-uses") + " " + strings.Join(names, ", ")
		}
		out = append(out, ui.Choice{ID: "dial-" + l.ID, Name: "level", Value: l.ID, Label: l.Title.In(lang), Hint: hint, Radio: true, Chosen: l.ID == w.Level})
	}
	return out
}

// nameOf names a field or an event to people.
func nameOf(c *charter.Charter, name string, lang term.Lang) string {
	if f, ok := c.Field(term.Field(name)); ok {
		return titleOf(f, lang)
	}
	if e, ok := c.Event(term.Event(name)); ok && e.Title.In(lang) != "" {
		return e.Title.In(lang)
	}
	return name
}

// offer adds rhythm and topics to the first setting of each purpose that offers
// them.
func (p *Portal) offer(all []setting, c *charter.Charter, w gate.Wishes, lang term.Lang) {
	seen := map[term.Purpose]bool{}
	for i := range all {
		s := &all[i]
		purpose, ok := c.Purpose(s.Purpose)
		if !ok || seen[s.Purpose] || !purpose.Marketing {
			continue
		}
		seen[s.Purpose] = true
		s.Rhythm, s.Topics = p.rhythms(purpose, w, lang), topics(purpose, w, lang)
	}
}

func (p *Portal) rhythms(purpose *charter.Purpose, w gate.Wishes, lang term.Lang) []ui.Choice {
	offered := []string{""}
	for _, r := range purpose.Rhythm.TheyChoose {
		if gate.RhythmDays(r) > 0 {
			offered = append(offered, r)
		}
	}
	if len(offered) == 1 {
		return nil
	}
	var out []ui.Choice
	for _, r := range offered {
		label := p.say(lang, "rhythm-"+r)
		if r == "" {
			label = p.say(lang, "rhythm-any")
		}
		out = append(out, ui.Choice{ID: string(purpose.ID) + "-rhythm-" + r, Name: "rhythm", Value: r, Label: label, Radio: true, Chosen: r == w.Rhythm[purpose.ID]})
	}
	return out
}

func topics(purpose *charter.Purpose, w gate.Wishes, lang term.Lang) []ui.Choice {
	var out []ui.Choice
	for _, t := range purpose.Topics {
		out = append(out, ui.Choice{ID: string(purpose.ID) + "-topic-" + string(t.ID), Name: "topic", Value: string(t.ID), Label: t.Title.In(lang),
			Chosen: !slices.Contains(w.Unwanted[purpose.ID], t.ID)})
	}
	return out
}

// wish puts a choice within what is allowed on record.
func (p *Portal) wish(w http.ResponseWriter, r *http.Request, v visitor, done string, list ...gate.Wish) error {
	source := "link"
	if v.proven {
		source = "portal"
	}
	err := p.DB.Write(r.Context(), func(tx *db.Tx) error {
		for _, wish := range list {
			wish.Lower, wish.Actor, wish.Source = !v.proven, term.ByCustomer, source
			if _, err := p.Gate.Wish(tx, v.customer, wish); err != nil {
				return err
			}
		}
		return nil
	})
	lang := language(r)
	if errs.CodeOf(err) == "step_up" {
		return p.answer(w, r, "step-up", &ui.Link{Text: p.say(lang, "back-to-choices"), URL: v.base + "?lang=" + string(lang)})
	}
	if err != nil {
		return err
	}
	return redirect(w, r, v.base+"?lang="+string(lang)+"&done="+done)
}

// setLevel turns the dial.
func (p *Portal) setLevel(w http.ResponseWriter, r *http.Request, v visitor) error {
	return p.wish(w, r, v, "level", gate.Wish{Kind: customer.Dial, Value: r.PostFormValue("level")})
}

// setPause begins or ends a time without advertising.
func (p *Portal) setPause(w http.ResponseWriter, r *http.Request, v visitor) error {
	if r.PostFormValue("days") == "0" {
		return p.wish(w, r, v, "saved", gate.Wish{Kind: customer.Pause, Value: customer.Off})
	}
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil || days < 1 || days > 999 {
		return errs.New(errs.Invalid, "not_offered", "choose one of the pauses that are offered")
	}
	return p.wish(w, r, v, "paused", gate.Wish{Kind: customer.Pause, Until: p.Clock.Now().Add(time.Duration(days) * 24 * time.Hour)})
}

// setDetails keeps rhythm and topics of one purpose. All topics left out is the
// same as turning it off, which is a switch of its own.
func (p *Portal) setDetails(w http.ResponseWriter, r *http.Request, v visitor) error {
	c, err := p.current(r)
	if err != nil {
		return err
	}
	purpose, ok := c.Purpose(term.Purpose(r.PostFormValue("purpose")))
	if !ok {
		return errs.New(errs.Invalid, "no_choice", "this purpose is no choice")
	}
	var list []gate.Wish
	if r.PostForm.Has("rhythm") {
		list = append(list, gate.Wish{Kind: customer.Rhythm, Purpose: purpose.ID, Value: r.PostFormValue("rhythm")})
	}
	if len(purpose.Topics) > 0 {
		var out []string
		for _, t := range purpose.Topics {
			if !slices.Contains(r.PostForm["topic"], string(t.ID)) {
				out = append(out, string(t.ID))
			}
		}
		list = append(list, gate.Wish{Kind: customer.Unwanted, Purpose: purpose.ID, Value: strings.Join(out, ",")})
	}
	return p.wish(w, r, v, "saved", list...)
}

// byLink and byPerson let a choice be made by whoever holds a link, and by
// whoever proved to be the person.
func (p *Portal) byLink(do func(http.ResponseWriter, *http.Request, visitor) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := p.holder(r)
		if err != nil {
			return err
		}
		return do(w, r, v)
	}
}

func (p *Portal) byPerson(do func(http.ResponseWriter, *http.Request, visitor) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := p.reader(r)
		if err != nil {
			return err
		}
		return do(w, r, v)
	}
}
