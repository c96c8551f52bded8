package message

import (
	"strings"
	"testing"
	"time"

	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/message/messagetest"
	"candor/internal/term"
)

// lastMail gives the parts of the last mail.
func (p *post) lastMail() (text, html string) {
	p.T.Helper()
	all := p.sink.Mails()
	_, text, html = parseMail(p.T, all[len(all)-1].Raw)
	return text, html
}

func TestNOT03_TheRightToObjectStandsApartInTheFirstMessage(t *testing.T) {
	headings := map[term.Lang]string{"en": "You have the right to object", "de": "Sie haben das Recht zu widersprechen"}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		people := p.People(
			messagetest.Person{Email: "ada@kunde.example", Lang: "de", Letter: true},
			messagetest.Person{Email: "ben@kunde.example", Lang: "en", Letter: true},
		)
		for i, lang := range []term.Lang{"de", "en"} {
			to := []id.Customer{people[i]}
			p.plan(plain(), 0, to...)
			p.drain()
			text, html := p.lastMail()
			block, foot, ok := strings.Cut(html, `<div class="foot"`)
			heading := `<h2 id="object">` + headings[lang] + `</h2>`
			if !ok || !strings.Contains(block, heading) || strings.Contains(foot, headings[lang]) {
				t.Errorf("%s: the block has no heading of its own, apart from the footer", lang)
			}
			if _, after, _ := strings.Cut(block, heading); !strings.Contains(after, `<a href="https://mail.halm.example/privacy/c/`) {
				t.Errorf("%s: the block has no link", lang)
			}
			before, _, _ := strings.Cut(text, "\n-- ")
			if !strings.Contains(before, strings.ToUpper(headings[lang])+"\n") || !strings.Contains(before, "https://mail.halm.example/privacy/c/") {
				t.Errorf("%s: the plain text does not set it apart", lang)
			}
			// The first was delivered: the second may do without.
			p.Clock.Advance(24 * time.Hour)
			p.plan(plain(), 0, to...)
			p.drain()
			if _, html = p.lastMail(); strings.Contains(html, headings[lang]) || !strings.Contains(html, "/u/") {
				t.Errorf("%s: the second message", lang)
			}
		}
	})
	// Without it a first message is not written.
	r := Rendered{Subject: "New beans", HTML: "<p>New beans.</p>", Text: "New beans.", Lang: "en"}
	f := Frame{Brand: "Halm", Postal: "Speicherweg 4", Contact: "privacy@halm.example", Why: "because", Unsubscribe: "https://x.example/u/1", Choices: "https://x.example/c/1"}
	words := ourWords["en"]
	without := words
	without.Object = ""
	ourWords["en"] = without
	defer func() { ourWords["en"] = words }()
	if _, _, err := framed(r, f, Marketing); err != nil {
		t.Errorf("a second message: %v", err)
	}
	f.First = true
	if _, _, err := framed(r, f, Marketing); errs.CodeOf(err) != errs.Content {
		t.Errorf("a first message without the block: %v", err)
	}
}

// A first message that never arrived does not count as the first.
func TestOnlyADeliveredMessageIsTheFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPost(t, d)
		c := p.Readers(1)[0]
		p.plan(plain(), 0, c)
		p.drain()
		p.Write(func(tx *db.Tx) error {
			_, err := tx.Exec(`update send set state = 'refused' where customer_id = $1`, c)
			return err
		})
		p.Clock.Advance(24 * time.Hour)
		p.plan(plain(), 0, c)
		p.drain()
		if _, html := p.lastMail(); !strings.Contains(html, "You have the right to object") {
			t.Error("the second message, of which the first was refused, lacks the block")
		}
	})
}
