package charter

import (
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"candor/internal/term"
)

// countryWords names a country in a language.
func countryWords(code string, lang term.Lang) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	namer := display.Regions(language.Make(string(lang)))
	if namer == nil {
		return code
	}
	return firstOf(namer.Name(region), code)
}

// noticeWords gives the notice's own words in a language, English where it has
// none.
func noticeWords(lang term.Lang) map[string]string {
	i := 0
	if lang == "de" {
		i = 1
	}
	out := make(map[string]string, len(noticePhrases))
	for k, v := range noticePhrases {
		out[k] = v[i]
	}
	return out
}

// noticePhrases are the notice's own words in English and German.
var noticePhrases = map[string][2]string{
	"title":        {"Privacy notice", "Datenschutzhinweise"},
	"version":      {"Version", "Fassung"},
	"since":        {"valid from", "gültig ab"},
	"short":        {"In short", "Kurz gesagt"},
	"short use":    {"We use your data for these purposes, and for nothing else:", "Wir verwenden Ihre Daten für diese Zwecke und für nichts anderes:"},
	"short sale":   {"We do not sell your data.", "Wir verkaufen Ihre Daten nicht."},
	"short stop":   {"You can see, correct, take away and erase your data, and stop any message, at any time and without giving a reason.", "Sie können Ihre Daten jederzeit und ohne Begründung ansehen, berichtigen, mitnehmen und löschen lassen und jede Nachricht abbestellen."},
	"contents":     {"Contents", "Inhalt"},
	"who":          {"Who is responsible", "Wer verantwortlich ist"},
	"controller":   {"Controller", "Verantwortlicher"},
	"contact":      {"Contact for privacy", "Kontakt zum Datenschutz"},
	"dpo":          {"Data protection officer", "Datenschutzbeauftragte Person"},
	"what for":     {"What we use your data for", "Wofür wir Ihre Daten verwenden"},
	"data used":    {"Data", "Daten"},
	"basis":        {"Why we may", "Warum wir das dürfen"},
	"interest":     {"Our interest", "Unser Interesse"},
	"keep":         {"How long", "Wie lange"},
	"receives":     {"Who receives it", "Wer sie erhält"},
	"channels":     {"How we write to you", "Wie wir Ihnen schreiben"},
	"nobody":       {"Nobody outside our business", "Niemand außerhalb unseres Unternehmens"},
	"which data":   {"Which data we hold, and for how long", "Welche Daten wir haben und wie lange"},
	"item":         {"Data", "Daten"},
	"source":       {"Where it comes from", "Woher sie stammen"},
	"from you":     {"You give it to us", "Sie geben sie uns"},
	"from use":     {"Arises when you use our shop", "Entsteht, wenn Sie unseren Shop nutzen"},
	"derived from": {"We take it from:", "Wir entnehmen sie:"},
	"recipients":   {"Who receives data", "Wer Daten erhält"},
	"no recipient": {"Nobody outside our business receives your data.", "Niemand außerhalb unseres Unternehmens erhält Ihre Daten."},
	"name":         {"Recipient", "Empfänger"},
	"task":         {"What for", "Aufgabe"},
	"role":         {"Role", "Rolle"},
	"country":      {"Country", "Land"},
	"transfers":    {"Transfers to other countries", "Übermittlung in andere Länder"},
	"no transfer":  {"We transfer no data to countries outside the European Economic Area.", "Wir übermitteln keine Daten in Länder außerhalb des Europäischen Wirtschaftsraums."},
	"transfer to":  {"receives data in", "erhält Daten in"},
	"safeguard":    {"The safeguard is:", "Die Garantie ist:"},
	"safeguard copy": {"Write to us and you get a copy of the safeguards.",
		"Schreiben Sie uns, und Sie erhalten eine Kopie der Garantien."},
	"rights": {"Your rights", "Ihre Rechte"},
	"rights intro": {"You can use every right in our privacy centre or with a message to our contact. It costs nothing. We answer within one month.",
		"Jedes Recht können Sie in unserem Datenschutz-Center oder mit einer Nachricht an unseren Kontakt nutzen. Es kostet nichts. Wir antworten innerhalb eines Monats."},
	"right access":  {"See what we hold about you (Art. 15)", "Auskunft darüber, was wir über Sie haben (Art. 15)"},
	"right correct": {"Have it corrected (Art. 16)", "Berichtigung (Art. 16)"},
	"right erase":   {"Have it erased (Art. 17)", "Löschung (Art. 17)"},
	"right limit":   {"Have its use restricted (Art. 18)", "Einschränkung der Verarbeitung (Art. 18)"},
	"right port":    {"Take it away in a form that computers read (Art. 20)", "Datenübertragbarkeit in einem maschinenlesbaren Format (Art. 20)"},
	"right human":   {"Not be subject to a decision by a computer alone that matters to you (Art. 22)", "Keiner für Sie erheblichen Entscheidung allein durch Computer unterworfen zu sein (Art. 22)"},
	"objection":     {"Your right to object", "Ihr Widerspruchsrecht"},
	"objection text": {"You can object to direct marketing, and to profiling for it, at any time and without a reason. We stop at once. You can also object, for reasons of your own situation, to any use that rests on our legitimate interests (Art. 21).",
		"Sie können der Direktwerbung und dem Profiling dafür jederzeit ohne Begründung widersprechen. Wir hören sofort damit auf. Jeder Verwendung, die auf unseren berechtigten Interessen beruht, können Sie aus Gründen Ihrer besonderen Situation widersprechen (Art. 21)."},
	"withdrawal": {"Withdrawing consent", "Einwilligung widerrufen"},
	"withdrawal text": {"You can withdraw a consent at any time, as easily as you gave it: with the link in every message or in the privacy centre. What we did before stays lawful.",
		"Eine Einwilligung können Sie jederzeit so einfach widerrufen, wie Sie sie gegeben haben: mit dem Link in jeder Nachricht oder im Datenschutz-Center. Was wir vorher getan haben, bleibt rechtmäßig."},
	"withdrawal for": {"This concerns:", "Das betrifft:"},
	"no consent":     {"At present no purpose rests on consent.", "Derzeit beruht kein Zweck auf einer Einwilligung."},
	"complaint":      {"Complaints", "Beschwerde"},
	"complaint text": {"You can complain to a supervisory authority, where you live or work or at ours:", "Sie können sich bei einer Aufsichtsbehörde beschweren, an Ihrem Wohn- oder Arbeitsort oder bei unserer:"},
	"required":       {"Must you give us data?", "Müssen Sie uns Daten geben?"},
	"required for":   {"Needed for:", "Erforderlich für:"},
	"required text":  {"Without the data we cannot do this for you.", "Ohne die Daten können wir dies nicht für Sie tun."},
	"voluntary for":  {"Voluntary:", "Freiwillig:"},
	"voluntary text": {"If you give nothing, nothing else changes for you.", "Wenn Sie nichts angeben, ändert sich sonst nichts für Sie."},
	"automated":      {"Profiling and automated decisions", "Profiling und automatisierte Entscheidungen"},
	"no decision": {"No computer takes a decision about you alone that has legal or similarly significant effects.",
		"Kein Computer trifft allein eine Entscheidung über Sie, die rechtliche oder ähnlich erhebliche Folgen hat."},
	"stages intro": {"We sort customers by their orders into these stages, to write what fits. You see yours in the privacy centre:",
		"Wir ordnen Kundinnen und Kunden nach ihren Bestellungen diesen Stufen zu, um Passendes zu schreiben. Ihre Stufe sehen Sie im Datenschutz-Center:"},
	"levels intro": {"You decide what we may use to choose for you. Everybody starts at the first level:",
		"Sie bestimmen, was wir zur Auswahl für Sie verwenden dürfen. Alle beginnen bei der ersten Stufe:"},
	"no data":               {"no data", "keine Daten"},
	"logic":                 {"How it works", "Wie es funktioniert"},
	"consequence":           {"What follows", "Was daraus folgt"},
	"california":            {"For people in California", "Für Menschen in Kalifornien"},
	"category":              {"Category", "Kategorie"},
	"sold":                  {"Sold", "Verkauft"},
	"shared":                {"Shared for advertising", "Für Werbung geteilt"},
	"yes":                   {"Yes", "Ja"},
	"no":                    {"No", "Nein"},
	"sale no":               {"We do not sell personal information and do not share it for cross-context behavioral advertising.", "Wir verkaufen keine personenbezogenen Informationen und teilen sie nicht für kontextübergreifende verhaltensbezogene Werbung."},
	"sale yes":              {"We sell or share some personal information, as the table says. You can opt out at any time.", "Wir verkaufen oder teilen einige personenbezogene Informationen, wie die Tabelle zeigt. Sie können jederzeit widersprechen."},
	"ca rights":             {"You may know, correct and delete your personal information, opt out of its sale and sharing, and limit the use of sensitive information. We treat you no worse for it. An agent may ask for you.", "Sie dürfen Ihre personenbezogenen Informationen erfahren, berichtigen und löschen lassen, ihrem Verkauf und ihrer Weitergabe widersprechen und die Nutzung sensibler Informationen begrenzen. Wir behandeln Sie deshalb nicht schlechter. Eine bevollmächtigte Person darf für Sie anfragen."},
	"ca signal":             {"We honor the signal Global Privacy Control, in every browser and for everyone.", "Wir beachten das Signal Global Privacy Control, in jedem Browser und für alle."},
	"ca time":               {"We confirm a request within 10 business days and answer within 45 days.", "Wir bestätigen eine Anfrage innerhalb von 10 Werktagen und antworten innerhalb von 45 Tagen."},
	"stage":                 {"The stage you are in, see above", "Ihre Stufe, siehe oben"},
	"stage keep":            {"As long as the orders it follows from", "So lange wie die Bestellungen, aus denen sie folgt"},
	"changes":               {"Changes", "Änderungen"},
	"changes text":          {"When we want to use your data for more than this says, we tell you first, and ask again where your consent is needed.", "Wenn wir Ihre Daten für mehr verwenden möchten, als hier steht, sagen wir es Ihnen vorher und fragen erneut, wo Ihre Einwilligung nötig ist."},
	"permission opt-in":     {"only if you agreed", "nur wenn Sie zugestimmt haben"},
	"permission opt-out":    {"until you say no", "bis Sie widersprechen"},
	"permission after-sale": {"after a purchase, until you say no", "nach einem Kauf, bis Sie widersprechen"},
	"permission implied":    {"for a time after a purchase or a question, until you say no", "eine Zeit lang nach Kauf oder Anfrage, bis Sie widersprechen"},
	"permission service":    {"about what you asked for, no advertising", "zu dem, was Sie veranlasst haben, keine Werbung"},
}
