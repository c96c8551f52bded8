package portal

import (
	"net/http"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/ui"
)

// choicesPage shows what we may write about. It holds no personal data but a
// masked address: whoever has the mail can open it (PRF-01).
type choicesPage struct {
	Address  string
	Signal   *ui.Signal // the person's opt-out, since when
	Undo     *undo
	Settings []setting
	Dial     []ui.Choice
	Pause    pause
	Base     string // where the forms of the page go
	Code     bool   // offer the way to one's own data
}

// undo takes back the switch that was just pressed.
type undo struct {
	Purpose term.Purpose
	Channel term.Channel
	To      string
}

// setting is one permission to write, with its switch.
type setting struct {
	Purpose term.Purpose
	Channel term.Channel
	Title   string
	About   string
	State   string // on, off, pending, fixed
	Status  ui.Status
	Why     string
	Switch  string // the button, or "" when there is nothing to switch
	To      string // on, off
	Effect  string // what the button will change
	Parent  string // where a parent can be asked, for whoever may not agree alone
	Rhythm  []ui.Choice
	Topics  []ui.Choice
}

// visitor is who looks at choices, and how much they proved.
type visitor struct {
	customer   id.Customer
	controller term.Controller
	proven     bool   // by a code: may also turn on
	base       string // where the page's forms go
	link       message.Link
}

// holder opens the link of a mail. An unsubscribe link opens choices as well,
// but never anything with personal data (SEC-09).
func (p *Portal) holder(r *http.Request) (visitor, error) {
	l, err := message.OpenLink(p.Ring, r.PathValue("token"))
	if err != nil {
		return visitor{}, err
	}
	if l.Scope != message.Choices {
		return visitor{}, errs.New(errs.Forbidden, "wrong_link", "this link does not open this page")
	}
	return visitor{customer: l.Customer, controller: l.Controller, base: "/privacy/c/" + r.PathValue("token"), link: l}, nil
}

func (p *Portal) renderChoices(w http.ResponseWriter, r *http.Request, v visitor) error {
	f := p.intro(p.frame(r, "choices"), "choices-lead")
	data := choicesPage{Base: v.base, Code: !v.proven}
	err := p.hearSignal(r, v)
	if err != nil {
		return err
	}
	err = p.DB.Read(r.Context(), func(tx *db.Tx) error {
		if _, err := customer.Get(tx, v.customer); err != nil {
			return err
		}
		c, err := p.Charter.Current(tx)
		if err != nil {
			return err
		}
		since, err := signalled(tx, v.customer)
		if err != nil {
			return err
		}
		if since != 0 {
			data.Signal, f.Signal = p.honoured(f.Lang, since), nil
		}
		if data.Address, err = p.Gate.MaskedAddress(r.Context(), tx, v.customer, term.Email); err != nil {
			return err
		}
		wishes, err := p.Gate.Wishes(tx, v.customer)
		if err != nil {
			return err
		}
		data.Dial, data.Pause = p.dial(c, wishes, f.Lang), p.pause(c, wishes, f.Lang)
		data.Settings, err = p.settings(tx, c, v, f.Lang)
		p.offer(data.Settings, c, wishes, f.Lang)
		return err
	})
	if err != nil {
		return err
	}
	if v.proven {
		f.Nav = p.nav(f.Lang, "choices")
	}
	f.Message, data.Undo = p.saved(r, f.Lang), undoOf(r, data.Settings)
	return p.pages.choices.Render(w, http.StatusOK, f, data)
}

// hearSignal puts the browser's signal on record for the person whose page it
// opens, once (SIG-02).
func (p *Portal) hearSignal(r *http.Request, v visitor) error {
	if !gpcSeen(r) {
		return nil
	}
	var since clock.Instant
	err := p.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		since, err = signalled(tx, v.customer)
		return err
	})
	if err != nil || since != 0 {
		return err
	}
	return p.DB.Write(r.Context(), func(tx *db.Tx) error { return p.optsOut(tx, v.customer, "gpc") })
}

// savedKeys are the messages a page may show after a redirect.
var savedKeys = map[string]string{"saved": "saved", "paused": "saved-paused", "level": "saved-level", "pending": "saved-pending", "stopped": "all-stopped", "corrected": "corrected", "left": "stopped-left",
	"objected": "saved-objected", "restricted": "saved-restricted", "unrestricted": "saved-unrestricted", "less": "saved-level", "unchosen": "saved-unchosen"}

func (p *Portal) saved(r *http.Request, lang term.Lang) *ui.Message {
	key, ok := savedKeys[r.URL.Query().Get("done")]
	if !ok {
		return nil
	}
	return &ui.Message{Tone: ui.Good, Text: p.say(lang, key)}
}

// undoOf reads what was just switched from the page's address, which holds names
// of the charter only, and offers the way back where the switch stands now.
func undoOf(r *http.Request, all []setting) *undo {
	q := r.URL.Query()
	for _, s := range all {
		if q.Get("done") != "" && q.Get("was") == string(s.Purpose)+"."+string(s.Channel) && s.Switch != "" {
			return &undo{s.Purpose, s.Channel, s.To}
		}
	}
	return nil
}

// settings lists what each purpose may do on each of its channels, marketing
// first.
func (p *Portal) settings(tx *db.Tx, c *charter.Charter, v visitor, lang term.Lang) ([]setting, error) {
	standing, err := p.Gate.Standing(tx, v.customer)
	if err != nil {
		return nil, err
	}
	records, err := consent.Of(tx, v.customer)
	if err != nil {
		return nil, err
	}
	now := p.Clock.Now()
	var marketing, fixed []setting
	for i := range c.Purposes {
		purpose := &c.Purposes[i]
		for _, ch := range purpose.Channels() {
			key := gate.StandingKey{Controller: v.controller, Purpose: purpose.ID, Channel: ch}
			s := p.setting(purpose, ch, lang)
			if purpose.Marketing {
				p.state(&s, standingAt(standing, key, now), last(records, key), lang)
				if err := p.parentOf(tx, &s, v, standingAt(standing, key, now), lang); err != nil {
					return nil, err
				}
				s.Effect = p.effect(purpose, s.To, ch, lang)
				marketing = append(marketing, s)
			} else {
				s.State, s.Status, s.Why = "fixed", ui.Status{Tone: ui.Info, Text: p.say(lang, "allowed")}, p.say(lang, "no-choice")
				fixed = append(fixed, s)
			}
		}
	}
	return append(marketing, fixed...), nil
}

func (p *Portal) setting(purpose *charter.Purpose, ch term.Channel, lang term.Lang) setting {
	return setting{Purpose: purpose.ID, Channel: ch, About: purpose.About.In(lang),
		Title: purpose.Title.In(lang) + " · " + p.say(lang, "channel-"+string(ch))}
}

// state says how a permission stands and what pressing its button would do.
func (p *Portal) state(s *setting, now gate.Standing, latest consent.Kind, lang term.Lang) {
	switch {
	case now.Ops.Has(term.Serve):
		s.State, s.Switch, s.To = "on", p.say(lang, "turn-off"), "off"
		s.Status = ui.Status{Tone: ui.Good, Text: p.say(lang, "allowed")}
		if now.Until != clock.Never && now.Until != 0 {
			s.Status.Text = p.say(lang, "allowed-until") + " " + ui.Date(lang, now.Until.Time())
		}
	case latest == consent.Requested:
		s.State, s.Switch, s.To = "pending", p.say(lang, "turn-off"), "off"
		s.Status = ui.Status{Tone: ui.Warn, Text: p.say(lang, "pending")}
	default:
		s.State, s.Switch, s.To = "off", p.say(lang, "turn-on"), "on"
		s.Status = ui.Status{Tone: ui.Plain, Text: p.say(lang, "not-allowed")}
	}
}

// parentOf says that a permission waits for a parent, and where one can be asked.
// A link from a mail does not tell how old somebody is.
func (p *Portal) parentOf(tx *db.Tx, s *setting, v visitor, now gate.Standing, lang term.Lang) error {
	if !v.proven || !underAge(now) {
		return nil
	}
	c, err := waitingFor(tx, v.customer, s.Purpose, s.Channel, p.Clock.Now())
	if err != nil || !c.parent {
		return err
	}
	s.State, s.Switch, s.To = "pending", p.say(lang, "turn-off"), "off"
	s.Status, s.Parent = ui.Status{Tone: ui.Warn, Text: p.say(lang, "waits-for-parent")}, p.askURL(c, lang)
	return nil
}

func standingAt(all []gate.Standing, key gate.StandingKey, now clock.Instant) gate.Standing {
	for _, s := range all {
		if s.StandingKey == key && s.From <= now && now < s.Until {
			return s
		}
	}
	return gate.Standing{}
}

// last gives the kind of the latest record of a key that counts.
func last(records []consent.Record, key gate.StandingKey) consent.Kind {
	var kind consent.Kind
	for _, r := range records {
		if r.Counts() && r.Controller == key.Controller && r.Purpose == key.Purpose && r.Channel == key.Channel {
			kind = r.Kind
		}
	}
	return kind
}

// chosen does what a switch says. Off counts at once; on counts at once for
// whoever proved to be the person, and waits for a confirmation otherwise.
func (p *Portal) chosen(w http.ResponseWriter, r *http.Request, v visitor) error {
	lang := language(r)
	c, err := p.current(r)
	if err != nil {
		return err
	}
	purpose, ok := c.Purpose(term.Purpose(r.PostFormValue("purpose")))
	channel := term.Channel(r.PostFormValue("channel"))
	if !ok || !purpose.Marketing {
		return errs.New(errs.Invalid, "no_choice", "this purpose is no choice")
	}
	if _, ok := purpose.Permission(channel, ""); !ok {
		return errs.New(errs.Invalid, "no_channel", "this purpose does not use this channel")
	}
	key := gate.StandingKey{Controller: v.controller, Purpose: purpose.ID, Channel: channel}
	done := "saved"
	switch {
	case r.PostFormValue("to") == "off":
		done, err = p.lower(r, v, key)
	case r.PostFormValue("to") == "on" && v.proven:
		err = p.raise(r, v, key, lang)
	case r.PostFormValue("to") == "on":
		done = "pending"
		err = p.raiseByMail(r, v, key, lang)
	default:
		err = errs.New(errs.Invalid, "no_choice", "choose on or off")
	}
	if err != nil {
		return err
	}
	return redirect(w, r, v.base+"?lang="+string(lang)+"&done="+done+"&was="+string(key.Purpose)+"."+string(key.Channel))
}

// effect says before a switch is pressed what will change.
func (p *Portal) effect(purpose *charter.Purpose, to string, ch term.Channel, lang term.Lang) string {
	if to == "off" {
		return p.say(lang, "effect-off")
	}
	text := p.say(lang, "effect-on", "channel", p.say(lang, "channel-"+string(ch)))
	if n := purpose.Rhythm.AtMost; n > 0 {
		text += " " + p.say(lang, "at-most-"+purpose.Rhythm.Per, "n", n)
	}
	return text
}

func (p *Portal) lower(r *http.Request, v visitor, key gate.StandingKey) (string, error) {
	method := consent.ByLink
	if v.proven {
		method = consent.ByPortal
	}
	var effects gate.Effects
	err := p.DB.Write(r.Context(), func(tx *db.Tx) (err error) {
		_, effects, err = p.Gate.Record(tx, consent.Act{
			Customer: v.customer, Controller: key.Controller, Purpose: key.Purpose, Channel: key.Channel, Kind: consent.Withdrawn,
			Method: method, Strength: consent.Documented, Actor: term.ByCustomer, Source: "portal",
		})
		return err
	})
	if err != nil {
		return "", err
	}
	return p.said(r, v.customer, effects, "saved")
}

// said waits for what was on its way to somebody who withdrew, and gives the word
// of the answer: that something left, or what was done.
func (p *Portal) said(r *http.Request, c id.Customer, e gate.Effects, done string) (string, error) {
	left, err := p.Mail.Departed(r.Context(), c, e.Left)
	if len(left) > 0 {
		done = "left"
	}
	return done, err
}

func (p *Portal) raise(r *http.Request, v visitor, key gate.StandingKey, lang term.Lang) error {
	return p.DB.Write(r.Context(), func(tx *db.Tx) error {
		_, _, err := p.Gate.Record(tx, consent.Act{
			Customer: v.customer, Controller: key.Controller, Purpose: key.Purpose, Channel: key.Channel, Kind: consent.Given,
			Lang: lang, Method: consent.ByPortal, ControlDefault: consent.Unset, Action: consent.ClickYes,
			Evidence: "switched on in the privacy centre after a code sent to the address", Strength: consent.Documented,
			Actor: term.ByCustomer, Source: "portal",
		})
		if err != nil {
			return err
		}
		n, err := p.noticeNow(tx, lang)
		if err != nil {
			return err
		}
		_, err = p.waitForParent(tx, confirmation{customer: v.customer, controller: key.Controller, purpose: key.Purpose, channel: key.Channel, lang: lang, notice: n.ID})
		return err
	})
}

func (p *Portal) raiseByMail(r *http.Request, v visitor, key gate.StandingKey, lang term.Lang) error {
	if err := p.limit.allow(r); err != nil {
		return err
	}
	var n charter.Notice
	err := p.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		n, err = p.noticeNow(tx, lang)
		return err
	})
	if err != nil {
		return err
	}
	return p.askConfirmation(r.Context(), confirmation{customer: v.customer, controller: key.Controller, purpose: key.Purpose,
		channel: key.Channel, lang: lang, notice: n.ID}, consent.ByLink)
}

func (p *Portal) noticeNow(tx *db.Tx, lang term.Lang) (charter.Notice, error) {
	c, err := p.Charter.Current(tx)
	if err != nil {
		return charter.Notice{}, err
	}
	return p.Charter.Notice(tx, c.Version, lang)
}

// stopEverything ends all marketing on all channels in one transaction (PRF-02).
func (p *Portal) stopEverything(w http.ResponseWriter, r *http.Request, v visitor) error {
	var effects gate.Effects
	err := p.DB.Write(r.Context(), func(tx *db.Tx) (err error) {
		_, effects, err = p.Gate.StopAll(tx, v.customer, v.controller, term.ByCustomer, "portal")
		return err
	})
	if err != nil {
		return err
	}
	done, err := p.said(r, v.customer, effects, "stopped")
	if err != nil {
		return err
	}
	return redirect(w, r, v.base+"?lang="+string(language(r))+"&done="+done)
}
