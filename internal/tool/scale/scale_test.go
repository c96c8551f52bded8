package scale

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of doc/scale.md anew")

const begin, end = "<!-- simulation -->\n", "<!-- end of the simulation -->\n"

func costs(t *testing.T) Costs {
	t.Helper()
	doc, err := os.ReadFile("../../../doc/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := ReadCosts(string(doc), "PostgreSQL")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The document has the tables that follow from what is measured now.
func TestReference(t *testing.T) {
	var want strings.Builder
	if err := Assumed.Print(&want, costs(t)); err != nil {
		t.Fatal(err)
	}
	const name = "../../../doc/scale.md"
	doc, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(doc), begin)
	got, after, ends := strings.Cut(rest, end)
	if !ok || !ends {
		t.Fatal("doc/scale.md says nowhere where the simulation stands")
	}
	if *update {
		if err := os.WriteFile(name, []byte(before+begin+want.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want.String() {
		t.Errorf("doc/scale.md is not what follows from doc/performance.md: make reference\n%s", want.String())
	}
}

func TestCostsAreReadFromTheTable(t *testing.T) {
	got, err := ReadCosts("| job | engine | least | median |\n|---|---|---|---|\n| mails | SQLite | 1 | 2,000 |\n| mails | PostgreSQL | 1 | 1,000 |\n\n| job | statements |\n|---|---|\n| mails | PostgreSQL |\n", "PostgreSQL")
	if err != nil || len(got) != 1 || got["mails"] != 0.002 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := Assumed.For(1, got); err == nil {
		t.Error("a job without a cost costs nothing")
	}
}

// Needs grow with the customers, and so does what they take of the one sequencer.
func TestNeedsGrow(t *testing.T) {
	c := costs(t)
	small, err := Assumed.For(1e7, c)
	if err != nil {
		t.Fatal(err)
	}
	large, _ := Assumed.For(1e8, c)
	for name, x := range map[string][2]float64{"cores": {small.Cores, large.Cores}, "storage": {small.Storage, large.Storage}, "entries": {small.Entries, large.Entries}, "sequencer": {small.Sequencer, large.Sequencer}} {
		if r := x[1] / x[0]; r < 9.99 || r > 10.01 {
			t.Errorf("ten times the customers take %g times the %s", r, name)
		}
	}
	for x, want := range map[float64]string{0: "0", 0.0123: "0.012", 4.44: "4.4", 12.3: "12", 12345: "12,000", 1e9: "1,000,000,000"} {
		if got := number(x); got != want {
			t.Errorf("%g is written %s, want %s", x, got, want)
		}
	}
}
