package template

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"candor/internal/charter"
	"candor/internal/errs"
)

// TestEveryTemplateIsInOrder: complete, commented, and with the assessment that
// it names.
func TestEveryTemplateIsInOrder(t *testing.T) {
	assessment := regexp.MustCompile(`assessment: (\S+)`)
	for _, name := range Names() {
		files, err := Files(name)
		if err != nil {
			t.Fatal(err)
		}
		promise, house := files["charter.yaml"], files["house.yaml"]
		c, problems := charter.Parse(promise, house)
		if err := problems.Err(); err != nil {
			t.Errorf("%s:\n%v", name, problems)
			continue
		}
		if len(c.Purposes) < 3 || len(c.Asks) < 2 || len(c.Recipients) < 2 || len(c.Stages) < 2 || bytes.Count(promise, []byte("#")) < 15 {
			t.Errorf("%s is not a complete, commented charter", name)
		}
		for _, m := range assessment.FindAllSubmatch(promise, -1) {
			if len(files[string(m[1])]) == 0 {
				t.Errorf("%s names the assessment %s, which is not in the folder", name, m[1])
			}
		}
		for _, lang := range c.Business.Languages {
			if n, err := c.Render(lang); err != nil || len(n.Complete()) > 0 {
				t.Errorf("%s: the notice in %s lacks %v (%v)", name, lang, n.Complete(), err)
			}
		}
		if strings.Contains(string(promise), "halm") {
			t.Errorf("%s speaks of another business", name)
		}
	}
	if _, err := Files("../sample"); !errs.Is(err, errs.NotFound) {
		t.Errorf("a template that is none: %v", err)
	}
}

// A template is filled in with a business's own name, whatever stands in it.
func TestATemplateTakesABusinesssName(t *testing.T) {
	b := Business{Name: "Bob's \"Tea\": & Co", Controller: "Bob Ltd, 1 Hill # 2, Cork", Contact: "privacy@bob.example", Site: "https://bob.example"}
	for _, name := range Names() {
		files, err := For(name, b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c, problems := charter.Parse(files["charter.yaml"], files["house.yaml"])
		if err := problems.Err(); err != nil {
			t.Fatal(err)
		}
		if c.Business.Name != b.Name || c.Business.Controller != b.Controller || c.Business.Contact != b.Contact || c.Business.ID != "bob_s_tea_co" {
			t.Errorf("%s: %+v", name, c.Business)
		}
		if !strings.Contains(string(files["charter.yaml"]), "# never changes once it is in force") {
			t.Errorf("%s lost its comments", name)
		}
	}
	if _, err := For("shop", Business{Name: "Bob"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("half of a business: %v", err)
	}
}
