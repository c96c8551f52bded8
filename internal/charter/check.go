package charter

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/internal/rulepack"
	"candor/internal/term"
)

// checker finds what a schema cannot: names that lead nowhere, promises that
// lack what the law asks of them.
type checker struct {
	c     *Charter
	doc   *document
	packs *rulepack.Set
}

func (k *checker) promise() {
	top := k.doc.top()
	k.business(top.get("business"))
	if v := top.get("effective"); v.exists() && k.c.Effective.IsZero() {
		v.problem("CHARTER", "write a day that exists")
	}
	k.data(top.get("data"))
	k.events(top.get("events"))
	top.get("purposes").each(func(name string, v view) {
		if p, ok := k.c.Purpose(term.Purpose(name)); ok {
			k.purpose(p, v)
		}
	})
	k.choices(top)
	top.get("asks").each(func(name string, v view) {
		if a, ok := k.c.Ask(term.Ask(name)); ok {
			k.ask(a, v)
		}
	})
	top.get("recipients").each(func(name string, v view) {
		if r, ok := k.c.Recipient(term.Recipient(name)); ok {
			k.recipient(r, v)
		}
	})
	k.stages(top.get("stages"))
}

func (k *checker) business(v view) {
	b := k.c.Business
	if _, err := time.LoadLocation(b.Zone); b.Zone != "" && (err != nil || b.Zone == "Local") {
		v.get("zone").problem("NOT-01", "write an IANA time zone such as Europe/Berlin")
	}
	for _, m := range b.Markets {
		if _, ok := k.packs.Pack(m); !ok {
			v.get("markets").problem("CON-01", fmt.Sprintf("there is no rule pack for %s; leave the market out (its people get STRICT) or add a pack", m))
		}
	}
	for _, l := range b.Languages {
		if !slices.Contains(noticeLanguages, l) {
			v.get("languages").problem("NOT-06", fmt.Sprintf("the notice cannot be written in %s; choose from: en, de", l))
		}
	}
}

func (k *checker) data(data view) {
	origins := []string{"preferences"}
	for _, a := range k.c.Asks {
		origins = append(origins, string(a.ID))
	}
	for _, s := range k.c.House.Sources {
		origins = append(origins, s.ID)
	}
	_, over := (&Charter{Fields: slices.Clone(k.c.Fields)}).assignSlots(nil)
	data.each(func(name string, v view) {
		f, ok := k.c.Field(term.Field(name))
		if !ok {
			return
		}
		k.fieldPlace(f, v)
		k.fieldOrigin(f, v, origins)
		if f.Title == nil {
			v.problem("NOT-01", "write a title: the notice names the data in words")
		}
		if (f.Kind == KindChoice) != (len(f.Of) > 0) {
			v.problem("MIN-02", "list the values of a choice under of, and of nothing else")
		}
		if slices.Contains(over, f.ID) {
			v.problem("MIN-01", fmt.Sprintf("there are at most %d traits of text and %d of numbers; leave one out", TextSlots, NumberSlots))
		}
		if !k.used(name, false) {
			v.problem("MIN-01", "no purpose uses it; give the reason in a purpose, or do not collect it")
		}
	})
}

func (k *checker) fieldPlace(f *Field, v view) {
	if f.KeepIn != Trait {
		return
	}
	if f.Kind.Identifying() {
		v.get("keep_in").problem("SEC-06", fmt.Sprintf("keep it in the vault: a %s says who a person is", f.Kind))
	}
	if f.Sensitivity == Special {
		v.get("keep_in").problem("MIN-09", "keep it in the vault: special data are never kept in clear")
	}
}

func (k *checker) fieldOrigin(f *Field, v view, origins []string) {
	if (len(f.From) == 0) == (f.Derived == "") {
		v.problem("MIN-01", "say where it comes from: either from, or derived")
	}
	for _, o := range f.From {
		if !slices.Contains(origins, o) {
			v.get("from").problem("MIN-01", fmt.Sprintf("%s is neither an ask nor a source of house.yaml nor preferences", o))
		}
	}
	if base, _, _ := strings.Cut(f.Derived, "."); f.Derived != "" {
		if _, ok := k.c.Field(term.Field(base)); !ok || base == string(f.ID) {
			v.get("derived").problem("MIN-02", "name another field that is declared here")
		}
	}
}

// used reports whether a purpose lists a field or an event.
func (k *checker) used(name string, event bool) bool {
	for i := range k.c.Purposes {
		if _, ok := k.c.Purposes[i].uses(name, event); ok {
			return true
		}
	}
	return false
}

func (k *checker) events(events view) {
	events.each(func(name string, v view) {
		e, ok := k.c.Event(term.Event(name))
		if !ok {
			return
		}
		if !k.used(name, true) {
			v.problem("MIN-01", "no purpose uses it; give the reason in a purpose, or do not record it")
		}
		count := map[PropKind]int{}
		for _, kind := range e.Props {
			count[kind]++
		}
		if count[PropMoney] > 1 || count[PropFamily] > 1 {
			v.get("props").problem("MIN-02", "an event has at most one amount of money and one family of goods")
		}
		if count[PropFamily] > 0 && len(k.c.Families) == 0 {
			v.get("props").problem("MIN-02", "declare the families of goods under families")
		}
	})
}

// choices checks what people may set: without a choice, the least happens.
func (k *checker) choices(top view) {
	first := true
	top.get("personalisation").each(func(name string, v view) {
		uses := v.get("uses").list()
		if first && len(uses) > 0 {
			v.get("uses").problem("PRF-03", "the first level is where everybody starts; let it use nothing")
		}
		first = false
		for _, u := range uses {
			if !k.declared(u) {
				v.get("uses").problem("MIN-02", u+" is neither a field nor an event")
			}
		}
	})
	top.get("preferences").each(func(name string, v view) {
		if of := v.get("of").list(); len(of) > 0 && v.get("default").text() != of[0] {
			v.get("default").problem("PRF-03", fmt.Sprintf("without a choice the most protective value applies: list it first, and write default: %s", of[0]))
		}
	})
}

func (k *checker) declared(name string) bool {
	_, field := k.c.Field(term.Field(name))
	return field || k.c.declaresEvent(name)
}

func (k *checker) stages(stages view) {
	stages.each(func(name string, v view) {
		for _, from := range v.get("from").list() {
			if known := stages.get(from).exists(); !known || from == name {
				v.get("from").problem("NOT-08", from+" is not another stage")
			}
		}
	})
}
