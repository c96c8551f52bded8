package message

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// policy is the HTML that a message may hold: text, headings, lists, tables,
// https links and images. No script, style sheet, form, frame or event.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "div", "span",
		"strong", "b", "em", "i", "u", "s", "small", "sub", "sup", "code", "pre",
		"table", "thead", "tbody", "tr", "figure", "figcaption")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src", "alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(regexp.MustCompile(`^[0-9]{1,4}$`)).OnElements("img")
	p.AllowAttrs("colspan", "rowspan").Matching(regexp.MustCompile(`^[0-9]{1,2}$`)).OnElements("td", "th")
	p.AllowElements("td", "th")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(button|note)$`)).OnElements("a", "p", "div")
	p.AllowURLSchemes("https", "mailto")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	return p
})

// While HTML is cleaned, each tag is stood in for by its number between two
// private-use characters, which no source may hold.
const (
	markOpen  = "\uE000"
	markClose = "\uE001"
)

var mark = regexp.MustCompile(markOpen + `([0-9]+)` + markClose)

// cleanHTML takes checked pieces, removes what the policy does not allow and
// gives pieces again. A tag that stands anywhere but in text is refused: a value
// in an address would tell a server who reads.
func cleanHTML(pieces []piece) ([]piece, error) {
	var b strings.Builder
	var tags []piece
	for _, p := range pieces {
		if !p.tag {
			b.WriteString(p.text)
			continue
		}
		b.WriteString(markOpen + strconv.Itoa(len(tags)) + markClose)
		tags = append(tags, p)
	}
	if err := tagsInTextOnly(b.String(), tags); err != nil {
		return nil, err
	}
	clean := policy().Sanitize(b.String())
	if err := tagsInTextOnly(clean, tags); err != nil {
		return nil, err
	}
	out, err := restore(clean, tags)
	if err != nil {
		return nil, err
	}
	return out, noHiddenTags(out)
}

// noHiddenTags refuses what became a tag, or a mark, only once character
// references such as &#123; were read.
func noHiddenTags(pieces []piece) error {
	for _, p := range pieces {
		if !p.tag && (loose.MatchString(p.text) || !checkText(p.text)) {
			return fmt.Errorf("a tag or an invisible character is written as a character reference")
		}
	}
	return nil
}

// restore puts the tags back where their marks stand; each must be there once
// and in order.
func restore(s string, tags []piece) ([]piece, error) {
	var out []piece
	at, next := 0, 0
	for _, m := range mark.FindAllStringSubmatchIndex(s, -1) {
		if n, _ := strconv.Atoi(s[m[2]:m[3]]); n != next {
			return nil, lostTag(tags, next)
		}
		if m[0] > at {
			out = append(out, piece{text: s[at:m[0]]})
		}
		out = append(out, tags[next])
		next++
		at = m[1]
	}
	if next != len(tags) {
		return nil, lostTag(tags, next)
	}
	if at < len(s) {
		out = append(out, piece{text: s[at:]})
	}
	return out, nil
}

func lostTag(tags []piece, n int) error {
	if n >= len(tags) {
		return fmt.Errorf("a tag stands where no text can be")
	}
	return fmt.Errorf("line %d: a tag stands inside an element that mail cannot hold", tags[n].line)
}

// tagsInTextOnly fails when a tag stands in an element's name or attribute, or
// in a comment.
func tagsInTextOnly(s string, tags []piece) error {
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return nil
		case html.TextToken:
			continue
		}
		if m := mark.FindSubmatch(z.Raw()); m != nil {
			n, _ := strconv.Atoi(string(m[1]))
			return fmt.Errorf("line %d: a value or condition may stand in text only, never in a link, an image or another attribute", tags[min(n, len(tags)-1)].line)
		}
	}
}

// blocks are the elements that begin a new line in plain text.
var blocks = map[atom.Atom]string{
	atom.P: "\n\n", atom.H1: "\n\n", atom.H2: "\n\n", atom.H3: "\n\n", atom.H4: "\n\n", atom.Ul: "\n\n", atom.Ol: "\n\n",
	atom.Blockquote: "\n\n", atom.Table: "\n\n", atom.Figure: "\n\n", atom.Div: "\n", atom.Li: "\n", atom.Tr: "\n", atom.Br: "\n", atom.Figcaption: "\n", atom.Hr: "\n\n",
}

// plainText makes the plain part out of cleaned HTML: links as "text (address)",
// list items with a dash, images as their description.
func plainText(pieces []piece) ([]piece, error) {
	var src strings.Builder
	var tags []piece
	for _, p := range pieces {
		if p.tag {
			src.WriteString(markOpen + strconv.Itoa(len(tags)) + markClose)
			tags = append(tags, p)
			continue
		}
		src.WriteString(p.text)
	}
	out, err := restore(textOf(src.String()), tags)
	if err != nil {
		return nil, err
	}
	return out, noHiddenTags(out)
}

func textOf(s string) string {
	var b strings.Builder
	var href []string
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return tidy(b.String())
		case html.TextToken:
			b.WriteString(spaces.ReplaceAllString(string(z.Text()), " "))
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			b.WriteString(blocks[t.DataAtom])
			switch t.DataAtom {
			case atom.Li:
				b.WriteString("- ")
			case atom.Hr:
				b.WriteString("---\n\n")
			case atom.Td, atom.Th:
				b.WriteString(" ")
			case atom.Img:
				b.WriteString(attr(t, "alt"))
			case atom.A:
				href = append(href, attr(t, "href"))
			}
		case html.EndTagToken:
			t := z.Token()
			if t.DataAtom == atom.A && len(href) > 0 {
				if h := href[len(href)-1]; h != "" {
					b.WriteString(" (" + strings.TrimPrefix(h, "mailto:") + ")")
				}
				href = href[:len(href)-1]
			}
			if t.DataAtom != atom.Li {
				b.WriteString(blocks[t.DataAtom])
			}
		}
	}
}

var (
	spaces     = regexp.MustCompile(`[ \t\r\n]+`)
	lineEnds   = regexp.MustCompile(`[ \t]*\n[ \t]*`)
	manyBreaks = regexp.MustCompile(`\n{3,}`)
)

// tidy leaves at most one empty line between paragraphs. Marks of conditions
// count as text.
func tidy(s string) string {
	s = lineEnds.ReplaceAllString(s, "\n")
	return strings.TrimSpace(manyBreaks.ReplaceAllString(s, "\n\n"))
}

func attr(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
