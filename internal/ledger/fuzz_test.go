package ledger

import (
	"testing"

	"candor/internal/errs"
)

// A line of the anchor file is a checkpoint, or what was cut off in a crash, or
// the file was changed.
func FuzzAnchors(f *testing.F) {
	for _, s := range []string{"", "{}\n", "{\"size\":1}\n{\"si", "x\n{\"size\":\"a\"}\n", "\n\n{}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := parseAnchors(b); errs.KindOf(err) == errs.Internal && err != nil && err.Error() != "bufio.Scanner: token too long" {
			t.Errorf("neither read nor refused: %v", err)
		}
	})
}
