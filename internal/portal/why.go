package portal

import (
	"net/http"
	"slices"

	"candor/internal/audience"
	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
)

// whyPage says why a message came: the rule in words, the kinds of data behind
// it with where each comes from, and the switch for each (PRF-06). The person's
// own facts are on it only for whoever proved to be the person.
type whyPage struct {
	Gone   bool // nothing is known of the message any more
	Basis  string
	Rule   string // of the choice, in words, or ""
	Chosen []reasonData
	Shown  []reasonData
	Off    bool // the person is no longer chosen by their data
	Here   string
	Link   string // the choices
	Code   string // where a code can be asked for, or ""
}

// reasonData is a kind of data that had a part in a message.
type reasonData struct {
	Title  string
	Source string
	Own    string // the person's own value, after a code
}

func (p *Portal) showWhy(w http.ResponseWriter, r *http.Request, v visitor) error {
	f := p.intro(p.frame(r, "why"), "why-lead")
	f.Message = p.saved(r, f.Lang)
	token := r.PathValue("token")
	data := whyPage{Here: "/privacy/why/" + token, Link: "/privacy/c/" + token + "?lang=" + string(f.Lang), Code: "/privacy/c/" + token + "/code"}
	proven, err := p.reader(r)
	mine := err == nil && proven.customer == v.customer
	var pass gate.Pass
	if mine {
		data.Code = ""
		if pass, err = p.pass(r.Context(), proven); err != nil {
			return err
		}
	}
	err = p.DB.Read(r.Context(), func(tx *db.Tx) error {
		return p.explain(tx, v, pass, &data, f.Lang)
	})
	if errs.Is(err, errs.NotFound) {
		data.Gone, err = true, nil
	}
	if err != nil {
		return err
	}
	return p.pages.why.Render(w, http.StatusOK, f, data)
}

// explain fills the page in from the message as it was sent.
func (p *Portal) explain(tx *db.Tx, v visitor, pass gate.Pass, data *whyPage, lang term.Lang) error {
	send, err := message.Get(tx, v.customer, v.link.Send)
	if err != nil {
		return err
	}
	c, err := p.Charter.Current(tx)
	if err != nil {
		return err
	}
	purpose, ok := c.Purpose(send.Purpose)
	if !ok {
		return errs.New(errs.NotFound, "no_purpose", "this purpose has ended")
	}
	data.Basis = p.say(lang, "why-"+string(purpose.Basis("").Kind), "purpose", purpose.Title.In(lang))
	chosen, rule, err := p.chosenBy(tx, c, send, lang)
	if err != nil {
		return err
	}
	data.Rule = rule
	shown, err := p.shownIn(tx, c, send)
	if err != nil {
		return err
	}
	own, err := p.ownValues(tx, c, pass)
	if err != nil {
		return err
	}
	data.Chosen, data.Shown = p.reasonsOf(c, chosen, own, lang), p.reasonsOf(c, shown, own, lang)
	facts, err := customer.FactsOf(tx, v.customer)
	for _, f := range facts {
		if f.Kind == customer.Objection && f.Detail["evidence"] == gate.ByProfiling && f.Purpose == send.Purpose {
			data.Off = f.Value() != customer.Off
		}
	}
	return err
}

// chosenBy names the data that a campaign's audience was chosen by, and the rule
// in words.
func (p *Portal) chosenBy(tx *db.Tx, c *charter.Charter, send message.Send, lang term.Lang) (names []string, rule string, err error) {
	condition, err := p.Campaigns.Condition(tx, id.Campaign(send.ProgramID))
	if errs.Is(err, errs.NotFound) || err == nil && condition == "" {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	cond, err := audience.For(c, send.Purpose, condition)
	if err != nil {
		return nil, "", nil // the charter no longer has what it looked at
	}
	for _, f := range cond.Fields() {
		names = append(names, string(f))
	}
	for _, e := range cond.Events() {
		names = append(names, string(e))
	}
	return names, cond.Describe(lang), nil
}

// shownIn names the data that the message itself shows.
func (p *Portal) shownIn(tx *db.Tx, c *charter.Charter, send message.Send) ([]string, error) {
	draft, err := message.GetDraft(tx, send.Message)
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t, problems := message.Compile(draft.Content, message.Variables(c, send.Purpose))
	wishes, err := p.Gate.Wishes(tx, send.Customer)
	if err != nil || len(problems) > 0 {
		return nil, err
	}
	shown := slices.DeleteFunc(slices.Clone(t.Used), func(name string) bool { return !wishes.Lets(c, name) })
	for _, r := range draft.Content.Refers {
		shown = append(shown, string(r.Event))
	}
	return shown, nil
}

func (p *Portal) ownValues(tx *db.Tx, c *charter.Charter, pass gate.Pass) (map[string]string, error) {
	out := map[string]string{}
	if pass.Customer() == 0 {
		return out, nil
	}
	held, err := p.Gate.Held(tx.Context(), tx, pass)
	for _, h := range held {
		if !h.Superseded {
			out[string(h.Field)] = shown(h)
		}
	}
	return out, err
}

// reasonsOf puts names of data in words, with where each comes from.
func (p *Portal) reasonsOf(c *charter.Charter, names []string, own map[string]string, lang term.Lang) []reasonData {
	var out []reasonData
	for _, name := range names {
		d := reasonData{Title: nameOf(c, name, lang), Source: p.say(lang, "source-shop"), Own: own[name]}
		if f, ok := c.Field(term.Field(name)); ok && (slices.Contains(f.From, "preferences") || slices.Contains(f.From, "signup")) {
			d.Source = p.say(lang, "source-told")
		}
		out = append(out, d)
	}
	return out
}

// unchoose ends the choosing by data for the purpose of a message; what goes to
// everybody still comes.
func (p *Portal) unchoose(w http.ResponseWriter, r *http.Request, v visitor) error {
	err := p.DB.Write(r.Context(), func(tx *db.Tx) error {
		send, err := message.Get(tx, v.customer, v.link.Send)
		if err != nil {
			return err
		}
		detail := customer.WithValue(customer.On)
		detail["evidence"] = gate.ByProfiling
		_, err = p.Gate.AddFact(tx, customer.Fact{Customer: v.customer, Kind: customer.Objection, Purpose: send.Purpose, Detail: detail,
			Actor: term.ByCustomer, Source: "link"})
		return err
	})
	if err != nil {
		return err
	}
	return redirect(w, r, "/privacy/why/"+r.PathValue("token")+"?lang="+string(language(r))+"&done=unchosen")
}

// tooPersonal turns the dial down one level and counts against the campaign
// (PRF-10).
func (p *Portal) tooPersonal(w http.ResponseWriter, r *http.Request, v visitor) error {
	err := p.DB.Write(r.Context(), func(tx *db.Tx) error {
		c, err := p.Charter.Current(tx)
		if err != nil {
			return err
		}
		if news, err := message.TooPersonal(tx, v.customer, v.link.Send); err != nil || !news {
			return err
		}
		wishes, err := p.Gate.Wishes(tx, v.customer)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(c.Personalisation, func(l charter.Level) bool { return l.ID == wishes.Level })
		if at < 1 {
			return nil
		}
		_, err = p.Gate.Wish(tx, v.customer, gate.Wish{Kind: customer.Dial, Value: c.Personalisation[at-1].ID, Lower: true, Actor: term.ByCustomer, Source: "link"})
		return err
	})
	if err != nil {
		return err
	}
	return redirect(w, r, "/privacy/why/"+r.PathValue("token")+"?lang="+string(language(r))+"&done=less")
}
