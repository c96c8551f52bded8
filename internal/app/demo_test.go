package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"candor/internal/campaign"
	"candor/internal/db"
	"candor/internal/message"
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

// A large demo has sent a campaign while its clock stood in the past: mails went
// out and came back, one was refused, some people were left out, and what those
// written to ordered since can be compared with what the others did.
func TestALargeDemoHasSentACampaign(t *testing.T) {
	d, err := OpenDemo(ctx, DemoOptions{Folder: t.TempDir(), URL: "http://127.0.0.1:1", Pace: 10, Customers: busyFrom, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	c, err := d.App.Campaigns.Get(ctx, d.campaign)
	if err != nil || c.State != campaign.Done || d.App.Clock.Now().Sub(c.EndedAt) < 14*24*time.Hour {
		t.Fatalf("the campaign is %s since %s, %v", c.State, c.EndedAt.Time(), err)
	}
	r, err := d.App.Campaigns.Results(ctx, c.ID, "staff:test")
	if err != nil || r.Written.Orders == 0 || r.LeftOut.People == 0 || r.Cost.Bounced != cameBack+1 {
		t.Errorf("results %+v, %v", r, err)
	}
	err = d.App.DB.Read(ctx, func(tx *db.Tx) error {
		var mails int
		for state, want := range map[message.State]int{message.Refused: 1, message.Returned: cameBack} {
			list, err := message.Deliveries(tx, d.App.Ring, message.Log{State: state, Limit: 10})
			if err != nil || len(list) != want {
				t.Errorf("%d mails are %s, want %d, %v", len(list), state, want, err)
				continue
			}
			if one, err := message.Lookup(tx, d.App.Ring, list[0].MessageID); err != nil || one.Send.State != state {
				t.Errorf("found by its Message-ID: %+v, %v", one, err)
			}
		}
		err := tx.QueryRow("select count(*) from mail").Scan(&mails)
		if err == nil && mails < 100 {
			t.Errorf("%d mails are in the mailbox", mails)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
