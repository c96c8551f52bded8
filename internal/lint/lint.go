// Package lint finds deceptive patterns in what a person is shown: choices that
// are preselected, refusals that are hidden, exits that take longer than
// entrances (EDPB Guidelines 03/2022; 11 CCR §7004; Digital Services Act 25).
//
// Its rules are pure: a page or a message goes in as data, findings come out.
// A blocking finding has no override; one to review needs a second person.
package lint

import "fmt"

// Severity says what a finding does to a publication.
type Severity string

// The severities.
const (
	Block  Severity = "block"  // not published, no override
	Review Severity = "review" // published with a second person's recorded reasoning
)

// Finding is one deceptive pattern at one place.
type Finding struct {
	ID       string   `json:"id"`       // the rule, such as "LNT-05"
	Severity Severity `json:"severity"` // what follows
	Path     string   `json:"path"`     // where, such as "controls[2]"
	Message  string   `json:"message"`  // what is wrong and what to do
}

func (f Finding) String() string { return fmt.Sprintf("%s %s: %s", f.ID, f.Path, f.Message) }

// Blocked reports whether a finding forbids publication.
func Blocked(findings []Finding) bool {
	for _, f := range findings {
		if f.Severity == Block {
			return true
		}
	}
	return false
}
