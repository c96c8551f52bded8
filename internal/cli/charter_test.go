package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// candor runs a command line and gives its exit code and what it printed.
func candor(args ...string) (int, string) {
	var out bytes.Buffer
	code := Main(args, strings.NewReader(""), &out, &out)
	return code, out.String()
}

func TestCharterNewIsCheckedAndCompared(t *testing.T) {
	for _, trade := range []string{"shop", "charity", "software"} {
		folder := filepath.Join(t.TempDir(), "charter")
		if code, out := candor("charter", "new", "--template", trade, folder); code != 0 {
			t.Fatalf("%s: %d %s", trade, code, out)
		}
		if code, out := candor("charter", "check", folder); code != 0 || !strings.HasPrefix(out, "good: ") {
			t.Errorf("%s: %d %s", trade, code, out)
		}
		if code, out := candor("charter", "new", "--template", trade, folder); code == 0 || !strings.Contains(out, "is there already") {
			t.Errorf("%s was written over: %d %s", trade, code, out)
		}
		if code, out := candor("charter", "diff", folder, folder); code != 0 || !strings.Contains(out, "No promise changes") {
			t.Errorf("%s differs from itself: %d %s", trade, code, out)
		}
	}
	folder := filepath.Join(t.TempDir(), "zusage")
	if code, out := candor("charter", "new", "--template", "charity", "--language", "de", folder); code != 0 {
		t.Fatalf("in German: %d %s", code, out)
	}
	if code, out := candor("charter", "check", folder); code != 0 || !strings.HasPrefix(out, "good: ") {
		t.Errorf("in German: %d %s", code, out)
	}
	if text, err := os.ReadFile(filepath.Join(folder, "charter.yaml")); err != nil || !strings.Contains(string(text), "Ihre Mitgliedschaft führen") {
		t.Errorf("in German: %v", err)
	}
	if code, out := candor("charter", "new", "--language", "tlh", t.TempDir()); code == 0 {
		t.Errorf("a language that is none: %s", out)
	}
	if code, out := candor("charter", "new", "--template", "casino", t.TempDir()); code == 0 {
		t.Errorf("a template that is none: %s", out)
	}
}

func TestCharterDiffOffline(t *testing.T) {
	was, is := filepath.Join(t.TempDir(), "was"), filepath.Join(t.TempDir(), "is")
	for _, folder := range []string{was, is} {
		if code, out := candor("charter", "new", folder); code != 0 {
			t.Fatal(out)
		}
	}
	edit(t, filepath.Join(is, "charter.yaml"), "keep: 24 months after last contact", "keep: 48 months after last contact",
		"gets: {orders: [name, address]}", "gets: {orders: [name]}")
	code, out := candor("charter", "diff", was, is)
	want := `Widens
  Newsletter: now kept 4 years after we last heard from you
    -> tell the people known before it starts for them
    -> agreements rest until they are given anew
Narrows
  Deliver your orders: Example Parcels Ltd (Ireland) gets less data
`
	if code != 0 || out != want {
		t.Errorf("%d\n%s\nwant\n%s", code, out, want)
	}
	if code, out = candor("charter", "diff", was, is, "--json"); code != 0 || !strings.Contains(out, `"follows": [`) || !strings.Contains(out, `"widens": true`) {
		t.Errorf("%d %s", code, out)
	}
}

func TestAStageRuleThatCannotBeReadIsAProblemAtItsLine(t *testing.T) {
	folder := t.TempDir()
	if code, out := candor("charter", "new", filepath.Join(folder, "c")); code != 0 {
		t.Fatal(out)
	}
	path := filepath.Join(folder, "c", "charter.yaml")
	edit(t, path, `when: 'count("Order Completed") >= 1'`, `when: 'count("Order Cancelled") >= 1'`)
	text, _ := os.ReadFile(path) //nolint:gosec // the test's own
	line := strings.Count(strings.Split(string(text), "Order Cancelled")[0], "\n") + 1
	code, out := candor("charter", "check", filepath.Join(folder, "c"))
	if want := "charter.yaml:" + strconv.Itoa(line) + ": NOT-08: stages.regular.when:"; code == 0 || !strings.Contains(out, want) {
		t.Errorf("%d %s\nwant %s", code, out, want)
	}
}

func edit(t *testing.T, path string, pairs ...string) {
	t.Helper()
	text, err := os.ReadFile(path) //nolint:gosec // the test's own
	if err != nil {
		t.Fatal(err)
	}
	s := string(text)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(s, pairs[i]) {
			t.Fatalf("the file has no %q", pairs[i])
		}
		s = strings.Replace(s, pairs[i], pairs[i+1], 1)
	}
	if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
		t.Fatal(err)
	}
}
