package lists

import (
	"slices"
	"strings"

	"candor/internal/errs"
)

// guess works out the tool, what the columns mean, and what the file says of
// everyone in it.
func (s *Sheet) guess(header []string) {
	s.Tool = toolOf(header)
	for _, name := range header {
		name = strings.TrimSpace(name)
		s.Columns = append(s.Columns, Column{Name: name, Meaning: s.meaningOf(name)})
	}
	if !s.has(Email) {
		s.findAddresses()
	}
	s.settle()
}

func (s *Sheet) meaningOf(name string) Meaning {
	if m, ok := otherwise[s.Tool][plain(name)]; ok {
		return m
	}
	if m, ok := named[plain(name)]; ok {
		return m
	}
	return Ignored
}

func (s *Sheet) has(m Meaning) bool {
	return slices.ContainsFunc(s.Columns, func(c Column) bool { return c.Meaning == m })
}

// findAddresses takes the column that holds most addresses, whatever its name.
func (s *Sheet) findAddresses() {
	best, most := -1, 0
	for i := range s.Columns {
		n := 0
		for _, r := range s.ahead {
			if i < len(r.cells) && looksLikeAddress(r.cells[i]) {
				n++
			}
		}
		if n > most {
			best, most = i, n
		}
	}
	if best >= 0 && 2*most > len(s.ahead) {
		s.Columns[best].Meaning = Email
	}
}

func looksLikeAddress(s string) bool {
	local, domain, ok := strings.Cut(strings.TrimSpace(s), "@")
	return ok && local != "" && strings.Contains(domain, ".") && !strings.ContainsAny(s, " \t\n")
}

// Correct replaces guesses by what a person says: column name to meaning. It
// returns INVALID for a meaning that does not exist, and gives the names that
// the sheet has not.
func (s *Sheet) Correct(said map[string]Meaning) (missing []string, err error) {
	for name, m := range said {
		if !slices.Contains(Meanings, m) {
			return nil, errs.New(errs.Invalid, "no_such_meaning", "a column cannot mean %q; choose one of %s", m, meaningList())
		}
		found := false
		for i := range s.Columns {
			if s.Columns[i].Name == name || plain(s.Columns[i].Name) == plain(name) {
				s.Columns[i].Meaning, s.Columns[i].Given, found = m, true, true
			}
		}
		if !found {
			missing = append(missing, name)
		}
	}
	s.settle()
	slices.Sort(missing)
	return missing, nil
}

func meaningList() string {
	var all []string
	for _, m := range Meanings {
		all = append(all, string(m))
	}
	return strings.Join(all, ", ")
}

// settle prepares reading under the columns' meanings.
func (s *Sheet) settle() {
	s.at, s.times = map[Meaning][]int{}, map[int]*timeForm{}
	for i, c := range s.Columns {
		if c.Meaning == Ignored {
			continue
		}
		s.at[c.Meaning] = append(s.at[c.Meaning], i)
		switch c.Meaning {
		case AgreedAt, ConfirmedAt, AddedAt, Left:
			s.times[i] = &timeForm{}
			for _, r := range s.ahead {
				if i < len(r.cells) {
					s.times[i].learn(r.cells[i])
				}
			}
		}
	}
	s.fixed, s.usual = s.stateOfFile(), s.stateOfTool()
}

// stateOfFile reads the name under which tools put people of one state into a
// file of their own.
func (s *Sheet) stateOfFile() State {
	if s.has(Status) {
		return NoState
	}
	words := strings.Fields(plain(s.Name))
	has := func(list ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
	}
	switch {
	case has("unsubscribed", "unsubscribes", "unsubscribe", "optout", "optouts", "abgemeldet", "suppressed", "suppression", "suppressions", "blocklist", "blocklisted", "blacklist", "blacklisted"):
		return Unsubscribed
	case has("cleaned", "bounces", "bounced"):
		return Bounced
	case has("nonsubscribed", "archived"):
		return NotAsked
	case s.Tool == Mailchimp && slices.ContainsFunc(s.Columns, func(c Column) bool { return plain(c.Name) == "unsub time" }):
		return Unsubscribed
	case s.Tool == Mailchimp && slices.ContainsFunc(s.Columns, func(c Column) bool { return plain(c.Name) == "clean time" }):
		return Bounced
	}
	return NoState
}

// stateOfTool says how a tool treats a contact of whom a row says nothing.
func (s *Sheet) stateOfTool() State {
	switch {
	case s.has(Status) || s.has(Agreed):
		if s.Tool == Brevo {
			return Subscribed
		}
		return NotAsked
	case s.Tool == Shopify, s.Tool == WooCommerce:
		return NoState // a shop's list of buyers
	}
	return Subscribed
}

// Assumed reports whether everyone in the sheet is taken as subscribed because
// no column says who is.
func (s *Sheet) Assumed() bool {
	return s.Tool != Mailchimp && s.Tool != Brevo && s.fixed == NoState && s.usual == Subscribed && !s.has(Left)
}

// Suppressions reports whether the sheet lists only people who must not be
// written to.
func (s *Sheet) Suppressions() bool { return s.fixed.Suppressed() }
