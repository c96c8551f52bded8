package messages

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"candor/internal/campaign"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/ui"
	"candor/internal/web"
)

// logPage is the log of deliveries: what became of each message, and nothing of
// whose it was.
type logPage struct {
	States   []ui.Link
	Campaign *ui.Link // when the log is of one campaign; leads to all
	Find     ui.Field
	Found    []ui.Fact // of the message that was looked for
	Rows     []delivery
	Pages    ui.Pages
	Filtered bool
}

// delivery is a message in a line.
type delivery struct {
	What, URL string
	Purpose   string
	Status    ui.Status
	Why       string
	ID        string
	At        time.Time
}

func (r *room) showLog(v *web.Visit) error { return r.writeLog(v, logPage{}, web.Head{}) }

// findMail looks a message up by its Message-ID, as bounces and people's replies
// hold it.
func (r *room) findMail(v *web.Visit) error {
	var p logPage
	var found message.Delivery
	err := v.Read(func(tx *db.Tx) (err error) {
		found, err = message.Lookup(tx, r.Ring, v.Form("message_id"))
		return err
	})
	if errs.Is(err, errs.NotFound) {
		p.Find.Error = web.Sentence(err)
		return r.writeLog(v, p, web.Head{}.Wrong())
	}
	if err != nil {
		return err
	}
	d := r.deliveryOf(v, found, map[int64]string{})
	p.Found = []ui.Fact{{Term: "Message", Text: d.What}, {Term: "For", Text: d.Purpose}, {Term: "State", Status: &d.Status, Note: d.Why}}
	for _, x := range []struct {
		what string
		at   clock.Instant
	}{{"Planned", found.Send.PlannedAt}, {"Handed over", found.Send.HandedAt}, {"Ended", found.Send.EndedAt}, {"Called spam", found.Complained}} {
		if !x.at.IsZero() {
			p.Found = append(p.Found, ui.Fact{Term: x.what, Text: ui.When("en", v.Local(x.at))})
		}
	}
	return r.writeLog(v, p, web.Head{})
}

// writeLog shows the log, filtered as the address says.
func (r *room) writeLog(v *web.Visit, p logPage, head web.Head) error {
	ask := message.Log{State: message.State(v.Form("state")), Limit: pageSize + 1}
	if text := v.Form("campaign"); text != "" {
		which, err := id.Parse[id.Campaign](text)
		if err != nil {
			return errs.New(errs.NotFound, "no_such_campaign", "there is no such campaign")
		}
		c, err := r.Campaigns.Get(v.Context(), which)
		if err != nil {
			return err
		}
		ask.Program, ask.ID = campaign.Program, int64(which)
		p.Campaign = &ui.Link{Text: c.Name, URL: v.With("campaign", "")}
	}
	if v.WantsCSV() {
		return r.logTable(v, ask)
	}
	if at, number, ok := strings.Cut(v.Form("after"), "-"); ok {
		n, err := strconv.ParseInt(at, 10, 64)
		m, err2 := strconv.ParseInt(number, 10, 64)
		if err != nil || err2 != nil {
			return errs.New(errs.Invalid, "bad_cursor", "this page of the log does not exist; begin with the first")
		}
		ask.After = message.Place{At: clock.Instant(n), Number: m}
		p.Pages.Back = v.With("after", "")
	}
	p.Filtered = ask.State != "" || ask.Program != ""
	p.States = []ui.Link{{Text: "all", URL: v.With("state", ""), Current: ask.State == ""}}
	for _, s := range message.States {
		p.States = append(p.States, ui.Link{Text: stateWords(s), URL: v.With("state", string(s)), Current: ask.State == s})
	}
	var list []message.Delivery
	err := v.Read(func(tx *db.Tx) (err error) {
		list, err = message.Deliveries(tx, r.Ring, ask)
		return err
	})
	if err != nil {
		return err
	}
	if len(list) > pageSize {
		last := list[pageSize-1].Place
		p.Pages.Next = v.With("after", fmt.Sprintf("%d-%d", last.At, last.Number))
		list = list[:pageSize]
	}
	names := map[int64]string{}
	for _, d := range list {
		p.Rows = append(p.Rows, r.deliveryOf(v, d, names))
	}
	p.Find.ID, p.Find.Name, p.Find.Label, p.Find.Max = "message-id", "message_id", "Message-ID", 200
	p.Find.Hint = "As a bounce or the head of a mail shows it."
	head.Actions = []ui.Link{v.CSVLink()}
	head.Title, head.Intro = "Deliveries", "What became of each message. The log does not say whose it was; a customer's own page does, to who may see it."
	return web.Show(v, r.log, head, p)
}

// logTable is the log as a table, by Message-ID.
func (r *room) logTable(v *web.Visit, ask message.Log) error {
	names := map[int64]string{}
	ask.Limit = pageSize
	head := []string{"message-id", "message", "purpose", "state", "why", "time"}
	return v.CSV("deliveries", head, func(string) (lines [][]string, next string, err error) {
		var list []message.Delivery
		err = v.Read(func(tx *db.Tx) (err error) {
			list, err = message.Deliveries(tx, r.Ring, ask)
			return err
		})
		for _, d := range list {
			row := r.deliveryOf(v, d, names)
			lines = append(lines, []string{row.ID, row.What, row.Purpose, row.Status.Text, row.Why, lastOf(d.Send).String()})
		}
		if len(list) == pageSize {
			ask.After, next = list[pageSize-1].Place, "more"
		}
		return lines, next, err
	})
}

// lastOf is when something happened to a message last.
func lastOf(s message.Send) clock.Instant { return max(s.PlannedAt, s.HandedAt, s.EndedAt) }

// deliveryOf says what a message was. Names of campaigns are read once.
func (r *room) deliveryOf(v *web.Visit, d message.Delivery, names map[int64]string) delivery {
	s := d.Send
	out := delivery{What: "mail of the engine", Status: ui.Status{Tone: toneOf(s.State), Text: stateWords(s.State)}, ID: d.MessageID,
		Purpose: purposeOf(v, s.Purpose), At: v.Local(lastOf(s))}
	if d.Program == campaign.Program {
		name, known := names[d.ProgramID]
		if !known {
			if c, err := r.Campaigns.Get(v.Context(), id.Campaign(d.ProgramID)); err == nil {
				name = c.Name
			}
			names[d.ProgramID] = name
		}
		out.What, out.URL = name, oneURL+"/"+id.Campaign(d.ProgramID).String()
		if name == "" {
			out.What, out.URL = d.Program, ""
		}
	}
	var why []string
	for _, code := range s.Reasons {
		why = append(why, deniedWords(code))
	}
	if s.Reply > 0 && s.State != message.Accepted {
		why = append(why, fmt.Sprintf("the mail server said %d", s.Reply))
	}
	if !d.Complained.IsZero() {
		why = append(why, "called spam")
	}
	out.Why = strings.Join(why, "; ")
	return out
}

func stateWords(s message.State) string {
	return map[message.State]string{message.Planned: "waiting", message.Claimed: "being checked", message.Handed: "on its way", message.Accepted: "taken",
		message.Refused: "refused", message.Returned: "came back", message.Uncertain: "uncertain", message.Denied: "not sent", message.Cancelled: "cancelled", message.HeldOut: "left out"}[s]
}

func toneOf(s message.State) ui.Tone {
	switch s {
	case message.Accepted:
		return ui.Good
	case message.Refused, message.Returned:
		return ui.Bad
	case message.Uncertain, message.Denied:
		return ui.Warn
	case message.Claimed, message.Handed:
		return ui.Info
	}
	return ui.Plain
}
