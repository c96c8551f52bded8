package collect

import (
	"maps"

	"candor/internal/charter"
	"candor/internal/term"
)

// The events that the calls without an event's name stand for. Like any event
// they are taken when the charter declares them, and dropped otherwise.
const (
	PageViewed   term.Event = "Page Viewed"
	ScreenViewed term.Event = "Screen Viewed"
	GroupJoined  term.Event = "Group Joined"
)

// eventOf gives the event of a message and its properties. A page's or screen's
// name is its property "name".
func eventOf(m message) (term.Event, map[string]any) {
	switch m.call {
	case page, screen:
		props := maps.Clone(m.data)
		if props == nil {
			props = map[string]any{}
		}
		if _, ok := props["name"]; !ok && m.name != "" {
			props["name"] = m.name
		}
		if m.call == page {
			return PageViewed, props
		}
		return ScreenViewed, props
	case group:
		return GroupJoined, m.data
	}
	return term.Event(m.event), m.data
}

// isLegalFact reports whether an event makes something true in law, such as a
// purchase that allows writing about similar goods. What a browser says proves
// none.
func isLegalFact(e *charter.Event) bool { return e.Is(charter.MeansOrder) }
