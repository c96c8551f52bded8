package ui

import (
	"strings"
	"time"

	"candor/internal/clock"
)

// The components. A page calls {{template "field" .Data.Email}} with one of
// these; the style page shows each in every state.

// Field is a labelled input: template "field".
type Field struct {
	ID           string
	Name         string
	Label        string
	Hint         string
	Error        string // what is wrong and how to put it right
	Value        string
	Type         string // "" is text
	Autocomplete string
	InputMode    string
	Pattern      string
	Max          int
	Min          string // of a date
	Required     bool
	Code         bool     // a typed code: wide figures
	Lines        int      // more than 0: a text of several lines
	Options      []Option // a list to choose from
}

// Describedby lists the ids of hint and error for screen readers.
func (f Field) Describedby() string { return describedBy(f.ID, f.Hint, f.Error) }

// Option is one entry of a Field's list.
type Option struct {
	Value, Text string
	Chosen      bool
}

// Choice is a checkbox or radio button with its words: template "choice".
// Chosen must be what the person chose before, never a default.
type Choice struct {
	ID       string
	Name     string
	Value    string
	Label    string
	Hint     string
	Error    string
	Radio    bool
	Chosen   bool
	Required bool
	Off      bool
}

// Describedby lists the ids of hint and error for screen readers.
func (c Choice) Describedby() string { return describedBy(c.ID, c.Hint, c.Error) }

func describedBy(id, hint, wrong string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, id+"-hint")
	}
	if wrong != "" {
		ids = append(ids, id+"-wrong")
	}
	return strings.Join(ids, " ")
}

// Status is a state in words with its sign: template "status".
type Status struct {
	Tone Tone
	Text string
}

// Fact is a line of template "facts", which takes a []Fact.
type Fact struct {
	Term   string
	Text   string
	Note   string
	Status *Status
}

// Moment is a line of template "timeline", which takes a []Moment, newest first.
type Moment struct {
	At    clock.Instant
	Zone  *time.Location // in which it is shown; nil is UTC
	Tone  Tone
	Title string
	Text  string
	Link  *Link
}

// When is the moment as it is shown.
func (m Moment) When() time.Time {
	if m.At.IsZero() {
		return time.Time{}
	}
	if m.Zone == nil {
		return m.At.Time()
	}
	return m.At.In(m.Zone)
}

// Empty says why there is nothing to see: template "empty".
type Empty struct{ Title, Text string }

// Step is a step of template "steps", which takes a []Step.
type Step struct {
	Text    string
	Current bool
	Done    bool
}

// Pages leads to the next and the previous page of a list: template "pages".
type Pages struct{ Back, Next string }
