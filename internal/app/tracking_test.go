package app

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"candor/internal/mailbox"
)

// ways are the links of a mail that may name its recipient: the way out, the
// choices, and why it came, which is a page of choices too.
var ways = regexp.MustCompile(`(/u/|/privacy/c/|/privacy/why/)[A-Za-z0-9_-]+`)

// CON-13: without consent to tracking, the mails of a campaign hold no remote
// image and, but for the ways out, nothing in which two recipients differ: no
// link, no identifier. And no page stores anything on a device before a person
// asks for something that needs it.
func TestCON13_NothingTracksWithoutConsent(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		to := []string{"ada@post.example", "bob@post.example"}
		for _, raw := range to {
			h.reader(raw)
		}
		_, list := h.campaign("", "", `<p>New beans have come in. <a href="https://halm.example/beans">See them</a> or <a href="https://halm.example/beans?sort=new">the newest</a>.</p>`)
		var got struct {
			Mails []mailbox.Letter `json:"mails"`
		}
		h.must(json.Unmarshal([]byte(list), &got))
		if len(got.Mails) != 2 {
			t.Fatalf("%d mails, want 2", len(got.Mails))
		}
		var bare []string
		for _, m := range got.Mails {
			if regexp.MustCompile(`(?i)<img|<link|<script|background=|url\(|srcset|@import`).MatchString(m.HTML) {
				t.Error("the mail loads something from elsewhere")
			}
			for kind, want := range map[string]string{"/u/": "the way out", "/privacy/c/": "the choices", "/privacy/why/": "why it came"} {
				if !strings.Contains(m.HTML, kind) {
					t.Errorf("the mail lacks %s", want)
				}
			}
			if !strings.Contains(m.HTML, `href="https://halm.example/beans"`) {
				t.Error("a link was changed")
			}
			bare = append(bare, ways.ReplaceAllString(m.HTML+m.Text, "$1"))
		}
		if bare[0] != bare[1] {
			t.Errorf("two recipients can be told apart:\n%s\n%s", bare[0], bare[1])
		}
		for _, path := range []string{"/f/signup", "/privacy", "/notice", "/privacy/deceased", "/embed/candor.js", "/.well-known/gpc.json",
			strings.TrimPrefix(ways.FindString(got.Mails[0].HTML), h.Config.URL)} {
			if cookies := visit(h.App, http.MethodGet, path, nil).Result().Cookies(); len(cookies) > 0 {
				t.Errorf("%s sets the cookie %s", ways.ReplaceAllString(path, "$1"), cookies[0].Name)
			}
		}
	})
}
