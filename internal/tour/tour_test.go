package tour

import (
	"testing"

	"candor/internal/clock"
	"candor/internal/mailbox"
	"candor/internal/ui"
	"candor/internal/web/webtest"
)

func TestPagesRenderFull(t *testing.T) {
	set := ui.Load(files)
	at := clock.UTC(2026, 3, 5, 9, 0, 0)
	webtest.Pages(t, files,
		webtest.Page(ui.Find[page](set, "tour"), page{
			Condition: lapsed, Words: "Lapsed", Refused: "No.", Headline: "4,812 lapsed buyers match", Funnel: ui.Funnel{Caption: "Reach", Bars: []ui.Bar{{Label: "Match", Count: "4,812", Width: "100%"}}},
			Out: []left{{"They said no", "120", "Let them rest."}}, Sent: &sent{Width: "40%", Summary: "40 of 100", Still: "99 wait"},
			Her: &her{ID: "cus_1", Events: []ui.Moment{{At: at, Tone: ui.Bad, Title: "No", Text: exact(at)}}, Erased: true}, Restored: &Restored{Rows: 1200, Before: true, Erasures: 1},
			Widening: []widening{{"A new recipient", "people are told first", "1,200", "900 agreements pause"}}, Audit: &audited{Headline: "A list", Rows: []auditRow{{"Provable", "10", "50%", "Nothing."}}, Findings: []string{"Role addresses"}}, Phone: true, Live: true,
		}),
		webtest.Page(ui.Find[phonePage](set, "phone"), phonePage{Mails: []mailbox.Letter{{ID: 1, Subject: "New beans", From: "letter@halm.example", At: at}}}),
	)
}
