package audience

import (
	_ "embed"
	"strings"
	"unicode"
)

//go:embed sensitive.txt
var sensitiveText string

// sensitiveStems lists the beginnings of words that reveal what is sensitive.
var sensitiveStems = func() []string {
	var out []string
	for line := range strings.Lines(sensitiveText) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && line[0] != '[' {
			out = append(out, line)
		}
	}
	return out
}()

// reveals reports whether a name or a value has a word that reveals a special
// category, crime or distress (PRF-07). It errs on the side of refusing.
func reveals(s string) bool {
	for _, word := range wordsOf(s) {
		for _, stem := range sensitiveStems {
			if whole, exact := strings.CutSuffix(stem, "."); exact && word == whole || strings.HasPrefix(word, stem) {
				return true
			}
		}
	}
	return false
}

// wordsOf cuts a name such as "pregnancyTests" or "Debt_Advice" into words, in
// lower case, and adds each two neighbours joined.
func wordsOf(s string) []string {
	var words []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			words = append(words, b.String())
			b.Reset()
		}
	}
	lower := false
	for _, r := range s {
		if !unicode.IsLetter(r) || (unicode.IsUpper(r) && lower) {
			flush()
		}
		if unicode.IsLetter(r) {
			b.WriteRune(unicode.ToLower(r))
		}
		lower = unicode.IsLower(r)
	}
	flush()
	for i := range len(words) - 1 {
		words = append(words, words[i]+words[i+1])
	}
	return words
}

// looksLikeAddress reports whether a value would single somebody out: an e-mail
// address, a link, a telephone number or a long number of an account or card.
func looksLikeAddress(s string) bool {
	if strings.ContainsRune(s, '@') || strings.Contains(s, "://") || strings.HasPrefix(strings.ToLower(s), "www.") {
		return true
	}
	digits, others := 0, 0
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			digits++
		case !strings.ContainsRune(" +-/().", r):
			others++
		}
	}
	return digits >= 7 && others <= 4
}
