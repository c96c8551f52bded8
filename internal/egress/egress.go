// Package egress is the only door out: every connection that the engine opens
// to somewhere else is dialled here.
//
// Addresses are checked after resolution, in the dialer, so that a name that
// turns into an inner address between check and use is caught (OWASP ASVS 5.0,
// server-side request forgery). Loopback, link-local, private, shared and other
// special addresses are refused, also in their mapped forms, unless the operator
// named the host. HTTP goes over TLS, follows no redirect, and is bounded in
// size and time.
package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"candor/internal/errs"
)

// Options are the operator's settings.
type Options struct {
	// Allow names hosts, or host:port, that may be inner addresses: a mail relay
	// or a webhook receiver on the local network.
	Allow []string
	// Loopback lets HTTP go in the clear to hosts on this machine that Allow names:
	// a collector of traces beside the server.
	Loopback bool
	// DNS is the name server, host:port, to ask for text records. "" is the machine's.
	DNS string
	// Timeout bounds connecting, and a whole HTTP exchange. 30 s when zero.
	Timeout time.Duration
	// MaxBody bounds what is read of an HTTP answer. 1 MB when zero.
	MaxBody int64
	// TLS is for tests: certificates to trust. Nil means the machine's.
	TLS *tls.Config
}

// Door opens connections outwards. It is safe for concurrent use.
type Door struct {
	o     Options
	allow map[string]bool
}

// New makes a door.
func New(o Options) *Door {
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxBody == 0 {
		o.MaxBody = 1 << 20
	}
	d := &Door{o: o, allow: map[string]bool{}}
	for _, a := range o.Allow {
		d.allow[strings.ToLower(strings.TrimSpace(a))] = true
	}
	return d
}

// errInner is the same for every refused address: the answer is no map of the
// inner network.
var errInner = errs.New(errs.Forbidden, "egress_address", "this address is not reachable from here; an operator can allow the host by name")

// Dial opens a TCP connection to host:port. It returns FORBIDDEN when the host
// resolves to an address that is refused.
func (d *Door) Dial(ctx context.Context, hostport string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, errs.New(errs.Invalid, "egress_address", "write the place as host:port")
	}
	host = strings.ToLower(host)
	dialer := net.Dialer{Timeout: d.o.Timeout}
	if !d.allow[host] && !d.allow[net.JoinHostPort(host, port)] {
		dialer.ControlContext = refuseInner
	}
	c, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		if errs.CodeOf(err) == errInner.Code {
			return nil, errInner
		}
		return nil, errs.Wrap(err, errs.Unavailable, "egress_dial", "cannot connect to %s", hostport)
	}
	return c, nil
}

// refuseInner sees each address just before it is connected to.
func refuseInner(_ context.Context, _, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !outer(ap.Addr()) {
		return errInner
	}
	return nil
}

// special are the ranges of the IANA special-purpose registries that the
// methods of netip.Addr do not name.
var special = func() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}()

// outer reports whether an address is of the public internet.
func outer(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsValid() || !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// TLSConfig gives the settings for TLS to a host.
func (d *Door) TLSConfig(host string) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if d.o.TLS != nil {
		c = d.o.TLS.Clone()
	}
	c.ServerName = host
	return c
}

// Client gives an HTTP client that speaks https only and follows no redirect.
func (d *Door) Client() *http.Client {
	t := &http.Transport{
		DialContext:         func(ctx context.Context, _, addr string) (net.Conn, error) { return d.Dial(ctx, addr) },
		TLSHandshakeTimeout: d.o.Timeout, ResponseHeaderTimeout: d.o.Timeout, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
	}
	if d.o.TLS != nil {
		t.TLSClientConfig = d.o.TLS.Clone()
	}
	return &http.Client{
		Timeout:       d.o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     bounded{t, d.o},
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// bounded refuses what is not https and cuts long answers.
type bounded struct {
	next *http.Transport
	o    Options
}

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && (!b.o.Loopback || !loopback(r.URL.Hostname())) {
		return nil, errs.New(errs.Forbidden, "egress_scheme", "only https addresses are called")
	}
	res, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, b.o.MaxBody), res.Body}
	return res, nil
}

// TXT gives the text records of a name, none when it has none. It returns
// UNAVAILABLE when no name server answers.
func (d *Door) TXT(ctx context.Context, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, min(d.o.Timeout, 5*time.Second))
	defer cancel()
	r := &net.Resolver{PreferGo: true}
	if d.o.DNS != "" {
		r.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, d.o.DNS)
		}
	}
	found, err := r.LookupTXT(ctx, strings.TrimSuffix(name, ".")+".")
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "egress_dns", "the DNS does not answer")
	}
	return found, nil
}
