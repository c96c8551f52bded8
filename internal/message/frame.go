package message

import (
	"cmp"
	"fmt"
	"strings"

	"candor/internal/charter"
	"candor/internal/errs"
	"candor/internal/term"
)

// Frame is what the sender puts around a content: who writes, why the person
// gets it, and the ways to choose and to stop. Content cannot leave it out.
type Frame struct {
	Brand       string // the name people know
	Look        brandLook
	Postal      string // the controller and its postal address
	Contact     string // an address that is read
	Why         string // why the person gets this, in words
	WhyLink     string // https address that says more, or ""
	Choices     string // https address of the person's choices
	Unsubscribe string // https address that ends it; "" for service mails
	Personal    bool   // it shows or speaks of something about the person, who may say that it goes too far
	Old         bool   // something known of the person is too old to be used: they are asked (ACC-02)
	First       bool   // the first advertisement to the person: the right to object stands apart (GDPR 21(4))
}

// brandLook is a brand's look as a mail in one language shows it.
type brandLook struct{ Logo, Colour, DarkColour, Ground, Headings, Words, Footer string }

func lookOf(l charter.Look, brand string, lang term.Lang) brandLook {
	l = l.Filled()
	return brandLook{cmp.Or(l.Logo, brand), l.Colour, l.DarkColour(), l.Ground, l.Headings, l.Words, l.Footer.In(lang)}
}

// frameOf is what surrounds every mail of a brand.
func frameOf(c *charter.Charter, lang term.Lang) Frame {
	b := c.Business
	return Frame{Brand: b.Name, Look: lookOf(c.House.Look, b.Name, lang), Postal: b.Controller, Contact: b.Contact}
}

// frameWords are the sender's own words in one language.
type frameWords struct {
	Unsubscribe, Choices, Contact, More, Less string
	WhyConsent, WhyService                    string // %s stands for the purpose's title
	Old, OldLink                              string
	Object, ObjectMore, ObjectLink            string // the right to object, in the first message
}

var ourWords = map[term.Lang]frameWords{
	"en": {
		Unsubscribe: "Unsubscribe", Choices: "Your choices", Contact: "Questions about your data:", More: "Why did I get this?", Less: "Too personal?",
		WhyConsent: "You are receiving this because you are on our list for “%s”.",
		WhyService: "You are receiving this because it is part of “%s”.",
		Old:        "Some of what we know about you is old, so we left it out.", OldLink: "Is it still right?",
		Object:     "You have the right to object",
		ObjectMore: "You may object to advertising at any time, for free and without giving a reason. Then we use your data for it no longer.",
		ObjectLink: "Object to advertising",
	},
	"de": {
		Unsubscribe: "Abbestellen", Choices: "Ihre Auswahl", Contact: "Fragen zu Ihren Daten:", More: "Warum bekomme ich das?", Less: "Zu persönlich?",
		WhyConsent: "Sie erhalten diese Nachricht, weil Sie auf unserer Liste für „%s“ stehen.",
		WhyService: "Sie erhalten diese Nachricht, weil sie zu „%s“ gehört.",
		Old:        "Manches, was wir von Ihnen wissen, ist alt; wir haben es weggelassen.", OldLink: "Stimmt es noch?",
		Object:     "Sie haben das Recht zu widersprechen",
		ObjectMore: "Der Werbung können Sie jederzeit kostenlos und ohne Begründung widersprechen. Dann verwenden wir Ihre Daten nicht mehr dafür.",
		ObjectLink: "Der Werbung widersprechen",
	},
}

// Speaks reports whether the sender has its own words in a language: a message
// whose footer is in another language than its text is not sent (LNT-20).
func Speaks(l term.Lang) bool { _, ok := ourWords[l]; return ok }

// why says in a sentence why somebody gets a message.
func why(p *charter.Purpose, lang term.Lang, class Class) string {
	words := ourWords[lang].WhyService
	if class == Marketing {
		words = ourWords[lang].WhyConsent
	}
	return fmt.Sprintf(words, p.Title.In(lang))
}

// framed puts the frame around a rendered content and gives both parts. It
// fails with E_CONTENT when something the law asks for is missing.
func framed(r Rendered, f Frame, class Class) (html, text string, err error) {
	w, ok := ourWords[r.Lang]
	if !ok {
		return "", "", errs.New(errs.Invalid, errs.Content, "the sender has no footer in the language %s", r.Lang)
	}
	if strings.TrimSpace(f.Postal) == "" || strings.TrimSpace(f.Contact) == "" {
		return "", "", errs.New(errs.Invalid, errs.Content, "the controller's postal address or contact is missing")
	}
	if class == Marketing && (f.Unsubscribe == "" || f.Choices == "" || f.Why == "") {
		return "", "", errs.New(errs.Invalid, errs.Content, "the way out, the choices or the reason is missing")
	}
	if f.First && (w.Object == "" || w.ObjectMore == "" || w.ObjectLink == "" || f.Choices == "") {
		return "", "", errs.New(errs.Invalid, errs.Content, "the first message must tell of the right to object, apart from all else")
	}
	page, err := pages.of(f, r.Lang, r.Preview != "")
	if err != nil {
		return "", "", err
	}
	return page.fill(r, f), framedText(r, f, w), nil
}

func framedText(r Rendered, f Frame, w frameWords) string {
	var b strings.Builder
	b.WriteString(f.Brand + "\n\n" + strings.TrimSpace(r.Text) + "\n\n")
	if f.First {
		b.WriteString(strings.ToUpper(w.Object) + "\n" + w.ObjectMore + "\n" + w.ObjectLink + ": " + f.Choices + "\n\n")
	}
	b.WriteString("-- \n")
	if f.Why != "" {
		b.WriteString(f.Why + "\n")
	}
	if f.WhyLink != "" {
		b.WriteString(w.More + " " + f.WhyLink + "\n")
		if f.Personal {
			b.WriteString(w.Less + " " + f.WhyLink + "#shown\n")
		}
	}
	if f.Old && f.Choices != "" {
		b.WriteString(w.Old + " " + w.OldLink + " " + f.Choices + "\n")
	}
	if f.Unsubscribe != "" {
		b.WriteString(w.Unsubscribe + ": " + f.Unsubscribe + "\n")
	}
	if f.Choices != "" {
		b.WriteString(w.Choices + ": " + f.Choices + "\n")
	}
	if f.Look.Footer != "" {
		b.WriteString("\n" + f.Look.Footer + "\n")
	}
	b.WriteString("\n" + f.Postal + "\n" + w.Contact + " " + f.Contact + "\n")
	return b.String()
}
