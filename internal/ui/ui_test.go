package ui

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/term"
)

func TestAssetsAreServedUnderTheirHashOnly(t *testing.T) {
	mux := http.NewServeMux()
	Register(mux)
	get := func(path, encoding string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Accept-Encoding", encoding)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	plain, zipped := get(Asset("app.css"), ""), get(Asset("app.css"), "gzip")
	if plain.Code != 200 || !strings.HasPrefix(plain.Body.String(), "@layer reset, token, base, layout, component, page;") {
		t.Fatalf("style sheet: %d, %.60q", plain.Code, plain.Body.String())
	}
	if !strings.Contains(plain.Header().Get("Cache-Control"), "immutable") {
		t.Error("a hashed asset may be kept for good")
	}
	if zipped.Header().Get("Content-Encoding") != "gzip" || zipped.Body.Len() > 8_000 {
		t.Errorf("the style sheet is %d bytes on the wire; a phone gets at most 8,000", zipped.Body.Len())
	}
	if w := get(AssetPath+"0000000000000000/app.css", ""); w.Code != 404 {
		t.Errorf("an old hash gives %d", w.Code)
	}
	for _, layer := range []string{"reset", "token", "base", "layout", "component", "page"} {
		if !strings.Contains(plain.Body.String(), "@layer "+layer+" {") {
			t.Errorf("layer %s is missing", layer)
		}
	}
}

func TestSecureKeepsPagesPrivate(t *testing.T) {
	h := Secure(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		Options{HTTPS: true, Open: []string{"POST /u/{token}"}})
	post := func(path string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	w := post("/privacy/x")
	for name, part := range map[string]string{
		"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		"X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff", "Strict-Transport-Security": "max-age",
		"Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": "camera=()", "X-Frame-Options": "DENY",
	} {
		if !strings.Contains(w.Header().Get(name), part) {
			t.Errorf("%s is %q, lacks %q", name, w.Header().Get(name), part)
		}
	}
	if csp := w.Header().Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || strings.Contains(csp, "script-src") {
		t.Errorf("the policy lets code run: %s", csp)
	}
	cases := []struct {
		name, path, site string
		want             int
	}{
		{"a form of our own", "/privacy/x", "same-origin", 204},
		{"a form of another site", "/privacy/x", "cross-site", 403},
		{"a mail client, which sends no origin", "/u/abc", "", 204},
		{"a mail client in a browser", "/u/abc", "cross-site", 204},
	}
	for _, c := range cases {
		if w := post(c.path, "Sec-Fetch-Site", c.site); w.Code != c.want {
			t.Errorf("%s: %d, want %d", c.name, w.Code, c.want)
		}
	}
}

func TestLoadRefusesWhatWouldFailLater(t *testing.T) {
	page := func(main, en, de string) fstest.MapFS {
		return fstest.MapFS{
			"page/one.html": {Data: []byte(`{{define "main"}}` + main + `{{end}}`)},
			"words/en.txt":  {Data: []byte(en)}, "words/de.txt": {Data: []byte(de)},
		}
	}
	cases := []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"good", page(`<p>{{t "hello" "name" .Data.Name}}</p>`, "hello: Hello {name}", "hello: Hallo {name}"), ""},
		{"a missing page", fstest.MapFS{}, "one"},
		{"a missing word", page(`{{if .Data.Name}}{{t "nope"}}{{end}}`, "", ""), `no text "nope"`},
		{"a word in one language only", page(`x`, "hello: Hello", ""), "hello (en has it) in de"},
		{"a missing plural", page(`{{if .Data.Name}}{{tn "item" 2}}{{end}}`, "item: x", "item: x"), `"item".other`},
		{"a missing field", page(`{{.Data.Nope}}`, "", ""), "Nope"},
		{"no main", fstest.MapFS{"page/one.html": {Data: []byte("x")}}, "does not define main"},
		{"a word twice", page("", "a: 1\na: 2", ""), "stands twice"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := Load(c.files)
			Find[struct{ Name string }](s, "one")
			switch err := s.Err(); {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestPagesEscapeAndSpeak(t *testing.T) {
	s := Load(fstest.MapFS{
		"page/one.html": {Data: []byte(`{{define "main"}}{{t "hello" "name" .Data.Name}} {{tn "item" 1}} {{tn "item" 1200}} {{date .Data.At}}{{end}}`)},
		"words/en.txt":  {Data: []byte("hello: Hello {name}\nitem.one: {n} item\nitem.other: {n} items")},
		"words/de.txt":  {Data: []byte("hello: Hallo {name}\nitem.one: {n} Stück\nitem.other: {n} Stücke")},
	})
	type data struct {
		Name string
		At   clock.Instant
	}
	p := Find[data](s, "one")
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[term.Lang]string{
		"en": `Hello &lt;b&gt; 1 item 1,200 items <time datetime="2026-03-05">5 March 2026</time>`,
		"de": `Hallo &lt;b&gt; 1 Stück 1.200 Stücke <time datetime="2026-03-05">5. März 2026</time>`,
		"fr": `Hello &lt;b&gt;`,
	} {
		w := httptest.NewRecorder()
		if err := p.Render(w, 200, Frame{Lang: lang, Title: "T"}, data{"<b>", clock.UTC(2026, 3, 5, 12, 0, 0)}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s lacks %s", lang, w.Body.String(), want)
		}
	}
}

func TestFailSaysWhatToDoAndNothingElse(t *testing.T) {
	for kind, k := range kinds {
		for _, lang := range []term.Lang{"en", "de", "xx"} {
			w := httptest.NewRecorder()
			err := errs.New(kind, "some_code", "secret detail")
			Fail(w, Frame{Lang: lang, Brand: "Halm", Home: "/"}, err, "inc_1")
			body := w.Body.String()
			if w.Code != k.status || strings.Contains(body, "secret detail") || !strings.Contains(body, "<h1>") {
				t.Errorf("%v in %s: %d %s", kind, lang, w.Code, body)
			}
			if got := strings.Contains(body, "inc_1"); got != (kind == errs.Internal) {
				t.Errorf("%v: incident shown: %v", kind, got)
			}
		}
	}
}

func TestFormats(t *testing.T) {
	cases := []struct{ got, want string }{
		{Number("en", 0), "0"}, {Number("en", 999), "999"}, {Number("en", 1000), "1,000"}, {Number("de", -1234567), "−1.234.567"},
		{Money("en", 1250, "EUR"), "12.50 EUR"}, {Money("de", -123456, "EUR"), "−1.234,56 EUR"}, {Money("en", 500, "JPY"), "500 JPY"},
		{Share(0, 10), "0%"}, {Share(1, 10000), "0.5%"}, {Share(632, 1000), "63.2%"}, {Share(11, 10), "100%"}, {Share(1, 0), "0%"},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	for in, want := range map[int64]int64{0: 4, 4: 4, 5: 8, 21: 24, 100: 120, 1234: 1600, 2265: 2400} {
		if got := roundTop([]Series{{Values: []int64{in}}}); got != want {
			t.Errorf("roundTop(%d) = %d, want %d", in, got, want)
		}
	}
}

func FuzzParseWords(f *testing.F) {
	f.Add("a: b\n  c\n# d\n")
	f.Add(":\n x")
	f.Fuzz(func(t *testing.T, text string) {
		w, err := parseWords(text)
		if err != nil {
			return
		}
		for key := range w {
			if _, err := w.say(key, "n", 1); err != nil {
				t.Fatal(err)
			}
		}
	})
}
