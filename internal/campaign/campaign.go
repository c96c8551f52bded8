// Package campaign sends one message to an audience.
//
// A campaign is drafted, checked, launched, sends and is done. Checks are a list
// that says what to fix; nothing is launched while one of them fails. Launching
// stores the hash of the content and the condition of the audience as they were
// approved: a later change of either does not slip into a running campaign
// (MSG-14). Who may get it is asked of the gate when people are planned and once
// more when each message is handed over. When the gate cannot answer, a campaign
// sends nothing and says so (SEC-10).
package campaign

import (
	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
)

// State is how far a campaign is.
type State string

// The states.
const (
	Draft     State = "draft"     // being written
	Launched  State = "launched"  // approved; people are being planned
	Sending   State = "sending"   // everyone is planned; messages leave
	Paused    State = "paused"    // nothing leaves; Reason says why
	Done      State = "done"      // every message has its end
	Cancelled State = "cancelled" // stopped; what had not left never will
)

// Campaign is one message to one audience.
type Campaign struct {
	ID         id.Campaign     `json:"campaign_id"`
	Controller term.Controller `json:"controller"`
	Name       string          `json:"name"`
	Purpose    term.Purpose    `json:"purpose"`
	Channel    term.Channel    `json:"channel"`
	Audience   string          `json:"audience"`            // a condition, "" for everyone permitted
	Holdout    int             `json:"holdout"`             // percent left out, by chance, to compare with; Undecided before the launch
	NotBefore  clock.Instant   `json:"not_before,omitzero"` // nothing leaves earlier
	Sender     string          `json:"sender"`              // the From address
	Message    id.Message      `json:"message_id"`
	Template   id.Template     `json:"template_id,omitempty"` // that the text came from
	Content    message.Content `json:"content"`
	State      State           `json:"state"`
	Reason     errs.Code       `json:"reason,omitempty"` // of a pause by the engine
	Rev        int64           `json:"rev"`              // rises with each change
	By         term.Actor      `json:"by"`
	Editors    []term.Actor    `json:"edited_by,omitempty"` // who else changed the draft
	CreatedAt  clock.Instant   `json:"created_at"`
	LaunchedAt clock.Instant   `json:"launched_at,omitzero"`
	EndedAt    clock.Instant   `json:"ended_at,omitzero"`

	approved string      // the condition as launched
	after    id.Customer // planning has passed all customers up to this one
	all      bool        // nobody is left to plan
}

// makers are all who wrote it.
func (c Campaign) makers() []term.Actor { return append([]term.Actor{c.By}, c.Editors...) }

// Undecided is a holdout that the launch decides.
const Undecided = -1

// Status is the state in one word, with the reason of a pause.
func (c Campaign) Status() string {
	if c.State == Paused && c.Reason != "" {
		return string(c.State) + ": " + string(c.Reason)
	}
	return string(c.State)
}

// Condition is whom the campaign is for: "true" when it is for everyone permitted.
func (c Campaign) Condition() string { return everyone(c.Audience) }

// Check is one thing that must hold before a launch.
type Check struct {
	Name string `json:"name"` // such as "postal address"
	OK   bool   `json:"ok"`
	Code string `json:"code,omitempty"` // E_CONTENT, LNT-12
	Fix  string `json:"fix,omitempty"`  // what to do
	Note string `json:"note,omitempty"` // what was found, when that is worth knowing
}

// Progress counts a campaign's messages by what became of them.
type Progress struct {
	Planned   int64               `json:"planned"` // all that were planned
	Waiting   int64               `json:"waiting"` // planned or claimed, not yet handed over
	Handed    int64               `json:"handed"`  // handed over, no answer yet
	Accepted  int64               `json:"accepted"`
	Refused   int64               `json:"refused"`
	Returned  int64               `json:"returned"` // taken by the relay, and came back
	Uncertain int64               `json:"uncertain"`
	HeldOut   int64               `json:"held_out"`
	Cancelled int64               `json:"cancelled"` // withdrawn while sending, or the campaign was cancelled
	Denied    map[errs.Code]int64 `json:"denied"`
	Left      int64               `json:"left"`         // were on their way when the person withdrew
	Too       int64               `json:"too_personal"` // people who said that it was too personal
	Spam      int64               `json:"called_spam"`  // people who complained to their mail provider
}
