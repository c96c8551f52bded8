package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The demo's places answer, and the three sample customers stand as their
// stories say.
func TestDemoOpensItsPlaces(t *testing.T) {
	d, err := OpenDemo(context.Background(), DemoOptions{
		Folder: t.TempDir(), URL: "http://127.0.0.1:1", Pace: 10, Customers: 25, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	h := d.App.Handler()
	get := func(url string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, strings.TrimPrefix(url, d.App.Config.URL), nil))
		b, _ := io.ReadAll(w.Result().Body)
		return w.Code, string(b)
	}
	for url, says := range map[string]string{
		"/notice": "Halm", "/notice?lang=de": "Datenschutz", "/f/signup": "coffee letter", "/privacy": "E-mail address",
		"/.well-known/gpc.json": `"gpc": true`, "/readyz": "ready", "/api/openapi.json": "openapi", d.MailboxURL: "<html",
		d.People[0].PrivacyURL: "On, until", d.People[1].PrivacyURL: `data-state="off"`, d.People[2].PrivacyURL: "On, until",
	} {
		code, body := get(url)
		if code != http.StatusOK || !strings.Contains(body, says) {
			t.Errorf("%s: %d, does not say %q", strings.SplitN(url, "/c/", 2)[0], code, says)
		}
		if strings.Contains(body, "@post.example") {
			t.Errorf("%s shows an address", strings.SplitN(url, "/c/", 2)[0])
		}
	}
	if code, _ := get("/privacy/me"); code != http.StatusUnauthorized {
		t.Errorf("own data without a code: %d, want 401", code)
	}
}
