package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
)

// Visit is one request by one member of staff. Who is empty on the pages that
// strangers see.
type Visit struct {
	*Shell
	W    http.ResponseWriter
	R    *http.Request
	Who  staff.Who
	done bool
}

// For makes a visit of somebody who is not here, for what a room makes for them.
func (s *Shell) For(ctx context.Context, who staff.Who) (*Visit, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/admin/", nil)
	return &Visit{Shell: s, R: r, Who: who}, err
}

// Context is the request's.
func (v *Visit) Context() context.Context { return v.R.Context() }

// Now is one time for the whole request.
func (v *Visit) Now() clock.Instant { return v.Clock.Now() }

// Zone is that of the business; pages show its time.
func (v *Visit) Zone() *time.Location {
	zone, err := time.LoadLocation(v.Who.Charter.Business.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Local is an instant as pages show it; one that never was is the zero time.
func (v *Visit) Local(at clock.Instant) time.Time {
	if at.IsZero() || at == clock.Never {
		return time.Time{}
	}
	return at.In(v.Zone())
}

// Moments has what happened shown in the business's zone.
func (v *Visit) Moments(list []ui.Moment) []ui.Moment {
	zone := v.Zone()
	for i := range list {
		list[i].Zone = zone
	}
	return list
}

// File hands a file to be kept.
func (v *Visit) File(name, kind string, body []byte) error {
	h := v.W.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, err := v.W.Write(body)
	return err
}

// May tells whether the visitor has a permission.
func (v *Visit) May(p staff.Permission) bool { return v.Who.Rights.May(p) }

// Actor names the visitor in records.
func (v *Visit) Actor() term.Actor { return staff.Actor(v.Who.Person.ID) }

// Brand is the controller for which the visitor acts.
func (v *Visit) Brand() term.Controller { return v.Who.Charter.Business.ID }

// Form gives a field of the form or of the address, without spaces around it.
func (v *Visit) Form(name string) string { return strings.TrimSpace(v.R.FormValue(name)) }

// Read runs fn in a transaction that reads.
func (v *Visit) Read(fn func(tx *db.Tx) error) error { return v.DB.Read(v.R.Context(), fn) }

// Write runs fn in a transaction that may change.
func (v *Visit) Write(fn func(tx *db.Tx) error) error { return v.DB.Write(v.R.Context(), fn) }

// Head is what stands above a page's content.
type Head struct {
	Title   string
	Intro   string
	Crumb   *ui.Link  // the page above
	Actions []ui.Link // what to do here; Current is the main one
	Status  int       // 200 when 0
	Message *ui.Message
}

// Show renders a page. A message left by the page before stands above it.
func Show[T any](v *Visit, p ui.Page[T], h Head, data T) error {
	status := h.Status
	if status == 0 {
		status = http.StatusOK
	}
	return p.Render(v.W, status, v.frame(h), data)
}

// Wrong gives the head again for a form that was not right.
func (h Head) Wrong() Head {
	h.Status = http.StatusUnprocessableEntity
	return h
}

// Redirect answers a post with the page to read next.
func (v *Visit) Redirect(to string) error {
	http.Redirect(v.W, v.R, to, http.StatusSeeOther)
	v.done = true
	return nil
}

// Done answers a post with the page to read next and leaves a message for it.
// The text holds nothing about a person.
func (v *Visit) Done(to, text string) error {
	b, err := json.Marshal(ui.Message{Tone: ui.Good, Text: text})
	if err != nil {
		return err
	}
	v.setCookie(messageCookie, v.Ring.SealToken(messageCookie, b), time.Minute)
	return v.Redirect(to)
}

// With gives the address of this page with one filter changed; "" removes it.
// Paging starts anew unless the change is its own.
func (v *Visit) With(name, value string) string {
	q := v.R.URL.Query()
	q.Del("after")
	q.Set(name, value)
	for key := range q {
		if q.Get(key) == "" {
			q.Del(key)
		}
	}
	if len(q) == 0 {
		return v.R.URL.Path
	}
	return v.R.URL.Path + "?" + q.Encode()
}

// The cookies. What they hold opens nothing on its own but for the session's.
const (
	sessionCookie = "candor_staff"
	signInCookie  = "candor_signin"
	errandCookie  = "candor_errand"
	messageCookie = "candor_said"
)

// cookieName adds the prefix that keeps a cookie to HTTPS.
func (v *Visit) cookieName(name string) string {
	if v.HTTPS {
		return "__Secure-" + name
	}
	return name
}

func (v *Visit) cookie(name string) string {
	c, err := v.R.Cookie(v.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for our pages; a life of 0 removes it.
func (v *Visit) setCookie(name, value string, life time.Duration) {
	seconds := int(life.Seconds())
	if seconds == 0 {
		seconds = -1
	}
	http.SetCookie(v.W, &http.Cookie{Name: v.cookieName(name), Value: value, Path: "/admin", MaxAge: seconds,
		HttpOnly: true, Secure: v.HTTPS, SameSite: http.SameSiteLaxMode})
}

// said takes the message that the page before left.
func (v *Visit) said() *ui.Message {
	text := v.cookie(messageCookie)
	if text == "" || v.R.Method != http.MethodGet {
		return nil
	}
	v.setCookie(messageCookie, "", 0)
	var m ui.Message
	b, err := v.Ring.OpenToken(messageCookie, text)
	if err != nil || json.Unmarshal(b, &m) != nil {
		return nil
	}
	return &m
}
