// Package ui is how Candor looks and speaks on a page: the style sheet, the
// frames that customers and staff see, the components, the words of the frame in
// every language, and the headers that keep a page private.
//
// Pages are html/template files, parsed at start for each language; a missing
// template, a missing word or a page that cannot be rendered empty stops the
// start. Everything works without script; the Content-Security-Policy forbids it
// on customers' pages and lets staff's load the one file of ours.
//
// The package knows no domain. A page package embeds its own templates and
// words and hands them to Load.
package ui

import "candor/internal/term"

// Frame is what surrounds a page's own content.
type Frame struct {
	Lang    term.Lang // of the page and its words
	Title   string    // the heading and the title of the window
	Intro   string    // one or two sentences under the heading, or ""
	Brand   string    // the business's name, as the charter has it
	Home    string    // where the brand's name leads, or ""
	Nav     []Link    // the sections of the privacy centre, or none
	Langs   []Link    // the same page in the other languages
	Footer  []Link    // notice, contact, complaint
	Signal  *Signal   // that the browser's opt-out is honoured
	Message *Message  // what has just happened, after a redirect
	Narrow  bool      // a form or an answer rather than a centre
	Bare    bool      // no heading of the frame: the page brings its own h1
	Staff   bool      // the style of staff's pages without their frame: sign-in, the tour
	Script  bool      // our own script: only where Secure lets it run
	Desk    *Desk     // the frame of a page of staff instead of a customer's
	Crumb   *Link     // staff: the page above this one
	Actions []Link    // staff: what to do here, beside the title; Current is the main one
}

// Signal says that an opt-out is honoured, with its switch in the position off
// (11 CCR §7025(c)(6)).
type Signal struct {
	Text   string `json:"text"`
	Toggle string `json:"toggle"` // what is off
	Off    string `json:"off"`
	Since  string `json:"since,omitempty"` // for people who are known
}

// Link leads somewhere.
type Link struct {
	Text    string
	URL     string
	Lang    term.Lang // of the target, when it differs from the page's
	Current bool      // this is where the reader is
}

// Tone says how a message, a status or a badge is meant. It is never told by
// colour alone: each has its own sign.
type Tone string

// The tones.
const (
	Plain Tone = "plain" // neither good nor bad
	Good  Tone = "good"  // done, allowed, in force
	Warn  Tone = "warn"  // waiting, ends soon
	Bad   Tone = "bad"   // refused, failed, ended
	Info  Tone = "info"  // good to know
)

// Message tells the reader what happened or what to mind. Title may be "".
type Message struct {
	Tone  Tone
	Title string
	Text  string
}
