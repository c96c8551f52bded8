package lint

import "regexp"

// The phrases below are the ones of the catalogue's rules in English and
// German. A phrase that is meant honestly passes by stating what makes it true.
var (
	urgency = regexp.MustCompile(`(?i)\b(last chance|ends (tonight|today|soon)|only (today|hours left)|hurry|act now|expires (today|tonight|soon)|final hours|don.t miss|` +
		`letzte chance|nur (noch )?heute|endet (heute|bald)|läuft (heute|bald) ab|jetzt zuschlagen|schnell sein|nur noch wenige stunden)\b`)
	scarcity = regexp.MustCompile(`(?i)(\bonly [0-9]+ left\b|\b[0-9]+ (people|others) (are )?(viewing|looking|watching|bought)\b|\balmost (gone|sold out)\b|\bselling fast\b|` +
		`\bnur noch [0-9]+ (stück|verfügbar|auf lager|übrig)\b|\b[0-9]+ (personen|andere) (sehen|schauen|kauften)\b|\bfast ausverkauft\b)`)
	fear = regexp.MustCompile(`(?i)\b(you will lose|put your account at risk|you.ll regret|don.t be the one who|` +
		`sie verlieren (alles|ihre)|ihr konto ist gefährdet|sie werden es bereuen)\b`)
	invoice = regexp.MustCompile(`(?i)\b(invoice|payment (failed|due|overdue)|pay now|final notice|account suspended|rechnung|zahlung (fehlgeschlagen|überfällig)|jetzt (be)?zahlen|letzte mahnung|konto gesperrt)\b`)
)

func falseUrgency(m Message) []Finding {
	if !urgency.MatchString(m.Subject) && !urgency.MatchString(m.Text) {
		return nil
	}
	if m.OfferEnds.IsZero() {
		return found("LNT-12", Block, "text", "The message urges, but no end of the offer is set. Set when the offer truly ends, or say it calmly.")
	}
	if !m.Now.IsZero() && !m.OfferEnds.After(m.Now) {
		return found("LNT-12", Block, "text", "The message urges, but the offer has ended.")
	}
	return nil
}

func falseScarcity(m Message) []Finding {
	if scarcity.MatchString(m.Subject) || scarcity.MatchString(m.Text) {
		return found("LNT-13", Block, "text", "A mail cannot know how much is left or who is looking when it is read. Leave it out.")
	}
	return nil
}

func languageBreak(m Message) []Finding {
	for _, l := range m.FooterLangs {
		if l == m.Lang {
			return nil
		}
	}
	return found("LNT-20", Block, "footer", "The footer and the choices are not available in the language of the message.")
}

func steering(m Message) []Finding {
	if fear.MatchString(m.Subject) || fear.MatchString(m.Text) {
		return found("LNT-22", Review, "text", "The message works with fear or guilt. Say what is true and leave the choice.")
	}
	return nil
}

func disguised(m Message) []Finding {
	if m.Marketing && invoice.MatchString(m.Subject) {
		return found("LNT-23", Block, "subject", "Advertising may not look like an invoice, a warning or a notice of the system.")
	}
	return nil
}

var (
	pixel     = regexp.MustCompile(`(?i)<img[^>]*\b(width|height)\s*=\s*["']?[01]["'\s>]`)
	shortener = regexp.MustCompile(`(?i)https?://(www\.)?(bit\.ly|t\.co|tinyurl\.com|goo\.gl|ow\.ly|is\.gd|buff\.ly|rebrand\.ly|lnkd\.in)/`)
	tagged    = regexp.MustCompile(`(?i)(src|href)\s*=\s*["'][^"']*[?&;](rid|uid|cid|sub|subscriber|recipient|email|e-mail|mc_eid|vero_id|hsenc|_hsmi|user_?id|customer_?id)=`)
	addressIn = regexp.MustCompile(`(?i)(src|href)\s*=\s*["']https?:[^"']*(@|%40)[^"']*["']`)
)

func hiddenTracking(m Message) []Finding {
	switch {
	case pixel.MatchString(m.HTML):
		return found("LNT-30", Block, "html", "An image of one pixel tells who reads. Leave it out.")
	case shortener.MatchString(m.HTML) || shortener.MatchString(m.Text):
		return found("LNT-30", Block, "html", "A shortened link hides where it leads. Write the address itself.")
	case tagged.MatchString(m.HTML) || addressIn.MatchString(m.HTML):
		return found("LNT-30", Block, "html", "A link carries an identifier of the recipient. Links are the same for everyone.")
	}
	return nil
}
