package app

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/collect"
	"candor/internal/db"
	"candor/internal/message"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/web/webtest"
)

// Lists that hold nobody's data are tables, too: with the filters of the address,
// whole over all pages, and without a cell that is read as a formula.
func TestListsAreTables(t *testing.T) {
	each(t, 40, func(t *testing.T, h *house) {
		pia, mara := webtest.Hire(t, h.Staff, "pia@halm.example", "privacy"), webtest.Hire(t, h.Staff, "mara@halm.example", "marketer")
		kim := webtest.Hire(t, h.Staff, "kim@halm.example", staff.Administrator)
		_, err := h.Campaigns.Create(ctx, campaign.Change{Name: "=1+1", Purpose: "letter", Channel: term.Email, Content: message.Content{Class: message.Marketing,
			Texts: map[term.Lang]message.Text{"en": {Subject: "Beans", HTML: "<p>Beans.</p>"}, "de": {Subject: "Bohnen", HTML: "<p>Bohnen.</p>"}}}}, "staff:test")
		h.must(err)
		h.write(func(tx *db.Tx) error {
			_, err := h.Audience.SaveSegment(tx, audience.Segment{Name: "+sum", Purpose: "letter", Expression: `count("Order Completed", days(90)) >= 1`, Author: "staff:test"})
			return err
		})
		source, _, err := h.Collector.Sources().Create(ctx, collect.Source{Name: "=shop", Class: collect.Server, Mode: collect.Live, NoticeVersion: 1, Namespace: "shop", Controller: "halm"})
		h.must(err)
		for _, x := range []struct {
			who         *webtest.Person
			path, first string
			cell        string
			rows        int64
		}{
			{pia, "/admin/trust?as=csv&kind=consent.record", "entry", "Consent record", h.count("select count(*) from ledger_entry where kind = 'consent.record'")},
			{pia, "/admin/trust/uses?as=csv", "entry", "", 0},
			{mara, "/admin/messages/deliveries?as=csv", "message-id", "", h.count("select count(*) from send")},
			{mara, "/admin/messages?as=csv", "campaign", "'=1+1", 1},
			{mara, "/admin/audiences?as=csv", "audience", "'+sum", 1},
			{pia, "/admin/trust/requests?as=csv", "request", "", h.count("select count(*) from request where closed_at = 0")},
			{pia, "/admin/trust/approvals?as=csv", "approval", "", h.count("select count(*) from approval")},
			{pia, "/admin/trust/incidents?as=csv", "incident", "", h.count("select count(*) from incident")},
			{pia, "/admin/trust/accesses?as=csv", "access", "", h.count("select count(*) from staff_access")},
			{mara, "/admin/trust/exports?as=csv&state=all", "export", "", 0},
			{kim, "/admin/setup/sources/" + source.ID.String() + "/quarantine?as=csv", "message", "", 0},
			{kim, "/admin/setup?as=csv", "source", "", h.count("select count(*) from source_count")},
			{kim, "/admin/setup/tokens?as=csv", "token", "", h.count("select count(*) from api_token")},
		} {
			w := visit(h.App, http.MethodGet, x.path, nil, "Cookie", x.who.Session(t).String())
			rows, err := csv.NewReader(w.Body).ReadAll()
			h.must(err)
			if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" || int64(len(rows)) != x.rows+1 || rows[0][0] != x.first {
				t.Errorf("%s: %d, %d rows, want %d: %v", x.path, w.Code, len(rows)-1, x.rows, rows[0])
			}
			if x.rows > 0 && !strings.Contains(strings.Join(rows[1], "\n"), x.cell) {
				t.Errorf("%s: %q is not in %v", x.path, x.cell, rows[1])
			}
		}
	})
}
