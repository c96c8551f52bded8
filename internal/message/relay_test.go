package message

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"candor/internal/egress"
	"candor/internal/message/messagetest"
)

// relayTo gives the settings that reach a sink.
func relayTo(s *messagetest.Sink) Relay {
	r := Relay{Addr: s.Addr, TLS: PlainText, Door: s.Door(), Timeout: 10 * time.Second}
	if s.Secured() {
		r.TLS, r.Username, r.Password = StartTLS, messagetest.User, messagetest.Password
	}
	return r
}

func TestRelaySpeaksTLSAuthAndReusesItsConnection(t *testing.T) {
	s := messagetest.NewSink(t, true)
	w, err := relayTo(s).connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	raw, err := testMail().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if out := w.send("letter@halm.example", "ada@kunde.example", raw); out.state != Accepted {
			t.Fatalf("%+v", out)
		}
	}
	if got := s.Mails(); len(got) != 3 || !bytes.Equal(got[0].Raw, raw) || s.Logins() != 1 {
		t.Errorf("%d mails, %d logins", len(got), s.Logins())
	}
}

func TestRelayRefusesToSpeakInTheClear(t *testing.T) {
	plain := messagetest.NewSink(t, false)
	r := relayTo(plain)
	r.TLS = StartTLS
	if _, err := r.connect(t.Context()); err == nil {
		t.Error("went on without STARTTLS")
	}
	secure := messagetest.NewSink(t, true)
	wrong := relayTo(secure)
	wrong.Password = "x"
	if _, err := wrong.connect(t.Context()); err == nil {
		t.Error("a wrong password is accepted")
	}
	untrusted := relayTo(secure)
	untrusted.Door = egress.New(egress.Options{Allow: []string{secure.Addr}})
	if _, err := untrusted.connect(t.Context()); err == nil {
		t.Error("an unknown certificate is accepted")
	}
	for name, bad := range map[string]Relay{
		"plain to another machine": {Addr: "mail.example.org:25", TLS: PlainText, Door: egress.New(egress.Options{})},
		"password without TLS":     {Addr: plain.Addr, TLS: PlainText, Username: "u", Door: relayTo(plain).Door},
		"no mode":                  {Addr: plain.Addr, Door: relayTo(plain).Door},
	} {
		if err := bad.check(); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestRelayRepliesBecomeOutcomes(t *testing.T) {
	answers := map[string]error{
		"greylist@x.example": messagetest.Reply(450, 4, 7, 1), "nobody@x.example": messagetest.Reply(550, 5, 1, 1), "disabled@x.example": messagetest.Reply(550, 5, 2, 1),
		"policy@x.example": messagetest.Reply(550, 5, 7, 1), "full@x.example": messagetest.Reply(552, 5, 2, 2),
		"closing@x.example": messagetest.Reply(421, 4, 3, 2),
	}
	after := map[string]error{"spam@x.example": messagetest.Reply(554, 5, 7, 1), "busy@x.example": messagetest.Reply(451, 4, 3, 0), "gone@x.example": messagetest.Reply(550, 5, 1, 1),
		"late@x.example": messagetest.Reply(421, 4, 3, 2)}
	s := messagetest.NewSink(t, false)
	s.Rcpt = func(to string) error { return answers[to] }
	s.Data = func(to string) error { return after[to] }
	s.Drop = func(to string) bool { return strings.HasPrefix(to, "drop@") }
	raw, err := testMail().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]outcome{
		"ok@x.example":       {state: Accepted, code: 250},
		"greylist@x.example": {state: Planned, code: 450},
		"nobody@x.example":   {state: Refused, code: 550, bounced: true},
		"disabled@x.example": {state: Refused, code: 550, bounced: true},
		"policy@x.example":   {state: Refused, code: 550},
		"full@x.example":     {state: Refused, code: 552},
		"spam@x.example":     {state: Refused, code: 554},
		"busy@x.example":     {state: Planned, code: 451},
		"gone@x.example":     {state: Refused, code: 550, bounced: true},
		"drop@x.example":     {state: Uncertain, broken: true},
		"closing@x.example":  {state: Planned, code: 421, broken: true},
		"late@x.example":     {state: Planned, code: 421, broken: true},
		"a b@x.example\r\n":  {state: Planned, broken: true},
	} {
		t.Run(strings.TrimSpace(to), func(t *testing.T) {
			w, err := relayTo(s).connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			if got := w.send("letter@halm.example", to, raw); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if !want.broken { // the same connection goes on
				if got := w.send("letter@halm.example", "next@x.example", raw); got.state != Accepted {
					t.Errorf("the next mail: %+v", got)
				}
			}
		})
	}
	if n := s.To()["nobody@x.example"] + s.To()["drop@x.example"]; n != 0 {
		t.Errorf("%d refused mails were kept", n)
	}
}
