package audience

import (
	"strings"

	"candor/internal/clock"
	"candor/internal/term"
)

// Clause is one part of a condition, and whether it is true of a person. It
// holds no value of the person: the words name the rule and the kind of data.
type Clause struct {
	Text  string   `json:"text"`            // as the language writes it
	Words string   `json:"words"`           // in plain words
	Data  string   `json:"data,omitempty"`  // the kind of data it looks at, in words; "" for and, or, not
	True  bool     `json:"true"`            // whether it holds
	Parts []Clause `json:"parts,omitempty"` // of and, or, not, and of a stage
}

// explainer carries whom and what language an explanation is for.
type explainer struct {
	person *Person
	at     clock.Instant
	lang   term.Lang
}

// Explain tells, clause by clause, why a person meets the condition or does not
// (PRF-06). Languages are "en" and "de"; any other reads English.
func (c *Condition) Explain(p Person, at clock.Instant, l term.Lang) Clause {
	return c.root.explain(&explainer{person: &p, at: at, lang: l})
}

// Describe says the condition in plain words, in "en" or "de".
func (c *Condition) Describe(l term.Lang) string { return capital(c.root.words(l)) }

func (e *explainer) clause(n node, data string, parts ...node) Clause {
	var b strings.Builder
	n.write(&b, false)
	out := Clause{Text: b.String(), Words: n.words(e.lang), Data: data, True: n.holds(e.person, e.at)}
	for _, p := range parts {
		out.Parts = append(out.Parts, p.explain(e))
	}
	return out
}

func (n all) explain(e *explainer) Clause   { return e.clause(n, "", n.kids...) }
func (n some) explain(e *explainer) Clause  { return e.clause(n, "", n.kids...) }
func (n no) explain(e *explainer) Clause    { return e.clause(n, "", n.kid) }
func (n fixed) explain(e *explainer) Clause { return e.clause(n, "") }
func (n test) explain(e *explainer) Clause  { return e.clause(n, n.value.data(e.lang)) }

func (n inStage) explain(e *explainer) Clause {
	parts := make([]node, len(n.rules))
	for i, r := range n.rules {
		parts[i] = r.rule
	}
	return e.clause(n, phrase(e.lang, "the stage we find from other data", "die Phase, die sich aus anderen Daten ergibt"), parts...)
}

// data names the kind of data a value is.
func (v value) data(l term.Lang) string {
	switch v.from {
	case fromField:
		return phrase(l, "what we hold as %s", "was wir als %s gespeichert haben", v.field.words(l))
	case fromSum:
		return phrase(l, "the amounts of %s in your history", "die Beträge von %s in Ihrem Verlauf", v.event.words(l))
	}
	return phrase(l, "when %s happened in your history", "wann %s in Ihrem Verlauf vorkam", v.event.words(l))
}

// Part is one of the clauses that a condition joins by "and".
type Part struct {
	Text  string // as the language writes it
	Words string // in plain words
}

// Parts lists what the condition joins by "and", in its order: the rows of an
// editor. The condition that everybody meets has none.
func (c *Condition) Parts(l term.Lang) []Part {
	kids := []node{c.root}
	if joined, ok := c.root.(all); ok {
		kids = joined.kids
	}
	var out []Part
	for _, k := range kids {
		if everybody, ok := k.(fixed); ok && bool(everybody) {
			continue
		}
		var b strings.Builder
		k.write(&b, true)
		out = append(out, Part{b.String(), capital(k.words(l))})
	}
	return out
}
