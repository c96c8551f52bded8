package mutate

// Switches lists the enforcing code of the requirements, in the order of the
// catalogue.
var Switches = []Switch{
	{
		Test: "TestCON07_WithdrawalCancelsQueuedSend", In: "internal/message",
		File: "internal/message/tightened.go", Code: "if !touches(keys, send) {", Off: "if true {",
	},
	{
		Test: "TestCON14_ImportedConsentCarriesItsEvidence", In: "internal/intake",
		File: "internal/intake/evidence.go", Code: "if c.words == \"\" {", Off: "if false {",
	},
	{
		Test: "TestPRF04_ChoicesBiteWithWarmWorkers", In: "internal/message",
		File: "internal/message/lastcheck.go", Code: "if !decisions[i].Allowed() {", Off: "if false {",
	},
	{
		Test: "TestRGT16_RecipientsAreToldAndMustConfirm", In: "internal/app",
		File: "internal/sharing/deliver.go", Code: "late[r] = true", Off: "delete(late, r)",
	},
	{
		Test: "TestSEC01_NoSessionWithoutASecondFactor", In: "internal/app",
		File: "internal/staff/signin.go", Code: "case s.factor == \"\" && !p.HasFactor:", Off: "case false:",
	},
	{
		Test: "TestBRE01_TheRegisterKeepsWhatWasNotNotified", In: "internal/incident",
		File: "internal/incident/work.go", Code: "if i.State == Proposed && i.ProposedBy == by {", Off: "if i.ProposedBy == \"nobody\" {",
	},
	{
		Test: "TestVEN07_TheCopyListsEachDisclosure", In: "internal/app",
		File: "internal/app/open.go", Code: "sharing.Source{}, ", Off: "",
	},
}
