package admission

import "testing"

func TestScannersKnowWhatMustNotBeStored(t *testing.T) {
	for text, want := range map[string]string{
		"my card is 4111 1111 1111 1111 thanks": "card number",
		"5555-5555-5555-4444":                   "card number",
		"pay to DE89 3704 0044 0532 0130 00":    "card number",
		"4111 1111 1111 1112":                   "",
		"SSN 078-05-1120":                       "national id",
		"000-12-3456":                           "",
		"DNI 12345678Z please":                  "national id",
		"12345678A":                             "",
		"X1234567L":                             "national id",
		"NI QQ123456C":                          "",
		"NI AB 12 34 56 C":                      "national id",
		"2 94 03 75 120 005 91":                 "national id",
		"RSSMRA85T10A562S":                      "national id",
		"Steuer-ID 86 095 742 719":              "national id",
		"86 095 742 718":                        "",
		"I am pregnant, decaf please":           "health",
		"Bin schwanger.":                        "health",
		"the cancers of trade":                  "",
		"please ring twice, flat 12":            "",
		"call +49 40 123456":                    "",
		"order 2026-11-23-000017":               "",
		"":                                      "",
	} {
		if got := scanFinding(text); got != want {
			t.Errorf("scan(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("4111 1111 1111 1111")
	f.Add("Z1234567L DE89370400440532013000 12 345 678 901")
	f.Fuzz(func(t *testing.T, s string) { scanFinding(s) })
}
