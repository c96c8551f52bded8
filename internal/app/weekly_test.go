package app

import (
	"bytes"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/message/messagetest"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/web/webtest"
)

// Whoever asked for it gets their first page by mail on Mondays: once a week, as
// their roles see it, naming no customer.
func TestTheWeekComesByMail(t *testing.T) {
	each(t, 60, func(t *testing.T, h *house) {
		zone, err := time.LoadLocation(currentCharter(t, h.App).Business.Zone)
		h.must(err)
		day := h.now.In(zone)
		sunday := time.Date(day.Year(), day.Month(), day.Day()+14-int(day.Weekday()), 12, 0, 0, 0, zone)
		at := func(days, hour int) {
			h.clk.Set(clock.At(sunday.AddDate(0, 0, days).Add(time.Duration(hour-12) * time.Hour)))
		}
		at(-2, 12)
		ann := webtest.Hire(t, h.Staff, "ann@halm.example", staff.Administrator, "privacy")
		webtest.Hire(t, h.Staff, "off@halm.example", "privacy")
		mara := webtest.Hire(t, h.Staff, "mara@halm.example", "marketer")
		left := webtest.Hire(t, h.Staff, "left@halm.example", "marketer")
		for _, p := range []*webtest.Person{ann, mara, left} {
			if w := visit(h.App, http.MethodPost, "/admin/account/weekly", url.Values{"wants": {"yes"}}, "Cookie", p.Session(t).String()); w.Code != http.StatusSeeOther {
				t.Fatalf("switched on: %d", w.Code)
			}
		}
		h.write(func(tx *db.Tx) error { return h.Staff.Leave(tx, left.ID, term.ByEngine) })
		var sink *messagetest.Sink
		h.Sender, sink = h.relay()
		hourly := func() int { h.later(time.Hour); return len(sink.Mails()) }

		at(0, 20) // Sunday evening
		if n := hourly(); n != 0 {
			t.Fatalf("%d mails on a Sunday", n)
		}
		at(1, 4) // Monday night
		if n := hourly(); n != 0 {
			t.Fatalf("%d mails in the night", n)
		}
		sink.Rcpt = func(string) error { return messagetest.Reply(451, 4, 3, 0) }
		at(1, 7)
		if _, err := h.Jobs.Drain(ctx); errs.CodeOf(err) != "relay" || len(sink.Mails()) != 0 {
			t.Fatalf("past a relay that is busy: %v, %d mails", err, len(sink.Mails()))
		}
		sink.Rcpt = nil
		for range 5 {
			hourly()
		}
		mails := sink.Mails()
		if len(mails) != 2 || mails[0].To != "ann@halm.example" || mails[1].To != "mara@halm.example" {
			t.Fatalf("%d mails on the Monday: %v", len(mails), sink.To())
		}
		h.readsWeek(mails[0], []string{"Ledger", "Given"}, []string{"about stages"})
		h.readsWeek(mails[1], []string{"/admin/audiences/stages", "about "}, []string{"Ledger"})

		if at(5, 12); hourly() != 2 {
			t.Errorf("%d mails by Friday", len(sink.Mails()))
		}
		sink.Drop = func(to string) bool { return to == mara.Email }
		at(8, 7)
		hourly() // hers may have arrived
		sink.Drop = nil
		for range 5 {
			hourly()
		}
		if got := sink.To(); got[ann.Email] != 2 || got[mara.Email] != 1 {
			t.Errorf("by the next Monday: %v", got)
		}
		w := visit(h.App, http.MethodPost, "/admin/account/weekly", url.Values{"wants": {"no"}}, "Cookie", ann.Session(t).String())
		at(15, 7)
		hourly()
		if got := sink.To(); w.Code != http.StatusSeeOther || got[ann.Email] != 2 || got[mara.Email] != 2 || len(got) != 2 {
			t.Errorf("switched off: %d, %v", w.Code, got)
		}
	})
}

// readsWeek looks into both parts of a mail.
func (h *house) readsWeek(m messagetest.Mail, want, never []string) {
	h.t.Helper()
	page, text := h.weekIn(m)
	_, page, _ = strings.Cut(page, "<body") // a style has signs of its own
	for _, part := range []string{html.UnescapeString(page), text} {
		for _, s := range append(want, "waits for you", "<10", "Switch it off in your account", h.Config.URL+"/admin/account#weekly", "Halm") {
			if !strings.Contains(part, s) {
				h.t.Errorf("the mail to %s has no %q", m.To, s)
			}
		}
		for _, s := range never {
			if strings.Contains(part, s) {
				h.t.Errorf("the mail to %s has %q", m.To, s)
			}
		}
		if strings.Count(part, "@") != strings.Count(part, currentCharter(h.t, h.App).Business.Contact) {
			h.t.Errorf("the mail to %s holds another address than the business's own", m.To)
		}
	}
}

// weekIn reads the two parts of a mail.
func (h *house) weekIn(m messagetest.Mail) (page, text string) {
	h.t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	h.must(err)
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	h.must(err)
	for r := multipart.NewReader(msg.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return page, text
		}
		h.must(err)
		b, err := io.ReadAll(quotedprintable.NewReader(p))
		h.must(err)
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			page = string(b)
		} else {
			text = string(b)
		}
	}
}
