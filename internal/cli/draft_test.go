package cli

import (
	"bytes"
	"context"
	"io"
	"testing"

	"candor/internal/errs"
)

// A campaign's file is read, or refused with the line or the name.
func FuzzDraft(f *testing.F) {
	f.Add([]byte(campaignExample))
	for _, s := range []string{"name: a\nname: b\n", "{}", "- a\n", "content: {texts: []}\n", "a: &x 1\nb: *x\n", "name: !!binary aGk=\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e := &env{ctx: context.Background(), in: bytes.NewReader(b), out: io.Discard, errOut: io.Discard}
		if _, err := readDraft(e, "-"); err != nil && errs.KindOf(err) != errs.Invalid {
			t.Errorf("neither read nor refused: %v", err)
		}
	})
}
