package residue

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"candor/internal/personal"
)

func wide(s string, little bool) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if little {
			out = append(out, byte(u), byte(u>>8))
		} else {
			out = append(out, byte(u>>8), byte(u))
		}
	}
	return out
}

func TestEachFormIsFound(t *testing.T) {
	const v = "Jane.Döe+x@Example.org"
	m := New(personal.Seal(v))
	low := []byte(strings.ToLower(v))
	a, b, c := md5.Sum(low), sha1.Sum(low), sha256.Sum256(low)
	quoted, _ := json.Marshal("<" + v + ">")
	for name, text := range map[string][]byte{
		"as it is": []byte(v), "in capitals": []byte(strings.ToUpper(v)), "UTF-16 little": wide(v, true), "UTF-16 big": wide(v, false),
		"hex": []byte(hex.EncodeToString([]byte(v))), "HEX": []byte(strings.ToUpper(hex.EncodeToString([]byte(v)))),
		"query": []byte(url.QueryEscape(v)), "path": []byte(url.PathEscape(v)), "JSON": quoted,
		"JSON escaped": []byte(`jane.d\u00f6e\u002bx\u0040example.org`),
		"md5":          a[:], "sha1": []byte(hex.EncodeToString(b[:])), "sha256": []byte(base64.StdEncoding.EncodeToString(c[:])),
		"sha256 in a list": []byte(base64.URLEncoding.EncodeToString(append([]byte("x"), c[:]...))),
	} {
		if len(m.Find([]byte("before "+string(text)+" after"))) == 0 {
			t.Errorf("%s is not found", name)
		}
	}
	for before := range 4 {
		for after := range 4 {
			for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
				text := enc.EncodeToString([]byte(strings.Repeat("b", before) + v + strings.Repeat("a", after)))
				if len(m.Find([]byte(text))) == 0 {
					t.Errorf("base64 after %d and before %d bytes is not found", before, after)
				}
			}
		}
	}
	if found := m.Find([]byte("jane.doe@example.org and others")); len(found) > 0 {
		t.Errorf("found %v where there is another", found)
	}
	if !New(personal.Seal("Jo")).Empty() {
		t.Error("a value that is found everywhere is looked for")
	}
}

// A stream is searched as if it were whole, wherever its windows end.
func TestPropertyAStreamHidesNothing(t *testing.T) {
	m := New(personal.Seal("jane@example.org"))
	rapid.Check(t, func(r *rapid.T) {
		at := rapid.IntRange(window-200, window+200).Draw(r, "at")
		b := append(bytes.Repeat([]byte{'-'}, at), []byte(fmt.Sprintf("%x", "jane@example.org"))...)
		found, err := m.Read(bytes.NewReader(append(b, "tail"...)))
		if err != nil || len(found) == 0 {
			r.Fatalf("not found at %d: %v", at, err)
		}
	})
}
