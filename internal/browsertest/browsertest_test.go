package browsertest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"candor/internal/browsertest"
)

const policy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'"

func serve(t *testing.T, pages map[string]string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := pages[r.URL.Path]
		if r.URL.Path == "/favicon.ico" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", policy)
		if strings.HasSuffix(r.URL.Path, ".js") {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = io.WriteString(w, body)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><head><title>T</title></head><body><main><h1>T</h1>%s</main></body></html>`, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestTabReportsWhatMustNotHappen(t *testing.T) {
	base := serve(t, map[string]string{
		"/good":    `<p id="x">hello</p>`,
		"/style":   `<p style="color:red">x</p>`,
		"/code":    `<script>1</script>`,
		"/image":   `<img src="/none.png" alt="">`,
		"/console": `<script src="/console.js"></script>`, "/console.js": `console.error("oh")`,
		"/throw": `<script src="/throw.js"></script>`, "/throw.js": `throw new Error("oh")`,
	})
	tab := browsertest.New(t)
	cases := []struct{ path, want string }{
		{"/good", ""}, {"/style", "content policy blocked style-src"}, {"/code", "content policy blocked script-src"},
		{"/image", "404"}, {"/console", "console error"}, {"/throw", "exception"}, {"/none", "404"},
	}
	for _, c := range cases {
		tab.Open(base + c.path)
		browsertest.Eval[int](tab, "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")
		got := strings.Join(tab.Problems(), "; ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: the tab reports %q, want %q", c.path, got, c.want)
		}
	}
	tab.Expect(http.StatusNotFound)
	tab.Open(base + "/none")
}

func TestTabTakesAJourney(t *testing.T) {
	base := serve(t, map[string]string{
		"/form": `<form action="/done"><label>Name <input id="name" name="name" value="old"></label><button>Send</button></form>`,
		"/done": `<p id="thanks">Thank you</p>`,
	})
	tab := browsertest.New(t)
	tab.Open(base + "/form")
	tab.Fill("#name", "new")
	if got := browsertest.Eval[string](tab, "document.querySelector('#name').value"); got != "new" {
		t.Errorf("the field holds %q", got)
	}
	tab.Go("button")
	tab.Sees("#thanks", "Thank you")
	if tab.Count("p") != 1 || tab.Bytes() == 0 || tab.Overflows() {
		t.Error("the page is not as served")
	}
	tab.Screenshot("browsertest", 390, true)
}

// quiet records what a test would fail with.
type quiet struct {
	testing.TB
	got []string
}

func (q *quiet) Errorf(format string, args ...any) {
	q.got = append(q.got, fmt.Sprintf(format, args...))
}

func TestAxeFindsWhatExcludesPeople(t *testing.T) {
	base := serve(t, map[string]string{"/good": `<p>hello</p>`, "/bad": `<img src="/good"><input>`})
	q := &quiet{TB: t}
	tab := browsertest.New(q)
	tab.Open(base + "/good")
	tab.Axe()
	if len(q.got) > 0 {
		t.Errorf("a good page is faulted: %v", q.got)
	}
	tab.Open(base + "/bad")
	tab.Axe()
	tab.Problems()
	all := strings.Join(q.got, "\n")
	for _, rule := range []string{"image-alt", "label"} {
		if !strings.Contains(all, rule) {
			t.Errorf("%s is not found in %s", rule, all)
		}
	}
}
