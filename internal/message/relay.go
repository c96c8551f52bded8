package message

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/smtp"
	"slices"
	"strings"
	"time"

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

// connect opens a connection, with TLS and AUTH as set.
func (r Relay) connect(ctx context.Context) (*wire, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	raw, err := r.Door.Dial(ctx, r.Addr)
	if err != nil {
		return nil, err
	}
	w, err := r.open(raw)
	if err != nil {
		_ = raw.Close()
		return nil, errs.Wrap(err, errs.Unavailable, "relay", "the mail relay does not accept this connection")
	}
	return w, nil
}

func (r Relay) open(raw net.Conn) (*wire, error) {
	host, _, _ := net.SplitHostPort(r.Addr)
	w := &wire{conn: raw, timeout: r.Timeout, used: time.Now()}
	if w.timeout == 0 {
		w.timeout = time.Minute
	}
	w.within(w.timeout)
	if r.TLS == ImplicitTLS {
		raw = tls.Client(raw, r.Door.TLSConfig(host))
	}
	var err error
	if w.c, err = smtp.NewClient(raw, host); err != nil {
		return nil, err
	}
	if err := w.c.Hello(orLocal(r.HELO)); err != nil {
		return nil, err
	}
	if r.TLS == StartTLS {
		if err := w.c.StartTLS(r.Door.TLSConfig(host)); err != nil {
			return nil, err
		}
	}
	w.groups, _ = w.c.Extension("PIPELINING")
	return w, r.auth(w.c, host)
}

func orLocal(name string) string {
	if name == "" {
		return "localhost"
	}
	return name
}

func (r Relay) auth(c *smtp.Client, host string) error {
	if r.Username == "" {
		return nil
	}
	_, offered := c.Extension("AUTH")
	switch list := strings.Fields(strings.ToUpper(offered)); {
	case slices.Contains(list, "PLAIN"):
		return c.Auth(smtp.PlainAuth("", r.Username, r.Password, host))
	case slices.Contains(list, "LOGIN"):
		return c.Auth(login{r.Username, r.Password})
	}
	return errors.New("the relay offers neither AUTH PLAIN nor LOGIN")
}

// login is AUTH LOGIN: the name when first asked, then the password.
type login struct{ name, password string }

func (l login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS {
		return "", nil, errors.New("no password without TLS")
	}
	return "LOGIN", nil, nil
}

func (l login) Next(asked []byte, more bool) ([]byte, error) {
	switch {
	case !more:
		return nil, nil
	case strings.HasPrefix(strings.ToLower(string(asked)), "user"):
		return []byte(l.name), nil
	}
	return []byte(l.password), nil
}
