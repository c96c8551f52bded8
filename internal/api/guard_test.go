package api

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/strict"
)

func TestTheGuardRefusesWhatReadersReadDifferently(t *testing.T) {
	deep := strings.Repeat("[", 33) + strings.Repeat("]", 33)
	for name, c := range map[string]struct {
		body string
		code errs.Code
	}{
		"a name twice":            {`{"purpose":"orders","purpose":"letter"}`, strict.DuplicateKey},
		"a name in another case":  {`{"purpose":"orders","Purpose":"letter"}`, strict.DuplicateKey},
		"a name in another depth": {`{"a":[{"b":1,"B":2}]}`, strict.DuplicateKey},
		"a long s":                {`{"purpose":"orders","purpoſe":"letter"}`, strict.DuplicateKey},
		"two values":              {`{}{}`, strict.Malformed},
		"a comma too many":        {`{"a":1,}`, strict.Malformed},
		"a comment":               {`{/*x*/}`, strict.Malformed},
		"deep nesting":            {deep, strict.TooDeep},
		"broken UTF-8":            {"{\"a\":\"\xff\"}", strict.NotText},
		"NUL":                     {`{"a":"\u0000"}`, strict.NUL},
		"2^53+1":                  {`{"a":9007199254740993}`, numberTooLarge},
		"-2^53-1":                 {`[-9007199254740993]`, numberTooLarge},
		"a huge exponent":         {`{"a":1e400}`, numberTooLarge},
		"a large exponent":        {`{"a":1e17}`, numberTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			err := CheckJSON([]byte(c.body))
			if errs.CodeOf(err) != c.code || errs.KindOf(err) != errs.Invalid {
				t.Errorf("err = %v, want %s", err, c.code)
			}
		})
	}
	for _, good := range []string{`{"a":9007199254740992,"b":-9007199254740992,"c":0.1,"d":[null,true,"é"]}`, `"x"`, `1e3`} {
		if err := CheckJSON([]byte(good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

// What passes the guard is read alike by encoding/json, and marshals back to the
// same value.
func FuzzCheckJSON(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `{"a":1,"A":2}`, `[1e3,9007199254740993]`, `{"k":{"k":[{}]}}`, "\"\\ud800\"", `nul`, `{"a":1}{`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := CheckJSON(b)
		if err != nil {
			if errs.KindOf(err) != errs.Invalid || len(b) > 20 && strings.Contains(err.Error(), string(b)) {
				t.Errorf("error: %v", err)
			}
			return
		}
		var first, second any
		if err := json.Unmarshal(b, &first); err != nil {
			t.Fatalf("passed, but encoding/json refuses it: %v", err)
		}
		again, err := json.Marshal(first)
		if err != nil || json.Unmarshal(again, &second) != nil {
			t.Fatal(err)
		}
		third, err := json.Marshal(second)
		if err != nil || !bytes.Equal(again, third) {
			t.Errorf("%s became %s", again, third)
		}
	})
}

// A cursor is one that this server made for this list, or refused.
func FuzzOpenCursor(f *testing.F) {
	ring := keyring.Generate()
	f.Add(sealCursor(ring, "customers", id.NewCustomer()))
	f.Add(sealCursor(ring, "campaigns", id.New[id.Campaign]()))
	f.Add("AAAA")
	f.Add("\x00")
	f.Fuzz(func(t *testing.T, s string) {
		var place id.Customer
		err := openCursor(ring, "customers", s, &place)
		if err != nil && errs.CodeOf(err) != "bad_cursor" {
			t.Errorf("neither read nor refused: %v", err)
		}
		if err != nil && place != 0 {
			t.Errorf("refused, and yet %v was read", place)
		}
	})
}
