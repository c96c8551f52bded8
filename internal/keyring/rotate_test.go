package keyring

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"candor/internal/errs"
)

// A rotation can be begun twice and ended twice. Afterwards old digests, links and
// sealed lines go on, and what opened customers' keys is gone from the file.
func TestARetiredKeyServesAllButTheVault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.key")
	old, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	secret := bytes.Clone(old.keys[0].Key)
	for range 2 {
		r, err := Renew(path)
		if err != nil || r.Current() != 2 || !r.Rotating() {
			t.Fatalf("renew: %d, %v", r.Current(), err)
		}
		if _, err := r.Key(1, Vault); err != nil {
			t.Errorf("during the rotation the old key opens: %v", err)
		}
	}
	for range 2 {
		if err := Retire(path); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Read(path)
	if err != nil || r.Rotating() || r.Current() != 2 {
		t.Fatalf("after: %+v, %v", r, err)
	}
	if _, err := r.Key(1, Vault); !errs.Is(err, errs.NotFound) {
		t.Errorf("the retired key still opens customers' keys: %v", err)
	}
	for _, u := range kept {
		got, want := r.Digests(u, "x"), old.Digest(u, "x")
		if len(got) != 2 || !bytes.Equal(got[1].Sum, want.Sum) || bytes.Equal(got[0].Sum, want.Sum) {
			t.Errorf("digests of use %s are not found again", u)
		}
	}
	if p, err := r.OpenToken("u", old.SealToken("u", []byte("hi"))); err != nil || string(p) != "hi" {
		t.Errorf("an old link: %q, %v", p, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || bytes.Contains(text, []byte(mustBase64(t, secret))) {
		t.Errorf("the old root key is in the file still: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func mustBase64(t *testing.T, b []byte) []byte {
	t.Helper()
	r := &Ring{keys: []root{{ID: 1, Key: b}}}
	path := filepath.Join(t.TempDir(), "one")
	if err := r.save(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text[len(`[{"id":1,"key":"`) : len(text)-len(`"}]`)]
}

// Every use is kept but the one that opens customers' keys: a use that is added
// must not be forgotten here.
func TestEveryUseButTheVaultIsKept(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "keyring.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if typ, ok := v.Type.(*ast.Ident); !ok || typ.Name != "Use" {
			return true
		}
		name, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		if slices.Contains(kept, Use(name)) == (Use(name) == Vault) {
			t.Errorf("use %s: kept wrongly", name)
		}
		return true
	})
	if seen != len(kept)+1 {
		t.Errorf("%d uses, %d kept", seen, len(kept))
	}
}
