package messages

import (
	"candor/internal/charter"
	"candor/internal/errs"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/web"
)

// starter is a sample text to start from, in the languages that the engine speaks.
type starter struct {
	Key, Name, About string
	texts            map[term.Lang]message.Text
}

var starters = []starter{
	{"news", "What is new", "One story, one button, one thing to know.", map[term.Lang]message.Text{
		"en": {Subject: "What is new this month", Preview: "One thing worth a minute of yours", HTML: "<h1>What is new this month</h1>\n<p>Begin with the one thing that is worth their minute. Say what it is, and why it may matter to them.</p>\n<p class=\"button\"><a href=\"https://www.example.com/new\">Have a look</a></p>\n<h2>Also good to know</h2>\n<ul>\n<li>A second thing, in a line</li>\n<li>A third thing, in a line</li>\n</ul>"},
		"de": {Subject: "Neu in diesem Monat", Preview: "Eine Sache, die eine Minute wert ist", HTML: "<h1>Neu in diesem Monat</h1>\n<p>Beginnen Sie mit der einen Sache, die ihre Minute wert ist. Sagen Sie, was es ist und warum es sie angehen könnte.</p>\n<p class=\"button\"><a href=\"https://www.example.com/neu\">Ansehen</a></p>\n<h2>Außerdem gut zu wissen</h2>\n<ul>\n<li>Eine zweite Sache, in einer Zeile</li>\n<li>Eine dritte Sache, in einer Zeile</li>\n</ul>"},
	}},
	{"back", "It has been a while", "For those who have not been there for long: short, and without pressure.", map[term.Lang]message.Text{
		"en": {Subject: "It has been a while", Preview: "What has changed since you were here", HTML: "<h1>It has been a while</h1>\n<p>Some things have changed since you were here. In a line or two, say which, and leave it at that.</p>\n<p class=\"button\"><a href=\"https://www.example.com\">See what has changed</a></p>\n<p class=\"note\">Had enough? The link below ends these letters with one click, and we will not ask why.</p>"},
		"de": {Subject: "Lange nicht gesehen", Preview: "Was sich seit Ihrem letzten Besuch geändert hat", HTML: "<h1>Lange nicht gesehen</h1>\n<p>Seit Sie zuletzt hier waren, hat sich einiges geändert. Sagen Sie in ein, zwei Zeilen, was, und belassen Sie es dabei.</p>\n<p class=\"button\"><a href=\"https://www.example.com\">Ansehen, was neu ist</a></p>\n<p class=\"note\">Genug davon? Der Link unten beendet diese Briefe mit einem Klick, und wir fragen nicht, warum.</p>"},
	}},
	{"still-right", "Is this still right?", "Asks those whose data are old to look at them; everybody else reads a greeting.", map[term.Lang]message.Text{
		"en": {Subject: "Is what we know of you still right?", Preview: "One look is enough", HTML: "<h1>Is it still right?</h1>\n<p>What we know of you grows old, and what is old we no longer use. Below is the way to your own page: see what we hold, put it right, or leave it.</p>\n<p>There is nothing that you must do.</p>"},
		"de": {Subject: "Stimmt noch, was wir von Ihnen wissen?", Preview: "Ein Blick genügt", HTML: "<h1>Stimmt es noch?</h1>\n<p>Was wir von Ihnen wissen, wird alt, und was alt ist, verwenden wir nicht mehr. Unten ist der Weg zu Ihrer eigenen Seite: sehen Sie nach, berichtigen Sie es, oder lassen Sie es.</p>\n<p>Tun müssen Sie nichts.</p>"},
	}},
}

func starterOf(key string) (starter, bool) {
	for _, s := range starters {
		if s.Key == key {
			return s, true
		}
	}
	return starter{}, false
}

// content is the sample in the languages of the charter that it has.
func (s starter) content(c *charter.Charter, p term.Purpose) message.Content {
	out := message.Content{Class: message.Service, Texts: map[term.Lang]message.Text{}}
	if purpose, ok := c.Purpose(p); ok && purpose.Marketing {
		out.Class = message.Marketing
	}
	for _, l := range c.Business.Languages {
		if t, ok := s.texts[l]; ok {
			out.Texts[l] = t
		}
	}
	return out
}

// startTemplate makes a template of a sample.
func (r *room) startTemplate(v *web.Visit) error {
	s, ok := starterOf(v.Form("start"))
	if !ok {
		return errs.New(errs.NotFound, "no_such_sample", "there is no such sample")
	}
	p := marketing(v.Who.Charter)
	return r.saveTemplate(v, message.Saved{Name: s.Name, Purpose: p, Content: s.content(v.Who.Charter, p)}, "A template of your own now. Change the words; the look is the brand's.")
}
