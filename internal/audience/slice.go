package audience

import (
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/term"
)

// CodeNoAddress is why a permitted customer cannot be reached: no address on
// the channel, or mail to it came back.
const CodeNoAddress errs.Code = "no_address"

// Slice is a part of those who meet the condition and are left out, for one
// main reason each; or several reasons joined because each is about few.
type Slice struct {
	Code        errs.Code `json:"code"`        // "several" when joined
	Requirement string    `json:"requirement"` // where the rule comes from, or ""
	Words       string    `json:"words"`       // why they are left out
	Remedy      string    `json:"remedy"`      // what may lawfully be done about it
	Way         Way       `json:"way"`         // the same in a word, for a button
	Count       Count     `json:"count"`
	Causes      []Cause   `json:"causes,omitempty"` // the reasons joined, without numbers
}

// Cause is one of the reasons of a joined slice.
type Cause struct {
	Code        errs.Code `json:"code"`
	Requirement string    `json:"requirement"`
	Words       string    `json:"words"`
	Remedy      string    `json:"remedy"`
	Way         Way       `json:"way"`
}

// Way is the lawful way back to people who are left out.
type Way string

// The ways.
const (
	AskAgain    Way = "ask_again"   // the wording changed, or the old consent was not valid
	Ask         Way = "ask"         // they were never asked, or may be asked anew where one meets them
	Renew       Way = "renew"       // one renewal, before or after the term
	AfterSale   Way = "after_sale"  // the after-sale rule of their market
	Prove       Way = "prove"       // find the evidence
	Confirm     Way = "confirm"     // the address is to be confirmed by its owner
	NewAddress  Way = "new_address" // ask for an address
	NotByData   Way = "not_by_data" // write without choosing by data
	Declare     Way = "declare"     // the charter has to say it first
	Tell        Way = "tell"        // they have to be told first
	Refresh     Way = "refresh"     // what is known is too old: they are asked whether it is still right
	Wait        Way = "wait"        // it passes by itself
	Rest        Way = "rest"        // they said no: let them rest
	NoWay       Way = "none"        // nothing may be done
	SeveralWays Way = "several"     // each reason has its own
)

// codeSeveral marks a slice of joined reasons.
const codeSeveral errs.Code = "several"

// sliceText is how a reason reads in a funnel.
type sliceText struct {
	way                         Way
	why, warum, remedy, abhilfe string
}

// sliceTexts says reasons in words, by "code/requirement", as a group of people.
var sliceTexts = map[string]sliceText{
	"E_WITHDRAWN/CON-07": {Rest, "They withdrew their consent", "Sie haben ihre Einwilligung widerrufen",
		"Let them rest. They can agree again by themselves at any time.", "In Ruhe lassen. Sie können jederzeit von sich aus wieder zustimmen."},
	"E_NO_CONSENT/CON-11": {Rest, "They were asked and said no", "Sie wurden gefragt und haben Nein gesagt",
		"Let them rest. Do not ask again before the waiting time has passed.", "In Ruhe lassen. Vor Ablauf der Wartezeit nicht wieder fragen."},
	"E_NO_CONSENT/CON-12": {Wait, "They were asked and have not confirmed yet", "Sie wurden gefragt und haben noch nicht bestätigt",
		"Wait for their confirmation. One confirmation mail has been sent.", "Die Bestätigung abwarten. Eine Bestätigungsmail ist verschickt."},
	"E_NO_CONSENT/MSG-01": {Confirm, "Nobody has confirmed that the address is theirs", "Niemand hat bestätigt, dass die Adresse ihnen gehört",
		"Ask them to confirm the address when they next sign in or order.", "Beim nächsten Anmelden oder Bestellen um Bestätigung der Adresse bitten."},
	"E_NO_CONSENT/CON-01": {Ask, "They have never agreed", "Sie haben nie zugestimmt",
		"Ask them where you meet them: at checkout or on a form. Not by mail.", "Dort fragen, wo man sich begegnet: an der Kasse oder im Formular. Nicht per Mail."},
	"E_NO_CONSENT/CON-03": {Declare, "Nobody is asked for this purpose on this channel", "Für diesen Zweck und Kanal wird niemand gefragt",
		"Declare an ask in the charter and use it.", "Eine Frage im Versprechen aufnehmen und verwenden."},
	"E_CONSENT_EXPIRED/CON-10": {Renew, "Their consent has come of age", "Ihre Einwilligung ist abgelaufen",
		"Ask once for a renewal, where you meet them; after that, let them rest.", "Einmal um Erneuerung bitten, dort, wo man sich begegnet; danach in Ruhe lassen."},
	"E_CONSENT_EXPIRED/CON-08": {Ask, "Their consent was recorded as ended", "Ihre Einwilligung ist als beendet vermerkt",
		"Ask again where you meet them.", "Dort, wo man sich begegnet, erneut fragen."},
	"E_CONSENT_INVALID/CON-10": {AskAgain, "The wording changed after they agreed", "Der Wortlaut hat sich geändert, nachdem sie zugestimmt haben",
		"Ask again: they must agree to the new wording.", "Erneut fragen: Sie müssen dem neuen Wortlaut zustimmen."},
	"E_CONSENT_INVALID/CON-14": {Prove, "Their consent cannot be proven", "Ihre Einwilligung lässt sich nicht beweisen",
		"Find the evidence and attach it, or ask again.", "Den Nachweis suchen und hinterlegen oder erneut fragen."},
	"E_CONSENT_INVALID/CON-08": {AskAgain, "Their consent was found to be invalid", "Ihre Einwilligung wurde als ungültig erkannt",
		"Ask again, in a way that is valid.", "Erneut fragen, auf gültige Weise."},
	"E_OBJECTED/PRF-02": {Rest, "They objected to marketing", "Sie haben der Werbung widersprochen",
		"Let them rest.", "In Ruhe lassen."},
	"E_OBJECTED/PRF-05": {Rest, "They objected to the use of their data for marketing", "Sie haben der Nutzung ihrer Daten für Werbung widersprochen",
		"Let them rest.", "In Ruhe lassen."},
	"E_OBJECTED/RGT-14": {Rest, "They objected to this use", "Sie haben dieser Nutzung widersprochen",
		"Let them rest, unless compelling grounds are shown in their case.", "In Ruhe lassen, solange in ihrem Fall keine zwingenden Gründe dargelegt sind."},
	"E_OBJECTED/SIG-01": {NotByData, "Their browser asks not to be profiled (Global Privacy Control)", "Ihr Browser lehnt Profilbildung ab (Global Privacy Control)",
		"Write to everybody who agreed, without choosing by data.", "An alle schreiben, die zugestimmt haben, ohne nach Daten auszuwählen."},
	"E_SUPPRESSED/MIN-08": {NoWay, "Their address is never to be written to", "An ihre Adresse darf nie geschrieben werden",
		"None. They asked for it.", "Keine. Sie haben es so verlangt."},
	"E_SUPPRESSED/ACC-04": {NewAddress, "Mail to their address comes back", "Post an ihre Adresse kommt zurück",
		"Ask for a new address when they next sign in or order.", "Beim nächsten Anmelden oder Bestellen um eine neue Adresse bitten."},
	"E_FREQ_CAP/MSG-11": {Wait, "They asked for a pause", "Sie haben um eine Pause gebeten",
		"Wait until the pause ends.", "Das Ende der Pause abwarten."},
	"E_AGE/MIN-AGE-05": {NotByData, "They are not of age: their data choose nobody for marketing", "Sie sind minderjährig: Ihre Daten wählen niemanden für Werbung aus",
		"Write to everybody who agreed, without choosing by data.", "An alle schreiben, die zugestimmt haben, ohne nach Daten auszuwählen."},
	"E_AGE/MIN-AGE-02": {NoWay, "They are not of age", "Sie sind minderjährig", "None.", "Keine."},
	"E_AGE_UNKNOWN/MIN-AGE-01": {NotByData, "Their age is not known: their data choose nobody for marketing", "Ihr Alter ist nicht bekannt: Ihre Daten wählen niemanden für Werbung aus",
		"Ask their age where you meet them, or write without choosing by data.", "Dort, wo man sich begegnet, nach dem Alter fragen, oder ohne Auswahl nach Daten schreiben."},
	"E_CONSENT_EXPIRED/MSG-03": {Ask, "The purchase or inquiry that implied their consent is too long ago", "Der Kauf oder die Anfrage, aus der ihre Einwilligung folgte, liegt zu lange zurück",
		"Ask for an express consent where you meet them.", "Dort, wo man sich begegnet, um ausdrückliche Einwilligung bitten."},
	"E_NO_CONSENT/MSG-03": {Ask, "No purchase or inquiry implies their consent", "Kein Kauf und keine Anfrage lässt auf ihre Einwilligung schließen",
		"Ask for an express consent where you meet them.", "Dort, wo man sich begegnet, um ausdrückliche Einwilligung bitten."},
	"E_NO_NOTICE/NOT-05": {Tell, "The purpose became wider and they have not been told yet", "Der Zweck wurde weiter und sie wissen es noch nicht",
		"Tell them what changed; after that they count again.", "Mitteilen, was sich geändert hat; danach zählen sie wieder."},
	"E_NO_NOTICE/NOT-02": {Tell, "Their data came from elsewhere and they have not been told yet", "Ihre Daten kamen von anderswo und sie wissen es noch nicht",
		"Tell them where their data came from; after that they count again.", "Mitteilen, woher die Daten stammen; danach zählen sie wieder."},
	"E_OBJECTED/PRF-06": {NotByData, "They asked not to be chosen by their data", "Sie wollen nicht nach ihren Daten ausgewählt werden",
		"Write to everybody who agreed, without choosing by data.", "An alle schreiben, die zugestimmt haben, ohne nach Daten auszuwählen."},
	"E_STALE/ACC-02": {Refresh, "What is known of them is too old to choose by", "Was von ihnen bekannt ist, ist zu alt, um danach auszuwählen",
		"Ask them to confirm it: a letter to all who may be written to asks each of them by itself.",
		"Um Bestätigung bitten: Ein Brief an alle, denen geschrieben werden darf, fragt jeden von ihnen von selbst."},
	"E_SENSITIVE/CON-09": {Ask, "They have not agreed expressly", "Sie haben nicht ausdrücklich zugestimmt",
		"Ask for an express statement: ticked and confirmed by a second message, signed, typed or recorded.",
		"Um eine ausdrückliche Erklärung bitten: angekreuzt und durch eine zweite Nachricht bestätigt, unterschrieben, getippt oder aufgezeichnet."},
	"E_AGE/MIN-AGE-01": {NoWay, "They are not of age", "Sie sind minderjährig", "None.", "Keine."},
	"E_RETENTION/MIN-05": {NoWay, "The time for keeping their data has ended", "Die Zeit, in der ihre Daten aufbewahrt werden, ist vorbei",
		"None. Their data are being deleted.", "Keine. Ihre Daten werden gelöscht."},
	"E_NO_BASIS/CON-01": {NoWay, "Nothing on file supports it", "Nichts in den Unterlagen trägt es",
		"None until there is a contract, a purchase or a consent.", "Keine, bis es einen Vertrag, einen Kauf oder eine Einwilligung gibt."},
	"E_NO_BASIS/MSG-02": {AfterSale, "They bought nothing similar, or were not offered to refuse", "Sie haben nichts Ähnliches gekauft oder konnten nicht ablehnen",
		"Offer to refuse with their next order: the after-sale rule of their market then lets you write about similar goods.",
		"Bei der nächsten Bestellung das Ablehnen anbieten: Danach erlaubt die Bestandskundenregel ihres Marktes Werbung für Ähnliches."},
	"E_PURPOSE_MISMATCH/MIN-03": {NoWay, "Their data are kept for a legal duty only", "Ihre Daten werden nur wegen einer gesetzlichen Pflicht aufbewahrt",
		"None. They may be stored and produced, not used.", "Keine. Sie dürfen aufbewahrt und vorgelegt, nicht genutzt werden."},
	"E_FAIL_CLOSED/SEC-10": {Wait, "Their permission could not be checked", "Ihre Erlaubnis konnte nicht geprüft werden",
		"Wait a few minutes and look again; if it stays, tell whoever runs the system.", "Einige Minuten warten und erneut nachsehen; bleibt es so, den Betrieb fragen."},
	"E_FAIL_CLOSED/CON-10": {Wait, "The rules changed and their permission is being worked out anew", "Die Regeln haben sich geändert; ihre Erlaubnis wird neu ermittelt",
		"Wait a few minutes and look again.", "Einige Minuten warten und erneut nachsehen."},
	string(CodeNoAddress) + "/": {NewAddress, "They have no address on this channel, or mail to it came back", "Sie haben auf diesem Kanal keine Adresse, oder Post kam zurück",
		"Ask for an address when they next sign in or order.", "Beim nächsten Anmelden oder Bestellen um eine Adresse bitten."},
}

// inPeace covers facts that staff who count people need not know: death,
// restriction, care, a dispute.
var inPeace = sliceText{NoWay, "Their data may not be used now", "Ihre Daten dürfen zurzeit nicht genutzt werden", "None here. Privacy staff know why.", "Hier keine. Der Datenschutz weiß, warum."}

// reasonKey names a reason in a funnel. Reasons that say something of a person's
// condition share one.
func reasonKey(r gate.Reason) string {
	if r.Code == errs.Restricted {
		return string(errs.Restricted) + "/"
	}
	return string(r.Code) + "/" + r.Requirement
}

// say puts a reason in words; one without a text of its own has the gate's.
func say(key string, r gate.Reason, l term.Lang) Cause {
	t, ok := sliceTexts[key]
	if key == string(errs.Restricted)+"/" {
		t, ok, r.Requirement = inPeace, true, ""
	}
	out := Cause{Code: r.Code, Requirement: r.Requirement, Words: t.why, Remedy: t.remedy, Way: t.way}
	switch {
	case !ok:
		out.Words, out.Way = r.Text, NoWay
	case l == german:
		out.Words, out.Remedy = t.warum, t.abhilfe
	}
	return out
}
