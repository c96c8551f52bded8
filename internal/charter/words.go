package charter

import (
	"fmt"

	"candor/internal/rulepack"
	"candor/internal/term"
)

// noticeLanguages are those the notice's own words exist in.
var noticeLanguages = []term.Lang{"en", "de"}

var startWords = map[Start]Texts{
	FromCollection:  {"en": "after we received it", "de": "nach der Erhebung"},
	FromLastOrder:   {"en": "after your last order", "de": "nach Ihrer letzten Bestellung"},
	FromOrder:       {"en": "after the order", "de": "nach der Bestellung"},
	FromOrderYear:   {"en": "after the end of the year of the order", "de": "nach Ende des Jahres der Bestellung"},
	FromLastContact: {"en": "after we last heard from you", "de": "nachdem wir zuletzt von Ihnen gehört haben"},
	FromContractEnd: {"en": "after the contract ended", "de": "nach Ende des Vertrags"},
	FromConsentEnd:  {"en": "after your consent ended", "de": "nach Ende Ihrer Einwilligung"},
}

// KeepWords says how long data are kept, to the person they are about.
func KeepWords(r Retention, lang term.Lang) string {
	if r.IsZero() {
		return ""
	}
	return PeriodWords(r.Period, lang) + " " + startWords[r.From].In(lang)
}

// PeriodWords says a period in a language: "24 months", "24 Monate".
func PeriodWords(p rulepack.Period, lang term.Lang) string {
	if lang != "de" {
		return p.String()
	}
	switch {
	case p.Months != 0 && p.Months%12 == 0 && p.Months > 24:
		return germanCount(p.Months/12, "Jahr", "Jahre")
	case p.Months != 0:
		return germanCount(p.Months, "Monat", "Monate")
	case p.Days != 0:
		return germanCount(p.Days, "Tag", "Tage")
	}
	return germanCount(p.Hours, "Stunde", "Stunden")
}

func germanCount(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

var basisWords = map[BasisKind]Texts{
	Consent:             {"en": "your consent (GDPR Art. 6(1)(a))", "de": "Ihre Einwilligung (Art. 6 Abs. 1 lit. a DSGVO)"},
	Contract:            {"en": "our contract with you (GDPR Art. 6(1)(b))", "de": "unser Vertrag mit Ihnen (Art. 6 Abs. 1 lit. b DSGVO)"},
	LegalObligation:     {"en": "a legal obligation (GDPR Art. 6(1)(c))", "de": "eine rechtliche Verpflichtung (Art. 6 Abs. 1 lit. c DSGVO)"},
	VitalInterests:      {"en": "vital interests (GDPR Art. 6(1)(d))", "de": "lebenswichtige Interessen (Art. 6 Abs. 1 lit. d DSGVO)"},
	PublicTask:          {"en": "a task in the public interest (GDPR Art. 6(1)(e))", "de": "eine Aufgabe im öffentlichen Interesse (Art. 6 Abs. 1 lit. e DSGVO)"},
	LegitimateInterests: {"en": "our legitimate interests (GDPR Art. 6(1)(f))", "de": "unsere berechtigten Interessen (Art. 6 Abs. 1 lit. f DSGVO)"},
}

// BasisWords names a legal basis to the person, with its article.
func BasisWords(b Basis, lang term.Lang) string { return basisWords[b.Kind].In(lang) }

var safeguardWords = map[string]Texts{
	"adequacy":   {"en": "an adequacy decision of the European Commission", "de": "ein Angemessenheitsbeschluss der Europäischen Kommission"},
	"SCC":        {"en": "standard contractual clauses of the European Commission", "de": "Standardvertragsklauseln der Europäischen Kommission"},
	"BCR":        {"en": "binding corporate rules", "de": "verbindliche interne Datenschutzvorschriften"},
	"DPF":        {"en": "the EU-US Data Privacy Framework", "de": "das EU-US Data Privacy Framework"},
	"derogation": {"en": "an exception of GDPR Art. 49", "de": "eine Ausnahme nach Art. 49 DSGVO"},
}

var roleWords = map[Role]Texts{
	Processor:       {"en": "works on our behalf", "de": "arbeitet in unserem Auftrag"},
	JointController: {"en": "decides together with us", "de": "entscheidet gemeinsam mit uns"},
	OwnController:   {"en": "decides for itself", "de": "entscheidet selbst"},
}

var channelWords = map[term.Channel]Texts{
	term.Email: {"en": "e-mail", "de": "E-Mail"},
	term.SMS:   {"en": "text message", "de": "SMS"},
	term.Phone: {"en": "telephone", "de": "Telefon"},
	term.Post:  {"en": "post", "de": "Post"},
	term.Push:  {"en": "push message", "de": "Push-Nachricht"},
}

// ChannelWords names a channel to the person.
func ChannelWords(ch term.Channel, lang term.Lang) string { return channelWords[ch].In(lang) }

var categoryWords = map[Category]Texts{
	Identifiers: {"en": "Identifiers", "de": "Kennungen"},
	Contact:     {"en": "Contact details", "de": "Kontaktdaten"},
	Commercial:  {"en": "Commercial information", "de": "Kaufinformationen"},
	Online:      {"en": "Internet activity", "de": "Internetaktivität"},
	Geolocation: {"en": "Place (never exact)", "de": "Ort (nie genau)"},
	Protected:   {"en": "Protected characteristics", "de": "Geschützte Merkmale"},
	Inferences:  {"en": "Inferences", "de": "Rückschlüsse"},
	Preferred:   {"en": "Preferences you told us", "de": "Vorlieben, die Sie uns genannt haben"},
}
