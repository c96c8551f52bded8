package rulepack

import (
	"time"

	"candor/internal/clock"
)

// Days are a deadline in whole days, each ending at 24:00 local time.
type Days struct{ Safe, Legal, Target clock.Date }

// Due is a deadline in instants: what it is about must be done before.
type Due struct{ Safe, Legal, Target clock.Instant }

// In converts days to instants at 24:00 in a zone.
func (d Days) In(zone *time.Location) Due {
	return Due{d.Safe.End(zone), d.Legal.End(zone), d.Target.End(zone)}
}

// ClockName names a deadline of a pack.
type ClockName string

// The deadlines that packs set for requests.
const (
	RequestAnswer      ClockName = "request-answer"      // know, correct, delete, object
	RequestExtended    ClockName = "request-extended"    // the same, with the extension
	RequestAcknowledge ClockName = "request-acknowledge" // confirm receipt
	OptOutDone         ClockName = "opt-out"             // opt-out, limit, withdrawal reaching everyone
	BreachAuthority    ClockName = "breach-authority"
)
