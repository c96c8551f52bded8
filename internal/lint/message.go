package lint

import (
	"regexp"
	"strings"
	"time"
	"unicode"
)

// Message is a message in one language, as a person will read it.
type Message struct {
	Lang      string
	Marketing bool
	Subject   string
	Text      string // the plain part, without the sender's footer
	HTML      string
	// Sender is the name in From; Brands are the names registered for the
	// controller.
	Sender string
	Brands []string
	// PostalAddress, Unsubscribe and Langs describe the sender's footer: the
	// controller's postal address, whether there is a visible way out, and the
	// languages the footer is written in.
	PostalAddress string
	Unsubscribe   bool
	ExitFontPx    float64 // of the way out
	ExitContrast  float64 // WCAG ratio against its background
	FooterLangs   []string
	// Reply says that the message answers one we know; only then may its subject
	// begin like an answer.
	Reply     bool
	OfferEnds time.Time // zero when the offer has no end
	Now       time.Time
}

// CodeContent marks a finding that is not of a linter rule: the message lacks
// what the law asks every mail to carry.
const CodeContent = "E_CONTENT"

// CheckMessage finds deceptive patterns in a message, and what it lacks.
func CheckMessage(m Message) []Finding {
	var out []Finding
	for _, rule := range []func(Message) []Finding{
		postalAddress, noExit, fakeThread, misleadingHeader, falseUrgency, falseScarcity,
		languageBreak, steering, disguised, promotionInService, hiddenTracking,
	} {
		out = append(out, rule(m)...)
	}
	return out
}

func found(id string, s Severity, path, msg string) []Finding {
	return []Finding{{ID: id, Severity: s, Path: path, Message: msg}}
}

var (
	digits = regexp.MustCompile(`[0-9]`)
	box    = regexp.MustCompile(`(?i)\b(p\.? ?o\.? ?box|pmb|postfach)\b`)
)

// postalAddress asks for a street or a registered box, and a place (15 USC
// 7704(a)(5)(A)(iii); 16 CFR 316.2(p)).
func postalAddress(m Message) []Finding {
	if ValidPostalAddress(m.PostalAddress) {
		return nil
	}
	return found(CodeContent, Block, "footer", "The footer has no postal address: give street and number (or a registered box), postcode and place.")
}

// ValidPostalAddress reports whether a text can be a postal address: at least
// two parts, letters, and a number or a registered box.
func ValidPostalAddress(s string) bool {
	parts := 0
	for _, p := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '\n' }) {
		if strings.TrimSpace(p) != "" {
			parts++
		}
	}
	letters := strings.ContainsFunc(s, unicode.IsLetter)
	return parts >= 2 && letters && (digits.MatchString(s) || box.MatchString(s))
}

func noExit(m Message) []Finding {
	switch {
	case !m.Marketing:
		return nil
	case !m.Unsubscribe:
		return found("LNT-05", Block, "footer", "A marketing message has a visible way to unsubscribe.")
	case m.ExitFontPx < 12 || m.ExitContrast < 4.5:
		return found("LNT-05", Block, "footer", "The way to unsubscribe is too small or too pale to read: use 12 px and contrast 4.5 or more.")
	}
	return nil
}

var threadMark = regexp.MustCompile(`(?i)^[\s\[(【]*(re|fw|fwd|aw|wg|sv|tr|rv|回复|答复|转发)\s*(\[[0-9]+\]|\([0-9]+\))?\s*[\])】]?\s*[:：]`)

func fakeThread(m Message) []Finding {
	if !m.Reply && threadMark.MatchString(plainWidth(m.Subject)) {
		return found("LNT-10", Block, "subject", "The subject looks like an answer, but there is no conversation. Say what the message is about.")
	}
	return nil
}

// plainWidth turns full-width letters into plain ones, drops what cannot be
// seen and closes up single spaced letters ("R E :").
func plainWidth(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E:
			return r - 0xFEE0
		case r == 0x3000:
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	return spaced.ReplaceAllString(s, "$1$2:")
}

var spaced = regexp.MustCompile(`^([A-Za-z]) ([A-Za-z]) ?:`)

var imitated = regexp.MustCompile(`(?i)\b(account security|security team|tax office|finanzamt|polizei|police|your bank|ihre bank|paypal|dhl|ups|fedex|customs|zoll)\b`)

func misleadingHeader(m Message) []Finding {
	var out []Finding
	if !registered(m.Sender, m.Brands) {
		out = append(out, found("LNT-11", Block, "sender", "The sender's name is not registered for this controller: write as the brand people know.")...)
	}
	if imitated.MatchString(m.Sender) {
		out = append(out, found("LNT-11", Block, "sender", "The sender's name imitates an authority, a bank or a carrier.")...)
	}
	if hasHidden(m.Subject) || hasHidden(m.Sender) {
		out = append(out, found("LNT-11", Block, "subject", "The subject or sender holds characters that cannot be seen.")...)
	}
	if mixedScripts(m.Subject) || mixedScripts(m.Sender) {
		out = append(out, found("LNT-11", Block, "subject", "A word mixes letters of different alphabets that look alike.")...)
	}
	return out
}

func registered(name string, brands []string) bool {
	n := fold(name)
	for _, b := range brands {
		if b := fold(b); b != "" && (n == b || strings.HasPrefix(n, b+" ") || strings.HasSuffix(n, " "+b) || strings.HasPrefix(b, n+" ")) {
			return true
		}
	}
	return false
}

func fold(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }

func hasHidden(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Cf, r) && r != 0x200D || unicode.IsControl(r) })
}

func mixedScripts(s string) bool {
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }) {
		latin := strings.ContainsFunc(w, func(r rune) bool { return unicode.Is(unicode.Latin, r) })
		other := strings.ContainsFunc(w, func(r rune) bool { return unicode.In(r, unicode.Cyrillic, unicode.Greek, unicode.Armenian) })
		if latin && other {
			return true
		}
	}
	return false
}
