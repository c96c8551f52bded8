package lint

import "testing"

func ids(fs []Finding) map[string]bool {
	out := map[string]bool{}
	for _, f := range fs {
		out[f.ID] = true
	}
	return out
}

func button(r Role) Control {
	return Control{Role: r, Type: "button", Layer: 1, AreaPx: 160 * 44, FontPx: 16, Contrast: 7}
}

// preferences is a page that passes every rule.
func preferences() Page {
	return Page{
		Kind:      PreferencesPage,
		Controls:  []Control{{Role: PurposeRole, Type: "button", Purpose: "letter", Layer: 1, AreaPx: 7000, FontPx: 16, Contrast: 7}, button(StopAll)},
		StepsGive: 2, StepsWithdraw: 1,
	}
}

func TestPageRules(t *testing.T) {
	textLink := Control{Role: Reject, Type: "link", Layer: 1, AreaPx: 80 * 14, FontPx: 11, Contrast: 3.1}
	tests := []struct {
		name, rule string
		bad, good  Page
	}{
		{
			"preselected choice", "LNT-01",
			Page{Controls: []Control{{Role: PurposeRole, Type: "checkbox", Default: true}}},
			Page{Controls: []Control{{Role: PurposeRole, Type: "checkbox"}}},
		},
		{
			"pale refusal", "LNT-02",
			Page{Controls: []Control{{Role: Accept, Type: "button", Layer: 1, AreaPx: 200 * 48, FontPx: 16, Contrast: 8}, textLink}},
			Page{Controls: []Control{button(Accept), button(Reject)}},
		},
		{
			"terms and marketing in one required box", "LNT-03",
			Page{Controls: []Control{{Role: PurposeRole, Required: true, Covers: []string{"terms", "letter"}}}},
			Page{Controls: []Control{{Role: PurposeRole, Covers: []string{"letter"}}}},
		},
		{
			"no refusal on the first layer", "LNT-04",
			Page{Controls: []Control{button(Accept), button(Settings)}},
			Page{Controls: []Control{button(Accept), button(Reject), button(Settings)}},
		},
		{
			"no way to stop everything", "LNT-05",
			Page{Kind: PreferencesPage, Controls: []Control{button(PurposeRole)}},
			preferences(),
		},
		{
			"leaving by telephone", "LNT-09",
			Page{StepsGive: 2, StepsWithdraw: 2, NeedsLogin: true},
			Page{StepsGive: 2, StepsWithdraw: 2},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := CheckPage(tt.bad); !ids(got)[tt.rule] || !Blocked(got) {
				t.Errorf("bad page: %v, want %s", got, tt.rule)
			}
			if got := CheckPage(tt.good); len(got) != 0 {
				t.Errorf("good page: %v, want nothing", got)
			}
		})
	}
}

func TestStopAllMustBeAsProminentAsAnything(t *testing.T) {
	hide := map[string]func(*Control){
		"not drawn":    func(c *Control) { c.AreaPx = 0 },
		"second layer": func(c *Control) { c.Layer = 2 },
		"small print":  func(c *Control) { c.FontPx = 8 },
		"pale":         func(c *Control) { c.Contrast = 1.4 },
		"smaller":      func(c *Control) { c.AreaPx = 1000 },
	}
	for name, spoil := range hide {
		p := preferences()
		spoil(&p.Controls[1])
		if got := CheckPage(p); !ids(got)["LNT-05"] {
			t.Errorf("%s: %v, want LNT-05", name, got)
		}
	}
}
