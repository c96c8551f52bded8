package mutate

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	guarded = "package p\n\nfunc allowed(age int) bool { return age >= 18 }\n"
	sharp   = "package p\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {\n\tif allowed(3) {\n\t\tt.Error(\"a child\")\n\t}\n}\n"
	blunt   = "package p\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {\n\tif !allowed(30) {\n\t\tt.Error(\"an adult\")\n\t}\n}\n"
)

func module(t *testing.T, test string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module m\n\ngo 1.26\n", "p/p.go": guarded, "p/p_test.go": test} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestASwitchTellsSharpTestsFromBlunt(t *testing.T) {
	off := Switch{Test: "TestX", In: "p", File: "p/p.go", Code: "age >= 18", Off: "true"}
	broken := off
	broken.Off = "true +"
	other := off
	other.Test = "TestY"
	for _, c := range []struct {
		name  string
		test  string
		off   Switch
		bites bool
		why   string
	}{
		{"a test that looks", sharp, off, true, ""},
		{"a test that does not look", blunt, off, false, "passes all the same"},
		{"code that no longer builds", sharp, broken, false, "nothing builds"},
		{"a test that is not there", sharp, other, false, "did not run"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := module(t, c.test)
			got, err := Run(context.Background(), dir, c.off)
			if err != nil {
				t.Fatal(err)
			}
			if got.Bites != c.bites || !strings.Contains(got.Why, c.why) {
				t.Errorf("bites %v because %q", got.Bites, got.Why)
			}
			if text, _ := os.ReadFile(filepath.Join(dir, "p/p.go")); string(text) != guarded {
				t.Error("the source on disk was changed")
			}
		})
	}
}

func TestCodeMustStandThereOnce(t *testing.T) {
	for _, code := range []string{"absent", "a"} {
		if _, err := (Switch{Code: code}).Apply([]byte(guarded)); err == nil {
			t.Errorf("%q was accepted", code)
		}
	}
}

// Every switch fits the source as it is: its code stands in its file once, and
// its test is in its package.
func TestSwitchesFitTheSource(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	for _, s := range Switches {
		text, err := os.ReadFile(filepath.Join(root, s.File))
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := s.Apply(text); err != nil {
			t.Error(err)
		}
		if !hasTest(t, filepath.Join(root, s.In), s.Test) {
			t.Errorf("%s has no test %s", s.In, s.Test)
		}
	}
}

func hasTest(t *testing.T, dir, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil && strings.Contains(string(text), "func "+test+"(") {
			return true
		}
	}
	return false
}
