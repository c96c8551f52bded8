package message

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"candor/internal/charter"
	"candor/internal/errs"
	"candor/internal/term"
)

// CodeTooPersonal is the code of the problem that a message is more personal
// than the charter allows.
const CodeTooPersonal = "PRF-10"

// Reference is behaviour that a message's words speak of, or that its readers
// were chosen by.
type Reference struct {
	Event  term.Event `json:"event"`
	Within int64      `json:"within_minutes,omitempty" minimum:"0" doc:"How long ago it may have happened at most; left out: at any time."`
}

// Chosen is what the readers of a message are chosen by.
type Chosen struct {
	Fields []term.Field
	Events []Reference
}

// Intrusion is how personal a message gets, with the parts of it. It counts what
// the message shows of a person and how sensitive that is, guesses about them,
// how fresh the behaviour is that it speaks of or chose them by, and how close
// its channel comes (PRF-10). What everybody gets alike is 0.
type Intrusion struct {
	Score int             `json:"score"`
	Bound int             `json:"bound"` // of the charter
	Parts []IntrusionPart `json:"parts"`
}

// IntrusionPart is one thing that makes a message personal.
type IntrusionPart struct {
	What  string `json:"what"`
	Score int    `json:"score"`
}

// Over reports whether the message is more personal than the charter allows.
func (i Intrusion) Over() bool { return i.Score > i.Bound }

// String says the score with its parts.
func (i Intrusion) String() string {
	if i.Score == 0 {
		return fmt.Sprintf("0 of at most %d: the same for everyone", i.Bound)
	}
	parts := make([]string, len(i.Parts))
	for n, p := range i.Parts {
		parts[n] = fmt.Sprintf("%s %d", p.What, p.Score)
	}
	return fmt.Sprintf("%d of at most %d: %s", i.Score, i.Bound, strings.Join(parts, ", "))
}

func (i *Intrusion) add(score int, format string, args ...any) {
	if score > 0 {
		i.Score += score
		i.Parts = append(i.Parts, IntrusionPart{fmt.Sprintf(format, args...), score})
	}
}

// What counts how much.
var (
	shownCounts   = map[charter.Sensitivity]int{charter.Ordinary: 1, charter.Revealing: 3, charter.Special: 5}
	channelCounts = map[term.Channel]int{term.Push: 2, term.SMS: 2, term.Phone: 3}
)

const (
	guessCounts  = 2 // a guess about the person, shown, beside the field itself
	spokenCounts = 2 // behaviour that the words speak of
	chosenCounts = 1 // behaviour, or a guess, by which readers are chosen
)

// freshCounts says how much fresh behaviour counts besides.
func freshCounts(minutes int64) (int, string) {
	switch {
	case minutes <= 0:
		return 0, ""
	case minutes <= 60:
		return 3, "no more than an hour ago"
	case minutes <= 24*60:
		return 2, "no more than a day ago"
	case minutes <= 7*24*60:
		return 1, "no more than a week ago"
	}
	return 0, ""
}

// intrusion works out how personal a draft is. Used are the fields that its
// texts show.
func intrusion(c *charter.Charter, d Draft, used []string) Intrusion {
	out := Intrusion{Bound: c.PersonalAtMost, Parts: []IntrusionPart{}}
	const lang = "en" // staff's language
	for _, name := range used {
		f, ok := c.Field(term.Field(name))
		if !ok {
			continue
		}
		out.add(shownCounts[f.Sensitivity], "shows %s", f.Title.In(lang))
		if f.Category == charter.Inferences {
			out.add(guessCounts, "%s is a guess", f.Title.In(lang))
		}
	}
	for _, id := range d.Chosen.Fields {
		if f, ok := c.Field(id); ok && f.Category == charter.Inferences && !slices.Contains(used, string(id)) {
			out.add(chosenCounts, "chosen by %s, a guess", f.Title.In(lang))
		}
	}
	spoken, chosen := freshest(d.Content.Refers), freshest(d.Chosen.Events)
	for _, e := range sortedEvents(spoken, chosen) {
		event, ok := c.Event(e)
		if !ok {
			continue
		}
		within, speaks := spoken[e]
		if speaks {
			out.add(spokenCounts, "speaks of %s", event.Title.In(lang))
		} else {
			out.add(chosenCounts, "chosen by %s", event.Title.In(lang))
		}
		if also, ok := chosen[e]; ok {
			within = fresher(within, also)
		}
		n, words := freshCounts(within)
		out.add(n, "%s", words)
	}
	if out.Score > 0 {
		out.add(channelCounts[d.Channel], "by %s", d.Channel)
	}
	return out
}

// freshest gives, for each event, the shortest time in which it may have
// happened; 0 for any time.
func freshest(list []Reference) map[term.Event]int64 {
	out := map[term.Event]int64{}
	for _, r := range list {
		if was, ok := out[r.Event]; ok {
			out[r.Event] = fresher(was, r.Within)
		} else {
			out[r.Event] = r.Within
		}
	}
	return out
}

// fresher is the shorter of two times; 0 is any time.
func fresher(a, b int64) int64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

func sortedEvents(sets ...map[term.Event]int64) []term.Event {
	all := map[term.Event]bool{}
	for _, s := range sets {
		for e := range s {
			all[e] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// IntrusionOf works out how personal a draft is. A draft that does not compile
// has none yet.
func IntrusionOf(c *charter.Charter, d Draft) Intrusion {
	t, problems := Compile(d.Content, Variables(c, d.Purpose))
	if len(problems) > 0 {
		return Intrusion{Bound: c.PersonalAtMost, Parts: []IntrusionPart{}}
	}
	return intrusion(c, d, t.Used)
}

// reviewPersonal checks what a draft says that it speaks of, and that it is no
// more personal than the charter allows. What the person asked for, a service
// message, is bounded by its purpose instead.
func reviewPersonal(c *charter.Charter, p *charter.Purpose, d Draft, t *Template) []Problem {
	var out []Problem
	for _, r := range d.Content.Refers {
		if _, ok := p.UsesEvent(r.Event); !ok {
			out = append(out, Problem{Part: "refers", Code: string(errs.PurposeMismatch), Msg: "the purpose does not use " + string(r.Event) + ", so its messages may not speak of it"})
		}
		if r.Within < 0 {
			out = append(out, Problem{Part: "refers", Code: string(errs.Content), Msg: "write within_minutes as a number of minutes, or leave it out for any time"})
		}
	}
	if t == nil || d.Content.Class != Marketing {
		return out
	}
	if score := intrusion(c, d, t.Used); score.Over() {
		out = append(out, Problem{Part: "how personal", Code: CodeTooPersonal, Msg: score.String() + "; show less, speak of what is longer ago, or write on another channel"})
	}
	return out
}
