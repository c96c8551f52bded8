package observe

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"candor/internal/errs"
)

var update = flag.Bool("update", false, "write doc/metrics.md anew")

const (
	reference = "../../doc/metrics.md"
	dashboard = "../../doc/dashboard.json"
)

func TestReferenceIsWhatTheCodeSays(t *testing.T) {
	var b strings.Builder
	b.WriteString(head)
	for _, m := range Meanings() {
		labels := make([]string, len(m.Labels))
		for i, l := range m.Labels {
			labels[i] = "`" + l.Name + "`: " + strings.Join(l.Values, ", ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", m.Name, m.Kind, m.Help, strings.Join(labels, "; "), m.Look)
	}
	if *update {
		if err := os.WriteFile(reference, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(reference); err != nil || string(got) != b.String() {
		t.Errorf("doc/metrics.md is not what the code says: make reference (%v)", err)
	}
}

const head = `# Metrics

` + "`/metrics`" + ` speaks Prometheus's text format. It is closed until the configuration opens it, for operators alone:

* ` + "`metrics.listen: 127.0.0.1:9090`" + ` answers on an address of its own, on this machine;
* ` + "`metrics.token_file`" + ` lets whoever sends the file's secret as a bearer token read it where customers are served.

No number is about a person. Labels take their values from closed sets, named below; what is in none counts as ` + "`other`" + `. The runtime's own metrics (` + "`go_`, `process_`" + `) come
with the library. [dashboard.json](dashboard.json) is a dashboard for Grafana with all that matters daily. With several servers, counters add up; gauges about the database
are the same on all.

| metric | kind | what it is | labels | look when |
|---|---|---|---|---|
`

// Every metric that the dashboard asks for exists, and all that asks for somebody
// is on it.
func TestDashboardNamesWhatExists(t *testing.T) {
	text, err := os.ReadFile(dashboard)
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title, Description string
			Targets            []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	known := map[string]Meaning{}
	for _, m := range Meanings() {
		known[m.Name] = m
	}
	shown := map[string]bool{}
	name, label := regexp.MustCompile(`candor_[a-z_]+`), regexp.MustCompile(`by \(([a-z, ]+)\)`)
	for _, p := range board.Panels {
		if p.Title == "" || p.Description == "" || len(p.Targets) == 0 {
			t.Errorf("the panel %q lacks title, description or query", p.Title)
		}
		for _, target := range p.Targets {
			found := name.FindString(target.Expr)
			base := strings.TrimSuffix(strings.TrimSuffix(found, "_bucket"), "_count")
			m, ok := known[base]
			if !ok || (base != found) != (m.Kind == "histogram") {
				t.Errorf("%s: there is no %s", p.Title, found)
			}
			shown[base] = true
			for _, by := range label.FindAllStringSubmatch(target.Expr, -1) {
				for _, l := range strings.Split(by[1], ", ") {
					if l != "le" && !strings.Contains(strings.Join(m.names(), " "), l) {
						t.Errorf("%s: %s has no label %s", p.Title, base, l)
					}
				}
			}
		}
	}
	for _, m := range Meanings() {
		if m.Look != "" && !shown[m.Name] {
			t.Errorf("%s asks for somebody and is on no panel", m.Name)
		}
	}
}

// What comes from outside makes no series of its own.
func TestLabelsAreClosedSets(t *testing.T) {
	before := strings.Count(scrape(t), "\n")
	for i := range 100 {
		Collected.Add(1, fmt.Sprintf("ada%d@example.com", i))
		Decisions.Add(1, fmt.Sprint(i), "allow")
		Requests.Took(time.Now(), fmt.Sprint("/privacy/", i), "2xx")
	}
	after := scrape(t)
	if n := strings.Count(after, "\n"); n != before || strings.Contains(after, "@example") {
		t.Errorf("%d lines became %d", before, n)
	}
	if !strings.Contains(after, `candor_collected_total{kind="other"} 100`) || !strings.Contains(after, `candor_decisions_total{answer="allow",operation="other"} 100`) {
		t.Error("what is in no set is not counted as other")
	}
	for _, m := range Meanings() {
		if m.Help == "" || !strings.Contains(after, "# HELP "+m.Name+" ") {
			t.Errorf("%s has no meaning, or is not served", m.Name)
		}
	}
}

func scrape(t *testing.T) string {
	t.Helper()
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func TestAreas(t *testing.T) {
	for pattern, want := range map[string]string{
		"GET /privacy/{$}": "privacy", "POST /v1/track": "collect", "/api/": "api", "GET /admin/customers/{id}": "staff", "": "unknown", "GET /healthz": "probe",
		"/u/": "privacy", "GET /{$}": "privacy", "/admin": "staff", "GET /assets/{hash}/{name}": "assets",
	} {
		if got := Area(pattern); got != want {
			t.Errorf("Area(%q) = %s, want %s", pattern, got, want)
		}
	}
}

// Spans tell routes and codes, never paths, methods that somebody invented, or
// the texts of errors. Until they are asked for there are none.
func TestTracesTellNothingOfAPerson(t *testing.T) {
	if _, s := Begin(t.Context(), "x"); s.s != nil {
		t.Error("there are spans before anybody asked")
	}
	var got string
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got += string(b)
	}))
	defer sink.Close()
	stop := Traces(sink.Client().Do, sink.URL, 1)
	r := httptest.NewRequest("ADA", "/privacy/c/ada@example.com?x=ada", nil)
	r.Header.Set("traceparent", "00-adaadaadaadaadaadaadaadaadaadaad-adaadaadaadaadaa-01")
	r, span := BeginRequest(r)
	_, inner := Begin(r.Context(), "database write")
	inner.End(fmt.Errorf("ada@example.com: %w", errs.New(errs.Invalid, "bad_email", "ada@example.com is wrong")))
	span.Answered(r.Method, "GET /privacy/c/{token}", 503)
	if err := stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"name":"GET /privacy/c/{token}"`, `"name":"database write"`, `"message":"bad_email"`, `"intValue":"503"`, `"_OTHER"`, `"parentSpanId"`, `"stringValue":"candor"`} {
		if !strings.Contains(got, want) {
			t.Errorf("the spans lack %s", want)
		}
	}
	if strings.Contains(strings.ToLower(got), "ada") {
		t.Errorf("the spans tell of a person: %s", got)
	}
}
