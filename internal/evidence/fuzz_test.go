package evidence

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"candor/internal/errs"
)

// Of all packs, the one that was signed holds and no other.
func FuzzVerify(f *testing.F) {
	private, key, err := note.GenerateKey(rand.Reader, "halm.example/test")
	if err != nil {
		f.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		f.Fatal(err)
	}
	first, _ := json.Marshal(head{Format: format, AsOf: "2026-11-25"})
	inside, err := bodyOf("2026-11-25", map[string]json.RawMessage{"staff": json.RawMessage(`{"n":1}`)})
	if err != nil {
		f.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: noteText("2026-11-25", inside)}, signer)
	if err != nil {
		f.Fatal(err)
	}
	good := bytes.Join([][]byte{first, inside, signed}, []byte("\n"))
	if _, err := Verify(good, key); err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-10])
	f.Add([]byte("{}\n{}\n"))
	f.Fuzz(func(t *testing.T, pack []byte) {
		_, err := Verify(pack, key)
		if err != nil && !errs.Is(err, errs.Invalid) {
			t.Errorf("%v", err)
		}
		if lines := bytes.SplitN(pack, []byte("\n"), 3); err == nil && !bytes.Equal(lines[1], inside) {
			t.Error("another body holds")
		}
	})
}
