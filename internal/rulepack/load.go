package rulepack

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sort"
	"strings"

	"candor/internal/errs"
	"candor/internal/term"
)

//go:embed pack/*.yaml calendar/*.yaml
var embedded embed.FS

// File is a pack or calendar of the operator's. One of the same name as an
// embedded one takes its place; another is added.
type File struct {
	Name string // for error messages
	Text []byte
}

// Load reads the packs and calendars that come with the program, and the
// operator's over them. It returns INVALID naming file and line when one is not
// in order.
func Load(operator ...File) (*Set, error) {
	files, err := builtIn()
	if err != nil {
		return nil, err
	}
	read := reading{packs: map[term.Market]*Pack{}, calendars: map[string]*Calendar{}, sums: map[string]string{}}
	for _, f := range append(files, operator...) {
		if err := read.file(f); err != nil {
			return nil, err
		}
	}
	return read.set()
}

// Only gives a set with the packs of these markets alone, and STRICT computed
// from them: what a business uses that sells nowhere else. It returns INVALID
// for a market without a pack.
func (s *Set) Only(markets []term.Market) (*Set, error) {
	packs := map[term.Market]*Pack{Strict: s.floor}
	for _, m := range markets {
		p, ok := s.packs[m]
		if !ok {
			return nil, errs.New(errs.Invalid, "no_pack", "there is no rule pack for the market %s; leave it out or add one", m)
		}
		packs[m] = p
	}
	return (&reading{packs: packs, calendars: s.calendars, sums: s.sums}).set()
}

func builtIn() ([]File, error) {
	var out []File
	err := fs.WalkDir(embedded, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := embedded.ReadFile(path)
		out = append(out, File{path, text})
		return err
	})
	return out, err
}

// reading collects files until they make a set.
type reading struct {
	packs     map[term.Market]*Pack
	calendars map[string]*Calendar
	sums      map[string]string // of each pack's and calendar's text, by name
}

func (r *reading) file(f File) error {
	sum := sha256.Sum256(f.Text)
	pack, cals, err := Parse(f)
	if err != nil {
		return err
	}
	if pack != nil {
		r.packs[pack.Market] = pack
		r.sums["pack "+string(pack.Market)] = hex.EncodeToString(sum[:])
		return nil
	}
	for _, c := range cals {
		r.calendars[c.Place] = c
	}
	r.sums["calendar "+cals[0].Place] = hex.EncodeToString(sum[:])
	return nil
}

// set binds packs to calendars, computes STRICT and names the version.
func (r *reading) set() (*Set, error) {
	s := &Set{packs: map[term.Market]*Pack{}, calendars: r.calendars, floor: r.packs[Strict], sums: r.sums}
	for m, p := range r.packs {
		if m == Strict {
			continue
		}
		bound, err := p.bind(r.calendars)
		if err != nil {
			return nil, err
		}
		s.packs[m] = bound
	}
	if s.floor == nil || len(s.packs) == 0 {
		return nil, errs.New(errs.Invalid, "no_pack", "name at least one market that has a rule pack")
	}
	s.strict = strictest(s.Markets(), s.packs, s.floor)
	s.strict.calendars = r.calendars
	s.version = s.name()
	return s, nil
}

// name is the packs with the days of their last change and a digest of their
// text, so that no change keeps the name.
func (s *Set) name() string {
	h := sha256.New()
	var parts []string
	for _, m := range append(s.Markets(), Strict) {
		fmt.Fprintf(h, "%s %s\n", m, s.sums["pack "+string(m)])
		if m != Strict {
			parts = append(parts, s.packs[m].Version)
		}
	}
	names := make([]string, 0, len(s.sums))
	for n := range s.sums {
		if strings.HasPrefix(n, "calendar ") {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	for _, n := range names {
		fmt.Fprintf(h, "%s %s\n", n, s.sums[n])
	}
	return strings.Join(parts, ", ") + " #" + hex.EncodeToString(h.Sum(nil))[:8]
}

// bind gives a copy of the pack whose clocks know their calendars.
func (p *Pack) bind(calendars map[string]*Calendar) (*Pack, error) {
	own := calendars[p.rules.Calendar]
	if own == nil && p.rules.Calendar != "" {
		return nil, errs.New(errs.Invalid, "no_calendar", "the rule pack %s names the calendar %s, which does not exist", p.Market, p.rules.Calendar)
	}
	out := *p
	out.calendars = calendars
	out.rules.clocks = map[ClockName][]deadline{}
	for name, d := range p.rules.Clocks {
		d.calendar = own
		out.rules.clocks[name] = []deadline{d}
	}
	return &out, nil
}

// Texts gives the packs and calendars that come with the program, by their files'
// names.
func Texts() (map[string]string, error) {
	files, err := builtIn()
	out := map[string]string{}
	for _, f := range files {
		out[f.Name] = string(f.Text)
	}
	return out, err
}
