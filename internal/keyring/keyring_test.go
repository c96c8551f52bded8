package keyring

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestDigestsOfDifferentUsesDiffer(t *testing.T) {
	r := Generate()
	a, b := r.Digest(Identity, "email", "x"), r.Digest(Suppression, "email", "x")
	if bytes.Equal(a.Sum, b.Sum) {
		t.Error("identity and suppression digests can be joined")
	}
	if bytes.Equal(r.Digest(Identity, "ab", "c").Sum, r.Digest(Identity, "a", "bc").Sum) {
		t.Error("parts run together")
	}
}

func TestRingSurvivesReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.key")
	a, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Digest(Send, "x").Sum, b.Digest(Send, "x").Sum) {
		t.Error("digests differ after reopening")
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("a key file that others can read was accepted")
	}
}

func TestOlderKeysStillMatch(t *testing.T) {
	old := Generate()
	fresh := Generate().keys[0]
	fresh.ID = 2
	both := &Ring{keys: []root{old.keys[0], fresh}, derived: map[derivedKey][]byte{}}
	want := old.Digest(Suppression, "x")
	got := both.Digests(Suppression, "x")
	if len(got) != 2 || !bytes.Equal(got[1].Sum, want.Sum) || bytes.Equal(got[0].Sum, want.Sum) {
		t.Error("the old digest is not the second of two")
	}
	if p, err := both.OpenToken("u", old.SealToken("u", []byte("hi"))); err != nil || string(p) != "hi" {
		t.Errorf("old token: %q, %v", p, err)
	}
}

func TestTokenOfAnotherKindOrWithAFlippedBitDoesNotOpen(t *testing.T) {
	r := Generate()
	tok := r.SealToken("unsubscribe", []byte("payload"))
	if _, err := r.OpenToken("download", tok); err == nil {
		t.Error("opened as another kind")
	}
	for i := range tok {
		b := []byte(tok)
		b[i] ^= 1
		if p, err := r.OpenToken("unsubscribe", string(b)); err == nil {
			t.Errorf("flip at %d opened: %q", i, p)
		}
	}
}

func FuzzOpenToken(f *testing.F) {
	r := Generate()
	f.Add(r.SealToken("u", []byte("x")))
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := r.OpenToken("other", s); err == nil {
			t.Error("opened")
		}
	})
}
