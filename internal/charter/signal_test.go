package charter_test

import (
	"slices"
	"strings"
	"testing"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/signal"
)

// What of a consent tool's strings speaks of which purpose is declared with the
// purpose, the order in which inputs are believed in the house.
func TestSignalsAreMappedAndOrdered(t *testing.T) {
	p1, h1 := sample.Documents()
	promise, house := string(p1), string(h1)
	const at = "    owner: marketing\n"
	mapped := strings.Replace(promise, at, "    signals: {tcf: [1, 4], us: [targeted advertising]}\n"+at, 1)
	c, problems := charter.Parse([]byte(mapped), []byte(house+"\nsignals: [explicit, gpc, tcf, gpp]\n"))
	if err := problems.Err(); err != nil {
		t.Fatal(problems)
	}
	p, _ := c.Purpose("letter")
	if !slices.Equal(p.Signals.TCF, []int{1, 4}) || !slices.Equal(p.Signals.US, []signal.OptOut{signal.Targeted}) || c.House.Signals[2] != signal.ByTCF {
		t.Errorf("%+v, %v", p.Signals, c.House.Signals)
	}
	if c, _ := charter.Parse([]byte(promise), []byte(house)); !slices.Equal(c.House.Signals, signal.Order) {
		t.Errorf("without a word of the house: %v", c.House.Signals)
	}
	for edit, rule := range map[string]string{
		"    owner: marketing\n|    signals: {tcf: [12]}\n    owner: marketing\n": "SIG-01",
		"    owner: marketing\n|    signals: {us: [ads]}\n    owner: marketing\n": "SIG-01",
		"    owner: marketing\n|    signals: {}\n    owner: marketing\n":          "SIG-01",
		"    owner: accounts\n|    signals: {tcf: [1]}\n    owner: accounts\n":    "SIG-01",
		"\nhours:|\nsignals: [gpc, tcf, gpp]\nhours:":                             "SIG-03",
		"\nhours:|\nsignals: [explicit, gpc, tcf, tcf]\nhours:":                   "SIG-03",
	} {
		was, is, _ := strings.Cut(edit, "|")
		_, problems := charter.Parse([]byte(strings.Replace(promise, was, is, 1)), []byte(strings.Replace(house, was, is, 1)))
		if len(problems) != 1 || problems[0].Rule != rule {
			t.Errorf("%q: %v", is, problems)
		}
	}
}
