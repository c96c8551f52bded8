package id

import "testing"

// What is read as an id is written the same; an id of another kind is not read.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"cus_0000000000001", NewCustomer().String(), "cus_zzzzzzzzzzzzz", "cus_", "src_0000000000001", "cus_000000000000\xff", "cus_p000000000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Parse[Customer](s)
		if err != nil {
			return
		}
		if c <= 0 || c.String() != s {
			t.Errorf("%q is %d, written %q", s, int64(c), c)
		}
		if _, err := Parse[Source](s); err == nil {
			t.Errorf("%q is also a source", s)
		}
	})
}
