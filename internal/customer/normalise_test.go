package customer

import (
	"strings"
	"testing"

	"candor/internal/errs"
)

func TestEmail(t *testing.T) {
	for in, want := range map[string]string{
		"Jane.Doe@Example.ORG":       "jane.doe@example.org",
		"  jane@example.org\n":       "jane@example.org",
		"jane+news@example.org":      "jane+news@example.org",
		"jane@bücher.example":        "jane@xn--bcher-kva.example",
		"jane@BÜCHER.example":        "jane@xn--bcher-kva.example",
		"jane@xn--bcher-kva.example": "jane@xn--bcher-kva.example",
		"jürgen@example.org":         "jürgen@example.org",
		"ju\u0308rgen@example.org":   "jürgen@example.org",
		"jane@example.org.":          "jane@example.org",
		"o'neil@example.co.uk":       "o'neil@example.co.uk",
	} {
		got, err := Email(in)
		if err != nil || got.Value.Reveal() != want || got.Kind != EmailAddress {
			t.Errorf("Email(%q) = %q, %v; want %q", in, got.Value.Reveal(), err, want)
		}
	}
}

func TestEmailRefuses(t *testing.T) {
	for _, in := range []string{
		"", "jane", "@example.org", "jane@", "jane@example", "jane@127.0.0.1", "jane@[127.0.0.1]", "jane@-x.org", "jane@x-.org",
		"ja ne@example.org", "jane@exa mple.org", "jane..doe@example.org", ".jane@example.org", "jane.@example.org",
		`"jane"@example.org`, "jane@example.org\r\nBcc: x@example.org", "jane\x00@example.org", "a@b@example.org",
		"jane@exam_ple.org", "jane<x>@example.org", strings.Repeat("a", 65) + "@example.org",
		"jane@" + strings.Repeat("a", 64) + ".org", "jane@" + strings.Repeat("a.", 150) + "org", "\xff@example.org",
		"jane,doe@example.org", "jane@example..org", "jane@.example.org",
	} {
		if got, err := Email(in); !errs.Is(err, errs.Invalid) {
			t.Errorf("Email(%q) = %q, %v; want INVALID", in, got.Value.Reveal(), err)
		} else if strings.Contains(err.Error(), "jane") {
			t.Errorf("the error repeats the address: %v", err)
		}
	}
}

func TestRoleAddresses(t *testing.T) {
	for in, want := range map[string]bool{"info@example.org": true, "Info+x@example.org": true, "jane@example.org": false, "informed@example.org": false} {
		got, err := Email(in)
		if err != nil || got.Role() != want {
			t.Errorf("%s: role %v, %v", in, got.Role(), err)
		}
	}
}

func TestPhone(t *testing.T) {
	for _, c := range []struct{ in, region, want string }{
		{"+49 30 901820", "", "+4930901820"},
		{"030 901820", "de", "+4930901820"},
		{"(415) 555-2671", "US", "+14155552671"},
		{"+1 415 555 2671", "DE", "+14155552671"},
		{"0044 20 7946 0958", "DE", "+442079460958"},
	} {
		got, err := Phone(c.in, c.region)
		if err != nil || got.Value.Reveal() != c.want {
			t.Errorf("Phone(%q, %q) = %q, %v; want %q", c.in, c.region, got.Value.Reveal(), err, c.want)
		}
	}
	for _, c := range []struct{ in, region string }{
		{"", ""}, {"030 901820", ""}, {"+49", ""}, {"110", "DE"}, {"1-800-FLOWERS", "US"}, {"+4930901820 ext 5", ""}, {"undefined", "DE"},
		{strings.Repeat("1", 80), "DE"}, {"+49 30 901820", "nowhere"},
	} {
		got, err := Phone(c.in, c.region)
		if err == nil && c.region != "nowhere" {
			t.Errorf("Phone(%q, %q) = %q", c.in, c.region, got.Value.Reveal())
		}
	}
}

func TestIDsThatStandForNobodyAreRefused(t *testing.T) {
	for _, in := range []string{"undefined", "null", "NaN", "", "  ", "0", "[object Object]", "anonymous", "None", "TRUE", "false",
		"00000000-0000-0000-0000-000000000000", "{}", "-1", "guest", "(null)", " Undefined "} {
		if _, err := UserID("shop", in); !errs.Is(err, errs.Invalid) {
			t.Errorf("UserID(%q): %v", in, err)
		}
		if _, err := Anonymous(in); !errs.Is(err, errs.Invalid) {
			t.Errorf("Anonymous(%q): %v", in, err)
		}
	}
	if _, err := UserID("shop", "a\x00b"); !errs.Is(err, errs.Invalid) {
		t.Error("a control character is accepted")
	}
	if _, err := UserID("Shop!", "1"); !errs.Is(err, errs.Invalid) {
		t.Error("a bad namespace is accepted")
	}
	if _, err := Anonymous("short"); !errs.Is(err, errs.Invalid) {
		t.Error("a guessable anonymous id is accepted")
	}
	a, err := UserID("shop", " 1234 ")
	b, err2 := UserID("crm", "1234")
	if err != nil || err2 != nil || a.Value.Reveal() != "1234" || a == b {
		t.Errorf("%v %v: ids of two systems must differ", err, err2)
	}
}

func FuzzEmail(f *testing.F) {
	for _, s := range []string{"jane@example.org", "jane@bücher.example", "@", "a@b.c\r\n", "ß@ß.de", "x@\u200d.org", "a@xn--a.org", "İ@example.org"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Email(s)
		if err != nil {
			return
		}
		v := got.Value.Reveal()
		if len(v) > maxEmail || strings.ContainsAny(v, " \r\n\t\x00<>,;\"") {
			t.Fatalf("accepted %q as %q", s, v)
		}
		again, err := Email(v)
		if err != nil || again != got {
			t.Fatalf("%q normalises to %q, then to %q (%v)", s, v, again.Value.Reveal(), err)
		}
	})
}

func FuzzPhone(f *testing.F) {
	for _, s := range []string{"+4930901820", "030 901820", "+", "١٢٣٤٥٦٧٨", "+49(0)30901820", "tel:+4930901820"} {
		f.Add(s, "DE")
	}
	f.Fuzz(func(t *testing.T, s, region string) {
		got, err := Phone(s, region)
		if err != nil {
			return
		}
		v := got.Value.Reveal()
		if len(v) < 5 || len(v) > 17 || v[0] != '+' || strings.Trim(v[1:], "0123456789") != "" {
			t.Fatalf("accepted %q as %q", s, v)
		}
	})
}

func FuzzUserID(f *testing.F) {
	for _, s := range []string{"1234", "undefined", " null ", "a\nb", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := UserID("shop", s)
		if err != nil {
			return
		}
		again, err := UserID("shop", got.Value.Reveal())
		if err != nil || again != got || len(got.Value.Reveal()) > 4*maxID {
			t.Fatalf("%q: %v", s, err)
		}
	})
}
