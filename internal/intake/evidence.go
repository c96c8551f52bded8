package intake

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/term"
)

// The reasons why a permission is left out while its row is taken (CON-14).
const (
	NoTime         errs.Code = "consent_without_time"
	FutureTime     errs.Code = "consent_in_the_future"
	NoWords        errs.Code = "consent_without_words"
	NoMethod       errs.Code = "consent_without_method"
	NotAffirmative errs.Code = "consent_not_affirmative" // silence, a box ticked beforehand and the like (CON-02)
	BadMethod      errs.Code = "consent_unknown_method"
	NoController   errs.Code = "consent_names_nobody"
	NotUs          errs.Code = "consent_names_somebody_else"
	UnknownForm    errs.Code = "consent_unknown_form" // not an ask that was in force then
	Overtaken      errs.Code = "consent_overtaken"    // the person said no since
)

// promises are the charter's versions in the order in which they came into
// force: what was asked, in which words, and when.
type promises []promise

type promise struct {
	from    clock.Instant
	charter *charter.Charter
}

// promised reads every version that was ever in force. The first counts from
// the day that it says it holds from, since a business asks before it installs
// this program.
func (im *Importer) promised(tx *db.Tx) (promises, error) {
	entries, err := im.charter.History(tx)
	if err != nil {
		return nil, err
	}
	var out promises
	for _, e := range entries {
		if e.InForce == 0 {
			continue
		}
		c, err := im.charter.Version(tx, e.Version)
		if err != nil {
			return nil, err
		}
		out = append(out, promise{e.InForce, c})
	}
	slices.SortFunc(out, func(a, b promise) int { return cmp.Compare(a.from, b.from) })
	if len(out) > 0 {
		first := &out[0]
		d := first.charter.Effective
		first.from = min(first.from, clock.At(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)))
	}
	return out, nil
}

// at gives the charter in force at an instant, or nil before the first.
func (p promises) at(t clock.Instant) *charter.Charter {
	var found *charter.Charter
	for _, one := range p {
		if one.from <= t {
			found = one.charter
		}
	}
	return found
}

// methods are the names that lists give to the ways of acting, with what they
// are in the words of CON-02.
var methods = map[string]consent.Action{
	"click_yes": consent.ClickYes, "click": consent.ClickYes, "button": consent.ClickYes, "link": consent.ClickYes, "double_opt_in": consent.ClickYes, "confirmed": consent.ClickYes,
	"tick": consent.Tick, "form": consent.Tick, "checkbox": consent.Tick, "box": consent.Tick, "checkout": consent.Tick, "web_form": consent.Tick, "signup_form": consent.Tick, "opt_in": consent.Tick,
	"sign": consent.Sign, "signature": consent.Sign, "signed": consent.Sign, "paper": consent.Sign, "contract": consent.Sign,
	"reply_yes": consent.ReplyYes, "reply": consent.ReplyYes, "sms": consent.ReplyYes, "keyword": consent.ReplyYes,
	"verbal_recorded": consent.VerbalRecorded, "recording": consent.VerbalRecorded, "recorded_call": consent.VerbalRecorded,
	"scroll": consent.Scroll, "continue_browsing": consent.ContinueBrowse, "close_banner": consent.CloseBanner,
	"preticked": consent.Preticked, "pre_ticked": consent.Preticked, "prechecked": consent.Preticked, "default": consent.Preticked,
	"silence": consent.Silence, "mute": consent.Mute, "accept_terms": consent.AcceptTerms, "terms": consent.AcceptTerms, "soft_opt_in": consent.Silence,
}

func actionOf(method string) (consent.Action, bool) {
	a, ok := methods[strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(method))]
	return a, ok
}

// claim is a permission as a row states it, before it is checked.
type claim struct {
	purpose    term.Purpose
	channel    term.Channel
	at         clock.Instant // 0 when it cannot be read or is missing
	words      string
	form       string
	forms      map[string]term.Ask
	lang       string
	method     string
	controller string
	proof      string // what shows that it was done: a confirmation's time, a document's number
	where      string // the row, in words that name no person
}

// judge turns a claim into an act, or says why it counts for nothing. Of a way
// of acting that yields no consent the act is kept, as refused evidence.
func (p *plan) judge(c claim) (consent.Act, errs.Code) {
	act := consent.Act{
		Controller: p.rules.Charter().Business.ID, Purpose: c.purpose, Channel: c.channel, Kind: consent.Given,
		Method: consent.ByImport, Source: "import", Actor: term.ByEngine, AssertedAt: c.at,
		ControlDefault: consent.Unset, Strength: consent.Attested, Evidence: c.where,
	}
	switch {
	case c.at == 0:
		return act, NoTime
	case c.at > p.now:
		return act, FutureTime
	case c.method == "":
		return act, NoMethod
	case c.controller == "":
		return act, NoController
	case !p.names(c.controller):
		return act, NotUs
	}
	action, ok := actionOf(c.method)
	if !ok {
		return act, BadMethod
	}
	act.Action = action
	if !action.Affirmative() {
		act.Strength = consent.NoEvidence
		return act, NotAffirmative
	}
	if why := p.bind(&act, c); why != "" {
		return act, why
	}
	if c.proof != "" {
		act.Strength = consent.Documented
	}
	return act, ""
}

// bind notes what the person was shown: the words of an ask of the charter that
// was in force then, or the row's own.
func (p *plan) bind(act *consent.Act, c claim) errs.Code {
	then := p.promises.at(c.at)
	if c.form != "" {
		ask := askOf(then, c)
		if ask == nil && c.words == "" {
			return UnknownForm
		}
		if ask != nil {
			act.Ask, act.CharterVersion, act.Lang = ask.ID, then.Version, langOf(then, ask, c.lang)
			return ""
		}
	}
	if c.words == "" {
		return NoWords
	}
	// Words of a time before the first promise cannot cover what it added since.
	act.CharterVersion = 1
	if then != nil {
		act.CharterVersion = then.Version
	}
	sum := sha256.Sum256([]byte(c.words))
	if raw, err := hex.DecodeString(c.words); err == nil && len(raw) == len(sum) {
		sum = [32]byte(raw)
	}
	act.NoticeHash = sum[:]
	return ""
}

// askOf finds the ask behind a form's name: the ask's own name, its address, or
// what the mapping says that the name stands for. It must have asked for this
// purpose and channel.
func askOf(c *charter.Charter, cl claim) *charter.Ask {
	if c == nil {
		return nil
	}
	for i := range c.Asks {
		a := &c.Asks[i]
		if a.Purpose != cl.purpose || a.Channel != cl.channel {
			continue
		}
		if strings.EqualFold(string(a.ID), cl.form) || cl.forms[cl.form] == a.ID || a.At != "" && strings.TrimSuffix(a.At, "/") == strings.TrimSuffix(cl.form, "/") {
			return a
		}
	}
	return nil
}

func langOf(c *charter.Charter, a *charter.Ask, said string) term.Lang {
	lang := term.Lang(strings.ToLower(said))
	if _, ok := a.Words[lang]; ok {
		return lang
	}
	return c.Business.Languages[0]
}

// names reports whether a permission was given to this business and not to
// somebody else.
func (p *plan) names(given string) bool {
	b := p.rules.Charter().Business
	legal, _, _ := strings.Cut(b.Controller, ",")
	for _, name := range []string{string(b.ID), b.Name, b.Controller, legal} {
		if name != "" && strings.EqualFold(given, name) {
			return true
		}
	}
	return false
}

// readConsent reads a permission. A yes counts with its evidence only; a no
// counts always.
func (p *plan) readConsent(r *row, c Consent, cells []string, line int64) {
	cell := func(name string) string {
		if at, ok := p.named[name]; ok && name != "" {
			return strings.TrimSpace(cells[at])
		}
		return ""
	}
	where := fmt.Sprintf("import from %s, row %d", p.m.Source, line)
	switch strings.ToLower(cell(c.Column)) {
	case "no", "false", "0", "n", "nein", "unsubscribed":
		r.acts = append(r.acts, consent.Act{
			Controller: p.rules.Charter().Business.ID, Purpose: c.Purpose, Channel: c.Channel, Kind: consent.Refused,
			Method: consent.ByImport, Source: "import", Actor: term.ByEngine, Strength: consent.Attested, Evidence: where,
		})
	case "yes", "true", "1", "y", "ja", "subscribed":
		cl := claim{
			purpose: c.Purpose, channel: c.Channel, words: cell(c.Words), form: cell(c.Form), forms: c.Forms, lang: cell(c.Lang),
			method: cell(c.Method), controller: cell(c.Given), proof: cell(c.Proof), where: where,
		}
		if at, err := time.ParseInLocation(p.layout, cell(c.At), p.zone); err == nil {
			cl.at = clock.At(at)
		}
		act, why := p.judge(cl)
		if why == "" || why == NotAffirmative {
			r.acts = append(r.acts, act)
		}
		if why != "" {
			r.without = append(r.without, RowError{Row: line, Column: c.Column, Reason: why})
		}
	}
}
