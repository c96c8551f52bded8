package lint

import (
	"strings"
	"testing"
)

// page is a notice that passes every rule.
const page = `<article lang="en"><h1>Privacy notice</h1><section id="notice-short"><h2>In short</h2><p>We use your data to send what you ordered. We sell nothing.</p>
<p><a href="#more">More</a></p></section><section id="more"><h2>What for</h2><section><h3>Orders</h3><p>We pack your order and tell you where it is.</p></section></section></article>`

func TestNoticeRules(t *testing.T) {
	long := strings.Repeat("and we then use your data for the next thing that we do ", 12)
	for name, c := range map[string]struct{ from, to, rule, says string }{
		"in order":            {"", "", "", ""},
		"long sentences":      {"We pack your order and tell you where it is.", "We pack " + long + ".", CodePlain, "words on average"},
		"hard words":          {"We use your data to send what you ordered. We sell nothing.", "Organisational administration necessitates multidimensional informational processing activities.", CodePlain, "hard to read"},
		"a heading skipped":   {"<h2>What for</h2>", "<h4>What for</h4>", CodePlain, "skip none"},
		"a part without name": {"<h3>Orders</h3>", "", CodePlain, "no heading"},
		"no first layer":      {`id="notice-short"`, `id="intro"`, CodePlain, "in short first"},
		"out of reach":        {"<h3>Orders</h3>", `<h3 tabindex="-1">Orders</h3>`, CodePlain, "tabindex"},
		"a dead end":          {`href="#more"`, `href="#less"`, "LNT-29", "less"},
	} {
		got := CheckNotice(Notice{Lang: "en", HTML: strings.Replace(page, c.from, c.to, 1), Contrast: 7})
		if c.rule == "" {
			if len(got) != 0 {
				t.Errorf("%s: %v", name, got)
			}
			continue
		}
		if len(got) == 0 || !ids(got)[c.rule] || !strings.Contains(got[0].Message, c.says) || !Blocked(got) {
			t.Errorf("%s: %v, want %s %q", name, got, c.rule, c.says)
		}
	}
	if got := CheckNotice(Notice{Lang: "en", HTML: page, Contrast: 4.4}); len(got) != 1 || !strings.Contains(got[0].Message, "contrast") {
		t.Errorf("pale: %v", got)
	}
	if got := CheckNotice(Notice{Lang: "en", HTML: page, Contrast: 7, Ease: 100}); len(got) != 1 || !strings.Contains(got[0].Message, "hard to read") {
		t.Errorf("a bound of one's own: %v", got)
	}
	if got := CheckNotice(Notice{Lang: "xx", HTML: page, Contrast: 7}); len(got) != 1 || got[0].Severity != Review {
		t.Errorf("an unknown language: %v", got)
	}
}

func TestStatementsSayWhatTheyMean(t *testing.T) {
	for _, c := range []struct {
		lang, text string
		vague      bool
	}{
		{"en", "We may use data to improve your experience and other purposes", true},
		{"en", "We use your purchases to choose which shoe offers we e-mail you", false},
		{"en", "We give data to third parties such as partners.", true},
		{"en", "We use it for various purposes: billing, delivery and returns.", false},
		{"en", "We look whether you may pay by invoice.", false},
		{"en", "About twice a month we write about new beans and how to brew them. You choose the topics and how often.", false},
		{"de", "Wir nutzen Daten gegebenenfalls für verschiedene Zwecke.", true},
		{"de", "Wir rösten, packen und versenden, was Sie bestellt haben, und sagen Ihnen, wo es ist.", false},
		{"en", strings.Repeat("word ", 26) + "end.", true},
	} {
		got := CheckStatement(c.lang, c.text)
		if Blocked(got) != c.vague || c.vague && got[0].ID != "LNT-21" {
			t.Errorf("%s: %v", c.text, got)
		}
	}
	if got := CheckStatement("fr", "Nous livrons."); Blocked(got) || len(got) != 1 {
		t.Errorf("an unknown language: %v", got)
	}
}

func TestSentencesEndWhereTheyEnd(t *testing.T) {
	for text, want := range map[string]int{
		"One. Two! Three?": 3, "See Art. 21 and so on.": 1, "Costs 3.50 a month. Nothing else.": 2, "without an end": 1, "": 0, "Das gilt z. B. für Bestellungen. Sonst nicht.": 2,
	} {
		if got := len(sentencesOf(text)); got != want {
			t.Errorf("%q: %d sentences, want %d", text, got, want)
		}
	}
}
