package browsertest_test

import (
	"strings"
	"testing"
	"time"

	"candor/internal/browsertest"
	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/mailbox"
	"candor/internal/message"
	"candor/internal/term"
)

// lightest is what a page of the customers' may weigh over the wire, its style
// sheet included.
const lightest = 30 << 10

// look photographs a page as phones and desks show it, and holds it to the
// rules of every page.
func look(t *testing.T, tab *browsertest.Tab, name string) {
	t.Helper()
	tab.Axe()
	for _, width := range []int{375, 1440} {
		for _, dark := range []bool{false, true} {
			tab.Screenshot(name, width, dark)
			if tab.Overflows() {
				t.Errorf("%s is wider than a window of %d px", name, width)
			}
		}
	}
	tab.Look(375, false)
	if tab.Count("script, [onclick], [style]") > 0 {
		t.Errorf("%s needs a script", name)
	}
	if n := tab.Bytes(); n > lightest {
		t.Errorf("%s weighs %d bytes, more than %d", name, n, lightest)
	}
}

// A person signs up, confirms, reads what is held, corrects, downloads, takes a
// receipt, withdraws with an undo, and erases: the whole way, on pages that hold
// no script at all.
func TestFromTheFormToTheCertificate(t *testing.T) {
	s := onSQLite(t, 8)
	tab := browsertest.New(t)
	p := s.people[0]
	signUp(t, s, tab)
	enter(t, s, tab, p.Email)
	look(t, tab, "me")
	if text := tab.Text("main"); !strings.Contains(text, p.Email) || !strings.Contains(text, p.Street) {
		t.Error("the page does not show the person's data")
	}
	tab.Go("a[href*='field=name']")
	look(t, tab, "correct")
	tab.Fill("#value", "Dora Winter")
	tab.Go("main form button")
	tab.Sees("main", "Dora Winter")
	tab.Press("form[action$='/download'] button")
	s.mail(p.Email, about("copy of your data"))

	tab.Open(s.url + "/privacy/me/proof")
	look(t, tab, "proof")
	if tab.Count("main a[href*='/receipt/']") < 2 {
		t.Error("decisions come without receipts")
	}
	tab.Open(s.url + "/privacy/me/rights?lang=de")
	look(t, tab, "rights-de")
	tab.Open(s.url + "/privacy/me/choices")
	tab.Sees("main", "Turning it off ends these messages at once")
	tab.Press(".finer > summary")
	look(t, tab, "my-choices")
	tab.Go("li[data-state=on] .setting-head button")
	tab.Sees("main", "Saved")
	look(t, tab, "withdrawn")
	tab.Go(".undo button")
	tab.Sees("li[data-state=on]", "On, until")
	tab.Go("form[action$='/pause'] button")
	tab.Sees("main", "Paused until")
	leave(t, s, tab)
}

// signUp goes through the hosted form.
func signUp(t *testing.T, s *shop, tab *browsertest.Tab) {
	t.Helper()
	tab.Open(s.url + "/f/signup")
	look(t, tab, "form")
	tab.Fill("#email", "ada@post.example")
	tab.Press("#agree")
	tab.Go("main form button")
	look(t, tab, "form-sent")
	tab.Open(s.mail("ada@post.example", about("confirm")).Links[0])
	look(t, tab, "confirm")
	tab.Go("main form button")
	look(t, tab, "confirmed")
	tab.Open(s.url + "/notice")
	look(t, tab, "notice")
	if c := tab.Palest("article.notice :is(p, li, dd, dt, td, th, h1, h2, h3, a)"); c < charter.NoticeContrast {
		t.Errorf("the notice's text has a contrast of %.1f; the linter is told %d", c, charter.NoticeContrast)
	}
}

// enter goes from the page that asks for an address to the person's own data.
func enter(t *testing.T, s *shop, tab *browsertest.Tab, address string) {
	t.Helper()
	tab.Open(s.url + "/privacy")
	look(t, tab, "find")
	tab.Fill("#email", address)
	tab.Go("main form button")
	look(t, tab, "find-sent")
	way := s.mail(address, about("choices")).Links[0]
	tab.Open(way)
	look(t, tab, "choices")
	tab.Go("form[action$='/code'] button")
	look(t, tab, "code")
	tab.Fill("#code", digits.FindString(s.mail(address, func(m mailbox.Letter) bool { return digits.MatchString(m.Text) }).Text))
	tab.Go("main form button")
}

// leave erases and waits for the certificate.
func leave(t *testing.T, s *shop, tab *browsertest.Tab) {
	t.Helper()
	tab.Open(s.url + "/privacy/me/erase")
	look(t, tab, "erase")
	tab.Press("#sure")
	tab.Go("main form button")
	look(t, tab, "erased")
	certificate := browsertest.Eval[string](tab, "location.href")
	for deadline := time.Now().Add(40 * time.Second); ; time.Sleep(time.Second) {
		tab.Open(certificate)
		if strings.Contains(tab.Text("h1"), "Certificate") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("there is no certificate")
		}
	}
	look(t, tab, "certificate")
	if tab.Count("table tbody tr") < 8 {
		t.Error("the certificate names too few stores")
	}
}

// Every page of relatives and of "why", and each of the engine's own mails, in
// both languages, as a phone shows it; and the mail of a campaign.
func TestMailsAndTheirPages(t *testing.T) {
	s := onSQLite(t, 4)
	tab := browsertest.New(t)
	tab.Open(s.url + "/privacy/deceased?lang=de")
	look(t, tab, "deceased-de")
	to := s.people[0].Email
	for _, lang := range []term.Lang{"en", "de"} {
		for i, kind := range []message.ServiceKind{message.ConfirmMail, message.CodeMail, message.LinkMail, message.ErasureMail, message.DownloadMail,
			message.LiftedMail, message.UpheldMail, message.GroundsMail} {
			m := message.ServiceMail{Kind: kind, Customer: s.ids[0], Controller: "halm", Purpose: "letter", Lang: lang, Entry: string(lang) + string(kind)}
			if kind == message.CodeMail {
				m.Code = "12345678"
			}
			if kind == message.ConfirmMail || kind == message.LinkMail {
				m.Link = "/privacy"
			}
			if kind == message.GroundsMail {
				m.Grounds = "Without the comparison, goods of third parties are lost."
			}
			if err := s.DB.Write(t.Context(), func(tx *db.Tx) error { return s.Sender.SendService(tx, m) }); err != nil {
				t.Fatal(err)
			}
			s.photograph(tab, s.mail(to, s.fresh()), "mail-"+string(lang)+"-"+string(kind), i < 3)
		}
	}
	letter := s.letter(to)
	s.photograph(tab, letter, "mail-campaign", true)
	for _, l := range letter.Links {
		if strings.Contains(l, "/privacy/why/") {
			tab.Open(l)
			look(t, tab, "why")
			return
		}
	}
	t.Error("the campaign's mail does not lead to why it came")
}
