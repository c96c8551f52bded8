// Package sharing gives declared data to the recipients that the charter names,
// and tells them what changes: corrections, ended permissions and erasures, each
// of which they must acknowledge (GDPR 19, 28(3)(e); 1798.105(c)(3)).
//
// The charter promises who gets which fields for which purpose. The register
// here says how they reach the recipient: a signed webhook, or a person in the
// house who passes notices on. Every row that leaves passes the gate at that
// moment, is a recorded use with an entry of the ledger, and is cut to the
// fields promised. A recipient knows a person by a reference of its own, so that
// two recipients cannot join what they hold.
//
// Deliveries are planned in the transaction of what caused them. They are sent
// at least once, under an id that the recipient can tell repetitions by
// (Standard Webhooks). What is not acknowledged in time suspends the recipient:
// it gets nothing more until somebody has looked.
package sharing

import (
	"context"
	"log/slog"
	"time"

	"candor/internal/approval"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/egress"
	"candor/internal/errs"
	"candor/internal/export"
	"candor/internal/gate"
	"candor/internal/job"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/outbox"
)

// Config is what sharing works with.
type Config struct {
	DB      *db.DB
	Ring    *keyring.Ring
	Gate    *gate.Gate
	Charter *charter.Store
	Ledger  *ledger.Log
	Jobs    *job.Queue
	Outbox  *outbox.Box
	Door    *egress.Door
	Clock   clock.Clock
	Log     *slog.Logger
	// Approvals is asked when a recipient is let in or reached elsewhere.
	Approvals *approval.Desk
	// Exports keeps account of the lists that are written.
	Exports *export.Book
}

// Service shares data. It is safe for concurrent use.
type Service struct {
	Config
	book *customer.Book
}

// The kinds of the ledger's entries.
const (
	KindRegistered   ledger.Kind = "recipient.registered"
	KindSuspended    ledger.Kind = "recipient.suspended"
	KindAcknowledged ledger.Kind = "recipient.acknowledged"
)

// TopicAnswered says that every recipient has acknowledged an erasure. Its
// payload is Answered.
const TopicAnswered = "erasure.answered"

// jobDeliver sends what is due; jobSweep finds what is due though nobody said so.
const (
	jobDeliver = "sharing.deliver"
	jobSweep   = "sharing.sweep"
)

const sweepEvery = time.Minute

// The times that a recipient has to acknowledge (VEN-08).
const (
	answerWithin = 10 * 24 * time.Hour // erasures, corrections
	stopWithin   = 5 * 24 * time.Hour  // ended permissions
)

// New makes the service and registers its background work.
func New(c Config) (*Service, error) {
	if c.DB == nil || c.Ring == nil || c.Gate == nil || c.Charter == nil || c.Ledger == nil || c.Jobs == nil || c.Outbox == nil || c.Door == nil || c.Exports == nil || c.Clock == nil {
		return nil, errs.New(errs.Invalid, errs.FailClosed, "sharing lacks a part it needs")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	s := &Service{Config: c, book: customer.NewBook(c.Ring)}
	c.Jobs.Handle(gate.JobRevoke, s.revoked)
	c.Jobs.Handle(jobDeliver, func(ctx context.Context, _ job.Job) error { return s.Deliver(ctx) })
	c.Jobs.Handle(jobSweep, func(ctx context.Context, _ job.Job) error { return s.Deliver(ctx) })
	c.Jobs.Every(jobSweep, sweepEvery)
	c.Outbox.Follow(gate.TopicStanding, "sharing.standing", s.standingChanged)
	c.Outbox.Follow(gate.TopicConsent, "sharing.consent", s.consentRecorded)
	c.Outbox.Follow(gate.TopicCorrected, "sharing.correction", s.corrected)
	return s, nil
}

// wake has the due deliveries sent once the transaction has committed.
func (s *Service) wake(tx *db.Tx) error {
	return s.Jobs.Enqueue(tx, job.New{Kind: jobDeliver, Unique: "due"})
}
