package personal

import "testing"

func TestHoldsAddress(t *testing.T) {
	for text, want := range map[string]bool{
		"For jane@example.org": true, "jane+x@sub.example.org": true, "call +49 151 2345678": true, "(+1-555-010-9999)": true,
		"March 2026": false, "20260301": false, "Letter @ home": false, "A+ customers": false, "1+1 = 2, 50 % off": false,
	} {
		if got := HoldsAddress(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
