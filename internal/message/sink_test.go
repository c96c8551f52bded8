package message

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"candor/internal/egress"
)

// sink is a real SMTP server on this machine that keeps what it gets and answers
// as a test asks.
type sink struct {
	t       testing.TB
	addr    string
	pool    *x509.CertPool
	secured bool

	mu       sync.Mutex
	got      []sunk
	sessions int
	authed   int
	// rcpt and data answer for an address; nil accepts.
	rcpt, data func(to string) error
	// drop closes the connection after DATA was read, without an answer.
	drop func(to string) bool
	// hold is called before a mail is answered.
	hold func(to string)
}

type sunk struct {
	from, to string
	raw      []byte
}

func newSink(t testing.TB, secure bool) *sink {
	t.Helper()
	s := &sink{t: t, secured: secure}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	srv := smtp.NewServer(s)
	srv.Domain, srv.MaxMessageBytes = "sink.example", 1<<20
	if secure {
		srv.TLSConfig, s.pool = selfSigned(t)
	}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return s
}

// relay gives the settings that reach the sink.
func (s *sink) relay() Relay {
	if !s.secured {
		return Relay{Addr: s.addr, TLS: PlainText, Door: egress.New(egress.Options{Allow: []string{s.addr}}), Timeout: 10 * time.Second}
	}
	door := egress.New(egress.Options{Allow: []string{s.addr}, TLS: &tls.Config{RootCAs: s.pool, MinVersion: tls.VersionTLS12}})
	return Relay{Addr: s.addr, TLS: StartTLS, Username: "relay", Password: "secret", Door: door, Timeout: 10 * time.Second}
}

func (s *sink) mails() []sunk {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sunk(nil), s.got...)
}

func (s *sink) to() map[string]int {
	out := map[string]int{}
	for _, m := range s.mails() {
		out[m.to]++
	}
	return out
}

// NewSession is go-smtp's Backend.
func (s *sink) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	return &sinkSession{s: s, c: c}, nil
}

type sinkSession struct {
	s        *sink
	c        *smtp.Conn
	from, to string
	authed   bool
}

func (x *sinkSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (x *sinkSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if user != "relay" || pass != "secret" {
			return errors.New("no")
		}
		x.authed = true
		x.s.mu.Lock()
		x.s.authed++
		x.s.mu.Unlock()
		return nil
	}), nil
}

func (x *sinkSession) Reset()        { x.from, x.to = "", "" }
func (x *sinkSession) Logout() error { return nil }

func (x *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	if _, tls := x.c.TLSConnectionState(); x.s.secured && (!tls || !x.authed) {
		return smtp.ErrAuthRequired
	}
	x.from = from
	return nil
}

func (x *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if x.s.rcpt != nil {
		if err := x.s.rcpt(to); err != nil {
			return err
		}
	}
	x.to = to
	return nil
}

func (x *sinkSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if x.s.hold != nil {
		x.s.hold(x.to)
	}
	if x.s.drop != nil && x.s.drop(x.to) {
		_ = x.c.Conn().Close()
		return nil
	}
	if x.s.data != nil {
		if err := x.s.data(x.to); err != nil {
			return err
		}
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.got = append(x.s.got, sunk{x.from, x.to, raw})
	return nil
}

func selfSigned(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, pool
}

func smtpError(code int, a, b, c int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: "as the test asks"}
}

func TestRelaySpeaksTLSAuthAndReusesItsConnection(t *testing.T) {
	s := newSink(t, true)
	w, err := s.relay().connect(t.Context())
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
	if got := s.mails(); len(got) != 3 || !bytes.Equal(got[0].raw, raw) || s.authed != 1 {
		t.Errorf("%d mails, %d logins", len(got), s.authed)
	}
}

func TestRelayRefusesToSpeakInTheClear(t *testing.T) {
	plain := newSink(t, false)
	r := plain.relay()
	r.TLS = StartTLS
	if _, err := r.connect(t.Context()); err == nil {
		t.Error("went on without STARTTLS")
	}
	secure := newSink(t, true)
	wrong := secure.relay()
	wrong.Password = "x"
	if _, err := wrong.connect(t.Context()); err == nil {
		t.Error("a wrong password is accepted")
	}
	untrusted := secure.relay()
	untrusted.Door = egress.New(egress.Options{Allow: []string{secure.addr}})
	if _, err := untrusted.connect(t.Context()); err == nil {
		t.Error("an unknown certificate is accepted")
	}
	for name, bad := range map[string]Relay{
		"plain to another machine": {Addr: "mail.example.org:25", TLS: PlainText, Door: egress.New(egress.Options{})},
		"password without TLS":     {Addr: plain.addr, TLS: PlainText, Username: "u", Door: plain.relay().Door},
		"no mode":                  {Addr: plain.addr, Door: plain.relay().Door},
	} {
		if err := bad.check(); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestRelayRepliesBecomeOutcomes(t *testing.T) {
	answers := map[string]error{
		"greylist@x.example": smtpError(450, 4, 7, 1), "nobody@x.example": smtpError(550, 5, 1, 1), "disabled@x.example": smtpError(550, 5, 2, 1),
		"policy@x.example": smtpError(550, 5, 7, 1), "full@x.example": smtpError(552, 5, 2, 2),
	}
	after := map[string]error{"spam@x.example": smtpError(554, 5, 7, 1), "busy@x.example": smtpError(451, 4, 3, 0), "gone@x.example": smtpError(550, 5, 1, 1)}
	s := newSink(t, false)
	s.rcpt = func(to string) error { return answers[to] }
	s.data = func(to string) error { return after[to] }
	s.drop = func(to string) bool { return strings.HasPrefix(to, "drop@") }
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
		"a b@x.example\r\n":  {state: Planned, broken: true},
	} {
		t.Run(strings.TrimSpace(to), func(t *testing.T) {
			w, err := s.relay().connect(t.Context())
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
	if n := s.to()["nobody@x.example"] + s.to()["drop@x.example"]; n != 0 {
		t.Errorf("%d refused mails were kept", n)
	}
}
