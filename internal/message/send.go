package message

import (
	"strings"

	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/personal"
	"candor/internal/term"
)

// State is how far a send is.
type State string

// The states. Planned, Claimed and Handed are on the way; the others are ends.
const (
	Planned   State = "planned"
	Claimed   State = "claimed"   // a worker holds it under a lease
	Handed    State = "handed"    // allowed at the last moment; on its way to the relay
	Accepted  State = "accepted"  // the relay took it
	Refused   State = "refused"   // the relay refused it, or it could not be written
	Returned  State = "returned"  // the relay took it, and it came back
	Uncertain State = "uncertain" // the connection or the process died after DATA
	HeldOut   State = "held_out"  // left out on purpose, for comparison
	Cancelled State = "cancelled" // withdrawn, or the program was cancelled
	Denied    State = "denied"    // the gate said no; Reasons say why
)

// Key says what a send is: the same program, step, customer, entry and channel
// is the same message, however often it is planned.
type Key struct {
	Program  string // "campaign", "service"
	Node     string // the step of a journey, or the id of a campaign
	Customer id.Customer
	Entry    string // the customer's entry into the program
	Channel  term.Channel
}

// Sum is the send's key. It is made with the oldest root key, so that a rotation
// between two plannings cannot send a message twice.
func (k Key) Sum(ring *keyring.Ring) []byte {
	all := ring.Digests(keyring.Send, k.Program, k.Node, k.Customer.String(), k.Entry, string(k.Channel))
	return all[len(all)-1].Sum
}

// Send is one message to one customer.
type Send struct {
	Customer    id.Customer
	Key         []byte
	Program     string
	ProgramID   int64
	Message     id.Message
	Controller  term.Controller
	Purpose     term.Purpose
	Channel     term.Channel
	Class       Class
	Lang        term.Lang
	ContentHash []byte
	State       State
	Reasons     []errs.Code
	Reply       int64
	Complained  clock.Instant // when the person called it spam
	Attempt     int64
	Overtaken   clock.Instant
	PlannedAt   clock.Instant
	HandedAt    clock.Instant
	EndedAt     clock.Instant

	payload string
	counted bool
	lease   clock.Instant
}

// MessageID is the Message-ID of a send: an HMAC of its key, so that a second
// try after a crash carries the same one.
func MessageID(ring *keyring.Ring, sendKey []byte, domain string) string {
	return localID(ring, sendKey) + "@" + domain
}

// localID is a Message-ID without its domain.
func localID(ring *keyring.Ring, sendKey []byte) string {
	all := ring.Digests(keyring.MessageID, string(sendKey))
	const letters = "0123456789abcdefghijklmnopqrstuv"
	var b strings.Builder
	for _, c := range all[len(all)-1].Sum[:20] {
		b.WriteByte(letters[c&31])
		b.WriteByte(letters[c>>3])
	}
	return b.String()
}

// Endpoint is the suppression digest of an e-mail address as it is on file.
func Endpoint(ring *keyring.Ring, ch term.Channel, address personal.Value) keyring.Digest {
	return ring.Digest(keyring.Suppression, string(ch), address.Reveal())
}

func joinCodes(codes []errs.Code) string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = string(c)
	}
	return strings.Join(out, ",")
}

func splitCodes(s string) []errs.Code {
	var out []errs.Code
	for _, c := range strings.Split(s, ",") {
		if c != "" {
			out = append(out, errs.Code(c))
		}
	}
	return out
}
