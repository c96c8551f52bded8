package setup

import (
	"slices"
	"strings"
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/message"
	"candor/internal/ui"
	"candor/internal/web"
)

const sendersURL = "/admin/setup/senders"

// sendersPage is who mails come from, a card for each domain.
type sendersPage struct{ Domains []domainCard }

// domainCard is a sending domain: who sends from it, what to publish for it and
// with which key its mails are signed.
type domainCard struct {
	Domain  string
	Status  ui.Status
	Senders []senderRow
	Records []recordRow
	Asked   bool
	Keys    []keyRow
	Make    bool
}

type senderRow struct{ From, Purpose, ReplyTo string }

// recordRow is a text record to publish, with what the DNS says once it was asked.
type recordRow struct {
	Kind, Name, Want string
	Found            []string
	Status           *ui.Status
	Says             string
}

type keyRow struct {
	Selector string
	Status   ui.Status
	MadeAt   time.Time
	Note     string
	Use      bool
	Forget   bool
}

// showSenders lists who mails come from, with the records that each domain must
// publish so that others accept them (SPF RFC 7208, DKIM RFC 6376, DMARC RFC
// 7489).
func (r *room) showSenders(v *web.Visit) error {
	var p sendersPage
	for _, domain := range domains(v) {
		card, err := r.domain(v, domain)
		if err != nil {
			return err
		}
		p.Domains = append(p.Domains, card)
	}
	return web.Show(v, r.pages.senders, web.Head{Title: "Senders", Intro: "Who a purpose's mails come from, as house.yaml has it, and what the DNS of each domain must say so that others believe it."}, p)
}

// domains lists the domains of all senders, each once.
func domains(v *web.Visit) (out []string) {
	for _, s := range v.Who.Charter.House.Senders {
		if _, d, ok := strings.Cut(s.Address, "@"); ok && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

func (r *room) domain(v *web.Visit, domain string) (domainCard, error) {
	card := domainCard{Domain: domain, Make: true, Asked: v.Form("ask") == domain, Status: ui.Status{Tone: ui.Warn, Text: "not signed: no key"}}
	for _, s := range v.Who.Charter.House.Senders {
		if !strings.HasSuffix(s.Address, "@"+domain) {
			continue
		}
		row := senderRow{From: s.Name + " <" + s.Address + ">", ReplyTo: s.ReplyTo, Purpose: string(s.Purpose)}
		if p, ok := v.Who.Charter.Purpose(s.Purpose); ok {
			row.Purpose = p.Title.In("en")
		}
		card.Senders = append(card.Senders, row)
	}
	var keys []message.DomainKey
	err := v.Read(func(tx *db.Tx) (err error) {
		keys, err = r.Keys.Of(tx, domain)
		return err
	})
	if err != nil {
		return card, err
	}
	var records []message.Record
	for _, k := range keys {
		card.Keys = append(card.Keys, keyLine(v, k))
		switch k.State {
		case message.KeySigning:
			card.Status = ui.Status{Tone: ui.Good, Text: "signed"}
		case message.KeyWaiting:
			card.Make = false
		case message.KeyRetired:
			continue // stays as it is published
		}
		record, err := message.DKIMRecord(k.Signer)
		if err != nil {
			return card, err
		}
		records = append(records, record)
	}
	for _, record := range append(records, message.DomainRecords(domain, v.Who.Charter.Business.Contact)...) {
		if card.Asked {
			record = record.Check(v.Context(), r.Look)
		}
		card.Records = append(card.Records, recordLine(record))
	}
	return card, nil
}

func recordLine(r message.Record) recordRow {
	row := recordRow{Kind: r.Kind, Name: r.Name, Want: r.Want, Found: r.Found, Says: r.Says}
	switch r.Verdict {
	case message.RecordRight:
		row.Status = &ui.Status{Tone: ui.Good, Text: "published"}
	case message.RecordWeak:
		row.Status = &ui.Status{Tone: ui.Warn, Text: "weak"}
	case message.RecordWrong:
		row.Status = &ui.Status{Tone: ui.Bad, Text: "wrong"}
	case message.RecordMissing:
		row.Status = &ui.Status{Tone: ui.Bad, Text: "not published"}
	case message.RecordUnknown:
		row.Status = &ui.Status{Tone: ui.Plain, Text: "not known"}
	}
	return row
}

func keyLine(v *web.Visit, k message.DomainKey) keyRow {
	row := keyRow{Selector: k.Selector, Status: ui.Status{Tone: ui.Good, Text: "signs"}}
	if k.CreatedAt == 0 {
		row.Note = "from a file of the configuration"
		return row
	}
	row.MadeAt = v.Local(k.CreatedAt)
	switch k.State {
	case message.KeyWaiting:
		row.Status, row.Use, row.Forget = ui.Status{Tone: ui.Warn, Text: "waits"}, true, true
		row.Note = "Publish its record, then let it sign. The key before goes on until then."
	case message.KeyRetired:
		until := k.ChangedAt.Add(message.KeyLingers)
		row.Status = ui.Status{Tone: ui.Plain, Text: "retired"}
		row.Note = "Leave its record in the DNS until " + ui.Date("en", v.Local(until)) + ": mails that it signed are still on their way."
		if row.Forget = v.Now() > until; row.Forget {
			row.Note = "Its record may go from the DNS."
		}
	}
	return row
}

// oursOf gives the form's domain when somebody sends from it.
func oursOf(v *web.Visit) (string, error) {
	if d := v.Form("domain"); slices.Contains(domains(v), d) {
		return d, nil
	}
	return "", errs.New(errs.NotFound, "no_such_domain", "no sender of house.yaml has this domain")
}

// makeKey makes a key for a domain, to be published first.
func (r *room) makeKey(v *web.Visit) error {
	domain, err := oursOf(v)
	if err != nil {
		return err
	}
	if err := r.Keys.Make(v.Context(), domain); err != nil {
		return err
	}
	return v.Done(sendersURL, "A key is made. Publish its record; it signs nothing before.")
}

// signKey lets a key sign once the DNS shows it.
func (r *room) signKey(v *web.Visit) error {
	domain, err := oursOf(v)
	if err != nil {
		return err
	}
	var keys []message.DomainKey
	err = v.Read(func(tx *db.Tx) (err error) {
		keys, err = r.Keys.Of(tx, domain)
		return err
	})
	if err != nil {
		return err
	}
	at := slices.IndexFunc(keys, func(k message.DomainKey) bool {
		return k.Selector == v.Form("selector") && k.State == message.KeyWaiting
	})
	if at < 0 {
		return errs.New(errs.NotFound, "no_such_key", "no such key waits to be used")
	}
	record, err := message.DKIMRecord(keys[at].Signer)
	if err != nil {
		return err
	}
	if got := record.Check(v.Context(), r.Look); got.Verdict != message.RecordRight {
		return errs.New(errs.Conflict, "not_published", "the DNS does not show this key yet, and mails signed with it would be refused; publish the record and wait until its time to live is over")
	}
	if err := r.Keys.Sign(v.Context(), domain, keys[at].Selector); err != nil {
		return err
	}
	return v.Done(sendersURL+"?ask="+domain, "Mails of "+domain+" are signed with the new key.")
}

// forgetKey deletes a key that waits, or a retired one whose time is over.
func (r *room) forgetKey(v *web.Visit) error {
	domain, err := oursOf(v)
	if err != nil {
		return err
	}
	if err := r.Keys.Forget(v.Context(), domain, v.Form("selector")); err != nil {
		return err
	}
	return v.Done(sendersURL, "The key is deleted.")
}
