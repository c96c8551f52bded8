package audience

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"candor/internal/term"
)

const german term.Lang = "de"

// phrase fills in the English or the German text.
func phrase(l term.Lang, en, de string, args ...any) string {
	text := en
	if l == german {
		text = de
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func (n all) words(l term.Lang) string { return joinWords(n.kids, phrase(l, " and ", " und "), l) }
func (n some) words(l term.Lang) string {
	return joinWords(n.kids, phrase(l, " or ", " oder "), l)
}

func (n no) words(l term.Lang) string {
	return phrase(l, "not (%s)", "nicht (%s)", n.kid.words(l))
}

func (n fixed) words(l term.Lang) string {
	if n {
		return phrase(l, "everybody", "alle")
	}
	return phrase(l, "nobody", "niemand")
}

// joinWords puts brackets round a part that joins parts itself.
func joinWords(kids []node, sep string, l term.Lang) string {
	var out []string
	for _, k := range kids {
		s := k.words(l)
		switch k.(type) {
		case all, some:
			s = "(" + s + ")"
		}
		out = append(out, s)
	}
	return strings.Join(out, sep)
}

func (n inStage) words(l term.Lang) string {
	var names []string
	for i, s := range n.names {
		shown := string(s)
		if i < len(n.shown) && n.shown[i][l] != "" {
			shown = n.shown[i][l]
		}
		names = append(names, quoted(l, shown))
	}
	list := strings.Join(names, phrase(l, " or ", " oder "))
	if n.other {
		return phrase(l, "the stage is known and is not %s", "die Phase ist bekannt und nicht %s", list)
	}
	return phrase(l, "the stage is %s", "die Phase ist %s", list)
}

func (n test) words(l term.Lang) string {
	if n.known {
		return phrase(l, "%s is known", "%s ist bekannt", n.value.field.words(l))
	}
	if n.value.from == fromCount {
		return n.countWords(l)
	}
	what := n.value.words(l)
	switch {
	case n.value.age:
		return what + " " + ageWords(l, n.op, n.whole[0])
	case n.value.kind() == KindMoment:
		return what + " " + dateWords(l, n.op, dateOf(n.whole[0]).String())
	case n.value.kind() == KindFlag:
		if (n.whole[0] != 0) == (n.op == eq) {
			return phrase(l, "%s is yes", "%s ist ja", what)
		}
		return phrase(l, "%s is no", "%s ist nein", what)
	case n.op == ne:
		return phrase(l, "%s is known and is not %s", "%s ist bekannt und nicht %s", what, n.valueWords(l))
	}
	return phrase(l, "%s is %s%s", "%s ist %s%s", what, opWords(l, n.op), n.valueWords(l))
}

// countWords says how often an event happened.
func (n test) countWords(l term.Lang) string {
	event, window := n.value.event.words(l), windowWords(l, n.value.within)
	if n.value.family != "" {
		event += phrase(l, " of %s", " aus %s", quoted(l, n.value.family))
	}
	if n.op != in && n.whole[0] == 0 && (n.op == eq || n.op == le) || n.op == lt && n.whole[0] == 1 {
		return phrase(l, "no %s%s", "kein %s%s", event, window)
	}
	var counts []string
	for _, w := range n.whole {
		counts = append(counts, strconv.FormatInt(w, 10))
	}
	list := strings.Join(counts, phrase(l, " or ", " oder "))
	o := opWords(l, n.op)
	if n.op == ne {
		o = phrase(l, "not ", "nicht ")
	}
	return phrase(l, "%s%s × %s%s", "%s%s × %s%s", o, list, event, window)
}

func (v value) words(l term.Lang) string {
	if v.from == fromField {
		return v.field.words(l)
	}
	event := v.event.words(l)
	switch v.from {
	case fromSum:
		return phrase(l, "the sum of %s%s", "die Summe von %s%s", event, windowWords(l, v.within))
	case fromFirst:
		return phrase(l, "the first %s", "das erste %s", event)
	}
	return phrase(l, "the last %s", "das letzte %s", event)
}

// valueWords lists the literals of the right side.
func (n test) valueWords(l term.Lang) string {
	var out []string
	for i := range n.literals() {
		switch n.value.kind() {
		case KindText:
			out = append(out, quoted(l, n.texts[i]))
		case KindMoney:
			s := amount(n.whole[i], n.value.currency)
			if l == german {
				s = strings.Replace(s, ".", ",", 1)
			}
			out = append(out, s+" "+n.value.currency)
		default:
			out = append(out, strconv.FormatInt(n.whole[i], 10))
		}
	}
	return strings.Join(out, phrase(l, " or ", " oder "))
}

func windowWords(l term.Lang, days int64) string {
	switch days {
	case ever:
		return ""
	case 0:
		return phrase(l, " today", " heute")
	case 1:
		return phrase(l, " since yesterday", " seit gestern")
	}
	return phrase(l, " in the last %d days", " in den letzten %d Tagen", days)
}

func ageWords(l term.Lang, o op, days int64) string {
	switch o {
	case eq:
		return phrase(l, "was exactly %d days ago", "ist genau %d Tage her", days)
	case ne:
		return phrase(l, "was not exactly %d days ago", "ist nicht genau %d Tage her", days)
	}
	return phrase(l, "was %s%d days ago", "ist %s%d Tage her", opWords(l, o), days)
}

func dateWords(l term.Lang, o op, date string) string {
	switch o {
	case eq:
		return phrase(l, "was on %s", "war am %s", date)
	case ne:
		return phrase(l, "was on another day than %s", "war an einem anderen Tag als dem %s", date)
	case lt:
		return phrase(l, "was before %s", "war vor dem %s", date)
	case le:
		return phrase(l, "was on or before %s", "war am %s oder davor", date)
	case gt:
		return phrase(l, "was after %s", "war nach dem %s", date)
	}
	return phrase(l, "was on or after %s", "war am %s oder danach", date)
}

func opWords(l term.Lang, o op) string {
	switch o {
	case lt:
		return phrase(l, "less than ", "weniger als ")
	case le:
		return phrase(l, "at most ", "höchstens ")
	case gt:
		return phrase(l, "more than ", "mehr als ")
	case ge:
		return phrase(l, "at least ", "mindestens ")
	}
	return ""
}

func quoted(l term.Lang, s string) string { return phrase(l, "“%s”", "„%s“", s) }

func (f *Field) words(l term.Lang) string { return titled(f.Title, string(f.ID), l) }
func (e *Event) words(l term.Lang) string { return titled(e.Title, string(e.Name), l) }

func titled(title map[term.Lang]string, name string, l term.Lang) string {
	if t := title[l]; t != "" {
		name = t
	}
	return quoted(l, name)
}
