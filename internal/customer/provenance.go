package customer

import (
	"time"

	"candor/internal/clock"
	"candor/internal/errs"
)

// Subject is the source of what the person said themselves. It wins over every
// other source, also over a later one (GDPR 16).
const Subject = "subject"

// Methods by which a value came about.
const (
	Stated   = "stated"   // the person or an employee typed it
	Observed = "observed" // it followed from what the person did
	Imported = "imported" // taken over from another system
	Derived  = "derived"  // computed from other values
	Inferred = "inferred" // a model guessed it; its source is the model
)

// Certain is the confidence of a value nobody doubts.
const Certain = 100

// GuessLives is how long a guess is kept at most (ACC-03). GuessGoes is when the
// daily job deletes it, so that none is older than that when the next one runs.
const (
	GuessLives = 90 * 24 * time.Hour
	GuessGoes  = GuessLives - 24*time.Hour
)

// Provenance says where a value came from (ACC-01).
type Provenance struct {
	Source     string        // "subject", or the name or id of a source, such as "crm" or "src_..."
	Method     string        // how, such as "stated"
	At         clock.Instant // when the source learnt it
	Confidence int           // 0 to 100
}

// Guessed reports whether a model guessed the value.
func (p Provenance) Guessed() bool { return p.Method == Inferred }

// ErrNoSource is the refusal of a value that does not say where it came from.
var ErrNoSource = errs.New(errs.Invalid, "no_source", "say where the value comes from: source is missing").On("source")

// Check refuses a provenance that says too little.
func (p Provenance) Check() error {
	switch {
	case p.Source == "":
		return ErrNoSource
	case len(p.Source) > 100 || len(p.Method) > 100:
		return invalid("source_too_long", "source", "source and method have at most 100 letters each")
	case p.Confidence < 0 || p.Confidence > Certain:
		return invalid("confidence", "confidence", "confidence is a number from 0 to 100")
	case p.Guessed() && p.Source == Subject:
		return invalid("guess_of_subject", "source", "what people say themselves is no guess: give the model's name as the source")
	case p.Guessed() && p.Confidence == Certain:
		return invalid("guess_certain", "confidence", "say how sure the model is: a guess has a confidence below 100")
	}
	return nil
}

// Beats reports whether a value with this provenance is to be believed rather
// than one with the other: whatever was not guessed first, then the person's own
// word, then the more certain, then the more recent. Of one source the later value
// counts.
func (p Provenance) Beats(other Provenance) bool {
	mine, theirs := p.Source == Subject, other.Source == Subject
	switch {
	case p.Guessed() != other.Guessed():
		return other.Guessed()
	case p.Source == other.Source:
		return p.At >= other.At
	case mine != theirs:
		return mine
	case p.Confidence != other.Confidence:
		return p.Confidence > other.Confidence
	}
	return p.At >= other.At
}
