package charter

import (
	"crypto/sha256"
	"encoding/hex"
	"sort"
	"sync"

	"candor/internal/charter/schema"
	"candor/internal/clock"
	"candor/internal/rulepack"
	"candor/internal/strict/yamldoc"
	"candor/internal/term"
)

// The names of the documents in problems.
const (
	PromiseFile = "charter.yaml"
	HouseFile   = "house.yaml"
)

// maxDocument is the most bytes of a document.
const maxDocument = 1 << 20

var builtIn = sync.OnceValues(func() (*rulepack.Set, error) { return rulepack.Load() })

// Parse reads both documents with the built-in rule packs.
func Parse(promise, house []byte) (*Charter, Problems) {
	packs, err := builtIn()
	if err != nil {
		return &Charter{}, Problems{{PromiseFile, 1, "PACK", err.Error()}}
	}
	return ParseWith(packs, promise, house)
}

// ParseWith reads both documents and gives every problem found, sorted by file
// and line; nil when the charter is good. The charter is given in any case, so
// that a draft can be shown, but one with problems is never applied.
func ParseWith(packs *rulepack.Set, promise, house []byte) (*Charter, Problems) {
	var problems Problems
	sum := sha256.New()
	for _, text := range [][]byte{promise, house} {
		one := sha256.Sum256(text)
		sum.Write(one[:])
	}
	c := &Charter{promise: promise, house: house, hash: hex.EncodeToString(sum.Sum(nil))}
	p, okP := open(PromiseFile, promise, schema.CheckCharter, &problems)
	h, okH := open(HouseFile, house, schema.CheckHouse, &problems)
	if okP {
		c.read(p.top())
	}
	if okH {
		h.langs = c.Business.Languages
		c.readHouse(h.top())
	}
	c.assignSlots(nil)
	c.index = newIndex(c)
	if okP {
		(&checker{c, p, packs}).promise()
	}
	if okP && okH {
		(&checker{c, h, packs}).house()
	}
	if len(problems) == 0 {
		(&checker{c, p, packs}).notices()
	}
	c.problems = problems.sorted()
	return c, c.problems
}

// open reads a document and checks its form.
func open(file string, text []byte, form func(any) []schema.Fault, problems *Problems) (*document, bool) {
	node, faults := yamldoc.Read(text, maxDocument)
	d := &document{file: file, root: node, problems: problems}
	for _, f := range faults {
		d.add(f.Line, "YAML", f.Msg)
	}
	if len(faults) > 0 {
		return d, false
	}
	for _, f := range form(yamldoc.Value(node)) {
		view{d, nil, f.Path}.problem(f.Rule, f.Say)
	}
	return d, true
}

// sorted orders problems as the documents have them, charter.yaml first.
func (ps Problems) sorted() Problems {
	sort.SliceStable(ps, func(i, j int) bool {
		if ps[i].File != ps[j].File {
			return ps[i].File < ps[j].File
		}
		return ps[i].Line < ps[j].Line
	})
	return ps
}

func newIndex(c *Charter) index {
	x := index{
		purposes: map[term.Purpose]*Purpose{}, fields: map[term.Field]*Field{}, events: map[term.Event]*Event{},
		asks: map[term.Ask]*Ask{}, recipients: map[term.Recipient]*Recipient{},
	}
	for i := range c.Purposes {
		x.purposes[c.Purposes[i].ID] = &c.Purposes[i]
	}
	for i := range c.Fields {
		x.fields[c.Fields[i].ID] = &c.Fields[i]
	}
	for i := range c.Events {
		x.events[c.Events[i].Name] = &c.Events[i]
	}
	for i := range c.Asks {
		x.asks[c.Asks[i].ID] = &c.Asks[i]
	}
	for i := range c.Recipients {
		x.recipients[c.Recipients[i].ID] = &c.Recipients[i]
	}
	return x
}

// read takes the promise's values. Faults of form have been reported; what
// cannot be read stays empty.
func (c *Charter) read(v view) {
	c.Business = readBusiness(v.get("business"))
	v.doc.langs = c.Business.Languages
	c.Effective, _ = clock.ParseDate(v.get("effective").text())
	v.get("data").each(func(name string, f view) { c.Fields = append(c.Fields, readField(name, f)) })
	v.get("events").each(func(name string, e view) { c.Events = append(c.Events, readEvent(name, e)) })
	v.get("families").each(func(name string, f view) {
		c.Families = append(c.Families, Family{name, f.list()})
	})
	v.get("purposes").each(func(name string, p view) { c.Purposes = append(c.Purposes, c.readPurpose(name, p)) })
	v.get("personalisation").each(func(name string, l view) {
		c.Personalisation = append(c.Personalisation, Level{name, l.get("title").texts(), l.get("uses").list()})
	})
	c.PersonalAtMost = personalAtMost
	if n := v.get("personal_at_most"); n.exists() {
		c.PersonalAtMost = n.number()
	}
	v.get("preferences").each(func(name string, p view) { c.Preferences = append(c.Preferences, readPreference(name, p)) })
	v.get("asks").each(func(name string, a view) { c.Asks = append(c.Asks, readAsk(name, a)) })
	v.get("recipients").each(func(name string, r view) { c.Recipients = append(c.Recipients, readRecipient(name, r)) })
	v.get("stages").each(func(name string, s view) {
		c.Stages = append(c.Stages, Stage{term.Stage(name), s.get("when").text(), named[term.Stage](s.get("from").list()), s.get("shown_as").texts()})
	})
	v.get("automated").each(func(name string, a view) {
		c.Automated = append(c.Automated, Automated{
			name, a.get("title").texts(), a.get("logic").texts(), a.get("consequence").texts(), a.get("significant").isTrue(),
		})
	})
}
