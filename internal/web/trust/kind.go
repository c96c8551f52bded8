package trust

import (
	"cmp"
	"slices"

	"candor/internal/approval"
	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/claim"
	"candor/internal/evidence"
	"candor/internal/export"
	"candor/internal/gate"
	"candor/internal/incident"
	"candor/internal/ledger"
	"candor/internal/message"
	"candor/internal/request"
	"candor/internal/sharing"
	"candor/internal/staff"
	"candor/internal/telling"
	"candor/internal/ui"
)

// kindWords say each kind of entry as people see it.
var kindWords = map[ledger.Kind]string{
	approval.KindApproval:    "Approval by a second person",
	campaign.KindStep:        "Campaign: a step",
	charter.KindApplied:      "Promise in force",
	charter.KindPlanned:      "Promise planned",
	claim.KindEnded:          "Evidence for claims deleted: they are barred",
	claim.KindLooked:         "Evidence for claims looked for",
	evidence.KindKept:        "Evidence of a day kept",
	export.KindDeleted:       "File said to be deleted",
	export.KindTaken:         "File taken out",
	export.KindUsed:          "File used after its end",
	gate.KindConsent:         "Consent record",
	gate.KindDisclosure:      "Personal data read",
	gate.KindFact:            "Fact about a customer",
	gate.KindMerge:           "Customers joined or parted",
	gate.KindSuppression:     "Address suppressed",
	incident.KindStep:        "Incident: a step",
	ledger.KindEpoch:         "Ledger goes on after a restore",
	ledger.KindExpunged:      "Content past its retention deleted",
	message.KindDenied:       "Message not sent",
	message.KindHanded:       "Message handed over",
	message.KindOvertaken:    "Withdrawal came while a message left",
	message.KindReturned:     "Message came back",
	message.KindTrial:        "Draft tried on staff's address",
	request.KindAsked:        "Erasure asked for by staff or a program",
	request.KindErased:       "Erasure certified",
	sharing.KindAcknowledged: "Recipient confirmed",
	sharing.KindRegistered:   "Recipient let in or changed",
	sharing.KindSuspended:    "Recipient suspended",
	staff.KindAccess:         "Look without a case questioned",
	staff.KindCommitted:      "Confidentiality promised",
	staff.KindLooked:         "Customer looked for",
	staff.KindPerson:         "Staff joined or left",
	staff.KindRefused:        "Act refused for want of a permission",
	staff.KindRole:           "Role given, taken or confirmed",
	telling.KindRun:          "People told of what changed",
	staff.KindSignIn:         "Sign-in, sign-out or attempt",
}

// WordsOf says a kind for people, or gives it back as it is.
func WordsOf(k ledger.Kind) string { return cmp.Or(kindWords[k], string(k)) }

// kindField chooses among the kinds, in the order of their words.
func kindField(chosen ledger.Kind) ui.Field {
	f := ui.Field{ID: "kind", Name: "kind", Label: "Kind"}
	for k, words := range kindWords {
		f.Options = append(f.Options, ui.Option{Value: string(k), Text: words, Chosen: k == chosen})
	}
	slices.SortFunc(f.Options, func(a, b ui.Option) int { return cmp.Compare(a.Text, b.Text) })
	f.Options = append([]ui.Option{{Text: "all kinds", Chosen: chosen == ""}}, f.Options...)
	return f
}
