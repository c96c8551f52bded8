package app

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"candor/internal/charter/sample"
	"candor/internal/collect"
	"candor/internal/config"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/message/messagetest"
	"candor/internal/personal"
	"candor/internal/term"
	"candor/internal/token"
)

// The canary is sought in the logs as it was sent and as addresses of pages
// would carry it.
const canary = "jane@example.org"

var canaries = []string{canary, "jane%40example.org", "jane", "SmFuZUBleGFtcGxlLm9yZw", "amFuZUBleGFtcGxlLm9yZw"}

// transcript keeps what is logged, at every level.
type transcript struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// leaky is the platform with a transcript of all its logs.
type leaky struct {
	*App
	t      *testing.T
	logs   *transcript
	token  string
	source string
}

func openLeaky(t *testing.T, place string) *leaky {
	t.Helper()
	l := &leaky{t: t, logs: &transcript{}}
	log := slog.New(slog.NewTextHandler(l.logs, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
	before := slog.Default()
	slog.SetDefault(log)
	t.Cleanup(func() { slog.SetDefault(before) })
	cfg := config.Config{Data: t.TempDir(), Database: place, URL: "http://127.0.0.1:1"}
	if err := cfg.Fill(); err != nil {
		t.Fatal(err)
	}
	var err error
	if l.App, err = Open(ctx, cfg, Options{Log: log, Mailbox: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if _, err := l.ApplyCharter(ctx, sample.Halm(), term.ByEngine); err != nil {
		t.Fatal(err)
	}
	_, l.source, err = l.Collector.Sources().Create(ctx, collect.Source{
		Name: "shop", Class: collect.Server, Mode: collect.Live, NoticeVersion: 1, Namespace: "shop", Controller: "halm"})
	if err != nil {
		t.Fatal(err)
	}
	err = l.DB.Write(ctx, func(tx *db.Tx) (err error) {
		l.token, _, err = l.Tokens.Mint(tx, token.New{Label: "test", Scopes: token.Scopes, For: demoTokenLives, By: term.ByEngine})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// send asks and holds the answer to what every personal answer owes.
func (l *leaky) send(method, path, kind, body string, headers ...string) *httptest.ResponseRecorder {
	l.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	r.Header.Set("User-Agent", canary)
	r.Header.Set("Referer", "https://halm.example/?who="+url.QueryEscape(canary))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	l.Handler().ServeHTTP(w, r)
	for name, values := range w.Header() {
		for _, v := range values {
			if strings.Contains(v, canary) || strings.Contains(v, "jane") {
				l.t.Errorf("%s %s: the header %s carries the address", method, r.Pattern, name)
			}
		}
	}
	public := strings.HasPrefix(path, "/notice") || strings.HasPrefix(path, "/privacy/portable.schema.json") || path == "/embed/candor.js" || strings.HasPrefix(path, "/embed/candor.js?") || w.Code == http.StatusNotFound && r.Pattern == ""
	if cache := w.Header().Get("Cache-Control"); !public && w.Code != http.StatusMethodNotAllowed && cache != "no-store" {
		l.t.Errorf("%s %s %d: Cache-Control %q, want no-store", method, r.Pattern, w.Code, cache)
	}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		policy := w.Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors"} {
			if !strings.Contains(policy, want) {
				l.t.Errorf("%s %s: the content policy lacks %s", method, r.Pattern, want)
			}
		}
		if regexp.MustCompile(`unsafe|script-src|https?://|\*`).MatchString(policy) {
			l.t.Errorf("%s %s: the content policy opens a door: %s", method, r.Pattern, policy)
		}
	}
	return w
}

const formBody = "application/x-www-form-urlencoded"

// pages sends the address through every route of the customers' pages: in the
// path, in the query and in the form.
func (l *leaky) pages() {
	escaped := url.PathEscape(canary)
	fields := url.Values{}
	for _, name := range []string{"email", "lang", "agree", "code", "field", "value", "purpose", "channel", "to", "sure", "List-Unsubscribe", "name", "note"} {
		fields.Set(name, canary)
	}
	for pattern := range l.Portal.Routes() {
		method, path, _ := strings.Cut(pattern, " ")
		for _, ask := range []string{"signup", escaped} {
			p := strings.NewReplacer("{ask}", ask, "{token}", escaped, "{version}", escaped, "{record}", escaped).Replace(path)
			l.send(method, p+"?"+fields.Encode(), formBody, fields.Encode(), "Cookie", "candor_me="+escaped+"; candor_code="+escaped)
		}
	}
	good := url.Values{"email": {canary}, "agree": {"yes"}, "shown": {"1"}}.Encode()
	for _, path := range []string{"/f/signup", "/privacy"} {
		if w := l.send(http.MethodPost, path, formBody, good); w.Code != http.StatusOK {
			l.t.Errorf("%s: %d", path, w.Code)
		}
	}
	l.send(http.MethodPost, "/f/signup", "multipart/form-data; boundary="+canary, "--"+canary)
	l.send(http.MethodGet, "/"+escaped+"?q="+escaped, "", "")
}

// events sends it through every way of collecting, in every place of a message,
// whole and broken.
func (l *leaky) events() {
	message := fmt.Sprintf(`{"type":"%%s","userId":%[1]q,"anonymousId":%[1]q,"messageId":%[1]q,"event":%[1]q,"name":%[1]q,"previousId":%[1]q,"groupId":%[1]q,
		"traits":{"email":%[1]q,%[1]q:1},"properties":{"order_id":%[1]q,%[1]q:2},"context":{"page":{"url":"https://halm.example/?e=%[1]s"}},"timestamp":%[1]q}`, canary)
	for _, call := range []string{"identify", "track", "page", "screen", "group", "alias", "batch"} {
		one := fmt.Sprintf(message, call)
		for _, body := range []string{one, `{"batch":[` + one + `]}`, one[:len(one)/2], `[` + canary, "\xff" + canary} {
			for _, key := range []string{l.source, canary} {
				for _, kind := range []string{"application/json", canary} {
					r := httptest.NewRequest(http.MethodPost, "/v1/"+call+"?k="+url.QueryEscape(canary), strings.NewReader(body))
					r.SetBasicAuth(key, canary)
					l.send(http.MethodPost, r.URL.String(), kind, body, "Authorization", r.Header.Get("Authorization"), "Origin", "https://"+canary)
				}
			}
		}
	}
	good := fmt.Sprintf(`{"userId":"shop-1","traits":{"email":%q,"name":%q},"messageId":"m1"}`, canary, canary)
	r := httptest.NewRequest(http.MethodPost, "/v1/identify", nil)
	r.SetBasicAuth(l.source, "")
	if w := l.send(http.MethodPost, "/v1/identify", "application/json", good, "Authorization", r.Header.Get("Authorization")); w.Code != http.StatusOK {
		l.t.Errorf("identify: %d %s", w.Code, w.Body)
	}
}

// calls sends it through every operation of the API, in each place that the
// specification names.
func (l *leaky) calls() {
	var spec struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
	}
	w := l.send(http.MethodGet, "/api/openapi.json", "", "")
	if err := json.Unmarshal(w.Body.Bytes(), &spec); err != nil || len(spec.Paths) < 10 {
		l.t.Fatalf("the specification has %d paths: %v", len(spec.Paths), err)
	}
	body, err := json.Marshal(map[string]any{
		"email": canary, "customer": canary, "identities": []any{map[string]any{"kind": "email", "value": canary}}, "purpose": canary,
		"fields": []string{canary}, "values": map[string]any{"email": canary, canary: canary}, "name": canary, "condition": `name == "` + canary + `"`,
		"requests": []any{map[string]any{"customer": canary}}, "html": canary, "code": canary, canary: canary,
	})
	if err != nil {
		l.t.Fatal(err)
	}
	for path, methods := range spec.Paths {
		for method, op := range methods {
			at := regexp.MustCompile(`\{[^}]+\}`).ReplaceAllString(path, url.PathEscape(canary))
			query := url.Values{}
			for _, p := range op.Parameters {
				if p.In == "query" {
					query.Set(p.Name, canary)
				}
			}
			for _, sent := range []string{string(body), `{"email": "` + canary, ""} {
				l.send(strings.ToUpper(method), at+"?"+query.Encode(), "application/json", sent,
					"Authorization", "Bearer "+l.token, "Idempotency-Key", canary)
			}
		}
	}
	l.send(http.MethodGet, "/api/v1/customers", "", "", "Authorization", "Bearer "+canary)
}

// mails hands mails to a relay that names the address in every refusal.
func (l *leaky) mails() {
	sink := messagetest.NewSink(l.t, false)
	sender, err := message.New(message.Config{DB: l.DB, Ring: l.Ring, Gate: l.Gate, Charter: l.Charter, Ledger: l.Ledger, Clock: l.Clock,
		Relay: message.Relay{Addr: sink.Addr, TLS: message.PlainText, Door: sink.Door()}, Unsigned: true, BaseURL: l.Config.URL, Log: l.Log})
	if err != nil {
		l.t.Fatal(err)
	}
	who := find(l.t, l.App, canary)
	if who == 0 {
		l.t.Fatal("nobody has the address")
	}
	failures := []func(to string) error{
		func(to string) error { return fmt.Errorf("550 5.1.1 <%s>: %s has no mailbox here", to, to) },
		func(to string) error { return fmt.Errorf("451 4.2.1 %s is busy", to) },
		nil,
	}
	for i, fail := range failures {
		sink.Rcpt, sink.Data = fail, nil
		if fail == nil {
			sink.Drop = func(string) bool { return true }
		}
		err := l.DB.Write(ctx, func(tx *db.Tx) error {
			return sender.SendService(tx, message.ServiceMail{Kind: message.LinkMail, Customer: who, Controller: "halm", Lang: "en", Link: "/privacy",
				Entry: fmt.Sprint("m", i)})
		})
		if err != nil {
			l.t.Fatal(err)
		}
		if _, err := sender.Drain(ctx); err != nil {
			l.Log.Error("the sender failed", slog.String("error", err.Error()))
		}
	}
}

// failures repeats what stores the address while a table is missing, so that
// the database itself complains of statements that carry it.
func (l *leaky) failures() {
	for _, table := range []string{"confirmation", "sealed_value", "identity"} {
		err := l.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("alter table " + table + " rename to gone_" + table)
			return err
		})
		if err != nil {
			l.t.Fatal(err)
		}
		fresh := strings.Replace(canary, "@", "+"+table+"@", 1)
		w := l.send(http.MethodPost, "/f/signup", formBody, url.Values{"email": {fresh}, "agree": {"yes"}, "shown": {"1"}}.Encode())
		if w.Code < 500 || strings.Contains(w.Body.String(), "jane") {
			l.t.Errorf("without %s: %d, or the error page shows the address", table, w.Code)
		}
		_, err = l.Gate.Take(ctx, []gate.Arrival{{Identities: []customer.Identity{address(l.t, fresh)}, At: l.Clock.Now(),
			Values:     map[term.Field]personal.Value{"name": personal.Seal(fresh)},
			Provenance: customer.Provenance{Source: "shop", At: l.Clock.Now(), Confidence: customer.Certain}}})
		l.Log.Error("could not be taken", slog.Any("error", err))
		_, err = l.Desk.Copy(ctx, find0(l.App, canary), "en")
		l.Log.Error("could not be copied", slog.Any("error", err))
		err = l.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("alter table gone_" + table + " rename to " + table)
			return err
		})
		if err != nil {
			l.t.Fatal(err)
		}
	}
}

func address(t *testing.T, raw string) customer.Identity {
	t.Helper()
	a, err := customer.Email(raw)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// find0 is find where the tables may be missing.
func find0(a *App, raw string) (who id.Customer) {
	_ = a.DB.Read(ctx, func(tx *db.Tx) error {
		i, err := customer.Email(raw)
		if err != nil {
			return err
		}
		found, err := a.Gate.Find(tx, i)
		if len(found) > 0 {
			who = found[0]
		}
		return err
	})
	return who
}

// SEC-07: given requests that contain jane@example.org, through every public
// route, every way of collecting, every operation of the API, the relay's
// refusals and a database that fails, when all logs are searched, then zero
// hits; and no answer may be kept by a cache or load anything from elsewhere.
func TestSEC07_NoLogHoldsAnAddress(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		l := openLeaky(t, place)
		l.pages()
		l.events()
		l.calls()
		l.mails()
		l.failures()
		if _, err := l.Jobs.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		all := l.logs.String()
		if n := strings.Count(all, "\n"); n < 200 || !strings.Contains(all, "page failed") {
			t.Fatalf("only %d lines were logged: nothing is shown", n)
		}
		for _, c := range canaries {
			if at := strings.Index(all, c); at >= 0 {
				start := strings.LastIndexByte(all[:at], '\n') + 1
				line, _, _ := strings.Cut(all[start:], "\n")
				t.Errorf("%d hits of %q, the first in: %s", strings.Count(all, c), c, line)
			}
		}
	})
}
