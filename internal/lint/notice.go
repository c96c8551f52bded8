package lint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// CodePlain marks a notice that is not plain, layered or accessible enough
// (GDPR 12(1); 11 CCR §7003).
const CodePlain = "NOT-06"

// The bounds of plain language.
const (
	maxSentence = 25 // words of a sentence, on average
	minContrast = 4.5
)

// Notice is a privacy notice as people read it.
type Notice struct {
	Lang     string
	HTML     string
	Ease     float64 // the least reading ease; 0 for the language's own
	Contrast float64 // of its text against the page, as the style sheet draws it
}

// ReadingEase gives the least reading ease of a notice in a language: what a
// person without training reads. It is zero for a language that is not known
// here.
func ReadingEase(lang string) float64 { return map[string]float64{"en": 55, "de": 45}[lang] }

// CheckNotice gives every finding about a notice: sentences and words, headings
// and layers, contrast, and that all of it can be reached with a keyboard. A
// language whose plainness cannot be judged goes to a second person.
func CheckNotice(n Notice) []Finding {
	root, err := html.Parse(strings.NewReader(n.HTML))
	if err != nil {
		return []Finding{{CodePlain, Block, "notice", "the notice cannot be read as a page"}}
	}
	out := plain(n, root)
	out = append(out, layered(root)...)
	out = append(out, reachable(root)...)
	if n.Contrast < minContrast {
		out = append(out, Finding{CodePlain, Block, "notice", fmt.Sprintf("its text has a contrast of %.1f; use %.1f or more", n.Contrast, minContrast)})
	}
	return out
}

// plain checks sentences and reading ease.
func plain(n Notice, root *html.Node) []Finding {
	var p prose
	each(root, func(e *html.Node) {
		if e.Data == "p" || e.Data == "li" || e.Data == "dd" {
			if text := textOf(e); strings.ContainsAny(text, ".!?") {
				p.add(n.Lang, text)
			}
		}
	})
	var out []Finding
	if mean := p.sentence(); mean > maxSentence {
		out = append(out, Finding{CodePlain, Block, "notice", fmt.Sprintf("its sentences have %.0f words on average; write at most %d", mean, maxSentence)})
	}
	least := max(n.Ease, ReadingEase(n.Lang))
	switch ease := p.ease(n.Lang); {
	case least == 0:
		out = append(out, Finding{CodePlain, Review, "notice", "how easily it reads cannot be judged in " + n.Lang + "; let a second person read it"})
	case ease < least:
		out = append(out, Finding{CodePlain, Block, "notice", fmt.Sprintf("it is hard to read (reading ease %.0f, at least %.0f); write shorter words and sentences", ease, least)})
	}
	return out
}

// layered checks that a notice begins with its essence, and that every part has
// a heading, none skipped.
func layered(root *html.Node) []Finding {
	var out []Finding
	level, short := 0, false
	each(root, func(e *html.Node) {
		switch e.Data {
		case "h1", "h2", "h3", "h4", "h5", "h6":
			now := int(e.Data[1] - '0')
			if now > level+1 {
				out = append(out, Finding{CodePlain, Block, "headings", fmt.Sprintf("after a heading of level %d comes one of level %d; skip none", level, now)})
			}
			level = now
		case "section":
			short = short || attr(e, "id") == "notice-short"
			if !holds(e, func(c *html.Node) bool { return len(c.Data) == 2 && c.Data[0] == 'h' }) {
				out = append(out, Finding{CodePlain, Block, "headings", "a section has no heading; name it"})
			}
		}
	})
	if level == 0 || !short {
		out = append(out, Finding{CodePlain, Block, "layers", "it does not begin with its essence; put it in short first, then in full under headings"})
	}
	return out
}

// reachable checks that a keyboard reaches everything and that its links lead
// somewhere; a notice brings no style or script of its own.
func reachable(root *html.Node) []Finding {
	var out []Finding
	ids, links := map[string]bool{}, map[string]bool{}
	each(root, func(e *html.Node) {
		for _, a := range e.Attr {
			switch {
			case a.Key == "id":
				ids[a.Val] = true
			case a.Key == "href" && strings.HasPrefix(a.Val, "#"):
				links[a.Val[1:]] = true
			case a.Key == "tabindex", a.Key == "style", strings.HasPrefix(a.Key, "on"):
				out = append(out, Finding{CodePlain, Block, e.Data, "it carries " + a.Key + "; a notice is plain text, headings and links that any keyboard reaches"})
			}
		}
	})
	for _, to := range slices.Sorted(maps.Keys(links)) {
		if !ids[to] {
			out = append(out, Finding{"LNT-29", Block, "links", "a link leads to " + to + ", which is not there"})
		}
	}
	return out
}

func each(n *html.Node, visit func(*html.Node)) {
	if n.Type == html.ElementNode {
		visit(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, visit)
	}
}

func holds(n *html.Node, want func(*html.Node) bool) bool {
	found := false
	each(n, func(e *html.Node) { found = found || e != n && want(e) })
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(textOf(c))
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// vague are words that promise nothing. A sentence that goes on to list what it
// means, after a colon, is not vague.
var vague = map[string]*regexp.Regexp{
	"en": regexp.MustCompile(`(?i)\b(for )?(various|other|different|certain|legitimate business) purposes\b|\bsuch as (our )?partners\b|\b(third parties|partners) such as\b|\bfrom time to time\b|` +
		`\bimprove your (user |customer )?experience\b|\b(and|or) (so on|the like|similar)\b|\betc\b|\b(might|could|possibly|generally)\b|\b(we|they|it|which|that|and|data|information) may\b`),
	"de": regexp.MustCompile(`(?i)\b(verschiedenen?|weiteren?|anderen?|bestimmten?|sonstigen?) zwecken?\b|\bpartnern? wie\b|\bwie (unseren? )?partnern?\b|\bvon zeit zu zeit\b|` +
		`\b(ihr|das|ihres) (nutzer|kunden)?erlebnis(ses)?\b|\b(und|oder) (so weiter|ähnliches|dergleichen)\b|\b(usw|etc)\b|\b(gegebenenfalls|eventuell|möglicherweise|unter umständen|könnten)\b`),
}

// CheckStatement checks a text that says what data are used for: what it means
// can be told from it (LNT-21).
func CheckStatement(lang, text string) []Finding {
	pattern, known := vague[lang]
	if !known {
		return []Finding{{"LNT-21", Review, "text", "whether it is plain cannot be judged in " + lang + "; let a second person read it"}}
	}
	var out []Finding
	for _, s := range sentencesOf(text) {
		found := pattern.FindString(s)
		if _, list, ok := strings.Cut(s, ":"); found != "" && !(ok && strings.Contains(list, ",")) {
			out = append(out, Finding{"LNT-21", Block, "text", fmt.Sprintf("%q says nothing definite; name what is used for what, or list it after a colon", found)})
		}
	}
	var p prose
	p.add(lang, text)
	if mean := p.sentence(); mean > maxSentence {
		out = append(out, Finding{"LNT-21", Block, "text", fmt.Sprintf("its sentences have %.0f words on average; write at most %d", mean, maxSentence)})
	}
	return out
}

// CheckLanguages finds the languages of a page that its notice, choices or
// confirmation do not speak (LNT-20).
func CheckLanguages(page, spoken []string) []Finding {
	var out []Finding
	for _, l := range page {
		if !slices.Contains(spoken, l) {
			out = append(out, Finding{"LNT-20", Block, "languages", fmt.Sprintf("the page is in %s, but the notice and the choices only in %s; speak the page's language", l, strings.Join(spoken, ", "))})
		}
	}
	return out
}
