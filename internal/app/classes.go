package app

import (
	"candor/internal/approval"
	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/claim"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/evidence"
	"candor/internal/export"
	"candor/internal/gate"
	"candor/internal/incident"
	"candor/internal/ledger"
	"candor/internal/message"
	"candor/internal/request"
	"candor/internal/rulepack"
	"candor/internal/sharing"
	"candor/internal/staff"
	"candor/internal/telling"
	"candor/internal/term"
)

// classes says how long the ledger keeps the content of each kind of entry. A kind
// that is not here fails a test.
var classes = map[ledger.Kind]ledger.Class{
	// What people said and what was done with their data, for as long as claims can be
	// brought. Records of consent and the store for claims keep what they need longer.
	gate.KindConsent:         ledger.Claim,
	gate.KindFact:            ledger.Claim,
	gate.KindSuppression:     ledger.Claim,
	gate.KindDisclosure:      ledger.Claim,
	gate.KindMerge:           ledger.Claim,
	message.KindOvertaken:    ledger.Claim,
	request.KindAsked:        ledger.Claim,
	request.KindErased:       ledger.Claim,
	sharing.KindAcknowledged: ledger.Claim,
	approval.KindApproval:    ledger.Claim,
	export.KindTaken:         ledger.Claim,
	export.KindDeleted:       ledger.Claim,
	export.KindUsed:          ledger.Claim,

	// Who looked, signed in or was refused, and decisions over single messages.
	message.KindHanded:   ledger.Access,
	message.KindDenied:   ledger.Access,
	message.KindReturned: ledger.Access,
	message.KindTrial:    ledger.Access,
	staff.KindSignIn:     ledger.Access,
	staff.KindRefused:    ledger.Access,
	staff.KindLooked:     ledger.Access,
	staff.KindAccess:     ledger.Access,
	claim.KindLooked:     ledger.Access,

	// What is of use for a while.
	campaign.KindStep: ledger.Passing,

	// How the business was governed, with nobody's data: as long as the log.
	charter.KindApplied:    ledger.Lasting,
	charter.KindPlanned:    ledger.Lasting,
	claim.KindEnded:        ledger.Lasting,
	evidence.KindKept:      ledger.Lasting,
	incident.KindStep:      ledger.Lasting,
	ledger.KindEpoch:       ledger.Lasting,
	ledger.KindExpunged:    ledger.Lasting,
	sharing.KindRegistered: ledger.Lasting,
	sharing.KindSuspended:  ledger.Lasting,
	staff.KindPerson:       ledger.Lasting,
	staff.KindRole:         ledger.Lasting,
	telling.KindRun:        ledger.Lasting,
	staff.KindCommitted:    ledger.Lasting,
}

// claimMonths is for how long claims can be brought in the markets of the business,
// the longest of them: an entry of the ledger knows no customer and so no market.
func (a *App) claimMonths(tx *db.Tx) (months int, err error) {
	c, err := a.Charter.Current(tx)
	if errs.Is(err, errs.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, m := range append([]term.Market{rulepack.Strict}, c.Business.Markets...) {
		if pack, ok := a.Packs.Pack(m); ok {
			lasts, _ := pack.AtMost(claim.Term)
			months = max(months, lasts.Months)
		}
	}
	return months, nil
}
