package signal

import (
	"net/http/httptest"
	"testing"
)

func TestGPCCountsOnlyOne(t *testing.T) {
	for value, want := range map[string]bool{"1": true, "0": false, "": false, "true": false, "1, 0": false, "11": false} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Sec-GPC", value)
		if GPC(r) != want {
			t.Errorf("Sec-GPC: %q read as %v", value, !want)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	if GPC(r) {
		t.Error("no header read as a signal")
	}
	r.Header.Add("Sec-GPC", "0")
	r.Header.Add("Sec-GPC", "1")
	if !GPC(r) {
		t.Error("a proxy's second header hid the signal")
	}
}
