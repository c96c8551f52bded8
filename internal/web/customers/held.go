package customers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// held is a value that is on file, masked.
type held struct {
	Title, Source string
	Expires       string   // when nothing needs it any more
	Guess         bool     // a model made it
	Needs         []string // purposes, each with the day until which it needs it
	Others        []string // what other sources said and is not believed
}

// storedUntil says for each purpose until when it may keep the customer's data,
// if nothing more happens.
func storedUntil(v *web.Visit, all []gate.Standing) map[term.Purpose]clock.Instant {
	out := map[term.Purpose]clock.Instant{}
	for _, s := range all {
		if s.Channel == "" && ours(v, s) && s.From <= v.Now() && s.Until > v.Now() && storedIn(s) {
			out[s.Purpose] = until(v, all, s, storedIn)
		}
	}
	return out
}

// heldOf says what is on file, from where, and what still needs it.
func heldOf(v *web.Visit, kept []gate.Held, stored map[term.Purpose]clock.Instant, sources map[string]string) (out []held) {
	c := v.Who.Charter
	slices.SortStableFunc(kept, func(a, b gate.Held) int { return cmp.Compare(position(c, a.Field), position(c, b.Field)) })
	for _, k := range kept {
		f, ok := c.Field(k.Field)
		if !ok || k.Superseded {
			continue
		}
		one := held{Title: fieldTitle(f), Source: provenance(v, k, sources), Guess: k.Guessed()}
		var last clock.Instant
		for i := range c.Purposes {
			p := &c.Purposes[i]
			end, keeps := stored[p.ID]
			if _, uses := p.UsesField(k.Field); !uses || !keeps {
				continue
			}
			words := p.Title.In("en")
			if end != clock.Never {
				words += " until " + ui.Date("en", v.Local(end))
			} else {
				words += ": " + charter.KeepWords(p.Keep, "en")
			}
			one.Needs = append(one.Needs, words)
			last = max(last, end)
		}
		if last != 0 && last != clock.Never {
			one.Expires = ui.Date("en", v.Local(last))
		}
		for _, other := range kept {
			if other.Superseded && other.Field == k.Field {
				one.Others = append(one.Others, provenance(v, other, sources))
			}
		}
		out = append(out, one)
	}
	return out
}

func position(c *charter.Charter, f term.Field) int {
	return slices.IndexFunc(c.Fields, func(x charter.Field) bool { return x.ID == f })
}

// provenance says where a value came from, how, when and how sure it is.
func provenance(v *web.Visit, k gate.Held, sources map[string]string) string {
	words := sourceWords(k.Source, sources) + ", " + k.Method + " " + ui.Date("en", v.Local(k.At))
	if k.Confidence < customer.Certain {
		words += fmt.Sprintf(", %d %% sure", k.Confidence)
	}
	return words
}

func sourceWords(source string, names map[string]string) string {
	switch {
	case source == customer.Subject:
		return "the customer"
	case strings.HasPrefix(source, "form:"):
		return "a form"
	case names[source] != "":
		return names[source]
	case strings.HasPrefix(source, "src_"):
		return "a source that is gone"
	}
	return source
}

// sources gives the names of the sources that send data.
func (r *room) sources(tx *db.Tx) (map[string]string, error) {
	list, err := r.Sources.List(tx)
	out := map[string]string{}
	for _, s := range list {
		out[s.ID.String()] = s.Name
	}
	return out, err
}
