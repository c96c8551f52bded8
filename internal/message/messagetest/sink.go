// Package messagetest gives tests a real SMTP server on this machine and a small
// business with customers.
package messagetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"candor/internal/egress"
)

// Sink is a real SMTP server on this machine that keeps what it gets and answers
// as a test asks.
type Sink struct {
	t       testing.TB
	Addr    string
	pool    *x509.CertPool
	cert    []byte // in DER
	secured bool

	mu       sync.Mutex
	got      []Mail
	sessions int
	authed   int
	// Rcpt and Data answer for an address; nil accepts.
	Rcpt, Data func(to string) error
	// Drop closes the connection after DATA was read, without an answer.
	Drop func(to string) bool
	// Hold is called before a mail is answered.
	Hold func(to string)
}

// Mail is a mail as it came.
type Mail struct {
	From, To string
	Raw      []byte
	At       time.Time // when DATA began
}

// NewSink starts a relay on this machine that keeps what it is sent; secure
// relays offer STARTTLS and ask for a password.
func NewSink(t testing.TB, secure bool) *Sink {
	t.Helper()
	s := &Sink{t: t, secured: secure}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Addr = l.Addr().String()
	srv := smtp.NewServer(s)
	srv.Domain, srv.MaxMessageBytes = "sink.example", 1<<20
	if secure {
		srv.TLSConfig, s.pool = selfSigned(t)
		s.cert = srv.TLSConfig.Certificates[0].Certificate[0]
	}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return s
}

// Login is what the secure sink asks for.
const (
	User     = "relay"
	Password = "secret"
)

// Door reaches the sink, and trusts its certificate.
func (s *Sink) Door() *egress.Door {
	o := egress.Options{Allow: []string{s.Addr}}
	if s.secured {
		o.TLS = &tls.Config{RootCAs: s.pool, MinVersion: tls.VersionTLS12}
	}
	return egress.New(o)
}

// Certificate is the secure sink's, in PEM, for another process to trust.
func (s *Sink) Certificate() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.cert})
}

// Mails lists what was accepted, in order.
func (s *Sink) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.got...)
}

// To counts the mails accepted for each address.
func (s *Sink) To() map[string]int {
	out := map[string]int{}
	for _, m := range s.Mails() {
		out[m.To]++
	}
	return out
}

// NewSession is go-smtp's Backend.
func (s *Sink) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	return &sinkSession{s: s, c: c}, nil
}

type sinkSession struct {
	s        *Sink
	c        *smtp.Conn
	from, to string
	authed   bool
}

func (x *sinkSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (x *sinkSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if user != User || pass != Password {
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
	if x.s.Rcpt != nil {
		if err := x.s.Rcpt(to); err != nil {
			return err
		}
	}
	x.to = to
	return nil
}

func (x *sinkSession) Data(r io.Reader) error {
	at := time.Now()
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if x.s.Hold != nil {
		x.s.Hold(x.to)
	}
	if x.s.Drop != nil && x.s.Drop(x.to) {
		_ = x.c.Conn().Close()
		return nil
	}
	if x.s.Data != nil {
		if err := x.s.Data(x.to); err != nil {
			return err
		}
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.got = append(x.s.got, Mail{x.from, x.to, raw, at})
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

// Reply makes an SMTP reply with its enhanced code.
func Reply(code int, a, b, c int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: "as the test asks"}
}

// Logins counts the successful AUTHs.
func (s *Sink) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.authed
}

// Secured tells whether the sink asks for STARTTLS and AUTH.
func (s *Sink) Secured() bool { return s.secured }
