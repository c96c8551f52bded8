package charter

import (
	"strings"

	"candor/internal/term"
)

// changeText is a kind of change said both ways: {p} is the purpose, {w} what
// is new or gone.
type changeText struct{ wider, narrower Texts }

var changeTexts = map[WideningKind]changeText{
	NewPurpose: {Texts{"en": "New purpose: {p}", "de": "Neuer Zweck: {p}"},
		Texts{"en": "We give up this purpose: {p}", "de": "Diesen Zweck geben wir auf: {p}"}},
	NewController: {Texts{"en": "{p}: answered for by {w}", "de": "{p}: verantwortlich ist {w}"}, nil},
	NewField: {Texts{"en": "{p}: also uses {w}", "de": "{p}: verwendet auch {w}"},
		Texts{"en": "{p}: no longer uses {w}", "de": "{p}: verwendet nicht mehr {w}"}},
	MoreInField: {Texts{"en": "{p}: holds more in {w}", "de": "{p}: speichert mehr in {w}"},
		Texts{"en": "{p}: holds less in {w}", "de": "{p}: speichert weniger in {w}"}},
	LongerKeep: {Texts{"en": "{p}: now kept {w}", "de": "{p}: jetzt aufbewahrt {w}"},
		Texts{"en": "{p}: now kept only {w}", "de": "{p}: jetzt nur noch aufbewahrt {w}"}},
	LongerConsent: {Texts{"en": "{p}: a consent now lasts {w}", "de": "{p}: eine Einwilligung gilt jetzt {w}"},
		Texts{"en": "{p}: a consent now lasts only {w}", "de": "{p}: eine Einwilligung gilt jetzt nur noch {w}"}},
	OtherBasis:   {Texts{"en": "{p}: now rests on {w}", "de": "{p}: beruht jetzt auf: {w}"}, nil},
	NewProfiling: {Texts{"en": "{p}: now chooses by what we know of you", "de": "{p}: wählt jetzt nach dem aus, was wir von Ihnen wissen"}, Texts{"en": "{p}: no longer chooses by what we know of you", "de": "{p}: wählt nicht mehr nach dem aus, was wir von Ihnen wissen"}},
	LessEvidence: {Texts{"en": "{p}: weaker proof of your consent is enough", "de": "{p}: ein schwächerer Nachweis Ihrer Einwilligung genügt"},
		Texts{"en": "{p}: only documented proof of your consent counts", "de": "{p}: nur ein dokumentierter Nachweis Ihrer Einwilligung zählt"}},
	NewChannel: {Texts{"en": "{p}: also by {w}", "de": "{p}: auch per {w}"},
		Texts{"en": "{p}: no longer by {w}", "de": "{p}: nicht mehr per {w}"}},
	LessAsked: {Texts{"en": "{p}: asks for less before writing by {w}", "de": "{p}: verlangt weniger, bevor wir per {w} schreiben"},
		Texts{"en": "{p}: asks for more before writing by {w}", "de": "{p}: verlangt mehr, bevor wir per {w} schreiben"}},
	NewRecipient: {Texts{"en": "{p}: data also go to {w}", "de": "{p}: Daten gehen auch an {w}"},
		Texts{"en": "{p}: data no longer go to {w}", "de": "{p}: Daten gehen nicht mehr an {w}"}},
	MoreRecipient: {Texts{"en": "{p}: {w} is another company, or does more with the data", "de": "{p}: {w} ist ein anderes Unternehmen oder macht mehr mit den Daten"},
		Texts{"en": "{p}: {w} does less with the data", "de": "{p}: {w} macht weniger mit den Daten"}},
	MoreGiven: {Texts{"en": "{p}: {w} gets more data", "de": "{p}: {w} erhält mehr Daten"},
		Texts{"en": "{p}: {w} gets less data", "de": "{p}: {w} erhält weniger Daten"}},
	OtherCountry: {Texts{"en": "{p}: {w} holds the data in another country or under another safeguard", "de": "{p}: {w} hält die Daten in einem anderen Land oder unter einer anderen Garantie"}, nil},
	LaxerLaw: {Texts{"en": "{p}: each market's own law applies, no longer the strictest of all", "de": "{p}: es gilt das Recht jedes Marktes, nicht mehr das strengste von allen"},
		Texts{"en": "{p}: the strictest rule of all applies everywhere", "de": "{p}: überall gilt die strengste Regel von allen"}},
}

// changeWords says one change in a language, as a customer may read it.
func changeWords(in *Charter, p *Purpose, w Widening, widens bool, lang term.Lang) string {
	text := changeTexts[w.Kind].wider
	if !widens {
		text = changeTexts[w.Kind].narrower
	}
	return strings.NewReplacer("{p}", p.Title.In(lang), "{w}", whatWords(in, p, w, lang)).Replace(text.In(lang))
}

func whatWords(in *Charter, p *Purpose, w Widening, lang term.Lang) string {
	switch w.Kind {
	case NewField, MoreInField:
		return in.titles([]string{w.What}, lang)
	case NewRecipient, MoreRecipient, MoreGiven, OtherCountry:
		if r, ok := in.Recipient(w.recipient); ok {
			return r.Name + " (" + countryWords(r.Country, lang) + ")"
		}
	case NewChannel, LessAsked:
		return ChannelWords(w.channel, lang)
	case LongerKeep:
		return KeepWords(p.Keep, lang)
	case OtherBasis:
		return BasisWords(Basis{Kind: BasisKind(w.What)}, lang)
	case LongerConsent:
		if p.Life.IsZero() {
			return changeByLaw.In(lang)
		}
		return PeriodWords(p.Life, lang)
	}
	return w.What
}

var changeByLaw = Texts{"en": "as long as the law lets it", "de": "so lange das Gesetz es zulässt"}
