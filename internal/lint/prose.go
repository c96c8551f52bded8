package lint

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// prose is what reading ease is worked out from.
type prose struct {
	sentences, words, syllables int
}

// sentenceEnd ends a sentence: a stop that is followed by space and a new
// beginning, so that "Art. 21" and "z. B." do not.
var sentenceEnd = regexp.MustCompile(`[.!?…]+["”“»')\]]*(\s+|$)`)

// abbreviations end in a stop that ends no sentence.
var abbreviations = regexp.MustCompile(`(?i)\b(art|abs|nr|bzw|ca|etc|inc|ltd|st|str|[a-z])\.$`)

// sentencesOf splits a text into sentences.
func sentencesOf(text string) []string {
	var out []string
	from := 0
	for _, m := range sentenceEnd.FindAllStringIndex(text, -1) {
		head := strings.TrimRightFunc(text[from:m[1]], unicode.IsSpace)
		next, _ := utf8.DecodeRuneInString(text[m[1]:])
		if m[1] < len(text) && (abbreviations.MatchString(head) || unicode.IsLower(next) || unicode.IsDigit(next)) {
			continue
		}
		out, from = append(out, head), m[1]
	}
	if rest := strings.TrimSpace(text[from:]); rest != "" {
		out = append(out, rest)
	}
	return out
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' })
}

func (p *prose) add(lang, text string) {
	for _, s := range sentencesOf(text) {
		words := wordsOf(s)
		if len(words) == 0 {
			continue
		}
		p.sentences++
		p.words += len(words)
		for _, w := range words {
			p.syllables += syllables(lang, w)
		}
	}
}

// syllables counts the groups of vowels of a word; in English a silent e at the
// end is none.
func syllables(lang, word string) int {
	word = strings.ToLower(word)
	n, inVowel := 0, false
	for _, r := range word {
		vowel := strings.ContainsRune("aeiouyäöüáàâéèêëíîïóôúûœæ", r)
		if vowel && !inVowel {
			n++
		}
		inVowel = vowel
	}
	if lang == "en" && n > 1 && strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "le") {
		n--
	}
	return max(n, 1)
}

// sentence is the mean number of words of a sentence.
func (p prose) sentence() float64 {
	if p.sentences == 0 {
		return 0
	}
	return float64(p.words) / float64(p.sentences)
}

// ease is the reading ease of Flesch, and of Amstad for German: 100 is easy,
// under 30 is for scholars.
func (p prose) ease(lang string) float64 {
	if p.words == 0 {
		return 100
	}
	perWord := float64(p.syllables) / float64(p.words)
	if lang == "de" {
		return 180 - p.sentence() - 58.5*perWord
	}
	return 206.835 - 1.015*p.sentence() - 84.6*perWord
}
