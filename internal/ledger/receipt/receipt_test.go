package receipt_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"candor/internal/errs"
	"candor/internal/ledger/receipt"
)

const origin = "halm.example/candor"

// issuer is a log of two leaves that signs by hand.
type issuer struct {
	signer note.Signer
	vkey   string
}

func newIssuer(t testing.TB, name string) issuer {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return issuer{s, vkey}
}

const record = `{"at":"2026-03-01T12:00:00Z","content":{"n":7,"purpose":"letter","words":"Ja, gern – <b>immer</b>"},"id":"led_0000000000007","kind":"consent.record"}`

func (i issuer) receipt(t testing.TB) []byte {
	t.Helper()
	h := rfc6962.DefaultHasher
	salt := bytes.Repeat([]byte{7}, receipt.SaltSize)
	sibling := h.HashLeaf([]byte("another"))
	leaf := h.HashLeaf(receipt.Commit(salt, []byte(record)))
	c := receipt.Checkpoint{Origin: origin, Size: 2, Root: h.HashChildren(sibling, leaf)}
	signed, err := note.Sign(&note.Note{Text: c.Body()}, i.signer)
	if err != nil {
		t.Fatal(err)
	}
	p := receipt.Proof{Index: 1, Hashes: [][]byte{sibling}, Checkpoint: signed}
	b, err := receipt.Receipt{Record: json.RawMessage(record), Salt: salt, LeafIndex: 1, Proof: p.String()}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAGoodReceiptVerifies(t *testing.T) {
	i := newIssuer(t, origin)
	v, err := receipt.Verify(i.receipt(t), i.vkey, origin)
	if err != nil || v.Index != 1 || v.Size != 2 || string(v.Record) != record {
		t.Errorf("%+v, %v", v, err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, i.receipt(t), "", "  "); err != nil {
		t.Fatal(err)
	}
	if _, err := receipt.Verify(pretty.Bytes(), i.vkey, origin); err != nil {
		t.Errorf("indented: %v", err)
	}
}

// Whichever character of a receipt is changed, it no longer verifies.
func TestAChangedCharacterFails(t *testing.T) {
	i := newIssuer(t, origin)
	good := i.receipt(t)
	for at := range good {
		for _, to := range []byte{good[at] ^ 1, good[at] ^ 0x20, 'A', '0', ' '} {
			if to == good[at] {
				continue
			}
			bad := bytes.Clone(good)
			bad[at] = to
			if _, err := receipt.Verify(bad, i.vkey, origin); err == nil {
				t.Fatalf("still verifies with %q for %q at %d: ...%s...", to, good[at], at, bad[max(0, at-20):min(len(bad), at+20)])
			}
		}
	}
}

func TestAReceiptFromAnotherLogFails(t *testing.T) {
	ours, other := newIssuer(t, origin), newIssuer(t, origin)
	for name, c := range map[string]struct {
		receipt      []byte
		vkey, origin string
	}{
		"another key under the same name": {other.receipt(t), ours.vkey, origin},
		"another origin expected":         {ours.receipt(t), ours.vkey, "other.example/candor"},
		"no key":                          {ours.receipt(t), "", origin},
		"no origin":                       {ours.receipt(t), ours.vkey, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := receipt.Verify(c.receipt, c.vkey, c.origin); errs.CodeOf(err) != receipt.Unsigned {
				t.Errorf("err = %v", err)
			}
		})
	}
}

// A receipt that brings its own key along proves nothing: keys inside are
// refused, not trusted.
func TestAKeyInsideAReceiptIsRefused(t *testing.T) {
	ours, forger := newIssuer(t, origin), newIssuer(t, origin)
	with := strings.Replace(string(forger.receipt(t)), `{"schema"`, `{"key":"`+forger.vkey+`","schema"`, 1)
	if _, err := receipt.Verify([]byte(with), ours.vkey, origin); errs.CodeOf(err) != receipt.Malformed {
		t.Errorf("err = %v", err)
	}
}

func TestAWrongLeafFails(t *testing.T) {
	i := newIssuer(t, origin)
	good := string(i.receipt(t))
	for name, bad := range map[string]string{
		"index in both places": strings.NewReplacer(`"leaf_index":1`, `"leaf_index":0`, `index 1\n`, `index 0\n`).Replace(good),
		"index in the receipt": strings.Replace(good, `"leaf_index":1`, `"leaf_index":0`, 1),
		"index in the proof":   strings.Replace(good, `index 1\n`, `index 0\n`, 1),
		"another record":       strings.Replace(good, `"n":7`, `"n":8`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			if bad == good {
				t.Fatal("nothing was changed")
			}
			if _, err := receipt.Verify([]byte(bad), i.vkey, origin); errs.CodeOf(err) != receipt.NotProven {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestMalformedReceiptsAreRefused(t *testing.T) {
	i := newIssuer(t, origin)
	good := string(i.receipt(t))
	for name, bad := range map[string]string{
		"empty":              ``,
		"not an object":      `[]`,
		"a name missing":     strings.Replace(good, `"leaf_index":1,`, ``, 1),
		"a name twice":       strings.Replace(good, `{"schema"`, `{"salt":"","schema"`, 1),
		"a name in capitals": strings.Replace(good, `"salt"`, `"Salt"`, 1),
		"a twin in capitals": strings.Replace(good, `"n":7`, `"n":7,"N":7`, 1),
		"more behind it":     good + `{}`,
		"another schema":     strings.Replace(good, `receipt/v1`, `receipt/v2`, 1),
		"a long index":       strings.Replace(good, `"leaf_index":1`, `"leaf_index":1e0`, 1),
		"null salt":          strings.Replace(good, `"salt":"`, `"salt":null,"x":"`, 1),
		"too long":           `"` + strings.Repeat("a", 1<<20) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := receipt.Verify([]byte(bad), i.vkey, origin); errs.CodeOf(err) != receipt.Malformed {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		`{"b":1, "a":[true,null,"é"]}`: `{"a":[true,null,"é"],"b":1}`,
		`{"n":9007199254740992}`:       `{"n":9007199254740992}`,
		`{"n":9007199254740993}`:       `{"n":"9007199254740993"}`,
		`[-9223372036854775808, 1.50]`: `["-9223372036854775808",1.5]`,
		`"\u003cb\u003e"`:              `"<b>"`,
	} {
		got, err := receipt.Canonical([]byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%s gives %s, %v; want %s", in, got, err, want)
		}
	}
	for _, bad := range []string{``, `{`, `1e400`, `1e20`, `123456789012345678901.5`} {
		if got, err := receipt.Canonical([]byte(bad)); err == nil {
			t.Errorf("%s gives %s", bad, got)
		}
	}
}

func FuzzVerify(f *testing.F) {
	i := newIssuer(f, origin)
	good := i.receipt(f)
	f.Add(good)
	f.Add([]byte(`{"schema":"candor/receipt/v1","record":{},"salt":"","leaf_index":0,"proof":""}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := receipt.Verify(b, i.vkey, origin)
		if err == nil && string(v.Record) != record {
			t.Errorf("proved what was never signed: %s", v.Record)
		}
	})
}

func FuzzParseProof(f *testing.F) {
	f.Add("c2sp.org/tlog-proof@v1\nindex 0\n\nx\n")
	f.Add("c2sp.org/tlog-proof@v1\nindex 3\n" + strings.Repeat("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n", 2) + "\nx\n1\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := receipt.ParseProof(text)
		if err == nil && p.String() != text {
			t.Errorf("%q was read as %q", text, p.String())
		}
	})
}
