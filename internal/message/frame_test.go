package message

import (
	"fmt"
	"html/template"
	"math"
	"regexp"
	"strings"
	"testing"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/errs"
)

func testFrame() Frame {
	return Frame{Brand: "Halm", Look: lookOf(charter.Look{}, "Halm", "en"), Postal: "Halm Kaffee GmbH, Speicherweg 4, 20457 Hamburg", Contact: "privacy@halm.example", Why: "Because <you> asked.",
		Choices: "https://c.example/privacy/x", Unsubscribe: "https://c.example/u/x"}
}

func TestFrameCarriesWhatTheLawAsks(t *testing.T) {
	r := Rendered{Lang: "de", Subject: "Neu", HTML: "<p>Hallo</p>", Text: "Hallo"}
	html, text, err := framed(r, testFrame(), Marketing)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Speicherweg 4, 20457 Hamburg", "privacy@halm.example", "https://c.example/u/x", "https://c.example/privacy/x", "Abbestellen"} {
		if !strings.Contains(html, want) || !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if !strings.Contains(html, "Because &lt;you&gt; asked.") || !strings.Contains(html, `lang="de"`) {
		t.Error("the reason or the language is not written right")
	}
	if strings.Contains(html, "<img") || strings.Contains(html, "<script") {
		t.Error("the frame holds a picture or a script")
	}
	for name, change := range map[string]func(*Frame){
		"postal": func(f *Frame) { f.Postal = " " }, "contact": func(f *Frame) { f.Contact = "" },
		"exit": func(f *Frame) { f.Unsubscribe = "" }, "choices": func(f *Frame) { f.Choices = "" }, "why": func(f *Frame) { f.Why = "" },
	} {
		f := testFrame()
		change(&f)
		if _, _, err := framed(r, f, Marketing); errs.CodeOf(err) != errs.Content {
			t.Errorf("without %s: %v", name, err)
		}
	}
	r.Lang = "fr"
	if _, _, err := framed(r, testFrame(), Marketing); errs.CodeOf(err) != errs.Content {
		t.Errorf("a language without our words: %v", err)
	}
}

// The linter is told size and contrast of the way out; the page must keep them,
// in light and in dark, whatever the brand's look. A look under which it would be
// hard to read is no charter.
func TestMSG07_WayOutIsLargeAndDarkEnough(t *testing.T) {
	for _, look := range []charter.Look{{}, sample.Halm().House.Look, {Ground: "#d9d4cc", Colour: "#767676"}} {
		f := testFrame()
		f.Look = lookOf(look, "Halm", "en")
		page, _, err := framed(Rendered{Lang: "en", Subject: "New", HTML: "<p>Hello</p>"}, f, Marketing)
		if err != nil || strings.Contains(page, "ZgotmplZ") {
			t.Fatal(err)
		}
		size := regexp.MustCompile(`\.foot \{[^}]*font-size: ([0-9]+)px`).FindStringSubmatch(page)
		if size == nil || size[1] != fmt.Sprint(exitFontPx) || exitFontPx < 12 {
			t.Errorf("font size %v", size)
		}
		light, dark, _ := strings.Cut(page, "prefers-color-scheme: dark")
		for name, css := range map[string]string{"light": light, "dark": dark} {
			back := regexp.MustCompile(`body \{[^}]*background: (#[0-9a-f]{6})`).FindStringSubmatch(css)
			exit := regexp.MustCompile(`\.foot \.ways a \{[^}]*color: (#[0-9a-f]{6})`).FindStringSubmatch(css)
			foot := regexp.MustCompile(`\.foot(?:, \.foot a)? \{[^}]*color: (#[0-9a-f]{6})`).FindStringSubmatch(css)
			link := regexp.MustCompile(`\.body a \{ color: (#[0-9a-f]{6})`).FindStringSubmatch(css)
			sheet := regexp.MustCompile(`\.body \{ background: (#[0-9a-f]{6})`).FindStringSubmatch(css)
			if back == nil || exit == nil || foot == nil || link == nil || sheet == nil {
				t.Fatalf("%s: colours not found", name)
			}
			if name == "light" && exit[1] != charter.ExitInk {
				t.Errorf("the linter is told of another colour than %s", exit[1])
			}
			if r := contrast(exit[1], back[1]); r < 9 {
				t.Errorf("%s: the way out has contrast %.1f", name, r)
			}
			for what, r := range map[string]float64{"the footer": contrast(foot[1], back[1]), "a link": contrast(link[1], sheet[1])} {
				if r < 4.5 {
					t.Errorf("%s: %s has contrast %.1f", name, what, r)
				}
			}
		}
	}
	promise, house := sample.Documents()
	for from, to := range map[string]string{`ground: "#f5f1ea"`: `ground: "#8a8a8a"`, `colour: "#6b4012"`: `colour: "#c9a06a"`} {
		_, problems := charter.Parse(promise, []byte(strings.Replace(string(house), from, to, 1)))
		if len(problems) != 1 || problems[0].Rule != "MSG-07" {
			t.Errorf("%s: %v", to, problems)
		}
	}
}

func contrast(a, b string) float64 {
	l := func(hex string) float64 {
		var rgb [3]int
		_, _ = fmt.Sscanf(hex, "#%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2])
		sum := 0.0
		for i, w := range []float64{0.2126, 0.7152, 0.0722} {
			c := float64(rgb[i]) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += w * c
		}
		return sum
	}
	x, y := l(a), l(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// A page that is kept is filled to what the template itself would write.
func TestKeptPagesAreFilledAsTheTemplateWrites(t *testing.T) {
	for _, preview := range []string{"", "All about <beans> & \"roasts\""} {
		for range 2 {
			f := testFrame()
			f.First, f.Old, f.Personal = true, true, true
			r := Rendered{Lang: "de", Subject: "Neue Bohnen <b> & 'mehr'", Preview: preview, HTML: "<p>Sie sind da.</p>", Text: "Sie sind da."}
			got, _, err := framed(r, f, Marketing)
			if err != nil {
				t.Fatal(err)
			}
			var want strings.Builder
			if err := mailTemplate.Execute(&want, mailData{Frame: f, Lang: r.Lang, Subject: r.Subject, Preview: r.Preview, Body: template.HTML(r.HTML), Words: ourWords["de"]}); err != nil {
				t.Fatal(err)
			}
			if got != want.String() {
				t.Errorf("kept:\n%s\nwritten:\n%s", got, want.String())
			}
		}
	}
}
