package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/gate"
	"candor/internal/keyring"
	"candor/internal/message"
	"candor/internal/term"

	"candor/internal/charter/sample"
)

// MSG-05: GET → 200 page, state unchanged; POST with body → withdrawn; second
// POST → 200; POST without body → 400. It works when the person was erased: then
// the address is suppressed.
func TestMSG05_OneClickWithoutQuestions(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		people := demo.People(3, 1, now)
		clk := &demo.Clock{}
		a := openWith(t, place, people, clk, now)
		ids, err := (&demo.Seeder{Gate: a.Gate, Clock: clk, Controller: sample.Halm().Business.ID}).Run(ctx, people, now)
		if err != nil {
			t.Fatal(err)
		}
		h := a.Handler()
		ask := func(method, path, kind, body string) (int, string) {
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			r.Header.Set("Content-Type", kind)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code >= 300 && w.Code < 400 {
				t.Errorf("%s redirects", method)
			}
			b, _ := io.ReadAll(w.Body)
			return w.Code, string(b)
		}
		allowed := func() bool {
			var d gate.Decision
			err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
				d, err = a.Gate.Decide(tx, gate.Request{Customer: ids[0], Controller: "halm", Purpose: "letter", Operation: term.Serve, Channel: term.Email, Actor: "program:test"})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return d.Allowed()
		}
		const form = "application/x-www-form-urlencoded"
		body := url.Values{"List-Unsubscribe": {"One-Click"}}.Encode()
		digest := a.Ring.Digest(keyring.Suppression, "email", people[0].Email)
		link := message.Link{Scope: message.Unsubscribe, Customer: ids[0], Controller: "halm", Purpose: "letter", Channel: term.Email,
			Endpoint: digest.Sum, EndpointKey: digest.KeyID}
		path := "/u/" + link.Seal(a.Ring)
		if code, page := ask(http.MethodGet, path, "", ""); code != 200 || !strings.Contains(page, "One-Click") || !allowed() {
			t.Errorf("GET: %d, allowed %v", code, allowed())
		}
		if code, _ := ask(http.MethodPost, path, form, ""); code != 400 || !allowed() {
			t.Errorf("POST without body: %d, allowed %v", code, allowed())
		}
		multi := "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"
		if code, _ := ask(http.MethodPost, path, "multipart/form-data; boundary=x", multi); code != 200 || allowed() {
			t.Errorf("POST multipart: %d, allowed %v", code, allowed())
		}
		if code, _ := ask(http.MethodPost, path, form, body); code != 200 {
			t.Errorf("second POST: %d", code)
		}
		link.Customer = 12345 // erased
		if code, _ := ask(http.MethodPost, "/u/"+link.Seal(a.Ring), form, body); code != 200 {
			t.Errorf("POST of someone erased: %d", code)
		}
		if n := count(t, a, "select count(*) from suppression"); n == 0 {
			t.Error("the address of someone erased is not suppressed")
		}
	})
}

func count(t *testing.T, a *App, query string, args ...any) (n int64) {
	t.Helper()
	err := a.DB.Read(ctx, func(tx *db.Tx) error { return tx.QueryRow(query, args...).Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}
