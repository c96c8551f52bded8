package lists

import (
	"strconv"
	"strings"
	"time"
)

// Contact says what a row of the sheet means.
func (s *Sheet) Contact(cells []string) Contact {
	c := Contact{
		Email: strings.Trim(s.first(cells, Email), "'"), Phone: strings.TrimLeft(s.first(cells, Phone), "'"),
		From: s.first(cells, From), Form: s.first(cells, Form), Method: s.first(cells, Method), Words: s.first(cells, Words),
	}
	c.AgreedAt = s.time(cells, AgreedAt, &c.BadTime)
	c.ConfirmedAt = s.time(cells, ConfirmedAt, &c.BadTime)
	c.AddedAt = s.time(cells, AddedAt, nil)
	c.Double = yes(s.first(cells, Double)) || s.Tool == Mailchimp && s.confirmedInMailchimp(cells, c)
	c.Bought = positive(s.first(cells, Orders)) || positive(s.first(cells, Spent))
	c.State, c.LeftAt = s.state(cells)
	return c
}

// confirmedInMailchimp tells a confirmed sign-up from one that was not:
// Mailchimp fills both times either way. A contact that a person imported has
// no network address; one who did not have to confirm has two equal times.
func (s *Sheet) confirmedInMailchimp(cells []string, c Contact) bool {
	ips := 0
	for _, i := range s.at[From] {
		if i < len(cells) && strings.TrimSpace(cells[i]) != "" {
			ips++
		}
	}
	return ips > 0 && !c.AgreedAt.IsZero() && c.ConfirmedAt.After(c.AgreedAt)
}

// first gives the first cell of a meaning that is not empty.
func (s *Sheet) first(cells []string, m Meaning) string {
	for _, i := range s.at[m] {
		if i < len(cells) {
			if cell := strings.TrimSpace(cells[i]); cell != "" {
				return cell
			}
		}
	}
	return ""
}

func (s *Sheet) time(cells []string, m Meaning, bad *bool) time.Time {
	for _, i := range s.at[m] {
		if i >= len(cells) || strings.TrimSpace(cells[i]) == "" {
			continue
		}
		t, ok := s.times[i].read(cells[i])
		if ok {
			return t
		}
		if bad != nil {
			*bad = true
		}
	}
	return time.Time{}
}

// state takes the most protective of what the row says.
func (s *Sheet) state(cells []string) (State, time.Time) {
	state, left := s.fixed, s.leftAt(cells)
	for _, i := range s.at[Status] {
		if i < len(cells) {
			state = stricter(state, stateOf(cells[i]))
		}
	}
	for _, i := range s.at[Left] {
		if i < len(cells) {
			state = stricter(state, s.leftState(cells[i]))
		}
	}
	if state != NoState {
		return state, left
	}
	for _, i := range s.at[Agreed] {
		if i >= len(cells) || strings.TrimSpace(cells[i]) == "" {
			continue
		}
		switch {
		case yes(cells[i]):
			return Subscribed, left
		case stateOf(cells[i]) != NoState:
			return stateOf(cells[i]), left
		case noes[plain(cells[i])]:
			return NotAsked, left
		}
	}
	return s.usual, left
}

// leftState reads a cell that is filled when somebody left: yes, a time, or
// why.
func (s *Sheet) leftState(cell string) State {
	word := plain(cell)
	switch {
	case word == "" || noes[word] || cell == "[]" || cell == "{}" || word == "subscribed":
		return NoState
	case stateOf(cell).Suppressed():
		return stateOf(cell)
	case strings.Contains(word, "bounce"):
		return Bounced
	case strings.Contains(word, "spam"), strings.Contains(word, "complain"):
		return Complained
	}
	return Unsubscribed
}

func (s *Sheet) leftAt(cells []string) time.Time {
	for _, i := range s.at[Left] {
		if i < len(cells) {
			if t, ok := s.times[i].read(cells[i]); ok {
				return t
			}
		}
	}
	return time.Time{}
}

func stricter(a, b State) State { return max(a, b) }

func yes(cell string) bool { return yeses[plain(cell)] }

// positive reads a count or an amount, whatever its currency and separators.
func positive(cell string) bool {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, cell)
	n, err := strconv.ParseUint(digits, 10, 64)
	return err == nil && n > 0 && !strings.HasPrefix(strings.TrimSpace(cell), "-")
}
