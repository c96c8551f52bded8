package setup

import (
	"strings"

	"candor/internal/charter"
	"candor/internal/ui"
	"candor/internal/web"
)

type sendersPage struct{ Rows []senderRow }

type senderRow struct {
	Purpose string
	From    string
	ReplyTo string
	Status  ui.Status
	Records []Record
}

// showSenders lists who mails come from, with the records that each domain must
// publish so that others accept them (SPF RFC 7208, DKIM RFC 6376, DMARC RFC
// 7489).
func (r *room) showSenders(v *web.Visit) error {
	var p sendersPage
	for _, s := range v.Who.Charter.House.Senders {
		p.Rows = append(p.Rows, r.sender(v, s))
	}
	return web.Show(v, r.pages.senders, web.Head{Title: "Senders", Intro: "Who a purpose's mails come from. They are written in house.yaml; publish these records in the DNS of each domain."}, p)
}

func (r *room) sender(v *web.Visit, s charter.Sender) senderRow {
	_, domain, _ := strings.Cut(s.Address, "@")
	row := senderRow{From: s.Name + " <" + s.Address + ">", ReplyTo: s.ReplyTo, Purpose: string(s.Purpose),
		Status: ui.Status{Tone: ui.Warn, Text: "not signed: no DKIM key"}}
	if p, ok := v.Who.Charter.Purpose(s.Purpose); ok {
		row.Purpose = p.Title.In("en")
	}
	if key, ok := r.DKIM[domain]; ok {
		row.Status = ui.Status{Tone: ui.Good, Text: "signed"}
		row.Records = append(row.Records, key)
	}
	row.Records = append(row.Records,
		Record{domain, "TXT", "v=spf1 include:<your relay's SPF domain> -all"},
		Record{"_dmarc." + domain, "TXT", "v=DMARC1; p=quarantine; adkim=s; aspf=r; rua=mailto:" + v.Who.Charter.Business.Contact},
	)
	return row
}
