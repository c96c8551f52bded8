// Package incident is the register of everything that went wrong with personal
// data: breaches of confidentiality, integrity and availability, with facts,
// effects and remedies, notified or not (GDPR 4(12), 33(5)).
//
// Anybody on the staff reports; whoever does not want to be named is not. An
// incident ends with a decision that one proposes with reasons and another
// approves. Nothing is ever deleted: entries are kept five years and longer. What
// people wrote is sealed, because it may speak of customers.
package incident

import (
	"slices"
	"strings"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/term"
)

// Register keeps all incidents. It is safe for concurrent use.
type Register struct {
	Ring   *keyring.Ring
	Ledger *ledger.Log
	Clock  clock.Clock
}

// KindStep is the ledger's kind of entry for a step of an incident. It says what
// was done and by whom, and nothing of what was written.
const KindStep ledger.Kind = "incident.step"

// Kind says in which way data were harmed.
type Kind string

// The kinds of breaches.
const (
	Confidentiality Kind = "confidentiality" // somebody saw what they should not have
	Integrity       Kind = "integrity"       // data were changed wrongly
	Availability    Kind = "availability"    // data were lost or could not be reached
)

// Kinds lists them.
var Kinds = []Kind{Confidentiality, Integrity, Availability}

// State is how far an incident is.
type State string

// The states, in order.
const (
	Reported State = "reported" // being looked into
	Proposed State = "proposed" // a decision waits for somebody else's approval
	Closed   State = "closed"
)

// Decision is whether the authority or the people were told.
type Decision string

// The decisions.
const (
	Notified    Decision = "notified"
	NotNotified Decision = "not notified"
)

// Incident is an entry of the register.
type Incident struct {
	ID         id.Incident
	State      State
	Report     string
	Reporter   term.Actor // "" when they did not want to be named
	DetectedAt clock.Instant
	AwareAt    clock.Instant // zero until it is certain enough
	Facts
	Decision   Decision
	Reasoning  string
	ProposedBy term.Actor
	ApprovedBy term.Actor
	ClosedAt   clock.Instant
}

// Facts are what is known of an incident; they grow while it is looked into.
type Facts struct {
	Kinds    []Kind
	Classes  []string // kinds of data, such as "names"
	People   []Count
	Cause    string
	Effects  string
	Measures string
}

// Count is how many people who live in a country are concerned.
type Count struct {
	Residence string
	People    int64
}

// Step is a line of an incident's timeline.
type Step struct {
	At    clock.Instant
	Act   string
	Actor term.Actor
	Note  string
}

// NewReport is what somebody saw.
type NewReport struct {
	Text       string
	Kinds      []Kind // none while it is not clear
	DetectedAt clock.Instant
	By         term.Actor
	Unnamed    bool // the reporter does not want to be named
}

const (
	minReport = 10
	maxText   = 10_000
)

var errNone = errs.New(errs.NotFound, "no_such_incident", "there is no such incident")

// Report writes a report into the register, in the caller's transaction. Neither
// timeline nor ledger name the reporter: the register does, sealed, unless they
// did not want to be named.
func (r *Register) Report(tx *db.Tx, n NewReport) (id.Incident, error) {
	n.Text = strings.TrimSpace(n.Text)
	if len(n.Text) < minReport || len(n.Text) > maxText {
		return 0, errs.New(errs.Invalid, "report_text", "say in a sentence or more what you saw, in at most %d letters", maxText).On("text")
	}
	if err := checkKinds(n.Kinds); err != nil {
		return 0, err
	}
	reporter := string(n.By)
	if n.Unnamed {
		reporter = ""
	}
	now := r.Clock.Now()
	if n.DetectedAt == 0 || n.DetectedAt > now {
		n.DetectedAt = now
	}
	i := id.New[id.Incident]()
	_, err := tx.Exec(`insert into incident (incident_id, state, kinds, report, reporter, detected_at, aware_at, classes, cause, effects, measures,
			decision, reasoning, proposed_by, approved_by, closed_at)
		values ($1, $2, $3, $4, $5, $6, 0, '', '', '', '', '', '', '', '', 0)`,
		i, Reported, join(n.Kinds), r.seal(i, n.Text), r.seal(i, reporter), n.DetectedAt)
	if err != nil {
		return 0, err
	}
	return i, r.step(tx, i, Step{At: now, Act: "reported"})
}

func checkKinds(list []Kind) error {
	for i, k := range list {
		if !slices.Contains(Kinds, k) || slices.Contains(list[:i], k) {
			return errs.New(errs.Invalid, "incident_kind", "a breach is one of confidentiality, integrity or availability, each named once").On("kinds")
		}
	}
	return nil
}

// step adds a line to the timeline and to the ledger.
func (r *Register) step(tx *db.Tx, i id.Incident, s Step) error {
	_, err := tx.Exec(`insert into incident_step (incident_id, step_id, at, act, actor, note) values ($1, $2, $3, $4, $5, $6)`,
		i, id.New[id.Entry](), s.At, s.Act, s.Actor, r.seal(i, s.Note))
	if err != nil {
		return err
	}
	_, err = r.Ledger.Append(tx, KindStep, s.At, struct {
		Incident id.Incident `json:"incident"`
		Act      string      `json:"act"`
		By       term.Actor  `json:"by,omitempty"`
	}{i, s.Act, s.Actor})
	return err
}

func (r *Register) seal(i id.Incident, text string) string {
	if text == "" {
		return ""
	}
	return r.Ring.SealToken("incident/"+i.String(), []byte(text))
}

func (r *Register) open(i id.Incident, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	b, err := r.Ring.OpenToken("incident/"+i.String(), sealed)
	return string(b), err
}

func join[T ~string](list []T) string {
	var out []string
	for _, v := range list {
		out = append(out, string(v))
	}
	return strings.Join(out, ",")
}

func split[T ~string](s string) []T {
	var out []T
	for part := range strings.SplitSeq(s, ",") {
		if part != "" {
			out = append(out, T(part))
		}
	}
	return out
}
