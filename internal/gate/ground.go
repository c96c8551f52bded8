package gate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"candor/internal/errs"
	"candor/internal/term"
)

// ground is one check that can fail. Grounds are listed with the most telling
// first.
type ground uint8

// The grounds.
const (
	failClosed ground = iota
	prohibited
	noBasis
	noSale
	noImplied
	impliedEnded
	untold
	unsourced
	recipientUnknown
	wrongPurpose
	promotes
	fieldUnknown
	fieldNotGiven
	legalOnly
	deceased
	restricted
	held
	disputed
	cared
	suppressed
	bounced
	withdrawn
	objected
	profilingObjected
	opposed
	unchosen
	signalled
	signalledSale
	notExpress
	parentNeeded
	minor
	minorContact
	ageUnknown
	widened
	unproven
	invalidated
	expired
	lapsed
	retained
	pending
	unconfirmed
	refused
	channelNotAsked
	noConsent
	paused
	stale
	tooOld
	groundCount
)

// grounds says each in code, requirement and words.
var grounds = [groundCount]Reason{
	failClosed:        {errs.FailClosed, "SEC-10", "The check could not be made, so nothing is allowed."},
	prohibited:        {errs.Prohibited, "CON-01", "This is not an operation the gate knows."},
	noBasis:           {errs.NoBasis, "CON-01", "No legal basis: the purpose is not in the charter, or nothing on file supports it."},
	noSale:            {errs.NoBasis, "MSG-02", "No purchase of similar goods with the offer to refuse is on file."},
	noImplied:         {errs.NoConsent, "MSG-03", "No purchase or inquiry on file implies consent."},
	impliedEnded:      {errs.ConsentExpired, "MSG-03", "The purchase or inquiry that implied consent is too long ago."},
	untold:            {errs.NoNotice, "NOT-05", "This became wider and the customer has not been told yet."},
	unsourced:         {errs.NoNotice, "NOT-02", "The data came from elsewhere and the customer has not been told yet."},
	recipientUnknown:  {errs.Recipient, "CON-03", "The charter does not name this recipient for this purpose."},
	wrongPurpose:      {errs.PurposeMismatch, "MIN-03", "The charter keeps this for another purpose."},
	promotes:          {errs.PurposeMismatch, "MSG-13", "A message that advertises is marketing, and the charter keeps this purpose for service."},
	fieldUnknown:      {errs.FieldNotAllowed, "MIN-01", "No purpose of the charter lists this field."},
	fieldNotGiven:     {errs.FieldNotAllowed, "MIN-04", "The charter does not give this field to this recipient."},
	legalOnly:         {errs.PurposeMismatch, "MIN-03", "Kept for a legal duty only; it may be stored and produced, not used."},
	deceased:          {errs.Restricted, "PRF-09", "The customer was reported to have died."},
	restricted:        {errs.Restricted, "RGT-13", "The customer's data are restricted: stored, not used."},
	held:              {errs.Restricted, "MIN-06", "The data are on legal hold and out of ordinary use."},
	disputed:          {errs.Restricted, "RGT-14", "A complaint or claim is open; no marketing meanwhile."},
	cared:             {errs.Restricted, "ETH-03", "The customer is to be left in peace."},
	suppressed:        {errs.Suppressed, "MIN-08", "This address is never to be written to with marketing."},
	bounced:           {errs.Suppressed, "ACC-04", "Messages to this address come back, or it is not theirs."},
	withdrawn:         {errs.Withdrawn, "CON-07", "The customer withdrew their consent."},
	objected:          {errs.Objected, "PRF-02", "The customer objected to marketing."},
	profilingObjected: {errs.Objected, "PRF-05", "The customer objected to the use of their data for marketing."},
	opposed:           {errs.Objected, "RGT-14", "The customer objected to this use, and no compelling grounds for it were shown."},
	unchosen:          {errs.Objected, "PRF-06", "The customer asked not to be chosen by their data."},
	signalled:         {errs.Objected, "SIG-01", "The customer's browser signals Global Privacy Control: no profiling for marketing."},
	signalledSale:     {errs.OptOutSale, "SIG-01", "The customer's browser signals Global Privacy Control: no sale or sharing."},
	notExpress:        {errs.Sensitive, "CON-09", "This needs an express statement: ticked and confirmed by a second message, signed, typed or recorded."},
	parentNeeded:      {errs.Age, "MIN-AGE-02", "The customer is too young to agree alone; a parent must agree."},
	minor:             {errs.Age, "MIN-AGE-05", "The customer is not of age: no profiling for marketing."},
	minorContact:      {errs.Age, "MIN-AGE-01", "The customer is not of age, and this business addresses adults."},
	ageUnknown:        {errs.AgeUnknown, "MIN-AGE-01", "The customer's age is not known: no profiling for marketing."},
	widened:           {errs.ConsentInvalid, "CON-10", "The purpose was widened after the customer agreed; they must agree anew."},
	unproven:          {errs.ConsentInvalid, "CON-14", "The consent cannot be proven."},
	invalidated:       {errs.ConsentInvalid, "CON-08", "The consent was found to be invalid."},
	expired:           {errs.ConsentExpired, "CON-10", "The consent's term has ended."},
	lapsed:            {errs.ConsentExpired, "CON-08", "The consent was recorded as ended."},
	retained:          {errs.Retention, "MIN-05", "The time for keeping these data has ended."},
	pending:           {errs.NoConsent, "CON-12", "The customer was asked and has not confirmed yet."},
	unconfirmed:       {errs.NoConsent, "MSG-01", "Nobody confirmed that this address is the customer's."},
	refused:           {errs.NoConsent, "CON-11", "The customer was asked and said no."},
	channelNotAsked:   {errs.NoConsent, "CON-03", "The charter asks nobody for this purpose on this channel."},
	noConsent:         {errs.NoConsent, "CON-01", "The customer has not agreed."},
	paused:            {errs.FreqCap, "MSG-11", "The customer asked for a pause."},
	tooOld:            {errs.Stale, "ACC-02", "What is known is too old to decide by; ask the customer to confirm it."},
	stale:             {errs.FailClosed, "CON-10", "The rules changed and this has not been worked out anew yet."},
}

// Reasons lists every reason there is, the most telling first.
func Reasons() []Reason { return slices.Clone(grounds[:]) }

// failures is the operations that each ground denies.
type failures [groundCount]Ops

func (f *failures) add(g ground, ops Ops) { f[g] |= ops }

// denied is the operations that any ground denies.
func (f *failures) denied() Ops {
	var out Ops
	for _, ops := range f {
		out |= ops
	}
	return out
}

// text writes the failures as a standing keeps them: code/requirement=operations
// in hexadecimal, joined by commas.
func (f *failures) text() string {
	var b strings.Builder
	for g, ops := range f {
		if ops == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(groundNames[g])
		b.WriteByte('=')
		b.WriteString(strconv.FormatInt(int64(ops), 16))
	}
	return b.String()
}

// reasons lists the grounds that deny an operation.
func (f *failures) reasons(op Ops) []Reason {
	var out []Reason
	for g, ops := range f {
		if ops&op != 0 {
			out = append(out, grounds[g])
		}
	}
	return out
}

var groundNames, groundByName = func() ([groundCount]string, map[string]ground) {
	var names [groundCount]string
	byName := map[string]ground{}
	for g, r := range grounds {
		names[g] = string(r.Code) + "/" + r.Requirement
		byName[names[g]] = ground(g)
	}
	return names, byName
}()

// parseFailures reads what text writes.
func parseFailures(text string) (failures, error) {
	var f failures
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		name, hex, _ := strings.Cut(part, "=")
		g, ok := groundByName[name]
		ops, err := strconv.ParseInt(hex, 16, 64)
		if !ok || err != nil {
			return failures{}, fmt.Errorf("gate: a standing has an unknown reason")
		}
		f.add(g, Ops(ops))
	}
	return f, nil
}

// ReasonsFor reads the reasons column of a standing: why an operation is denied,
// the most telling first; none when nothing denies it.
func ReasonsFor(text string, op term.Operation) []Reason {
	f, err := parseFailures(text)
	if err != nil {
		return []Reason{grounds[failClosed]}
	}
	return f.reasons(OpsOf(op))
}

// reasonsOf puts grounds in words, each once, the most telling first.
func reasonsOf(list []ground) []Reason {
	list = slices.Clone(list)
	slices.Sort(list)
	list = slices.Compact(list)
	out := make([]Reason, 0, len(list))
	for _, g := range list {
		out = append(out, grounds[g])
	}
	return out
}
