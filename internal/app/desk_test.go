package app

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"candor/internal/request"
	"candor/internal/term"
	"candor/internal/web/webtest"
)

// The desk lists what is open by its deadline, says what comes next, and each of
// its decisions does what its page says.
func TestTheDeskIsWorkedFromItsPages(t *testing.T) {
	each(t, 6, func(t *testing.T, h *house) {
		h.later(time.Second)
		privacy := webtest.Hire(t, h.Staff, "privacy@halm.example", "privacy")
		support := webtest.Hire(t, h.Staff, "support@halm.example", "support")
		web := h.App.Handler()
		do := func(p *webtest.Person, method, path string, form url.Values) (int, string) {
			r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.AddCookie(p.Session(t))
			w := httptest.NewRecorder()
			web.ServeHTTP(w, r)
			return w.Code, w.Body.String()
		}
		asked := func(q request.Request, err error) string {
			h.must(err)
			return "/admin/trust/requests/" + q.ID.String()
		}
		by := func(i int) request.NewRequest {
			return request.NewRequest{Customer: h.ids[i], Via: "staff", Actor: "staff:test"}
		}
		objects := by(0)
		objects.Purpose = "fraud_scoring"
		objection := asked(h.Desk.Object(ctx, objects))
		restriction := asked(h.Desk.Restrict(ctx, by(1)))
		death := asked(h.Desk.ReportDeath(ctx, by(2)))
		mistaken := asked(h.Desk.ReportDeath(ctx, by(3)))
		copied := asked(h.Desk.AskAccess(ctx, by(4)))
		ownership := asked(h.Desk.NotMine(ctx, by(5), term.Email))

		if code, body := do(privacy, "GET", "/admin/trust/requests", nil); code != 200 || strings.Count(body, "waits for you") != 6 {
			t.Errorf("the desk: %d, %d wait", code, strings.Count(body, "waits for you"))
		}
		if code, _ := do(support, "POST", death+"/settle", nil); code != http.StatusForbidden {
			t.Errorf("somebody without the permission decides: %d", code)
		}
		for _, x := range []struct {
			path string
			form url.Values
			code int
			says string // on the request's page afterwards
		}{
			{objection + "/refuse", url.Values{"grounds": {"too short"}}, 422, "waits for you"},
			{objection + "/refuse", url.Values{"grounds": {"Without the comparison, goods of third parties are lost."}}, 303, "being told"},
			{restriction + "/lift", url.Values{"notice": {""}}, 422, "waits for you"},
			{restriction + "/end", nil, 303, "being told"},
			{restriction + "/lift", url.Values{"notice": {"letter of 5 March"}}, 303, "Ended: ended"},
			{death + "/settle", nil, 303, "Ended: looked at"},
			{mistaken + "/mistake", nil, 303, "Ended: corrected"},
			{mistaken + "/mistake", nil, 409, "Ended: corrected"},
			{copied + "/settle", nil, 422, "waits for you"},
			{copied + "/settle", url.Values{"how": {"at the counter, 5 March"}}, 303, "at the counter"},
			{ownership + "/settle", nil, 303, "Ended: looked at"},
		} {
			code, _ := do(privacy, "POST", x.path, x.form)
			page := x.path[:strings.LastIndex(x.path, "/")]
			if _, body := do(privacy, "GET", page, nil); code != x.code || !strings.Contains(body, x.says) {
				t.Errorf("%s: %d, want %d and a page that says %q", x.path, code, x.code, x.says)
			}
		}
		h.later(10 * time.Second)
		if _, body := do(privacy, "GET", objection, nil); !strings.Contains(body, "Ended: refused") {
			t.Error("the objection does not end once the mail has left")
		}
		if _, body := do(privacy, "GET", "/admin/trust/requests?state=done", nil); strings.Count(body, "/admin/trust/requests/req_") != 6 {
			t.Error("not everything is done")
		}
	}, withFraud...)
}
