// Package audit looks at the lists of contacts that a business has in its tools
// and says how much of them can be shown to have agreed: who is subscribed, on
// what evidence, who is suppressed in one tool and subscribed in another, and
// how to put each right.
//
// It works on files alone and sends nothing. Of an address it keeps a digest
// under a key that is thrown away, and some 40 bytes of what the files say, so
// lists of millions fit in memory. The report holds no address: examples are
// masked, and name a file and a line.
package audit

import (
	"time"

	"candor/internal/lists"
)

// Class is what is known of an address that is subscribed in some tool. Each
// subscribed address has exactly one.
type Class string

// The classes, the best evidence first.
const (
	Suppressed Class = "suppressed" // another tool says that they must not be written to
	Provable   Class = "provable"   // when, where and how, and the address was confirmed
	Attested   Class = "attested"   // a tool says when or how, without a confirmation
	BySale     Class = "by_sale"    // no evidence of a yes, but they bought
	Unproven   Class = "unproven"   // nothing but the status
)

// Report is what an audit finds. It holds no personal data.
type Report struct {
	MadeAt     time.Time `json:"made_at"`
	Files      []File    `json:"files"`
	Rows       int64     `json:"rows"`
	Addresses  int64     `json:"addresses"`  // different ones
	Subscribed int64     `json:"subscribed"` // in at least one tool
	Classes    []Part    `json:"classes"`    // of the subscribed; they add up
	Others     []Part    `json:"others"`     // of the rest; they add up
	Findings   []Finding `json:"findings"`
	Forms      []Form    `json:"forms,omitempty"` // the most frequent first
}

// Part is a part of the addresses.
type Part struct {
	Class Class  `json:"class"`
	Title string `json:"title"`
	Count int64  `json:"count"`
	Means string `json:"means"`
	Fix   string `json:"fix"`
	Rows  []Row  `json:"rows,omitempty"` // some of them, when Options.Examples asks for it
}

// Row is one row of a part, masked, with what the lists say of it.
type Row struct {
	Sample
	Says string `json:"says"`
}

// Form is what a list calls a place where people signed up.
type Form struct {
	Name  string `json:"name"`
	Count int64  `json:"count"` // subscribed rows
}

// The parts of those who are not subscribed anywhere.
const (
	Gone    Class = "gone"    // unsubscribed, bounced, complained or erased
	Waiting Class = "pending" // signed up and never confirmed
	Bought  Class = "bought"  // not subscribed, but they bought
	Silent  Class = "silent"  // not subscribed
)

// File is one list that was read.
type File struct {
	Source     string         `json:"source"` // the file it came in, when that is a zip of several
	Name       string         `json:"name"`
	Tool       lists.Tool     `json:"tool"`
	Encoding   string         `json:"encoding"`
	Delimiter  string         `json:"delimiter"`
	Rows       int64          `json:"rows"`
	Addresses  int64          `json:"addresses"`
	Subscribed int64          `json:"subscribed"`
	Suppressed int64          `json:"suppressed"`
	Columns    []lists.Column `json:"columns"` // those with a meaning
	LeftOut    int            `json:"columns_left_out"`
	Assumed    bool           `json:"assumed,omitempty"`      // no column says who is subscribed, so everyone is taken to be
	AllGone    bool           `json:"suppressions,omitempty"` // a list of those not to write to
}

// Kind names a finding.
type Kind string

// The kinds of findings.
const (
	Conflict     Kind = "conflict"        // suppressed in one tool, subscribed in another
	Disagreement Kind = "disagreement"    // subscribed in one tool, not in another
	Imported     Kind = "imported"        // many consents of one day
	Roles        Kind = "role"            // info@ and the like
	Duplicates   Kind = "duplicate"       // the same address more than once in a file
	BadAddress   Kind = "bad_address"     // cannot receive mail
	NoAddress    Kind = "no_address"      // no e-mail address in the row
	Future       Kind = "future"          // a time that is yet to come
	BadTime      Kind = "unreadable_time" // a time that cannot be read
	BadRow       Kind = "unreadable_row"
)

// Finding is something to put right.
type Finding struct {
	Kind    Kind     `json:"kind"`
	Title   string   `json:"title"`
	Count   int64    `json:"count"`
	Urgent  bool     `json:"urgent,omitempty"`
	Means   string   `json:"means"`
	Fix     string   `json:"fix"`
	Where   []Place  `json:"where,omitempty"`
	Samples []Sample `json:"samples,omitempty"`
}

// Place is where a part of a finding lies.
type Place struct {
	Text  string `json:"text"` // "Subscribed in Klaviyo, unsubscribed in Mailchimp"
	Count int64  `json:"count"`
}

// Sample points at a row.
type Sample struct {
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Masked string `json:"masked,omitempty"` // a•••@e•••.org
}

// Count gives the size of a class, of either list of parts.
func (r Report) Count(c Class) int64 {
	for _, list := range [][]Part{r.Classes, r.Others} {
		for _, p := range list {
			if p.Class == c {
				return p.Count
			}
		}
	}
	return 0
}
