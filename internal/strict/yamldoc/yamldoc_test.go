package yamldoc

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const limit = 1 << 16

func TestReadRefuses(t *testing.T) {
	for _, v := range []struct {
		name, text string
		line       int
		want       string
	}{
		{"nothing", "", 1, "empty"},
		{"a list", "- a\n", 1, "mapping"},
		{"a word", "hello", 1, "mapping"},
		{"not YAML", "a: 1\nb: c: d\n", 2, "not YAML"},
		{"a tab", "a:\n\tb: 1\n", 2, "not YAML"},
		{"NUL", "a: 1\nb: x\x00y\n", 2, "NUL"},
		{"not UTF-8", "a: 1\nb: \xff\n", 2, "UTF-8"},
		{"too long", "a: " + strings.Repeat("x", limit), 1, "shorten"},
		{"an anchor", "a: &x 1\n", 1, "anchors"},
		{"an alias", "a: &x [1]\nb: *x\n", 1, "anchors"},
		{"a merge key", "a: 1\n<<: {b: 2}\n", 2, "plain word"},
		{"a tag", "a: 1\nb: !!binary aGk=\n", 2, "tag"},
		{"a name twice", "a: 1\nb: 2\na: 3\n", 3, "twice"},
		{"a name in two cases", "email: 1\nEmail: 2\n", 2, "twice"},
		{"a list as a name", "[a]: 1\n", 1, "plain word"},
		{"two documents", "a: 1\n---\nb: 2\n", 2, "one document"},
		{"too deep", "a: " + strings.Repeat("[", 40) + strings.Repeat("]", 40), 1, "nest"},
		{"a bomb", "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", 1, "anchors"},
	} {
		_, faults := Read([]byte(v.text), limit)
		if len(faults) == 0 {
			t.Errorf("%s was read", v.name)
			continue
		}
		if f := faults[0]; f.Line != v.line || !strings.Contains(f.Msg, v.want) {
			t.Errorf("%s: %v, want line %d and %q", v.name, f, v.line, v.want)
		}
	}
}

func TestValueIsWhatJSONHas(t *testing.T) {
	n, faults := Read([]byte("a: 1\nb: [no, true, 1.50, 2026-12-01, 0x10, ~, \"2\"]\nc: {d: NO}\n"), limit)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := map[string]any{
		"a": json.Number("1"),
		"b": []any{"no", true, json.Number("1.50"), "2026-12-01", "0x10", nil, "2"},
		"c": map[string]any{"d": "NO"},
	}
	if got := Value(n); !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", got)
	}
	if l := Line(n, []string{"c", "d"}); l != 3 {
		t.Errorf("c/d is on line %d", l)
	}
	if l := Line(n, []string{"c", "x", "y"}); l != 3 {
		t.Errorf("what is missing in c is reported on line %d", l)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"a: 1", "a: &x [*x]", "? [a]\n: b", "a: {b: [1, ~]}\n---\nc", "\xef\xbb\xbfa: 1", "%YAML 1.1\n---\na: 1", "a: |\n  text\n# c"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, faults := Read(text, limit)
		if n == nil && len(faults) == 0 {
			t.Fatal("neither a document nor a fault")
		}
		for _, x := range faults {
			if x.Line < 1 || x.Msg == "" {
				t.Fatalf("a fault without a place or words: %v", x)
			}
		}
		if len(faults) == 0 {
			if _, err := json.Marshal(Value(n)); err != nil {
				t.Fatalf("not JSON: %v", err)
			}
		}
	})
}
