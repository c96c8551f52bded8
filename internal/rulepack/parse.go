package rulepack

import (
	"fmt"
	"regexp"
	"sort"
	"time"

	"go.yaml.in/yaml/v3"

	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/strict/yamldoc"
	"candor/internal/term"
)

// maxFile is the most bytes of a pack or calendar file.
const maxFile = 256 << 10

// Parse reads one file: a pack, or the calendars of a country and its regions.
// It returns INVALID naming file and line.
func Parse(f File) (*Pack, []*Calendar, error) {
	node, faults := yamldoc.Read(f.Text, maxFile)
	if len(faults) > 0 {
		return nil, nil, bad(f, faults[0].Line, faults[0].Msg)
	}
	if yamldoc.Get(node, "pack") == nil {
		cals, err := parseCalendars(f, node)
		return nil, cals, err
	}
	p, err := parsePack(f, node)
	return p, nil, err
}

func bad(f File, line int, msg string) error {
	return errs.New(errs.Invalid, "rulepack_invalid", "%s:%d: %s", f.Name, line, msg)
}

// calendarFile is the form of a calendar file.
type calendarFile struct {
	Calendar string               `yaml:"calendar"`
	Changed  string               `yaml:"changed"`
	Easter   string               `yaml:"easter"`
	Days     []holiday            `yaml:"days"`
	Regions  map[string][]holiday `yaml:"regions"`
}

var (
	country = regexp.MustCompile(`^[A-Z]{2}$`)
	place   = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)
)

func parseCalendars(f File, node *yaml.Node) ([]*Calendar, error) {
	var file calendarFile
	if err := fill(f, node, &file); err != nil {
		return nil, err
	}
	if !country.MatchString(file.Calendar) || !isDate(file.Changed) {
		return nil, bad(f, node.Line, "name the country by its two letters, and the day of the last change")
	}
	if file.Easter != "" && file.Easter != "gregorian" {
		return nil, bad(f, yamldoc.Line(node, []string{"easter"}), "the only rule for Easter here is gregorian")
	}
	if err := checkDays(f, yamldoc.Get(node, "days"), file.Days, file.Easter != ""); err != nil {
		return nil, err
	}
	out := []*Calendar{{Place: file.Calendar, days: file.Days}}
	regions := yamldoc.Get(node, "regions")
	for _, name := range sorted(file.Regions) {
		if !place.MatchString(name) || name[:2] != file.Calendar {
			return nil, bad(f, yamldoc.Line(regions, []string{name}), "name regions by their ISO 3166-2 code")
		}
		if err := checkDays(f, yamldoc.Get(regions, name), file.Regions[name], file.Easter != ""); err != nil {
			return nil, err
		}
		all := append(append([]holiday{}, file.Days...), file.Regions[name]...)
		out = append(out, &Calendar{Place: name, days: all})
	}
	return out, nil
}

func checkDays(f File, node *yaml.Node, days []holiday, easter bool) error {
	for i, h := range days {
		if msg := h.check(); msg != "" {
			return bad(f, node.Content[i].Line, msg)
		}
		if h.Easter != nil && !easter {
			return bad(f, node.Content[i].Line, "say easter: gregorian at the top to count from Easter")
		}
	}
	return nil
}

// packFile is the form of a pack file.
type packFile struct {
	Pack     term.Market          `yaml:"pack"`
	Changed  string               `yaml:"changed"`
	Title    map[term.Lang]string `yaml:"title"`
	Covers   []string             `yaml:"covers"`
	Zones    []string             `yaml:"zones"`
	ZonesIn  map[string][]string  `yaml:"zones_in"`
	rulesTop `yaml:",inline"`
}

// rulesTop are the rules at the top level of a pack file.
type rulesTop struct {
	Calendar          string                      `yaml:"calendar"`
	Permission        map[term.Channel]Permission `yaml:"permission"`
	AfterSale         []term.Channel              `yaml:"after_sale"`
	Implied           ImpliedConsent              `yaml:"implied_consent"`
	ConsentLife       map[ConsentKind]Period      `yaml:"consent_life"`
	ReaskBar          map[RefusalKind]Period      `yaml:"reask_after"`
	MessageCaps       []MessageCap                `yaml:"message_caps"`
	SendWindow        map[term.Channel]Window     `yaml:"send_window"`
	Confirm           confirm                     `yaml:"confirm"`
	Unsubscribe       unsubscribe                 `yaml:"unsubscribe"`
	SignalHonoured    bool                        `yaml:"signal_honoured"`
	Ages              Ages                        `yaml:"ages"`
	ErasureExceptions []Exception                 `yaml:"erasure_exceptions"`
	Clocks            map[ClockName]deadline      `yaml:"clocks"`
	AtMost            map[TermName]Period         `yaml:"at_most"`
	AtLeast           map[TermName]Period         `yaml:"at_least"`
}

func parsePack(f File, node *yaml.Node) (*Pack, error) {
	var file packFile
	if err := fill(f, node, &file); err != nil {
		return nil, err
	}
	p := &Pack{
		Market: file.Pack, Version: fmt.Sprintf("%s %s", file.Pack, file.Changed), Title: file.Title,
		Covers: file.Covers, Zones: file.Zones, zonesIn: file.ZonesIn, rules: rules{rulesTop: file.rulesTop},
	}
	if where, msg := p.check(file.Changed); msg != "" {
		return nil, bad(f, yamldoc.Line(node, where), msg)
	}
	return p, nil
}

// fill decodes a document into its form; an unknown name is an error.
func fill(f File, node *yaml.Node, into any) (err error) {
	if where, ok := unknown(node, into); ok {
		return bad(f, where.Line, fmt.Sprintf("leave out %q: no such rule", where.Value))
	}
	defer func() {
		if recover() != nil {
			err = bad(f, node.Line, "a value here has the wrong form")
		}
	}()
	if err := node.Decode(into); err != nil {
		line, msg := wording(err)
		return bad(f, max(line, node.Line), msg)
	}
	return nil
}

func isDate(s string) bool {
	_, err := clock.ParseDate(s)
	return err == nil
}

// check gives the path of the first rule that is not in order, and what to do.
func (p *Pack) check(changed string) ([]string, string) {
	if !isDate(changed) {
		return []string{"changed"}, "write the day of the last change, such as 2026-11-01"
	}
	if p.Market == Strict {
		return p.checkValues()
	}
	if !place.MatchString(string(p.Market)) {
		return []string{"pack"}, "name the market by two capital letters, and a region behind a hyphen where it is one"
	}
	if len(p.Covers) == 0 || len(p.Zones) == 0 {
		return []string{"pack"}, "list the places covered and their time zones"
	}
	for _, c := range p.Covers {
		if !place.MatchString(c) {
			return []string{"covers"}, "write places as ISO 3166 codes, such as DE or US-CA"
		}
	}
	for _, z := range p.Zones {
		if _, err := time.LoadLocation(z); err != nil || z == "" {
			return []string{"zones"}, "write IANA time zones, such as Europe/Berlin"
		}
	}
	for _, place := range sorted(p.zonesIn) {
		for _, z := range p.zonesIn[place] {
			if _, err := time.LoadLocation(z); err != nil || z == "" || len(p.zonesIn[place]) == 0 {
				return []string{"zones_in", place}, "write IANA time zones, such as Europe/Berlin"
			}
		}
	}
	for _, need := range []struct {
		name string
		has  bool
	}{
		{"consent_life", len(p.rules.ConsentLife) > 0}, {"reask_after", len(p.rules.ReaskBar) > 0},
		{"send_window", p.rules.SendWindow[anyChannel] != Window{}},
		{"confirm", !p.rules.Confirm.LinkLives.IsZero() && !p.rules.Confirm.DeleteAfter.IsZero()},
		{"unsubscribe", !p.rules.Unsubscribe.LinkLives.IsZero()}, {"ages", p.rules.Ages.Consent > 0},
		{"clocks", len(p.rules.Clocks) > 0}, {"permission", len(p.rules.Permission) > 0},
	} {
		if !need.has {
			return []string{need.name}, "a pack says " + need.name + "; write it"
		}
	}
	return p.checkValues()
}

func (p *Pack) checkValues() ([]string, string) {
	for _, ch := range sorted(p.rules.Permission) {
		if rank(p.rules.Permission[ch]) < 0 || !knownChannel(ch) {
			return []string{"permission", string(ch)}, "write a channel with opt-in, after-sale or opt-out"
		}
	}
	for _, ch := range p.rules.AfterSale {
		if !knownChannel(ch) {
			return []string{"after_sale"}, "list channels on which a sale may stand for a yes"
		}
	}
	for _, c := range p.rules.MessageCaps {
		if !knownChannel(c.Channel) || c.AtMost < 1 || c.Days < 1 || c.Days > 30 {
			return []string{"message_caps"}, "write a channel, at_most from 1 and days from 1 to 30"
		}
	}
	for _, ch := range sorted(p.rules.SendWindow) {
		if ch != anyChannel && !knownChannel(ch) {
			return []string{"send_window", string(ch)}, "write any or a channel"
		}
	}
	for _, name := range sorted(p.rules.Clocks) {
		if msg := p.rules.Clocks[name].check(); msg != "" {
			return []string{"clocks", string(name)}, msg
		}
	}
	for _, y := range []int{p.rules.Ages.Consent, p.rules.Ages.Profiling, p.rules.Ages.Adult} {
		if y < 0 || y > 30 {
			return []string{"ages"}, "write ages in years"
		}
	}
	return nil, ""
}

// anyChannel is the name of what holds for every channel not named.
const anyChannel term.Channel = "any"

func knownChannel(ch term.Channel) bool {
	switch ch {
	case term.Email, term.SMS, term.Phone, term.Post, term.Push:
		return true
	}
	return false
}

func sorted[K ~string, V any](m map[K]V) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}
