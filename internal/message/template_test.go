package message

import (
	"strings"
	"testing"

	"candor/internal/term"
)

var testVars = []Variable{{Name: "name", Personal: true}, {Name: "roast", Personal: true}, {Name: "items", List: true, Personal: true}, {Name: "orders", Personal: true}, {Name: "since", Personal: true}}

func one(html string) Content {
	return Content{Class: Marketing, Texts: map[term.Lang]Text{"en": {Subject: "Hello {{ name | default: 'you' }}", HTML: html}}}
}

func render(t *testing.T, c Content, values map[string]any) Rendered {
	t.Helper()
	tmpl, problems := Compile(c, testVars)
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	out, err := tmpl.Render("en", values)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTemplateRenders(t *testing.T) {
	for name, c := range map[string]struct {
		html       string
		values     map[string]any
		want, text string
	}{
		"a value":          {"<p>Dear {{ name }}</p>", map[string]any{"name": "Ada"}, "<p>Dear Ada</p>", "Dear Ada"},
		"a missing value":  {"<p>Dear {{name|default:\"friend\"}}</p>", nil, "<p>Dear friend</p>", "Dear friend"},
		"filters":          {"<p>{{ name | upcase | truncate: 4, '.' }}</p>", map[string]any{"name": "Adelaide"}, "<p>ADE.</p>", "ADE."},
		"a condition":      {"{% if roast == 'dark' and name %}<p>dark</p>{% elsif roast %}<p>other</p>{% else %}<p>none</p>{% endif %}", map[string]any{"roast": "light"}, "<p>other</p>", "other"},
		"a case":           {"{% case roast %}{% when 'dark' %}<p>d</p>{% else %}<p>x</p>{% endcase %}", map[string]any{"roast": "dark"}, "<p>d</p>", "d"},
		"a loop":           {"<ul>{% for i in items limit: 2 %}<li>{{ i }}</li>{% endfor %}</ul>", map[string]any{"items": []string{"a", "<b>", "c"}}, "<ul><li>a</li><li>&lt;b&gt;</li></ul>", "- a\n- <b>"},
		"a number":         {"<p>{% if orders >= 2 %}{{ orders }}{% endif %}</p>", map[string]any{"orders": int64(3)}, "<p>3</p>", "3"},
		"a link":           {`<p>See <a href="https://halm.example/beans">beans</a>.</p>`, nil, `<p>See <a href="https://halm.example/beans">beans</a>.</p>`, "See beans (https://halm.example/beans)."},
		"script is gone":   {`<p onclick="x()">a<script>alert(1)</script></p><iframe src="https://x.example"></iframe>`, nil, "<p>a</p>", "a"},
		"bad schemes gone": {`<p><a href="javascript:x">a</a><a href="http://x.example">b</a></p>`, nil, "<p>ab</p>", "ab"},
	} {
		t.Run(name, func(t *testing.T) {
			got := render(t, one(c.html), c.values)
			if got.HTML != c.want || got.Text != c.text {
				t.Errorf("html %q, text %q; want %q, %q", got.HTML, got.Text, c.want, c.text)
			}
		})
	}
}

func TestTemplateRefuses(t *testing.T) {
	for name, html := range map[string]string{
		"raw":                    "{% raw %}{{ name }}{% endraw %}",
		"include":                "{% include 'x' %}",
		"assign":                 "{% assign x = 1 %}",
		"capture":                "{% capture x %}a{% endcapture %}",
		"tablerow":               "{% tablerow i in items %}{{ i }}{% endtablerow %}",
		"a range loop":           "{% for i in (1..1000000000) %}x{% endfor %}",
		"a loop in a loop":       "{% for i in items %}{% for j in items %}x{% endfor %}{% endfor %}",
		"an undeclared name":     "<p>{{ email }}</p>",
		"a property":             "<p>{{ name.size }}</p>",
		"an unknown filter":      "<p>{{ name | replace: 'a', 'b' }}</p>",
		"url filters":            "<p>{{ name | url_encode }}</p>",
		"an open block":          "{% if name %}x",
		"a stray end":            "x{% endif %}",
		"a value in a link":      `<a href="https://x.example/?n={{ name }}">x</a>`,
		"a value in an image":    `<img src="https://x.example/{{ name }}.png">`,
		"a condition in a link":  `<a href="https://x.example/{% if name %}1{% endif %}">x</a>`,
		"a value in alt":         `<img src="https://x.example/a.png" alt="{{ name }}">`,
		"a value as a tag":       `<{{ name }}>x</{{ name }}>`,
		"a value in a comment":   `<p>a<!-- {{ name }} --></p>`,
		"a value in script":      `<p>a<script>{{ name }}</script></p>`,
		"a tag by reference":     `<p>&#123;&#123; name &#125;&#125; {{ name }}</p>`,
		"a mark by reference":    `<p>&#xE000;0&#xE001;</p><script>{{ name }}</script>`,
		"a mark in an attribute": `<img src="https://x.example/a.png" alt="&#xE000;0&#xE001;"><script>{{ name }}</script>`,
		"a line break in a tag":  "<p>{{ name\n }}</p>",
		"an unclosed tag":        "<p>{{ name </p>",
		"braces in text":         "<p>}} {{</p>",
		"direction override":     "<p>abc\u202Edef</p>",
		"private characters":     "<p>\uE0000\uE001</p>",
		"too deep":               strings.Repeat("{% if name %}", 9) + strings.Repeat("{% endif %}", 9),
		"too many tags":          strings.Repeat("{{ name }}", 501),
		"too long":               strings.Repeat("a", maxSource+1),
	} {
		t.Run(name, func(t *testing.T) {
			if _, problems := Compile(one("<p>a</p>"+html), testVars); len(problems) == 0 {
				t.Error("accepted")
			} else if strings.Contains(problems[0].Msg, "panic") {
				t.Error(problems)
			}
		})
	}
}

// Whatever a value holds, it stays a value: no element, no header, no template,
// no second line.
func TestValuesStayValues(t *testing.T) {
	c := one("<p>Dear {{ name }}</p><p>{{ name | upcase }}</p>")
	for _, v := range hostile {
		got := render(t, c, map[string]any{"name": v})
		if strings.ContainsAny(got.Subject, "\r\n\x00\x1b\u202e") {
			t.Errorf("%q: subject %q", v, got.Subject)
		}
		if strings.Count(got.HTML, "<") != 4 || strings.Contains(strings.ToLower(got.HTML), "<script") {
			t.Errorf("%q: html %q", v, got.HTML)
		}
		if n := strings.Count(got.Text, "\n"); n != 2 {
			t.Errorf("%q: text %q has %d line breaks", v, got.Text, n)
		}
	}
}

var hostile = []string{
	"Ada\r\nBcc: all@example.org", "Ada\nX: y", "Ada\rX", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><b>",
	"{{ roast }}", "{% raw %}", "{% for i in (1..9999999) %}x{% endfor %}", "&lt;script&gt;", "a\x00b", "\x1b[31m", "a\u202Eb", strings.Repeat("x", 5000), "\xff\xfey", "=?utf-8?q?x?=",
}

func TestRenderedPartsAreBounded(t *testing.T) {
	c := one("{% for i in items %}" + strings.Repeat("<p>{{ i }}</p>", 100) + "{% endfor %}")
	tmpl, problems := Compile(c, testVars)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	items := make([]string, maxList)
	for i := range items {
		items[i] = strings.Repeat("y", maxValue)
	}
	if _, err := tmpl.Render("en", map[string]any{"items": items}); err == nil {
		t.Error("rendered beyond the limit")
	}
}

func TestHashFollowsTheContent(t *testing.T) {
	a, b := one("<p>a</p>"), one("<p>a</p>")
	if string(a.Hash()) != string(b.Hash()) {
		t.Error("equal contents differ")
	}
	b.Class = Service
	if string(a.Hash()) == string(b.Hash()) {
		t.Error("the class is not part of the hash")
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range append([]string{
		"<p>Dear {{ name | default: 'you' }}</p>", "{% if roast == 'dark' %}<b>x</b>{% endif %}", "{% for i in items limit: 3 %}<li>{{ i }}</li>{% endfor %}",
		"{% case roast %}{% when 'a' %}x{% endcase %}", "<a href=\"https://x.example/\">{{ name }}</a>", "{{-name-}}", "{% unless name %}x{% else %}y{% endunless %}",
		"<p>&#123;{ name }}</p>", "{{ name | truncate: 3, '&' }}", "{%- if name contains 'x' or orders > 3 -%}a{%- endif -%}",
	}, hostile...) {
		f.Add(s, "<b>value</b>\r\n")
	}
	f.Fuzz(func(t *testing.T, source, value string) {
		c := Content{Class: Marketing, Texts: map[term.Lang]Text{"en": {Subject: "s", HTML: source, Text: source}}}
		tmpl, problems := Compile(c, testVars)
		if len(problems) > 0 {
			return
		}
		plain, err := tmpl.Render("en", map[string]any{"name": "v", "roast": "v", "items": []string{"v"}, "orders": int64(1), "since": "v"})
		if err != nil {
			return
		}
		got, err := tmpl.Render("en", map[string]any{"name": value, "roast": value, "items": []string{value}, "orders": int64(1), "since": value})
		if err != nil {
			return
		}
		if strings.Contains(got.HTML, "<script") || strings.Contains(got.HTML, "javascript:") {
			t.Errorf("unsafe: %q", got.HTML)
		}
		if strings.Contains(plain.HTML, "{{") && !strings.Contains(value, "{{") {
			t.Errorf("a tag was left: %q", plain.HTML)
		}
		if strings.ContainsAny(got.Subject, "\r\n") {
			t.Errorf("subject %q", got.Subject)
		}
	})
}
