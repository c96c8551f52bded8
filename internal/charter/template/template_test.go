package template

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"candor/internal/charter"
	"candor/internal/errs"
	"candor/internal/term"
)

// written is a template in one of its languages.
type written struct {
	name string
	lang term.Lang
}

func whole() (out []written) {
	for _, name := range Names() {
		for _, lang := range Languages() {
			out = append(out, written{name, lang})
		}
	}
	return out
}

// TestEveryTemplateIsInOrder: complete, commented, and with the assessment that
// it names.
func TestEveryTemplateIsInOrder(t *testing.T) {
	assessment := regexp.MustCompile(`assessment: (\S+)`)
	for _, of := range whole() {
		name, language := of.name, of.lang
		files, err := Files(name, language)
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
		if c.Business.Languages[0] != language {
			t.Errorf("%s in %s is written in %v", name, language, c.Business.Languages)
		}
		if strings.Contains(string(promise), "halm") {
			t.Errorf("%s speaks of another business", name)
		}
	}
	for _, of := range []written{{"../sample", "en"}, {"shop/de", "en"}, {"shop", ".."}} {
		if _, err := Files(of.name, of.lang); !errs.Is(err, errs.NotFound) {
			t.Errorf("a template that is none, %v: %v", of, err)
		}
	}
}

// A template is filled in with a business's own name, whatever stands in it.
func TestATemplateTakesABusinesssName(t *testing.T) {
	b := Business{Name: "Bob's \"Tea\": & Co", Controller: "Bob Ltd, 1 Hill # 2, Cork", Contact: "privacy@bob.example", Site: "https://bob.example"}
	for _, of := range whole() {
		name := of.name
		files, err := For(name, of.lang, b)
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
		if bytes.Count(files["charter.yaml"], []byte("#")) < 15 {
			t.Errorf("%s lost its comments", name)
		}
	}
	if _, err := For("shop", "de", Business{Name: "Bob"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("half of a business: %v", err)
	}
}
