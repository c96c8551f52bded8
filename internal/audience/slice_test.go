package audience

import (
	"testing"

	"candor/internal/gate"
	"candor/internal/term"
)

// ofTheRequest are reasons that do not depend on the customer, are about
// sharing, or about single fields: no funnel shows them.
var ofTheRequest = map[string]bool{
	"E_PROHIBITED/CON-01": true, "E_RECIPIENT/CON-03": true, "E_FIELD_NOT_ALLOWED/MIN-01": true, "E_FIELD_NOT_ALLOWED/MIN-04": true, "E_OPTOUT_SALE/SIG-01": true,
	"E_PURPOSE_MISMATCH/MSG-13": true,
}

// Whatever keeps somebody out of an audience is said in both languages, with
// what may lawfully be done about it.
func TestEveryReasonHasItsWayBack(t *testing.T) {
	for _, r := range append(gate.Reasons(), gate.Reason{Code: CodeNoAddress}) {
		key := reasonKey(r)
		if ofTheRequest[key] {
			continue
		}
		en, de := say(key, r, "en"), say(key, r, "de")
		for _, p := range []Cause{en, de} {
			if p.Words == "" || p.Remedy == "" || p.Way == "" || p.Words == r.Text {
				t.Errorf("%s says %+v", key, p)
			}
		}
		if en.Words == de.Words || en.Way != de.Way {
			t.Errorf("%s: %q and %q", key, en.Words, de.Words)
		}
	}
	for key, way := range map[string]Way{
		"E_CONSENT_INVALID/CON-10": AskAgain, "E_NO_BASIS/MSG-02": AfterSale, "E_NO_CONSENT/CON-11": Rest, "E_CONSENT_EXPIRED/CON-10": Renew,
	} {
		if got := say(key, gate.Reason{}, term.Lang("en")).Way; got != way {
			t.Errorf("%s: way %s, want %s", key, got, way)
		}
	}
}
