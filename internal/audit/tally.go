package audit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"strings"
	"time"

	"candor/internal/customer"
	"candor/internal/lists"
)

// digest stands for an address. Its key is made for one audit and never leaves
// the process.
type digest uint64

// known is what the files say of one address.
type known struct {
	in         uint32 // the sheets that have it
	subscribed uint32 // the sheets that have it as subscribed
	suppressed uint32 // the sheets that have it as not to be written to
	notAsked   uint32 // the sheets that have it as not subscribed
	rows       uint32
	evidence   uint8 // the best of its subscriptions
	flags      uint8
}

const (
	flagBought uint8 = 1 << iota
	flagPending
	flagRole
	flagConflict
	flagDisagree
	flagTwice
	flagRoleSeen
	flagShown
)

// The evidence of a subscription, the best last.
const (
	noEvidence uint8 = iota
	someEvidence
	fullEvidence
)

type auditor struct {
	o     Options
	mac   hash.Hash
	files []File
	rows  int64
	all   map[digest]*known
	pool  []known
	notes map[Kind]*noted
	days  []map[int32]int64 // per sheet: how many consents a day
	forms map[string]int64
}

type noted struct {
	count   int64
	samples []Sample
}

const (
	maxSamples = 3
	maxDays    = 20_000
)

func newAuditor(o Options, sheets []*lists.Sheet) *auditor {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	a := &auditor{o: o, mac: hmac.New(sha256.New, key), all: map[digest]*known{}, notes: map[Kind]*noted{}, forms: map[string]int64{}}
	for _, s := range sheets {
		a.files = append(a.files, fileOf(s))
		a.days = append(a.days, map[int32]int64{})
	}
	return a
}

func (a *auditor) note(k Kind, s Sample) {
	n := a.notes[k]
	if n == nil {
		n = &noted{}
		a.notes[k] = n
	}
	n.count++
	if len(n.samples) < maxSamples {
		n.samples = append(n.samples, s)
	}
}

func (a *auditor) of(address string) *known {
	a.mac.Reset()
	_, _ = a.mac.Write([]byte(address))
	var sum [sha256.Size]byte
	d := digest(binary.BigEndian.Uint64(a.mac.Sum(sum[:0])))
	k := a.all[d]
	if k == nil {
		if len(a.pool) == cap(a.pool) {
			a.pool = make([]known, 0, 4096)
		}
		a.pool = append(a.pool, known{})
		k = &a.pool[len(a.pool)-1]
		a.all[d] = k
	}
	return k
}

// contact adds what one row says.
func (a *auditor) contact(n int, line int64, c lists.Contact) {
	at := Sample{File: a.files[n].Name, Line: line}
	if c.Email == "" {
		a.note(NoAddress, at)
		return
	}
	address, err := customer.Email(c.Email)
	if err != nil {
		a.note(BadAddress, at)
		return
	}
	raw := address.Value.Reveal()
	at.Masked = mask(raw)
	k, sheet := a.of(raw), uint32(1)<<n
	k.rows++
	if k.in&sheet != 0 {
		a.flag(k, flagTwice, Duplicates, at)
	} else {
		a.files[n].Addresses++
	}
	k.in |= sheet
	if address.Role() {
		k.flags |= flagRole
	}
	if c.Bought {
		k.flags |= flagBought
	}
	a.times(n, &c, at)
	a.state(n, k, c)
	a.compare(k, at)
}

// times leaves out what cannot be true.
func (a *auditor) times(n int, c *lists.Contact, at Sample) {
	if c.BadTime {
		a.note(BadTime, at)
	}
	late := a.o.Now.Add(24 * time.Hour) // clocks and zones of others
	if c.AgreedAt.After(late) || c.ConfirmedAt.After(late) {
		a.note(Future, at)
		c.AgreedAt, c.ConfirmedAt, c.Double = time.Time{}, time.Time{}, false
	}
	when := c.AgreedAt
	if when.IsZero() {
		when = c.ConfirmedAt
	}
	if days := a.days[n]; !when.IsZero() && c.State == lists.Subscribed && len(days) < maxDays {
		days[int32(when.Unix()/86400)]++
	}
}

func (a *auditor) state(n int, k *known, c lists.Contact) {
	sheet := uint32(1) << n
	switch {
	case c.State.Suppressed():
		if k.suppressed&sheet == 0 {
			a.files[n].Suppressed++
		}
		k.suppressed |= sheet
	case c.State == lists.Subscribed:
		if k.subscribed&sheet == 0 {
			a.files[n].Subscribed++
		}
		k.subscribed |= sheet
		k.evidence = max(k.evidence, evidence(c))
		a.form(c.Form)
	case c.State == lists.Pending:
		k.flags |= flagPending
	case c.State == lists.NotAsked:
		k.notAsked |= sheet
	}
}

// maxForms bounds how many names of forms are kept; a column with more is none
// of forms.
const maxForms = 100

// form counts a sign-up form's name. What may be about a person is none.
func (a *auditor) form(name string) {
	if name == "" || len(name) > 80 || strings.Contains(name, "@") {
		return
	}
	if _, known := a.forms[name]; known || len(a.forms) < maxForms {
		a.forms[name]++
	}
}

// ClassOf judges a subscribed row alone, whatever other lists say of it.
func ClassOf(c lists.Contact) Class {
	switch evidence(c) {
	case fullEvidence:
		return Provable
	case someEvidence:
		return Attested
	}
	if c.Bought {
		return BySale
	}
	return Unproven
}

// evidence judges what a row says of how a subscription came about. Full is
// when, where and how: a time, a form or network address, and a confirmation of
// the address. The time of a confirmation alone is none: Mailchimp writes the
// time of an import there.
func evidence(c lists.Contact) uint8 {
	when := !c.AgreedAt.IsZero() || c.Double && (!c.ConfirmedAt.IsZero() || !c.AddedAt.IsZero())
	where := c.From != "" || c.Form != ""
	switch how := c.Method != "" || c.Words != ""; {
	case when && where && c.Double:
		return fullEvidence
	case !c.AgreedAt.IsZero(), !c.ConfirmedAt.IsZero() && (where || how), c.Double, where && how:
		return someEvidence
	}
	return noEvidence
}

// compare notices when tools contradict each other, on the row that shows it.
func (a *auditor) compare(k *known, at Sample) {
	if k.conflicts() {
		a.flag(k, flagConflict, Conflict, at)
	}
	if k.disagrees() {
		a.flag(k, flagDisagree, Disagreement, at)
	}
	if k.flags&flagRole != 0 && k.subscribed != 0 {
		a.flag(k, flagRoleSeen, Roles, at)
	}
}

func (k *known) conflicts() bool { return k.subscribed != 0 && k.suppressed != 0 }

func (k *known) disagrees() bool {
	return k.subscribed != 0 && k.suppressed == 0 && k.notAsked&^k.subscribed != 0
}

// flag notes a finding once for an address.
func (a *auditor) flag(k *known, flag uint8, kind Kind, at Sample) {
	if k.flags&flag == 0 {
		k.flags |= flag
		a.note(kind, at)
	}
}

// mask shows of an address as much as finds it again beside its line, and no
// more.
func mask(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	dot := strings.LastIndexByte(domain, '.')
	return initial(local) + "•••@" + initial(domain) + "•••" + domain[dot:]
}

func initial(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}
