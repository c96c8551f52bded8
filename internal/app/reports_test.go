package app

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"candor/internal/bounce"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/message/messagetest"
	"candor/internal/term"
)

const returns = "bounces.halm.example"

// sent sends a letter to each customer with a return address of its own and gives
// what left, by customer.
func (h *house) sent(entry string, list ...id.Customer) map[id.Customer]messagetest.Mail {
	h.t.Helper()
	sink := messagetest.NewSink(h.t, false)
	s, err := message.New(message.Config{DB: h.DB, Ring: h.Ring, Gate: h.Gate, Charter: h.Charter, Ledger: h.Ledger, Clock: h.Clock, Returns: returns,
		Relay: message.Relay{Addr: sink.Addr, TLS: message.PlainText, Door: sink.Door()}, Unsigned: true, BaseURL: h.Config.URL, Log: h.Log})
	h.must(err)
	out := map[id.Customer]messagetest.Mail{}
	for _, c := range list {
		before := len(sink.Mails())
		h.plan(c, entry)
		_, err := s.Drain(ctx)
		h.must(err)
		if got := sink.Mails(); len(got) == before+1 {
			out[c] = got[before]
		} else {
			h.t.Fatalf("%d mails left, want 1", len(got)-before)
		}
	}
	return out
}

func messageIDOf(t *testing.T, m messagetest.Mail) string {
	t.Helper()
	read, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatal(err)
	}
	return read.Header.Get("Message-ID")
}

// report makes a delivery report or a complaint.
func report(kind, fields, messageID string) string {
	return strings.ReplaceAll(fmt.Sprintf(`From: <mailer-daemon@mx.example>
To: <x@%s>
Subject: Report
MIME-Version: 1.0
Content-Type: multipart/report; report-type=x; boundary="=_p"

--=_p
Content-Type: text/plain

Something happened.
--=_p
Content-Type: message/%s

%s

--=_p
Content-Type: text/rfc822-headers

From: <letter@halm.example>
Message-ID: %s

--=_p--
`, returns, kind, fields, messageID), "\n", "\r\n")
}

func failure(status, reply string) string {
	return "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; somebody@post.example\nAction: failed\nStatus: " + status + "\nDiagnostic-Code: smtp; " + reply
}

const spam = "Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1"

// What comes back is heard by SMTP at an address of our own: a hard bounce, the
// third soft one and a complaint stop what is sent, and each mail counts once.
// Nobody is stopped by a forged report, by holiday software or by a mail that is
// not about ours.
func TestBouncesAndComplaintsAreHeardBySMTP(t *testing.T) {
	each(t, 4, func(t *testing.T, h *house) {
		r, err := bounce.Listen(bounce.Config{Listen: "127.0.0.1:0", Domain: returns, To: h.Sender, Log: h.Log})
		h.must(err)
		done := make(chan error, 1)
		go func() { done <- r.Run(t.Context()) }()
		tell := func(to, body string) int {
			t.Helper()
			c, err := smtp.Dial(r.Addr())
			h.must(err)
			defer func() { _ = c.Close() }()
			err = c.SendMail("", []string{to}, strings.NewReader(body))
			var reply *smtp.SMTPError
			if errors.As(err, &reply) {
				return reply.Code
			}
			h.must(err)
			return 250
		}
		may := func(c id.Customer) bool { return h.ask(c, "letter", term.Serve, term.Email).Allowed() }
		readers := h.readers()
		hard, soft := readers[0], readers[1]
		left := h.sent("first", hard, soft)
		back := left[hard].From

		// Forged, misdirected, or no report at all.
		wrong := back[:len(back)-len(returns)-6] + "00000@" + returns
		hardFailure := failure("5.1.1", "550 5.1.1 no such user")
		for what, try := range map[string]struct {
			to, body string
			code     int
		}{
			"another domain":             {"b-x@other.example", report("delivery-status", hardFailure, messageIDOf(t, left[hard])), 550},
			"an address of nobody":       {"sales@" + returns, report("delivery-status", hardFailure, ""), 550},
			"a return address made up":   {wrong, report("delivery-status", hardFailure, messageIDOf(t, left[hard])), 250},
			"a Message-ID made up":       {bounce.Complaints + "@" + returns, report("feedback-report", spam, "<0000000000000000000000000000000000000000@halm.example>"), 250},
			"holiday software":           {back, "From: <x@post.example>\r\nSubject: Away\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n", 250},
			"not spam":                   {bounce.Complaints + "@" + returns, report("feedback-report", "Feedback-Type: not-spam\nVersion: 1", messageIDOf(t, left[hard])), 250},
			"still being tried":          {back, report("delivery-status", "Reporting-MTA: dns; x\n\nAction: delayed\nStatus: 4.4.1", ""), 250},
			"about the sender's address": {left[soft].From, report("delivery-status", failure("5.1.8", "550 5.1.8 bad sender"), ""), 250},
			"more than is read":          {back, strings.Repeat("x\r\n", 1<<20), 552},
		} {
			if code := tell(try.to, try.body); code != try.code {
				t.Errorf("%s: answered %d, want %d", what, code, try.code)
			}
			if !may(hard) || !may(soft) {
				t.Fatalf("%s stopped somebody", what)
			}
		}

		// A hard bounce. Told again, it is counted once.
		for range 2 {
			if code := tell(strings.ToUpper(back[:3])+back[3:], report("delivery-status", hardFailure, "")); code != 250 {
				t.Errorf("a hard bounce: answered %d", code)
			}
		}
		h.denies("the letter after a hard bounce", h.ask(hard, "letter", term.Serve, term.Email), errs.Suppressed)
		if n := h.count("select count(*) from send where state = 'returned' and customer_id = $1", hard); n != 1 {
			t.Errorf("%d mails are on record as returned", n)
		}
		if n := h.count("select count(*) from fact where customer_id = $1 and source = 'dsn'", hard); n != 1 {
			t.Errorf("%d facts of a bounce told twice", n)
		}

		// Two soft bounces do not stop, the third does; the complaint that follows
		// is an objection.
		for i := range 2 {
			h.allows("the letter before the third soft bounce", h.ask(soft, "letter", term.Serve, term.Email))
			h.clk.Set(h.clk.Now().Add(4 * 24 * time.Hour))
			m := h.sent(string(rune('a'+i)), soft)[soft]
			tell(m.From, report("delivery-status", failure([]string{"5.2.2", "4.4.7"}[i], "450 busy"), ""))
		}
		h.clk.Set(h.clk.Now().Add(4 * 24 * time.Hour))
		third := h.sent("c", soft)[soft]
		tell(third.From, report("delivery-status", failure("4.2.2", "452 4.2.2 full"), ""))
		h.denies("the letter after the third soft bounce", h.ask(soft, "letter", term.Serve, term.Email), errs.FreqCap)
		if code := tell(bounce.Complaints+"@"+returns, report("feedback-report", spam, messageIDOf(t, left[soft]))); code != 250 {
			t.Errorf("a complaint: answered %d", code)
		}
		h.denies("the letter after a complaint", h.ask(soft, "letter", term.Serve, term.Email), errs.Objected)
		h.allows("an order's mail then", h.ask(soft, "orders", term.Serve, term.Email))
		h.must(r.Close())
		<-done
	})
}

// readers are the customers who may be written to now.
func (h *house) readers() (out []id.Customer) {
	for _, c := range h.ids {
		if h.ask(c, "letter", term.Serve, term.Email).Allowed() {
			out = append(out, c)
		}
	}
	if len(out) < 2 {
		h.t.Fatalf("%d of the sample may be written to", len(out))
	}
	return out
}

// The webhooks of relays are believed when they are signed, and find the mail by
// its Message-ID.
func TestSignedWebhooksOfRelays(t *testing.T) {
	each(t, 4, func(t *testing.T, h *house) {
		signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		h.must(err)
		der, err := x509.MarshalPKIXPublicKey(&signer.PublicKey)
		h.must(err)
		const shared = "key-0123456789abcdef"
		mux := http.NewServeMux()
		for relay, key := range map[bounce.Relay]string{bounce.SendGrid: base64.StdEncoding.EncodeToString(der), bounce.Mailgun: shared} {
			file := filepath.Join(t.TempDir(), string(relay))
			h.must(os.WriteFile(file, []byte(key+"\n"), 0o600))
			hook, err := bounce.ReadHook(relay, file, h.Sender, h.Log)
			h.must(err)
			hook.Register(mux)
		}
		post := func(path, body string, head map[string]string) int {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			for k, v := range head {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			return w.Code
		}
		sendGrid := func(body string) map[string]string {
			sum := sha256.Sum256([]byte("1800000000" + body))
			signature, err := ecdsa.SignASN1(rand.Reader, signer, sum[:])
			h.must(err)
			return map[string]string{"X-Twilio-Email-Event-Webhook-Timestamp": "1800000000", "X-Twilio-Email-Event-Webhook-Signature": base64.StdEncoding.EncodeToString(signature)}
		}
		mailgun := func(event, with string) string {
			mac := hmac.New(sha256.New, []byte(with))
			mac.Write([]byte("1800000000token"))
			return `{"signature": {"timestamp": "1800000000", "token": "token", "signature": "` + hex.EncodeToString(mac.Sum(nil)) + `"}, "event-data": ` + event + `}`
		}
		readers := h.readers()
		one, two := readers[0], readers[1]
		left := h.sent("hooks", one, two)
		first, second := messageIDOf(t, left[one]), strings.Trim(messageIDOf(t, left[two]), "<>")

		h.write(func(tx *db.Tx) error {
			_, err := tx.Exec("update send set state = 'uncertain' where customer_id = $1 and send_key = $2", two,
				message.Key{Program: "campaign", Node: "test", Customer: two, Entry: "hooks", Channel: term.Email}.Sum(h.Ring))
			return err
		})
		bounced := `[{"event": "open", "smtp-id": "` + first + `"}, {"event": "deferred", "smtp-id": "` + first + `", "response": "450 later"},
			{"event": "bounce", "type": "bounce", "smtp-id": "` + first + `", "status": "5.0.0", "reason": "550 5.1.1 no such user"}]`
		if code := post("/mail/sendgrid", bounced, sendGrid(bounced+" ")); code != http.StatusUnauthorized {
			t.Errorf("a webhook whose body was changed: %d", code)
		}
		if code := post("/mail/sendgrid", bounced, nil); code != http.StatusUnauthorized {
			t.Errorf("a webhook without a signature: %d", code)
		}
		complained := `{"event": "complained", "message": {"headers": {"message-id": "` + second + `"}}}`
		if code := post("/mail/mailgun", mailgun(complained, "another key, of somebody else"), nil); code != http.StatusUnauthorized {
			t.Errorf("a webhook signed with another key: %d", code)
		}
		h.allows("the letter after forged webhooks", h.ask(one, "letter", term.Serve, term.Email))
		h.allows("the letter after forged webhooks", h.ask(two, "letter", term.Serve, term.Email))

		if code := post("/mail/mailgun", mailgun(`{"event": "delivered", "message": {"headers": {"message-id": "`+second+`"}}}`, shared), nil); code != http.StatusOK {
			t.Errorf("delivered: %d", code)
		}
		if s := h.state(two, "hooks"); s != message.Accepted {
			t.Errorf("a mail that arrived is %s", s)
		}
		if code := post("/mail/mailgun", mailgun(complained, shared), nil); code != http.StatusOK {
			t.Errorf("a complaint: %d", code)
		}
		h.denies("the letter after a complaint", h.ask(two, "letter", term.Serve, term.Email), errs.Objected)
		if code := post("/mail/sendgrid", bounced, sendGrid(bounced)); code != http.StatusOK {
			t.Errorf("a bounce: %d", code)
		}
		h.denies("the letter after a bounce", h.ask(one, "letter", term.Serve, term.Email), errs.Suppressed)
		if s := h.state(one, "hooks"); s != message.Returned {
			t.Errorf("a mail that came back is %s", s)
		}
	})
}
