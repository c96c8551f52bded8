package strict

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"candor/internal/errs"
)

func TestParseReadsWhatWasSent(t *testing.T) {
	v, err := Parse([]byte(` {"a":[1,-0.5e+3,9007199254740993,true,false,null],"ü":"x\u00e9\ud83d\ude00\n","":{}} `))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"a": []any{Number("1"), Number("-0.5e+3"), Number("9007199254740993"), true, false, nil},
		"ü": "xé😀\n", "": map[string]any{},
	}
	if !reflect.DeepEqual(v, want) {
		t.Errorf("got %#v", v)
	}
}

func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat("[", 5000)
	for name, c := range map[string]struct {
		in   string
		code errs.Code
	}{
		"empty":                     {``, Malformed},
		"truncated":                 {`{"a":[1,`, Malformed},
		"two values":                {`{} {}`, Malformed},
		"trailing comma":            {`[1,]`, Malformed},
		"leading zero":              {`01`, Malformed},
		"not a number":              {`NaN`, Malformed},
		"raw newline":               {"\"a\nb\"", Malformed},
		"bad escape":                {`"\x41"`, Malformed},
		"short escape":              {`"\u12`, Malformed},
		"ends in an escape":         {`"\`, Malformed},
		"same name":                 {`{"a":1,"a":2}`, DuplicateKey},
		"same name escaped":         {`{"a":1,"\u0061":2}`, DuplicateKey},
		"case variant":              {`{"userId":1,"userID":2}`, DuplicateKey},
		"case variant beyond ASCII": {`{"task":1,"taſk":2}`, DuplicateKey},
		"kelvin sign":               {`{"k":1,"K":2}`, DuplicateKey},
		"inside":                    {`{"a":[{"b":1,"B":2}]}`, DuplicateKey},
		"deep":                      {deep, TooDeep},
		"invalid UTF-8":             {"{\"a\":\"\xff\"}", NotText},
		"overlong":                  {"\"\xc0\x80\"", NotText},
		"lone surrogate":            {`"\ud800"`, NotText},
		"reversed surrogates":       {`"\ude00\ud83d"`, NotText},
		"raw NUL":                   {"\"a\x00\"", NUL},
		"escaped NUL":               {`"a\u0000"`, NUL},
	} {
		t.Run(name, func(t *testing.T) {
			if v, err := Parse([]byte(c.in)); errs.CodeOf(err) != c.code {
				t.Errorf("got %v, %v; want %s", v, err, c.code)
			}
		})
	}
}

func TestFieldsAndItemsCutWithoutReading(t *testing.T) {
	f, err := Fields([]byte(`{"batch":[{"a":1},{"a":1,"A":2},"x]\"",3 ],"writeKey":"k"}`))
	if err != nil {
		t.Fatal(err)
	}
	items, err := Items(f["batch"])
	if err != nil {
		t.Fatal(err)
	}
	if len(items) != 4 || string(items[1]) != `{"a":1,"A":2}` || string(items[2]) != `"x]\""` {
		t.Errorf("items %q", items)
	}
	if _, err := Fields([]byte(`{"writeKey":"a","writekey":"b"}`)); errs.CodeOf(err) != DuplicateKey {
		t.Errorf("case variant: %v", err)
	}
	for _, bad := range []string{`[]`, `{"a":}`, `{"a":1`, `{"a":"`, `{"a":"\`, `{"a":[1}`} {
		if _, err := Fields([]byte(bad)); err == nil && bad != `{"a":[1}` {
			t.Errorf("Fields(%q) took it", bad)
		}
	}
}

// FuzzParse holds the reader against encoding/json: what it takes, that takes
// too and reads alike; it takes nothing else.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x"]}`, `"\ud83d\ude00"`, `{"a":1,"A":2}`, `-0`, `1e9`, `[[[]]]`, "\"\x00\"", `{"batch":[{},"]"]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Parse(data)
		_, _ = Fields(data)
		_, _ = Items(data)
		if err != nil {
			return
		}
		d := json.NewDecoder(strings.NewReader(string(data)))
		d.UseNumber()
		var w any
		if err := d.Decode(&w); err != nil {
			t.Fatalf("took what encoding/json refuses: %v", err)
		}
		if !reflect.DeepEqual(v, plain(w)) {
			t.Fatalf("read %#v, encoding/json %#v", v, w)
		}
	})
}

func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		return Number(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = plain(e)
		}
		return out
	}
	return v
}
