package clock

import "testing"

// An instant that is read is written so that it is read again as the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"2026-11-23T12:00:00Z", "2024-02-29T23:59:60+14:00", "1969-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", "2026-11-23", "never"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		i, err := Parse(s)
		if err != nil || i == 0 {
			return
		}
		if again, err := Parse(i.String()); err == nil && again != i {
			t.Errorf("%q is %d, written %q, then %d", s, i, i, again)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-11-23", "2024-02-29", "2023-02-29", "0000-01-01", "2026-1-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDate(s); err == nil && d.String() != s {
			t.Errorf("%q became %q", s, d)
		}
	})
}
