package charter

import (
	"candor/internal/lint"
)

// NoticeContrast is the least contrast that our style sheet gives a notice's
// text, in light and dark; a test in the browser measures it.
const NoticeContrast = 6

// notices checks the notice that would be published, in each language: nothing
// hard to read, to find one's way in, or to reach is published (NOT-06).
func (k *checker) notices() {
	at := k.doc.top().get("business").get("languages")
	for _, lang := range k.c.Business.Languages {
		n, err := k.c.Render(lang)
		if err != nil {
			at.problem("NOT-01", "the notice in "+string(lang)+" cannot be written")
			continue
		}
		for _, f := range lint.CheckNotice(lint.Notice{Lang: string(lang), HTML: n.HTML, Ease: float64(k.c.House.Ease[lang]), Contrast: NoticeContrast}) {
			at.problem(f.ID, "the notice in "+string(lang)+": "+f.Message)
		}
	}
}

// statements checks a text that says what data are used for, in each language.
func (k *checker) statements(texts view) {
	texts.each(func(lang string, v view) { k.found(v, lint.CheckStatement(lang, v.text())) })
}

// found reports what the linter blocks.
func (k *checker) found(v view, list []lint.Finding) {
	for _, f := range list {
		if f.Severity == lint.Block {
			v.problem(f.ID, f.Message)
		}
	}
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
