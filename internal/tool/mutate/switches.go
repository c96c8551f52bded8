package mutate

// Switches lists the enforcing code of the requirements, in the order of the
// catalogue.
var Switches = []Switch{
	{
		Test: "TestCON01_APurposeWithoutBasisIsNotRegistered", In: "internal/charter",
		File: "internal/charter/check_purpose.go", Code: "if b.Assessment == \"\" {", Off: "if false {",
	},
	{
		Test: "TestCON01_SegmentWithoutBasisIsDenied", In: "internal/audience",
		File: "internal/audience/charter.go", Code: "return errs.New(errs.Forbidden, errs.NoBasis, \"nothing may be done for *%s*: the charter gives it no legal basis\", p).On(\"purpose\")", Off: "_ = errs.NoBasis\n\treturn nil",
	},
	{
		Test: "TestCON02_NoConsentFromSetControlOrInaction", In: "internal/gate",
		File: "internal/consent/consent.go", Code: "return EvidenceRefused\n", Off: "return Valid\n",
	},
	{
		Test: "TestCON03_EachChannelIsDecidedSeparately", In: "internal/gate",
		File: "internal/consent/state.go", Code: "if r.Channel == k.Channel && r.Recipient == k.Recipient {", Off: "if r.Recipient == k.Recipient {",
	},
	{
		Test: "TestCON04_ConsentIsNeverACondition", In: "internal/charter",
		File: "internal/charter/schema/charter.schema.json", Code: "\"required\": {\"const\": false, \"x-rule\": \"LNT-03\",", Off: "\"required\": {\"x-rule\": \"LNT-03\",",
	},
	{
		Test: "TestCON05_WhatThePersonSawIsPartOfTheConsent", In: "internal/app",
		File: "internal/gate/record.go", Code: "if a.Notice != 0 || a.Lang == \"\" || a.Kind.Lowers() {", Off: "if true {",
	},
	{
		Test: "TestCON06_WithdrawingIsAsEasyAsGiving", In: "internal/charter",
		File: "internal/charter/check_ask.go", Code: "StepsGive: a.Steps.Give, StepsWithdraw: a.Steps.Withdraw, NeedsLogin: a.Steps.Login,", Off: "",
	},
	{
		Test: "TestCON07_WithdrawalCancelsQueuedSend", In: "internal/message",
		File: "internal/message/tightened.go", Code: "if !touches(fewer[send.Customer], send) {", Off: "if true {",
	},
	{
		Test: "TestCON08_RecordIsOrderedChainedAndReproducible", In: "internal/gate",
		File: "internal/consent/chain.go", Code: " || !bytes.Equal(r.Hash, sum)", Off: " || false && !bytes.Equal(r.Hash, sum)",
	},
	{
		Test: "TestCON09_SpecialDataNeedAnExpressStatement", In: "internal/gate",
		File: "internal/gate/consented.go", Code: "return p.explicit || r.Explicit", Off: "return r.Explicit",
	},
	{
		Test: "TestCON10_ConsentAgesAndBreaksOnChange", In: "internal/gate",
		File: "internal/gate/consented.go", Code: "if c.usable && t < c.ends {", Off: "if c.usable {",
	},
	{
		Test: "TestCON11_ARefusalIsRememberedAndNobodyAsksAgainBeforeTheBar", In: "internal/gate",
		File: "internal/gate/again.go", Code: "if err == nil && from > h.at {", Off: "if false && from > h.at {",
	},
	{
		Test: "TestCON12_OwnershipIsConfirmedByAPress", In: "internal/app",
		File: "internal/portal/portal.go", Code: "p.showConfirm", Off: "p.confirm",
	},
	{
		Test: "TestCON13_NothingTracksWithoutConsent", In: "internal/app",
		File: "internal/message/mail.html", Code: "</div>\n</body>", Off: "</div>\n<img src=\"{{.WhyLink}}\" width=\"1\" height=\"1\" alt=\"\">\n</body>",
	},
	{
		Test: "TestCON14_ImportedConsentCarriesItsEvidence", In: "internal/intake",
		File: "internal/intake/evidence.go", Code: "if c.words == \"\" {", Off: "if false {",
	},
	{
		Test: "TestNOT01_NoNoticeNothingStored", In: "internal/collect",
		File: "internal/collect/http.go", Code: "if source.NoticeVersion == 0 {", Off: "if false {",
	},
	{
		Test: "TestNOT02_DataFromElsewhereWaitForTheNotice", In: "internal/gate",
		File: "internal/gate/told.go", Code: "v.add(unsourced, opServe|opShare)", Off: "v.add(unsourced, 0)",
	},
	{
		Test: "TestNOT03_TheRightToObjectStandsApartInTheFirstMessage", In: "internal/message",
		File: "internal/message/lastcheck.go", Code: "return !l.reached[send.Customer], nil", Off: "return false, nil",
	},
	{
		Test: "TestNOT04_CaliforniaLinksAndTheYearlyRenewal", In: "internal/app",
		File: "internal/charter/policy.go", Code: "if c.SoldOrShared(&c.Recipients[i]) {", Off: "if false && c.SoldOrShared(&c.Recipients[i]) {",
	},
	{
		Test: "TestNOT04_CaliforniaLinksAndTheYearlyRenewal", In: "internal/app",
		File: "internal/charter/policy.go", Code: "return !r.Due.IsZero() && now >= r.Due", Off: "return false",
	},
	{
		Test: "TestNOT05_NobodyIsUsedForMoreBeforeBeingTold", In: "internal/gate",
		File: "internal/gate/told.go", Code: "q.denyNews(v, n)\n", Off: "_ = n\n",
	},
	{
		Test: "TestNOT05_NobodyIsUsedForMoreBeforeBeingTold", In: "internal/gate",
		File: "internal/gate/life.go", Code: "return t.mail == mail })", Off: "return t.mail != mail && false })",
	},
	{
		Test: "TestNOT06_OnlyAPlainNoticeIsPublished", In: "internal/app",
		File: "internal/lint/notice.go", Code: "if !slices.Contains(spoken, l) {", Off: "if false {",
	},
	{
		Test: "TestPRF01_ChoicesWithoutLoginShowNoData", In: "internal/app",
		File: "internal/gate/values.go", Code: "return mask(v.Reveal()), nil", Off: "return v.Reveal(), nil",
	},
	{
		Test: "TestPRF02_OneControlStopsEverything", In: "internal/browsertest",
		File: "internal/gate/stop.go", Code: "range h.law.purposes {", Off: "range h.law.purposes[:0] {",
	},
	{
		Test: "TestPRF03_OnlyTheProtectiveDefaultIsAccepted", In: "internal/charter",
		File: "internal/charter/check.go", Code: "if first && len(uses) > 0 {", Off: "if false && first && len(uses) > 0 {",
	},
	{
		Test: "TestPRF04_ChoicesBiteWithWarmWorkers", In: "internal/message",
		File: "internal/message/lastcheck.go", Code: "if !decisions[i].Allowed() {", Off: "if false {",
	},
	{
		Test: "TestPRF05_AnObjectionEndsProfiling", In: "internal/app",
		File: "internal/gate/inference.go", Code: "return len(purposes) > 0", Off: "return false",
	},
	{
		Test: "TestPRF06_WhyAndASwitch", In: "internal/app",
		File: "internal/gate/verdict.go", Code: "if q.p.marketing {\n\t\t\treturn opUse\n", Off: "if q.p.marketing {\n\t\t\treturn 0\n",
	},
	{
		Test: "TestPRF08_JoiningNeedsAPurposeInForce", In: "internal/gate",
		File: "internal/gate/link.go", Code: "out[m] = true", Off: "_ = m",
	},
	{
		Test: "TestPRF08_JoinedProfilesKeepTheMoreProtectiveChoiceAndCanBeParted", In: "internal/gate",
		File: "internal/gate/merge.go", Code: "if err := h.takeNoes(said, &m.kept); err != nil {", Off: "if err := h.takeNoes(nil, &m.kept); err != nil {",
	},
	{
		Test: "TestPRF09_ADeathIsBelievedAtOnce", In: "internal/app",
		File: "internal/gate/verdict.go", Code: "if q.p.marketing || q.r.Basis == charter.Consent || q.r.Basis == charter.LegitimateInterests {", Off: "if false {",
	},
	{
		Test: "TestPRF10_PersonalisationHasABound", In: "internal/app",
		File: "internal/message/intrusion.go", Code: "return i.Score > i.Bound", Off: "return false",
	},
	{
		Test: "TestRGT08_TheCopyIsWhole", In: "internal/app",
		File: "internal/request/made.go", Code: "return d.disclosuresOf(tx, c, out, pass.Customer(), lang)", Off: "return nil",
	},
	{
		Test: "TestRGT10_WhatWasGivenLeavesInACommonForm", In: "internal/app",
		File: "internal/request/portable.go", Code: "if f.Category == charter.Inferences || f.Derived", Off: "if f.Derived",
	},
	{
		Test: "TestRGT11_ACorrectionStays", In: "internal/app",
		File: "internal/customer/provenance.go", Code: "case mine != theirs:", Off: "case false && mine != theirs:",
	},
	{
		Test: "TestRGT12_ErasureSurvivesTheRestoreOfYesterdaysBackup", In: "internal/app",
		File: "internal/backup/keeper.go", Code: "return k.Desk.EraseAgain(ctx, a)", Off: "return nil",
	},
	{
		Test: "TestRGT12_WhatIsKeptForClaimsIsSealedToldAndEnds", In: "internal/app",
		File: "internal/claim/look.go", Code: "if !l.Who.Rights.May(staff.Oversee) {", Off: "if false {",
	},
	{
		Test: "TestRGT13_RestrictedDataAreKeptAndNotUsed", In: "internal/app",
		File: "internal/gate/verdict.go", Code: "case restricted, held:", Off: "case held:",
	},
	{
		Test: "TestRGT14_AnObjectionStopsUntilGroundsAreShown", In: "internal/app",
		File: "internal/gate/verdict.go", Code: "case restricted, held:", Off: "case held:",
	},
	{
		Test: "TestRGT16_RecipientsAreToldAndMustConfirm", In: "internal/app",
		File: "internal/sharing/deliver.go", Code: "late[r] = true", Off: "delete(late, r)",
	},
	{
		Test: "TestMIN01_AFieldWithoutPurposeIsStrippedAndPurged", In: "internal/gate",
		File: "internal/gate/retain.go", Code: "if out.Values, err = g.purgeUnneeded(ctx); err != nil {", Off: "if err != nil {",
	},
	{
		Test: "TestMIN02_OnlyDeclaredAndCoarse", In: "internal/collect",
		File: "internal/admission/field.go", Code: "return plainText(strconv.FormatFloat(d, 'f', 1, 64)), err", Off: "_ = d\n\t\treturn plainText(literal(raw)), err",
	},
	{
		Test: "TestMIN03_DeliveryPhoneSelectsNobodyForAdvertising", In: "internal/audience",
		File: "internal/audience/check.go", Code: "return nil, c.mismatch(string(id), f.For)", Off: "_ = c.mismatch",
	},
	{
		Test: "TestMIN04_AnalystSeesNoSmallNumber", In: "internal/audience",
		File: "internal/audience/cell.go", Code: "if n < small {\n\t\treturn Count{", Off: "if n < 0 {\n\t\treturn Count{",
	},
	{
		Test: "TestMIN05_AnEventIsDeniedFromTheInstantAndGoneAfterTheNextRun", In: "internal/event",
		File: "internal/event/keep.go", Code: "return at < k.Until(e, p, l)", Off: "return true",
	},
	{
		Test: "TestMIN07_DeletionReachesWhatWasDerived", In: "internal/app",
		File: "internal/audience/similar.go", Code: "if n > 0 && n < small {", Off: "if n < 0 {",
	},
	{
		Test: "TestMIN08_AKeyedMarkOutlivesTheErasure", In: "internal/app",
		File: "internal/gate/stop.go", Code: "if err := h.suppressEndpoints(e.Actor); err != nil {", Off: "if err := error(nil); err != nil {",
	},
	{
		Test: "TestACC01_ValuesCarryTheirSourceAndThePersonWins", In: "internal/gate",
		File: "internal/customer/provenance.go", Code: "case mine != theirs:", Off: "case false && mine != theirs:",
	},
	{
		Test: "TestACC02_StaleDataAreNotActedUpon", In: "internal/app",
		File: "internal/gate/stale.go", Code: "screens[a.at].failed = append(screens[a.at].failed, tooOld)", Off: "_ = tooOld",
	},
	{
		Test: "TestACC02_CampaignsAskToConfirm", In: "internal/app",
		File: "internal/message/lastcheck.go", Code: "r.old = len(pass.Stale()) > 0", Off: "r.old = false",
	},
	{
		Test: "TestACC03_AGuessIsLabelledAgesAndGivesWay", In: "internal/app",
		File: "internal/customer/provenance.go", Code: "case p.Guessed() != other.Guessed():", Off: "case false:",
	},
	{
		Test: "TestACC03_AGuessIsLabelledAgesAndGivesWay", In: "internal/app",
		File: "internal/customer/provenance.go", Code: "GuessGoes  = GuessLives - 24*time.Hour", Off: "GuessGoes  = 2 * GuessLives",
	},
	{
		Test: "TestACC03_AGuessIsLabelledAgesAndGivesWay", In: "internal/app",
		File: "internal/portal/me.go", Code: "Guess: h.Guessed(), Sure: h.Confidence,", Off: "",
	},
	{
		Test: "TestACC04_WrongRecipientsAreNoticed", In: "internal/app",
		File: "internal/gate/consented.go", Code: "return bounced, true", Off: "return 0, false",
	},
	{
		Test: "TestSEC01_NoSessionWithoutASecondFactor", In: "internal/app",
		File: "internal/staff/signin.go", Code: "case s.factor == \"\" && !p.HasFactor:\n\t\treturn StepEnrol, nil\n\tcase s.factor == \"\":\n\t\treturn StepFactor, nil\n", Off: "",
	},
	{
		Test: "TestSEC02_EachRequestIsAuthorised", In: "internal/app",
		File: "internal/web/customers/case.go", Code: "if err := r.known(v, who); err != nil {", Off: "if err := error(nil); err != nil {",
	},
	{
		Test: "TestSEC02_EachRequestIsAuthorised", In: "internal/app",
		File: "internal/api/customers.go", Code: "if in.Body.Purpose == \"\" {", Off: "if false {",
	},
	{
		Test: "TestSEC03_TwoBrandsWithTheSamePersonNeverCross", In: "internal/app",
		File: "internal/keyring/keyring.go", Code: "\t_, _ = rand.Read(key)", Off: "\tkey[0] = 1",
	},
	{
		Test: "TestSEC03_TwoBrandsWithTheSamePersonNeverCross", In: "internal/app",
		File: "internal/gate/decide.go", Code: "if r.Controller != l.Controller {", Off: "if false {",
	},
	{
		Test: "TestSEC04_WhatAffectsManyNeedsTwoPeople", In: "internal/app",
		File: "internal/approval/approval.go", Code: "sum := sha256.Sum256(append([]byte(string(a.Kind)+\"\\n\"), b...))", Off: "sum := sha256.Sum256([]byte(string(a.Kind)))\n\t_ = b",
	},
	{
		Test: "TestSEC04_WhatAffectsManyNeedsTwoPeople", In: "internal/app",
		File: "internal/campaign/launch.go", Code: "if mostOf(reach) > int64(in.House.Alone.Recipients) {", Off: "if false {",
	},
	{
		Test: "TestSEC04_WhatAffectsManyNeedsTwoPeople", In: "internal/app",
		File: "internal/telling/telling.go", Code: "if people <= int64(c.House.Alone.Recipients) {", Off: "if people >= 0 {",
	},
	{
		Test: "TestSEC04_WhatAffectsManyNeedsTwoPeople", In: "internal/app",
		File: "internal/export/write.go", Code: "if people > alone {", Off: "if false {",
	},
	{
		Test: "TestSEC04_WhatAffectsManyNeedsTwoPeople", In: "internal/app",
		File: "internal/request/erase.go", Code: "if n.Via != viaStaff && n.Via != viaAPI {", Off: "if true {",
	},
	{
		Test: "TestSEC05_AnEditedRowIsNamedByVerify", In: "internal/ledger",
		File: "internal/ledger/verify.go", Code: "if err != nil || !bytes.Equal(commit, r.Commit) {", Off: "if err != nil {",
	},
	{
		Test: "TestSEC05_VerifyCatchesTampering", In: "internal/ledger",
		File: "internal/ledger/verify.go", Code: "if !bytes.Equal(hash, stored) {", Off: "if false && !bytes.Equal(hash, stored) {",
	},
	{
		Test: "TestSEC05_ARewindIsCaughtByTheAnchor", In: "internal/ledger",
		File: "internal/ledger/verify.go", Code: "for _, m := range v.marks {", Off: "for _, m := range v.marks[:0] {",
	},
	{
		Test: "TestSEC05_ARewrittenLedgerIsCaughtByTheAnchor", In: "internal/ledger",
		File: "internal/ledger/verify.go", Code: "v.marks = append(v.marks, mark{a.size, a.root, \"an anchored checkpoint\", &v.report.Anchors})", Off: "",
	},
	{
		Test: "TestSEC05_WhoHasDatabaseKeyAndAnchorsIsCaughtFromOutside", In: "internal/ledger",
		File: "internal/ledger/verify.go", Code: "v.marks = append(v.marks, mark{k.size, k.root, \"a checkpoint kept elsewhere\", &v.report.Kept})", Off: "",
	},
	{
		Test: "TestSEC05_AnEditedAnchorFileIsCaught", In: "internal/ledger",
		File: "internal/ledger/verify.go", Code: "v.bad(0, \"the anchor file was changed\")", Off: "",
	},
	{
		Test: "TestSEC06_PlaintextDatabaseURLIsRefused", In: "internal/db",
		File: "internal/db/postgres.go", Code: "if bad {", Off: "if false && bad {",
	},
	{
		Test: "TestSEC07_NoLogHoldsAnAddress", In: "internal/app",
		File: "internal/app/handler.go", Code: "slog.String(\"method\", r.Method), slog.String(\"route\", r.Pattern),", Off: "slog.String(\"method\", r.Method), slog.String(\"route\", r.URL.String()),",
	},
	{
		Test: "TestSEC08_HostileValuesReachNoHeaderAndNoElement", In: "internal/message",
		File: "internal/message/template.go", Code: "return html.EscapeString(flat(v)) })", Off: "return flat(v) })",
	},
	{
		Test: "TestSEC08_ExportsAreInertAndHooksStayOutside", In: "internal/app",
		File: "internal/export/write.go", Code: "line = append(line, Inert(v.Reveal()))", Off: "line = append(line, v.Reveal())",
	},
	{
		Test: "TestSEC09_LinksServeOneThing", In: "internal/app",
		File: "internal/portal/choices.go", Code: "if l.Scope != message.Choices {", Off: "if false {",
	},
	{
		Test: "TestSEC10_CampaignPausesWhenTheGateCannotAnswer", In: "internal/campaign",
		File: "internal/campaign/plan.go", Code: "return b.failed(ctx, Program, int64(args.Campaign), errs.FailClosed)", Off: "return err",
	},
	{
		Test: "TestSEC11_KnownFlawsAreMendedInTime", In: "internal/tool/release",
		File: "internal/tool/advisory/advisory.go", Code: "case limited && age > limit:", Off: "case limited && age > 2*limit:",
	},
	{
		Test: "TestBRE01_TheRegisterKeepsWhatWasNotNotified", In: "internal/incident",
		File: "internal/incident/work.go", Code: "if i.State == Proposed && i.ProposedBy == by {", Off: "if i.ProposedBy == \"nobody\" {",
	},
	{
		Test: "TestVEN07_TheCopyListsEachDisclosure", In: "internal/app",
		File: "internal/app/open.go", Code: "sharing.Source{}, ", Off: "",
	},
	{
		Test: "TestMSG02_ASaleOfSimilarGoodsIsAGroundOfItsOwn", In: "internal/gate",
		File: "internal/gate/permission.go", Code: "(len(goods) == 0 || similar)", Off: "(true || similar)",
	},
	{
		Test: "TestMSG03_ImpliedConsentRunsOutCountedFromTheDayOfSending", In: "internal/gate",
		File: "internal/gate/permission.go", Code: "if i.from <= q.at && q.at < i.until {", Off: "if i.from <= q.at {",
	},
	{
		Test: "TestMSG04_OneClickHeadersUnderTheSignature", In: "internal/message",
		File: "internal/message/dkim.go", Code: "if m == nil || !lists(m[1], f) {", Off: "if m == nil {",
	},
	{
		Test: "TestMSG05_OneClickWithoutQuestions", In: "internal/app",
		File: "internal/portal/unsubscribe.go", Code: "if r.PostFormValue(\"List-Unsubscribe\") != \"One-Click\" {", Off: "if false {",
	},
	{
		Test: "TestMSG06_UnsubscribeStopsTheQueue", In: "internal/message",
		File: "internal/consent/state.go", Code: "Withdrawn: Taken,", Off: "Withdrawn: Agreed,",
	},
	{
		Test: "TestMSG07_PostalAddress", In: "internal/lint",
		File: "internal/lint/message.go", Code: "return parts >= 2 && letters", Off: "return true || parts >= 2 && letters",
	},
	{
		Test: "TestMSG07_WayOutIsLargeAndDarkEnough", In: "internal/message",
		File: "internal/message/mail.html", Code: "margin-right: 16px; color: #2b2823;", Off: "margin-right: 16px; color: #8a8680;",
	},
	{
		Test: "TestMSG07_WayOutIsLargeAndDarkEnough", In: "internal/message",
		File: "internal/charter/look.go", Code: "if r := Contrast(FootInk, l.Ground); r < 4.5 {", Off: "if r := Contrast(FootInk, l.Ground); r < 0 {",
	},
	{
		Test: "TestMSG10_TheHoursHoldInEveryZoneWhereThePersonMayBe", In: "internal/message",
		File: "internal/gate/market.go", Code: "zones := g.packs.ZonesOf(who.places...)", Off: "zones := g.packs.ZonesOf()",
	},
	{
		Test: "TestMSG11_MessagesAreCappedOverAllBrandsAndChannels", In: "internal/message",
		File: "internal/message/caps.go", Code: "if room[all] <= 0 || room[p] <= 0 {", Off: "if false {",
	},
	{
		Test: "TestMSG13_TransactionalMeansTransactional", In: "internal/app",
		File: "internal/gate/decide.go", Code: "if r.Promotes && !s.purpose.marketing {", Off: "if false {",
	},
	{
		Test: "TestMSG13_TransactionalMeansTransactional", In: "internal/app",
		File: "internal/message/template.go", Code: "Promotes: c.Promotes(), ", Off: "",
	},
	{
		Test: "TestMSG14_LastMomentCheck", In: "internal/campaign",
		File: "internal/consent/state.go", Code: "Withdrawn: Taken,", Off: "Withdrawn: Agreed,",
	},
	{
		Test: "TestMSG14_EditedAfterApproval", In: "internal/campaign",
		File: "internal/message/message.go", Code: "h.Write(b)", Off: "_ = b",
	},
	{
		Test: "TestSIG01_OnlyOneCounts", In: "internal/collect",
		File: "internal/signal/signal.go", Code: "if v == \"1\" {", Off: "if v != \"\" {",
	},
	{
		Test: "TestSIG02_SignalOfTheDeviceReachesThePersonAndStays", In: "internal/gate",
		File: "internal/customer/merge.go", Code: "fact where customer_id = $1`,\n\t} {", Off: "fact where customer_id = $1 and kind <> 'gpc'`,\n\t} {",
	},
	{
		Test: "TestSIG03_TheSignalWinsUntilTwoSteps", In: "internal/app",
		File: "internal/gate/verdict.go", Code: "return ok && provenYes(c.state.Rests) && c.state.Rests.RecordedAt > q.signal", Off: "return ok && c.state.Rests.RecordedAt > q.signal",
	},
	{
		Test: "TestSIG03_InputsOfAPageAreResolvedAndTheLosersKept", In: "internal/collect",
		File: "internal/signal/resolve.go", Code: "if i.Binding {", Off: "if false {",
	},
	{
		Test: "TestSIG03_InputsOfAPageAreResolvedAndTheLosersKept", In: "internal/collect",
		File: "internal/gate/heed.go", Code: "out.news, out.at = false, f.RecordedAt", Off: "_ = f",
	},
	{
		Test: "TestSIG03_InputsOfAPageAreResolvedAndTheLosersKept", In: "internal/collect",
		File: "internal/signal/resolve.go", Code: "return i.From == Explicit && i.Says == Yes &&", Off: "return false &&",
	},
	{
		Test: "TestSIG04_ThePageShowsThatTheSignalIsHonoured", In: "internal/app",
		File: "internal/portal/footer.go", Code: "if !gpcSeen(r) {\n\t\treturn nil\n\t}\n\treturn p.honoured", Off: "if true {\n\t\treturn nil\n\t}\n\treturn p.honoured",
	},
	{
		Test: "TestSIG05_SupportIsDeclaredAndPagesVary", In: "internal/app",
		File: "internal/ui/secure.go", Code: "h.Set(\"Vary\", \"Accept-Language, Sec-GPC\")", Off: "h.Set(\"Vary\", \"Accept-Language\")",
	},
	{
		Test: "TestMINAGE01_OnlyTheBandIsKeptAndTheFirstAnswerStands", In: "internal/gate",
		File: "internal/gate/fact.go", Code: "if f.Detail[\"method\"] == customer.AskedAge {", Off: "if false {",
	},
	{
		Test: "TestMINAGE02_TheFormLeadsToAParent", In: "internal/app",
		File: "internal/portal/parent.go", Code: "if err != nil || !needed {", Off: "if err != nil || needed || !needed {",
	},
	{
		Test: "TestMINAGE02_TheFormLeadsToAParent", In: "internal/app",
		File: "internal/portal/age.go", Code: "first := p.answeredAge(r); first != nil {", Off: "first := p.answeredAge(r); false {",
	},
	{
		Test: "TestMINAGE02_UnderTheAgeOfTheCountryAParentConsents", In: "internal/gate",
		File: "internal/gate/age.go", Code: "if rests.Method != consent.ByParent {", Off: "if false && rests.Method != consent.ByParent {",
	},
	{
		Test: "TestTRN03_TheOfficerStandsAloneAndIsNotOverruledSilently", In: "internal/app",
		File: "internal/staff/permission.go", Code: "if r := all[name]; next.has(k.a) && r.has(k.b) || next.has(k.b) && r.has(k.a) {", Off: "if r := all[name]; next.has(k.a) && r.has(k.b) && r.ID == \"\" {",
	},
	{
		Test: "TestTRN03_TheOfficerStandsAloneAndIsNotOverruledSilently", In: "internal/app",
		File: "internal/approval/decide.go", Code: "if err == nil && refusal != 0 && (v.Reason == \"\"", Off: "if err == nil && false && (v.Reason == \"\"",
	},
	{
		Test: "TestTRN04_WhoHasAccessIsBoundAndSaysWhy", In: "internal/app",
		File: "internal/staff/commitment.go", Code: "return p.promised == WordsOf(c).Version, nil", Off: "return p.promised != \"\" || c != nil, nil",
	},
	{
		Test: "TestTRN04_WhoHasAccessIsBoundAndSaysWhy", In: "internal/app",
		File: "internal/staff/access.go", Code: "err == nil || a.Act != lookHit {", Off: "err == nil || a.Act == lookHit {",
	},
	{
		Test: "TestTRN05_CreatorAndApproverAreTwoPeople", In: "internal/app",
		File: "internal/approval/decide.go", Code: "if slices.Contains(q.makers, self) {", Off: "if false {",
	},
	{
		Test: "TestTRN05_CreatorAndApproverAreTwoPeople", In: "internal/app",
		File: "internal/campaign/book.go", Code: "if !slices.Contains(out.makers(), by) {", Off: "if by == \"\" && !slices.Contains(out.makers(), by) {",
	},
	{
		Test: "TestTRN05_ALeaverIsOutWithinMinutes", In: "internal/app",
		File: "internal/token/book.go", Code: "where maker = $1 and revoked_at = 0`", Off: "where maker = $1 and revoked_at < 0`",
	},
	{
		Test: "TestTRN05_UnconfirmedRolesLapse", In: "internal/app",
		File: "internal/staff/role.go", Code: "return now.Sub(g.ConfirmedAt) >= Confirmed", Off: "return false",
	},
	{
		Test: "TestGOV08_EvidenceOfADayIsTheSameForEver", In: "internal/app",
		File: "internal/evidence/pack.go", Code: "row, err = newest(tx, day.String())", Off: "row, err = newest(tx, today.String())",
	},
}
