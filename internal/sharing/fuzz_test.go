package sharing

import (
	"testing"

	"candor/internal/errs"
)

// What a recipient answers is read strictly and within its bounds, or refused.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`{"acknowledged":["dlv_0000000000001"]}`, `{"stop":[{"subject":"sub_x","purpose":"letter"}]}`, `{}`, `[]`, `{"acknowledged":[],"Acknowledged":["x"]}`, `{"stop":[1]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := readAnswer(body)
		if err != nil {
			if k := errs.KindOf(err); k != errs.Invalid && k != errs.TooLarge {
				t.Errorf("kind %v: %v", k, err)
			}
			return
		}
		if n := len(a.Acknowledged) + len(a.Stop); n == 0 || n > answersAtOnce {
			t.Errorf("taken with %d things", n)
		}
	})
}
