package message

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"candor/internal/egress"
	"candor/internal/errs"
)

// TLSMode says how a connection to the relay is protected.
type TLSMode string

// The modes. There is no "when available".
const (
	StartTLS    TLSMode = "starttls" // refused when the relay does not offer it
	ImplicitTLS TLSMode = "tls"
	PlainText   TLSMode = "plain" // only to this machine: the demo's mailbox
)

// Relay is the mail server that takes our mails.
type Relay struct {
	Addr     string // host:port
	TLS      TLSMode
	Username string // "" for no AUTH; never sent without TLS
	Password string
	HELO     string // our name; "localhost" when empty
	Door     *egress.Door
	Timeout  time.Duration // of each command; 60 s when zero
}

// check refuses settings that would send mail or a password in the clear.
func (r Relay) check() error {
	host, _, err := net.SplitHostPort(r.Addr)
	if err != nil || r.Door == nil {
		return errs.New(errs.Invalid, "relay", "write the mail relay as host:port")
	}
	ip := net.ParseIP(host)
	switch r.TLS {
	case StartTLS, ImplicitTLS:
		return nil
	case PlainText:
		if r.Username == "" && (host == "localhost" || ip != nil && ip.IsLoopback()) {
			return nil
		}
	}
	return errs.New(errs.Invalid, "relay_tls", "the mail relay must be reached with TLS: set starttls or tls")
}

// outcome is what an SMTP conversation about one mail came to.
type outcome struct {
	state   State // accepted, refused, uncertain, or planned when it may be tried again
	code    int   // the reply, 0 when there was none
	bounced bool  // the relay says that the address takes no mail
	broken  bool  // the connection is of no further use
}

// wire is one open connection to the relay, used by one goroutine.
type wire struct {
	c    *smtp.Client
	used time.Time
}

// connect opens a connection, with TLS and AUTH as set.
func (r Relay) connect(ctx context.Context) (*wire, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	raw, err := r.Door.Dial(ctx, r.Addr)
	if err != nil {
		return nil, err
	}
	c, err := r.open(raw)
	if err != nil {
		_ = raw.Close()
		return nil, errs.Wrap(err, errs.Unavailable, "relay", "the mail relay does not accept this connection")
	}
	return &wire{c: c, used: time.Now()}, nil
}

func (r Relay) open(raw net.Conn) (*smtp.Client, error) {
	host, _, _ := net.SplitHostPort(r.Addr)
	timeout := r.Timeout
	if timeout == 0 {
		timeout = time.Minute
	}
	_ = raw.SetDeadline(time.Now().Add(timeout))
	var c *smtp.Client
	var err error
	switch r.TLS {
	case StartTLS:
		c, err = smtp.NewClientStartTLS(raw, r.Door.TLSConfig(host))
	case ImplicitTLS:
		c = smtp.NewClient(tls.Client(raw, r.Door.TLSConfig(host)))
	default:
		c = smtp.NewClient(raw)
	}
	if err != nil {
		return nil, err
	}
	c.CommandTimeout, c.SubmissionTimeout = timeout, 2*timeout
	if r.TLS != StartTLS {
		if err := c.Hello(orLocal(r.HELO)); err != nil {
			return nil, err
		}
	}
	return c, r.auth(c)
}

func orLocal(name string) string {
	if name == "" {
		return "localhost"
	}
	return name
}

func (r Relay) auth(c *smtp.Client) error {
	switch {
	case r.Username == "":
		return nil
	case c.SupportsAuth(sasl.Plain):
		return c.Auth(sasl.NewPlainClient("", r.Username, r.Password))
	case c.SupportsAuth(sasl.Login):
		return c.Auth(sasl.NewLoginClient(r.Username, r.Password))
	}
	return errors.New("the relay offers neither AUTH PLAIN nor LOGIN")
}

// send speaks one mail. Up to DATA nothing has left, so a failure may be tried
// again; from DATA to its reply nobody can know, so it is uncertain.
func (w *wire) send(from, to string, raw []byte) outcome {
	return w.sendWhile(func() bool { return true }, from, to, raw)
}

// sendWhile is send for a mail that may not leave any more when DATA comes too
// late.
func (w *wire) sendWhile(may func() bool, from, to string, raw []byte) outcome {
	w.used = time.Now()
	var opts *smtp.MailOptions
	if !isASCII(to) {
		if ok, _ := w.c.Extension("SMTPUTF8"); !ok {
			return outcome{state: Refused, code: 553}
		}
		opts = &smtp.MailOptions{UTF8: true}
	}
	if err := w.c.Mail(from, opts); err != nil {
		return w.before(err, false)
	}
	if err := w.c.Rcpt(to, nil); err != nil {
		return w.before(err, true)
	}
	if !may() {
		return outcome{state: Planned, broken: true}
	}
	data, err := w.c.Data()
	if err != nil {
		return w.before(err, false)
	}
	if _, err := data.Write(raw); err != nil {
		return outcome{state: Uncertain, broken: true}
	}
	if err := data.Close(); err != nil {
		return afterData(err)
	}
	return outcome{state: Accepted, code: 250}
}

// before judges an error of MAIL, RCPT or DATA: a 5xx refuses, all else may be
// tried again.
func (w *wire) before(err error, rcpt bool) outcome {
	code := replyCode(err)
	out := outcome{state: Planned, code: code, broken: code == 0 || code == 421}
	if code >= 500 {
		out.state = Refused
		out.bounced = rcpt && addressIsBad(err)
	}
	if !out.broken && w.c.Reset() != nil {
		out.broken = true
	}
	return out
}

func afterData(err error) outcome {
	switch code := replyCode(err); {
	case code >= 500:
		return outcome{state: Refused, code: code, bounced: addressIsBad(err)}
	case code >= 400:
		return outcome{state: Planned, code: code, broken: code == 421}
	}
	return outcome{state: Uncertain, broken: true}
}

func replyCode(err error) int {
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// addressIsBad reports whether a 5xx reply is about the address and not about
// the content, the sender or policy (RFC 3463: 5.1.x and 5.2.1).
func addressIsBad(err error) bool {
	var reply *smtp.SMTPError
	if !errors.As(err, &reply) {
		return false
	}
	return badAddress(reply.Code, reply.EnhancedCode)
}

// badAddress goes by the enhanced code when it says something, else by the code.
func badAddress(code int, e [3]int) bool {
	if e[0] == 5 && e[1] != 0 {
		return e[1] == 1 && e[2] != 7 && e[2] != 8 || e[1] == 2 && e[2] == 1
	}
	return e[0] != 4 && (code == 550 || code == 551 || code == 553)
}

func (w *wire) close() { _ = w.c.Quit() }

func isASCII(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > 126 }) < 0 }
