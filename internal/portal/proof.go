package portal

import (
	"fmt"
	"net/http"
	"strings"

	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/export"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
	"candor/internal/ui"
)

// proofPage is what was decided, with receipts, and what was done with the data.
type proofPage struct {
	Records []ui.Moment
	Months  []month
	Files   []ui.Moment // that somebody here took out with them in it
}

// month is the uses of one month: in a sentence or two, and one by one.
type month struct {
	Title     string
	Sentences []string
	Uses      []line
}

const usesShown = 200

func (p *Portal) showProof(w http.ResponseWriter, r *http.Request, v visitor) error {
	f := p.intro(p.frame(r, "proof"), "proof-lead")
	f.Nav = p.nav(f.Lang, "proof")
	var data proofPage
	err := p.DB.Read(r.Context(), func(tx *db.Tx) error {
		c, err := p.Charter.Current(tx)
		if err != nil {
			return err
		}
		if data.Records, err = p.records(tx, c, v.customer, f.Lang); err != nil {
			return err
		}
		if data.Months, err = p.months(tx, c, v.customer, f.Lang); err != nil {
			return err
		}
		data.Files, err = p.files(tx, c, v.customer, f.Lang)
		return err
	})
	if err != nil {
		return err
	}
	return p.pages.proof.Render(w, http.StatusOK, f, data)
}

// files tells in which files the person is, or was, and until when.
func (p *Portal) files(tx *db.Tx, c *charter.Charter, who id.Customer, lang term.Lang) (out []ui.Moment, err error) {
	all, err := export.Of(tx, who)
	for _, e := range all {
		var fields []string
		for _, f := range e.Fields {
			fields = append(fields, nameOf(c, string(f), lang))
		}
		title := string(e.Purpose)
		if purpose, ok := c.Purpose(e.Purpose); ok {
			title = purpose.Title.In(lang)
		}
		if to, ok := c.Recipient(e.Recipient); ok {
			title += ", " + to.Name
		}
		m := ui.Moment{At: e.MadeAt, Tone: ui.Info, Title: title, Text: p.say(lang, "file-until", "date", ui.Date(lang, e.DeleteBy.Time()))}
		if !e.DeletedAt.IsZero() {
			m.Tone, m.Text = ui.Plain, p.say(lang, "file-gone", "date", ui.Date(lang, e.DeletedAt.Time()))
		}
		if len(fields) > 0 {
			m.Text = strings.Join(fields, ", ") + ". " + m.Text
		}
		out = append(out, m)
	}
	return out, err
}

// months tells the uses of the person's data by the month, the newest first.
func (p *Portal) months(tx *db.Tx, c *charter.Charter, who id.Customer, lang term.Lang) ([]month, error) {
	all, err := p.Gate.Uses(tx, who, usesShown)
	if err != nil {
		return nil, err
	}
	var out []month
	counts := map[string]int{}
	var order []string
	flush := func() {
		if len(out) == 0 {
			return
		}
		for _, what := range order {
			out[len(out)-1].Sentences = append(out[len(out)-1].Sentences, times(lang, counts[what])+" "+what)
		}
		counts, order = map[string]int{}, nil
	}
	for _, u := range all {
		title := ui.Month(lang, u.At.Time())
		if len(out) == 0 || out[len(out)-1].Title != title {
			flush()
			out = append(out, month{Title: title})
		}
		what := p.useWords(c, u, lang)
		if counts[what]++; counts[what] == 1 {
			order = append(order, what)
		}
		out[len(out)-1].Uses = append(out[len(out)-1].Uses, line{u.At, p.useLine(c, u, what, lang)})
	}
	flush()
	return out, nil
}

func times(lang term.Lang, n int) string {
	if lang == "de" {
		return fmt.Sprintf("%d-mal", n)
	}
	if n == 1 {
		return "Once"
	}
	return fmt.Sprintf("%d times", n)
}

// useWords says what a use was: "a message was sent to you: Coffee letter".
func (p *Portal) useWords(c *charter.Charter, u gate.UseRow, lang term.Lang) string {
	key := "used-" + string(u.Operation)
	if u.Operation == term.Rights && u.Channel != "" {
		key = "used-answer"
	}
	text := p.say(lang, key)
	if to, ok := c.Recipient(u.Recipient); ok {
		text = p.say(lang, "used-share", "name", to.Name)
	}
	if purpose, ok := c.Purpose(u.Purpose); ok {
		text += ": " + purpose.Title.In(lang)
	}
	return text
}

func (p *Portal) useLine(c *charter.Charter, u gate.UseRow, what string, lang term.Lang) string {
	var fields []string
	for _, f := range u.Fields {
		fields = append(fields, nameOf(c, string(f), lang))
	}
	if len(fields) == 0 {
		return what
	}
	return what + " (" + strings.Join(fields, ", ") + ")"
}
