package signal

import (
	"slices"
	"strings"
	"testing"
	"time"

	tcf "github.com/SirDataFR/iabtcfv2"

	"candor/internal/errs"
)

// tc writes a TC string as a consent tool would in October 2026.
func tc(consent, interest []int) string {
	day := time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)
	bits := func(list []int) map[int]bool {
		out := map[int]bool{}
		for _, n := range list {
			out[n] = true
		}
		return out
	}
	t := &tcf.TCData{
		CoreString: &tcf.CoreString{Version: 2, Created: day, LastUpdated: day, CmpId: 92, CmpVersion: 1, ConsentScreen: 1, ConsentLanguage: "DE",
			VendorListVersion: 40, TcfPolicyVersion: 5, PurposesConsent: bits(consent), PurposesLITransparency: bits(interest), PublisherCC: "DE"},
		DisclosedVendors: &tcf.DisclosedVendors{SegmentType: 1, MaxVendorId: 8, DisclosedVendors: map[int]bool{8: true}},
	}
	return t.ToTCString()
}

func TestATCStringSaysWhatItAllows(t *testing.T) {
	said, err := ReadTCF(tc([]int{1, 3}, []int{2, 4, 7}))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		of      []int
		consent bool
		want    string
	}{
		{[]int{1, 3}, true, Yes}, {[]int{1, 4}, true, No}, {[]int{7}, true, No}, {[]int{7}, false, Yes},
		{[]int{4}, false, No}, // advertising by profile never rests on an interest
	} {
		in, speaks := said.Of("x", Map{TCF: c.of}, c.consent, now)
		if !speaks || in.Says != c.want || in.Binding || in.At.Format("2006-01-02 15:04") != "2026-10-05 23:59" {
			t.Errorf("of %v with consent %v: %+v", c.of, c.consent, in)
		}
	}
	if _, speaks := said.Of("x", Map{US: OptOuts}, true, now); speaks {
		t.Error("a TC string spoke of American law")
	}
	for name, text := range map[string]string{
		"nothing": "", "no base64": "C(", "a piece": tc([]int{1}, nil)[:20], "no vendors, which 2.3 asks for": strings.Split(tc([]int{1}, nil), ".")[0],
		"a broken segment": tc([]int{1}, nil) + ".Y", "version 1": "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA", "too long": strings.Repeat("C", mostText+1),
	} {
		if _, err := ReadTCF(text); errs.CodeOf(err) != "bad_tcf" || errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAGPPStringSaysWhoOptedOut(t *testing.T) {
	for text, want := range map[string]map[OptOut]bool{
		"DBABBg~BVqqqqpY":    {Sale: false, Sharing: false}, // California
		"DBABBg~BVqqqqpY.YA": {Sale: true, Sharing: true, Targeted: true},
		"DBABBg~BAAAAACA":    nil,
		"DBABVg~BVVVVVVg":    {Sale: true, Targeted: true}, // Connecticut
		"DBABRg~BAAAABA":     nil,                          // Virginia
	} {
		said, err := ReadGPP(text)
		if err != nil || len(said.US) != len(want) || said.EU != nil {
			t.Errorf("%s: %+v %v", text, said, err)
		}
		for o, out := range want {
			if got, ok := said.US[o]; !ok || got != out {
				t.Errorf("%s: %s is %v", text, o, got)
			}
		}
	}
	both, err := ReadGPP("DBACNM~" + tc([]int{1}, nil) + "~BVqqqqpY") // sections 2 and 8
	if err != nil || both.EU == nil || both.US[Sale] || both.Updated.IsZero() {
		t.Errorf("both sections: %+v %v", both, err)
	}
	other, err := ReadGPP("DBABAw~BAAAABA") // a section of another law
	if err != nil || len(other.Unread) != 1 {
		t.Errorf("a section that is not read: %+v %v", other, err)
	}
	for name, text := range map[string]string{
		"nothing": "", "no section": "DBABBg", "one too many": "DBABBg~BVqqqqpY~BVqqqqpY", "another type": "ABABBg~BVqqqqpY", "cut": "DBABBg~BVqq",
		"a version to come": "DBABBg~CVqqqqpY", "no base64": "DBABBg~BV!qqqpY", "a segment of no kind": "DBABBg~BVqqqqpY.AA", "a broken TC string": "DBABMA~C(",
	} {
		if _, err := ReadGPP(text); errs.CodeOf(err) != "bad_gpp" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheDeclaredOrderDecidesAndTheLawStands(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 10, d, 12, 0, 0, 0, time.UTC) }
	in := func(from From, says string, d int, binding bool) Input { return Input{from, says, day(d), binding} }
	for name, c := range map[string]struct {
		order  []From
		inputs []Input
		want   From
		says   string
		lost   int
	}{
		"a later choice passes a string":         {Order, []Input{in(ByTCF, No, 5, false), in(Explicit, Yes, 6, false)}, Explicit, Yes, 1},
		"an earlier one does not":                {Order, []Input{in(ByTCF, No, 7, false), in(Explicit, Yes, 6, false)}, ByTCF, No, 1},
		"nor one of the same moment":             {Order, []Input{in(ByGPC, No, 7, true), in(Explicit, Yes, 7, false)}, ByGPC, No, 1},
		"a no of one's own":                      {Order, []Input{in(ByTCF, Yes, 7, false), in(Explicit, No, 6, true)}, Explicit, No, 1},
		"GPP before TCF":                         {Order, []Input{in(ByTCF, No, 5, false), in(ByGPP, Yes, 5, false)}, ByGPP, Yes, 1},
		"TCF before GPP where declared":          {[]From{Explicit, ByGPC, ByTCF, ByGPP}, []Input{in(ByTCF, No, 5, false), in(ByGPP, Yes, 5, false)}, ByTCF, No, 1},
		"an opt-out counts whatever is declared": {[]From{ByTCF, Explicit, ByGPP, ByGPC}, []Input{in(ByTCF, Yes, 5, false), in(ByGPP, No, 5, true)}, ByGPP, No, 1},
		"and the browser's signal":               {[]From{ByTCF, Explicit, ByGPP, ByGPC}, []Input{in(ByTCF, Yes, 5, false), in(ByGPP, Yes, 5, false), in(ByGPC, No, 5, true)}, ByGPC, No, 2},
		"agreed":                                 {Order, []Input{in(ByTCF, No, 5, false), in(ByGPP, No, 5, false)}, ByGPP, No, 0},
	} {
		got := Resolve(c.order, c.inputs)
		if got.Counts.From != c.want || got.Counts.Says != c.says || len(got.Overruled) != c.lost {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Whatever comes, a string is read or refused, and what it says is of the
// purposes and opt-outs there are.
func FuzzStrings(f *testing.F) {
	for _, text := range []string{"", "C", "DBABBg~BVqqqqpY.YA", "DBACNM~" + tc([]int{1}, nil) + "~BVqqqqpY", "DBABAw~B", "DBABVg~BVVVVVVg.YA", "D",
		tc([]int{1, 2, 3}, []int{7}), tc(nil, nil), "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA", "D____w~A"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func(string) (Said, error){ReadTCF, ReadGPP} {
			said, err := read(text)
			if err != nil {
				if errs.KindOf(err) != errs.Invalid || said.EU != nil || said.US != nil {
					t.Errorf("%v with %+v", err, said)
				}
				continue
			}
			for o := range said.US {
				if !slices.Contains(OptOuts, o) {
					t.Errorf("opted out of %q", o)
				}
			}
			if said.EU != nil && (said.EU.Consent|said.EU.Interest)>>(Purposes+1) != 0 {
				t.Errorf("purposes %b", said.EU.Consent)
			}
		}
	})
}
