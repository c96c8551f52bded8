package lint

import (
	"fmt"
	"math"
)

// PageKind says what a page asks of a person.
type PageKind string

// The kinds of pages.
const (
	ConsentPage     PageKind = "consent"
	PreferencesPage PageKind = "preferences"
	CancelPage      PageKind = "cancel"
)

// Role says what a control does.
type Role string

// The roles of controls.
const (
	Accept      Role = "accept"
	Reject      Role = "reject"
	Settings    Role = "settings"
	PurposeRole Role = "purpose"
	StopAll     Role = "stop_all"
	Unsubscribe Role = "unsubscribe"
	Extra       Role = "extra"
	Decline     Role = "decline"
)

// Control is one thing a person can press or tick, as rendered.
type Control struct {
	Role     Role
	Type     string // "button", "checkbox", "link", "toggle"
	Label    string
	Purpose  string   // what it decides, for the role purpose
	Covers   []string // every purpose it decides, when more than one
	Default  bool     // on before the person acts
	Required bool     // the page cannot be sent without it
	Layer    int      // 1 is what is seen first
	AreaPx   float64  // width times height, 0 when not drawn
	FontPx   float64
	Contrast float64 // WCAG ratio of text against its background
}

// Page is what a person is shown, with what it takes to give and to take back.
type Page struct {
	Kind          PageKind
	Controls      []Control
	StepsGive     int  // actions to give consent or to join
	StepsWithdraw int  // actions to withdraw or to leave
	NeedsLogin    bool // leaving asks for a password, a call or a reason
}

// CheckPage gives every finding about a page, in the order of the rules.
func CheckPage(p Page) []Finding {
	var out []Finding
	for _, rule := range []func(Page) []Finding{
		preselected, asymmetric, bundled, noRefusal, hiddenExit, obstruction,
	} {
		out = append(out, rule(p)...)
	}
	return out
}

func at(i int) string { return fmt.Sprintf("controls[%d]", i) }

// preselected is LNT-01.
func preselected(p Page) []Finding {
	var out []Finding
	for i, c := range p.Controls {
		if c.Default && (c.Role == PurposeRole || c.Role == Extra) {
			out = append(out, Finding{"LNT-01", Block, at(i), "the choice is made before the person acts; leave it off"})
		}
	}
	return out
}

// asymmetric is LNT-02: accepting and refusing look alike.
func asymmetric(p Page) []Finding {
	var out []Finding
	for i, a := range p.Controls {
		for j, r := range p.Controls {
			if a.Role == Accept && r.Role == Reject && !alike(a, r) {
				out = append(out, Finding{"LNT-02", Block, at(j), fmt.Sprintf("refusing is harder to see than accepting (%s); give both the same layer, kind, size and contrast", at(i))})
			}
		}
	}
	return out
}

func alike(accept, reject Control) bool {
	if accept.Layer != reject.Layer || accept.Type != reject.Type {
		return false
	}
	area, font := reject.AreaPx/accept.AreaPx, reject.FontPx/accept.FontPx
	if area < 0.8 || area > 1.25 || font < 0.95 {
		return false
	}
	low := math.Min(accept.Contrast, reject.Contrast)
	return low >= 4.5 && accept.Contrast/reject.Contrast <= 1.5
}

// bundled is LNT-03: an optional purpose is never a condition, and one control
// decides one purpose.
func bundled(p Page) []Finding {
	var out []Finding
	for i, c := range p.Controls {
		if c.Role != PurposeRole {
			continue
		}
		if c.Required {
			out = append(out, Finding{"LNT-03", Block, at(i), "the page cannot be sent without this consent; make it optional"})
		}
		if len(c.Covers) > 1 {
			out = append(out, Finding{"LNT-03", Block, at(i), "one control decides several purposes; give each its own"})
		}
	}
	return out
}

// noRefusal is LNT-04.
func noRefusal(p Page) []Finding {
	accepts, rejects := false, false
	for _, c := range p.Controls {
		accepts = accepts || c.Role == Accept && c.Layer == 1
		rejects = rejects || c.Role == Reject && c.Layer == 1
	}
	if accepts && !rejects {
		return []Finding{{"LNT-04", Block, "controls", "one can accept at first sight but not refuse; put a refusal beside it"}}
	}
	return nil
}

// hiddenExit is LNT-05: a preference page has one visible control that stops
// everything, on the first layer, no smaller and no paler than any other.
func hiddenExit(p Page) []Finding {
	if p.Kind != PreferencesPage {
		return nil
	}
	for i, c := range p.Controls {
		if c.Role != StopAll {
			continue
		}
		if why := hidden(c, p.Controls); why != "" {
			return []Finding{{"LNT-05", Block, at(i), "the control that stops everything " + why}}
		}
		return nil
	}
	return []Finding{{"LNT-05", Block, "controls", "there is no control that stops everything; add one on the first layer"}}
}

func hidden(stop Control, all []Control) string {
	switch {
	case stop.AreaPx <= 0:
		return "is not drawn; show it"
	case stop.Layer > 1:
		return "is not on the first layer; move it there"
	case stop.FontPx < 12 || stop.Contrast < 4.5:
		return "is too small or too pale to read; use 12 px and contrast 4.5 or more"
	}
	for _, c := range all {
		if c.Role != StopAll && c.Type == stop.Type && (c.AreaPx > stop.AreaPx*1.01 || c.FontPx > stop.FontPx || c.Contrast > stop.Contrast*1.5) {
			return "is less prominent than another action; make it at least as large and clear"
		}
	}
	return ""
}

// obstruction is LNT-09: leaving takes no more steps than joining and asks for
// no login, call or reason.
func obstruction(p Page) []Finding {
	switch {
	case p.StepsWithdraw > p.StepsGive:
		return []Finding{{"LNT-09", Block, "steps", fmt.Sprintf("leaving takes %d steps and joining %d; shorten the way out", p.StepsWithdraw, p.StepsGive)}}
	case p.NeedsLogin:
		return []Finding{{"LNT-09", Block, "steps", "leaving asks for a login, a call or a reason; let it be done without"}}
	}
	return nil
}
