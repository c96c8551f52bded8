// Package message writes and sends messages.
//
// A message is content that a business approved: subject, HTML and plain text
// in each of the charter's languages, with a hash. A send is one message to one
// customer. Its key is derived from program, step, customer, entry and channel,
// so that a customer gets it at most once whatever crashes.
//
// What the law asks of every marketing mail is put in here, by the sender, and
// not left to templates: postal address and controller, why the person got it,
// a way to choose and a way out (15 USC 7704(a); CASL 6(2); UWG §7), the
// one-click headers of RFC 8058 under a DKIM signature, true sender data, no
// tracking pixel and no identifier in a link but one opaque token.
//
// The last check is the hand-over: one transaction per recipient, after the
// customer's lock, in which gate, suppression, caps and the approved content are
// looked at once more. A withdrawal committed before it wins, always; one that
// comes after it names the message that had left.
package message

import (
	"crypto/sha256"
	"encoding/json"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"candor/internal/clock"
	"candor/internal/lint"
	"candor/internal/term"
)

// Class says what a message is for, which decides the rules it is under.
type Class string

// The classes. A message that mixes both is marketing (16 CFR 316.3).
const (
	Marketing Class = "marketing" // any direct promotion; needs permission to contact
	Service   Class = "service"   // what the person asked for or must know; no promotion
)

// Content is what people write: one text in each language. It holds no personal
// data, only the names of the fields that will be filled in.
type Content struct {
	Class Class              `json:"class"`
	Texts map[term.Lang]Text `json:"texts"`
	// OfferEnds is when an offer named in the message truly ends; without it,
	// words of urgency are refused (LNT-12).
	OfferEnds clock.Instant `json:"offer_ends,omitempty"`
	// Topic is the purpose's topic that the message is about, "" for none: whoever
	// left the topic out does not get it.
	Topic term.Topic `json:"topic,omitempty"`
	// Refers lists behaviour that the words speak of, such as a product that
	// somebody looked at: part of how personal the message is (PRF-10), and sent
	// only to those whose chosen level lets it.
	Refers []Reference `json:"refers,omitempty"`
}

// Text is the content in one language, in the Liquid subset of this package.
type Text struct {
	Subject string `json:"subject"`
	Preview string `json:"preview,omitempty"` // the line that mail programs show after the subject
	HTML    string `json:"html"`
	Text    string `json:"text,omitempty"` // the plain part; made from HTML when empty
}

// Promotes reports whether the content advertises, in whole or in part, in any of
// its languages and branches. What it is called does not matter.
func (c Content) Promotes() bool {
	for _, t := range c.Texts {
		for _, text := range []string{t.Subject, t.Preview, t.Text, wordsOf(t.HTML, ""), wordsOf(t.HTML, " ")} {
			if lint.Promotes(tag.ReplaceAllString(text, "")) {
				return true
			}
		}
	}
	return false
}

// tag is a tag or a value of the template language.
var tag = regexp.MustCompile(`(?s)\{\{.*?\}\}|\{%.*?%\}`)

// wordsOf gives the text between the tags of a page, and what stands for pictures.
func wordsOf(page, between string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			b.Write(z.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			for _, a := range z.Token().Attr {
				if a.Key == "alt" || a.Key == "title" {
					b.WriteString(" " + a.Val + " ")
				}
			}
			b.WriteString(between)
		default:
			b.WriteString(between)
		}
	}
}

// Kind is the class whose rules a content is under: what promotes is marketing
// (16 CFR 316.3; MSG-13).
func (c Content) Kind() Class {
	if c.Promotes() {
		return Marketing
	}
	return c.Class
}

// Hash identifies the content: what was approved must be what is sent.
func (c Content) Hash() []byte {
	b, err := json.Marshal(c) // map keys are sorted
	if err != nil {
		panic(err) // strings and numbers only
	}
	h := sha256.New()
	h.Write([]byte("candor/content/v1\x00"))
	h.Write(b)
	return h.Sum(nil)
}
