package admission

import (
	"regexp"
	"strings"
	"unicode"
)

// scanFinding says what a free text holds that must not be stored, or "" (MIN-02).
// It looks for the numbers of payment cards and bank accounts and for national
// ids that carry a check digit or a fixed form, and for plain words of illness.
// Free text is what people type: an order's id is not scanned.
func scanFinding(text string) string {
	switch {
	case hasCard(text):
		return "card number"
	case hasNationalID(text):
		return "national id"
	case healthWord.MatchString(text):
		return "health"
	}
	return ""
}

var digitRun = regexp.MustCompile(`\d(?:[ .\-/]?\d){7,22}`)

func hasCard(text string) bool {
	for _, run := range digitRun.FindAllString(text, -1) {
		if d := digitsOf(run); len(d) >= 13 && len(d) <= 19 && luhn(d) && cardIssuer(d) {
			return true
		}
	}
	return iban.MatchString(text) && hasIBAN(text)
}

// cardIssuer reports whether a number begins as a card network's do.
func cardIssuer(d string) bool {
	return strings.ContainsRune("3456", rune(d[0])) || d[:2] >= "22" && d[:2] <= "27"
}

func luhn(d string) bool {
	sum := 0
	for i := range len(d) {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

var iban = regexp.MustCompile(`\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b`)

func hasIBAN(text string) bool {
	for _, s := range iban.FindAllString(text, -1) {
		s = strings.ReplaceAll(s, " ", "")
		if mod97(s[4:]+s[:4]) == 1 {
			return true
		}
	}
	return false
}

// mod97 is ISO 7064's remainder, letters counting as 10 to 35.
func mod97(s string) int {
	n := 0
	for _, c := range []byte(s) {
		if c >= 'A' {
			n = (n*100 + int(c-'A') + 10) % 97
		} else {
			n = (n*10 + int(c-'0')) % 97
		}
	}
	return n
}

var (
	usSSN   = regexp.MustCompile(`\b(\d{3})[- ](\d{2})[- ](\d{4})\b`)
	ukNINO  = regexp.MustCompile(`(?i)\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b`)
	esDNI   = regexp.MustCompile(`(?i)\b([XYZ]?)(\d{7,8})-?([A-Z])\b`)
	itCF    = regexp.MustCompile(`(?i)\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b`)
	frNIR   = regexp.MustCompile(`\b[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}\b`)
	elevens = regexp.MustCompile(`\b\d{2} ?\d{3} ?\d{3} ?\d{3}\b`)
)

func hasNationalID(text string) bool {
	for _, m := range usSSN.FindAllStringSubmatch(text, -1) {
		if m[1] != "000" && m[1] != "666" && m[1] < "900" && m[2] != "00" && m[3] != "0000" {
			return true
		}
	}
	for _, m := range esDNI.FindAllStringSubmatch(text, -1) {
		if spanish(strings.ToUpper(m[1]), m[2], strings.ToUpper(m[3])) {
			return true
		}
	}
	for _, s := range frNIR.FindAllString(text, -1) {
		if d := digitsOf(s); mod97(d[:13]) == 97-atoi2(d[13:]) {
			return true
		}
	}
	for _, s := range elevens.FindAllString(text, -1) {
		if germanTaxID(digitsOf(s)) {
			return true
		}
	}
	return ukNINO.MatchString(text) || itCF.MatchString(text)
}

// spanish checks the letter of a DNI or NIE.
func spanish(prefix, digits, letter string) bool {
	if prefix != "" {
		digits = string("012"[prefix[0]-'X']) + digits
	}
	if len(digits) != 8 {
		return false
	}
	n := 0
	for _, c := range digits {
		n = n*10 + int(c-'0')
	}
	return letter[0] == "TRWAGMYFPDXBNJZSQVHLCKE"[n%23]
}

// germanTaxID checks the eleventh digit (ISO 7064 MOD 11,10).
func germanTaxID(d string) bool {
	if d[0] == '0' {
		return false
	}
	p := 10
	for i := range 10 {
		s := (int(d[i]-'0') + p) % 10
		if s == 0 {
			s = 10
		}
		p = s * 2 % 11
	}
	return (11-p)%10 == int(d[10]-'0')
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) && r < 128 {
			return r
		}
		return -1
	}, s)
}

func atoi2(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

var healthWord = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:` + strings.Join([]string{
	"diagnos(?:is|ed with)", "pregnan(?:t|cy)", "cancer", "diabet(?:es|ic)", "hiv", "depression", "disab(?:led|ility)", "allerg(?:y|ic)", "chemotherapy", "miscarriage", "medication",
	"diagnose", "schwanger(?:schaft)?", "krebs", "diabetes", "depressionen?", "behinderung", "allergi(?:e|sch)", "chemotherapie", "fehlgeburt", "medikamente?",
}, "|") + `)(?:[^\pL]|$)`)
