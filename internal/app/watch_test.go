package app

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"candor/internal/clock"
	"candor/internal/collect"
	"candor/internal/config"
	"candor/internal/consent"
	"candor/internal/db/dbtest"
	"candor/internal/message"
	"candor/internal/observe"
	"candor/internal/term"
)

// Numbers are for operators: nobody reads them where customers are served but
// with the secret, and what they say is true.
func TestMetricsAreForOperators(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place)
		if w := visit(s.App, "GET", "/metrics", nil); w.Code != http.StatusNotFound {
			t.Errorf("without a secret /metrics answers %d", w.Code)
		}
		secret := filepath.Join(t.TempDir(), "metrics")
		s.must(os.WriteFile(secret, []byte("a secret of operators\n"), 0o600))
		s.must(s.Close())
		s.cfg.Metrics.TokenFile = secret
		s.open()
		for _, sent := range []string{"", "Bearer ", "Bearer a secret of others", "Basic a secret of operators"} {
			if w := visit(s.App, "GET", "/metrics", nil, "Authorization", sent); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "candor_") {
				t.Errorf("%q: %d", sent, w.Code)
			}
		}
		_, err := s.Ledger.Sequence(ctx)
		s.must(err)
		visit(s.App, "GET", "/privacy", nil)
		visit(s.App, "GET", "/no/such/path/of/ada@example.com", nil)
		w := visit(s.App, "GET", "/metrics", nil, "Authorization", "Bearer a secret of operators")
		for _, want := range []string{`(?m)^candor_ready 1$`, `(?m)^candor_ledger_entries [1-9]`, `(?m)^candor_ledger_waiting 0$`, `(?m)^candor_backup_age_seconds -1$`,
			`(?m)^candor_http_request_seconds_count\{area="privacy",status="2xx"\} [1-9]`, `(?m)^candor_requests_late 0$`, `(?m)^candor_disk_free_bytes [1-9]`} {
			if !regexp.MustCompile(want).MatchString(w.Body.String()) {
				t.Errorf("no %s", want)
			}
		}
		if strings.Contains(w.Body.String(), "@") {
			t.Error("the numbers hold an address")
		}
	})
}

// An address of its own answers on this machine, and ends with the server; spans
// reach the collector before it does.
func TestOperatorsHaveAnAddressOfTheirOwn(t *testing.T) {
	var spans strings.Builder
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(&spans, r.Body) }))
	s := newSite(t, filepath.Join(t.TempDir(), "candor.db"))
	s.cfg.Metrics.Listen, s.cfg.Traces = free(t), config.Traces{URL: sink.URL, Share: 1000}
	s.must(s.Close())
	s.open()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(running, l) }()
	get := func(url string) string {
		res, err := http.Get(url)
		s.must(err)
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		s.must(err)
		return res.Status + string(b)
	}
	get("http://" + l.Addr().String() + "/notice/1?of=ada")
	if got := get("http://" + s.cfg.Metrics.Listen + "/metrics"); !strings.Contains(got, "candor_ready 1") {
		t.Errorf("%.200s", got)
	}
	if got := get("http://" + s.cfg.Metrics.Listen + "/privacy"); !strings.HasPrefix(got, "404") {
		t.Errorf("customers are served there too: %.80s", got)
	}
	stop()
	s.must(<-ended)
	sink.Close()
	if got := spans.String(); !strings.Contains(got, `"name":"GET /notice/{version}"`) || !strings.Contains(got, `"name":"database read"`) || strings.Contains(got, "of=ada") {
		t.Errorf("spans: %.2000s", got)
	}
	if _, err := net.Dial("tcp", s.cfg.Metrics.Listen); err == nil {
		t.Error("the operators' address still answers")
	}
}

// free finds an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// The closed sets of labels hold what the packages that count declare.
func TestLabelsHoldWhatIsDeclared(t *testing.T) {
	want := map[string][]string{"candor_consent_records_total kind": texts(consent.Kinds...), "candor_decisions_total operation": texts(term.Operations...)}
	want["candor_mails_total class"] = texts(message.Marketing, message.Service)
	want["candor_mails_total state"] = texts(message.Accepted, message.Refused, message.Uncertain, message.Planned, message.Denied)
	want["candor_collected_total kind"] = texts(collect.Accepted, collect.Duplicate, collect.Quarantined, collect.Refused, collect.NotStored, collect.Dropped,
		collect.DroppedEvent, collect.Scanned, collect.RefusedID, collect.Noted, collect.NothingLeft)
	s := newSite(t, filepath.Join(t.TempDir(), "candor.db"))
	want["candor_loops_stopped_total loop"] = []string{"bounces"} // with a configuration for them
	for name := range s.loops() {
		want["candor_loops_stopped_total loop"] = append(want["candor_loops_stopped_total loop"], name)
	}
	for _, m := range observe.Meanings() {
		for _, l := range m.Labels {
			declared, ok := want[m.Name+" "+l.Name]
			if !ok {
				continue
			}
			slices.Sort(declared)
			if held := slices.Sorted(slices.Values(l.Values)); !slices.Equal(held, declared) {
				t.Errorf("%s %s: %v, declared are %v", m.Name, l.Name, held, declared)
			}
			delete(want, m.Name+" "+l.Name)
		}
	}
	if len(want) > 0 {
		t.Errorf("no metric has %v", want)
	}
}

func texts[T ~string](list ...T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// Behind a proxy, who asks is whom the proxy names; nobody else is believed.
// Over its rate an address waits, and others do not.
func TestProxiesAndRates(t *testing.T) {
	cfg := config.Config{Data: t.TempDir(), URL: "http://127.0.0.1:1", Proxies: []string{"127.0.0.1", "10.0.0.0/8"}, Limits: config.Limits{Address: 1}}
	if err := cfg.Fill(); err != nil {
		t.Fatal(err)
	}
	a := &App{Config: cfg, Log: slog.New(slog.DiscardHandler), Clock: &stopped{}}
	seen := ""
	h := a.behindProxies(a.limited(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = household(r.RemoteAddr) })))
	ask := func(peer string, forwarded ...string) (string, int) {
		r := httptest.NewRequest("GET", "/privacy", nil)
		r.RemoteAddr = peer
		r.Header["X-Forwarded-For"] = forwarded
		w := httptest.NewRecorder()
		seen = ""
		h.ServeHTTP(w, r)
		return seen, w.Code
	}
	for _, tt := range []struct {
		peer, want string
		forwarded  []string
	}{
		{"198.51.100.7:1", "198.51.100.7", []string{"203.0.113.9"}},
		{"127.0.0.1:1", "203.0.113.9", []string{"203.0.113.9"}},
		{"127.0.0.1:1", "203.0.113.8", []string{"1.2.3.4, 203.0.113.8", "10.1.1.1"}},
		{"127.0.0.1:1", "127.0.0.1", nil},
		{"127.0.0.1:1", "127.0.0.1", []string{"nobody"}},
		{"[2001:db8:1:2:3::4]:1", "2001:db8:1:2::/64", nil},
	} {
		if got, _ := ask(tt.peer, tt.forwarded...); got != tt.want {
			t.Errorf("%s %v is %q, want %q", tt.peer, tt.forwarded, got, tt.want)
		}
	}
	for range 5 {
		ask("192.0.2.1:1")
	}
	if _, code := ask("192.0.2.1:2"); code != http.StatusTooManyRequests {
		t.Errorf("over its rate an address gets %d", code)
	}
	if _, code := ask("192.0.2.2:1"); code != http.StatusOK {
		t.Errorf("another gets %d", code)
	}
}

// stopped is a clock that stands still.
type stopped struct{}

func (stopped) Now() clock.Instant { return clock.UTC(2026, 11, 25, 12, 0, 0) }
