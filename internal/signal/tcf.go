package signal

import (
	"strings"
	"time"

	tcf "github.com/SirDataFR/iabtcfv2"

	"candor/internal/errs"
)

// mostText bounds a string: longer ones are no consent tool's.
const mostText = 16 << 10

// The reasons why a string is not read.
var (
	errTCF = errs.New(errs.Invalid, "bad_tcf", "the TCF string cannot be read, so it was taken for nothing; send it as the consent tool wrote it, version 2.3, or leave it out")
	errGPP = errs.New(errs.Invalid, "bad_gpp", "the GPP string cannot be read, so it was taken for nothing; send it as the consent tool wrote it, or leave it out")
)

// ReadTCF reads a TC string. It returns INVALID bad_tcf for one that is broken,
// of another version, or lacks what version 2.3 asks of strings of its day.
func ReadTCF(text string) (Said, error) {
	if len(text) > mostText {
		return Said{}, errTCF
	}
	t, err := tcf.Decode(text)
	if err != nil {
		return Said{}, errTCF
	}
	return ofTCF(t, text)
}

// ofTCF: whoever publishes the page may state its own purposes in a segment of
// its own; then both must allow.
func ofTCF(t *tcf.TCData, text string) (Said, error) {
	segments := 1
	if t.DisclosedVendors != nil {
		segments++
	}
	if t.PublisherTC != nil {
		segments++
	}
	core := t.CoreString
	if core == nil || core.Version != 2 || strings.Count(text, ".")+1 != segments || core.LastUpdated.Year() < 2018 || core.LastUpdated.Year() > 9998 {
		return Said{}, errTCF
	}
	a := Allowed{mask(core.PurposesConsent), mask(core.PurposesLITransparency)}
	if p := t.PublisherTC; p != nil {
		a.Consent, a.Interest = a.Consent&mask(p.PubPurposesConsent), a.Interest&mask(p.PubPurposesLITransparency)
	}
	return Said{From: ByTCF, Updated: endOfDay(core.LastUpdated), EU: &a}, nil
}

// endOfDay: since version 2.2 strings tell the day alone.
func endOfDay(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC).Add(-time.Microsecond)
}

func mask(bits map[int]bool) uint32 {
	var out uint32
	for n := 1; n <= Purposes; n++ {
		if bits[n] {
			out |= 1 << n
		}
	}
	return out
}
