package app

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"candor/internal/campaign"
	"candor/internal/message"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/web/webtest"
)

// Whoever has a campaign's page open is told of news at once and after each
// change; pages left open are bounded, and a server that stops ends them.
func TestACampaignIsFollowed(t *testing.T) {
	each(t, 0, func(t *testing.T, h *house) {
		who := webtest.Hire(t, h.Staff, "mara@halm.example", "marketer")
		words := message.Text{Subject: "New beans", HTML: "<p>Come and taste.</p>"}
		change := campaign.Change{Name: "March", Purpose: "letter", Channel: term.Email, Content: message.Content{Class: message.Marketing, Texts: map[term.Lang]message.Text{"en": words}}}
		c, err := h.Campaigns.Create(ctx, change, staff.Actor(who.ID))
		h.must(err)
		server := httptest.NewUnstartedServer(nil)
		server.Config = h.server(h.Handler())
		server.Start()
		t.Cleanup(server.Close)
		session := who.Session(t)
		follow := func() *http.Response {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/admin/messages/campaigns/"+c.ID.String()+"/follow", nil)
			h.must(err)
			r.AddCookie(session)
			answer, err := http.DefaultClient.Do(r)
			h.must(err)
			t.Cleanup(func() { _ = answer.Body.Close() })
			return answer
		}
		first := follow()
		if kind := first.Header.Get("Content-Type"); first.StatusCode != http.StatusOK || kind != "text/event-stream" {
			t.Fatalf("%d %s", first.StatusCode, kind)
		}
		news := make(chan string, 16)
		go func() {
			lines := bufio.NewScanner(first.Body)
			for lines.Scan() {
				if strings.HasPrefix(lines.Text(), "data:") {
					news <- lines.Text()
				}
			}
			close(news)
		}()
		heard := func(what string) bool {
			select {
			case _, ok := <-news:
				return ok
			case <-time.After(10 * time.Second):
				t.Fatalf("nothing is heard %s", what)
				return false
			}
		}
		heard("at first")
		change.Name = "April"
		_, err = h.Campaigns.Edit(ctx, c.ID, change, staff.Actor(who.ID))
		h.must(err)
		heard("of a change")

		turned := 0
		for range 14 {
			if follow().StatusCode == http.StatusTooManyRequests {
				turned++
			}
		}
		if turned != 3 { // of 15 with the first, 12 are followed
			t.Errorf("%d are turned away", turned)
		}
		began := time.Now()
		h.Web.EndStreams()
		for heard("of the end") {
		}
		if again := follow(); again.StatusCode == http.StatusOK {
			_, _ = io.Copy(io.Discard, again.Body)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("a server that stops waits %v", took)
		}
	})
}
