package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"candor/internal/errs"
)

// check gives all that is wrong.
func (c *Config) check() []*errs.Error {
	var out []*errs.Error
	bad := func(path string, code errs.Code, format string, args ...any) {
		out = append(out, errs.New(errs.Invalid, code, format, args...).On(path))
	}
	if c.Data == "" {
		bad("data", "bad_config", "set data to a folder that the server may write to")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		bad("listen", "bad_config", "set listen to host:port, such as 127.0.0.1:8080")
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		bad("url", "bad_config", "set url to the address that customers use, such as https://privacy.shop.example")
	case u.Scheme != "https" && !loopback(u.Hostname()):
		bad("url", "plaintext_url", "set url to an https address; plain http is for loopback alone")
	}
	if c.Replica != "" && (!isPostgres(c.Replica) || !isPostgres(c.Database)) {
		bad("replica", "bad_config", "set replica to the postgres:// URL of a read replica of database, which is PostgreSQL then")
	}
	for i, p := range c.Proxies {
		if _, ok := network(p); !ok {
			bad("proxies."+strconv.Itoa(i+1), "bad_config", "write an address or a network, such as 127.0.0.1 or 10.0.0.0/8")
		}
	}
	for i, w := range c.Ledger.Witnesses {
		if w.Key == "" || !strings.HasPrefix(w.URL, "https://") {
			bad("ledger.witnesses."+strconv.Itoa(i+1), "bad_config", "a witness has a key and an https url")
		}
	}
	c.checkMail(bad)
	c.checkSignOn(bad)
	c.checkNumbers(bad)
	c.checkWatching(bad)
	return out
}

func (c *Config) checkMail(bad func(path string, code errs.Code, format string, args ...any)) {
	for i, k := range c.Mail.DKIM {
		if k.Domain == "" || k.Selector == "" || k.KeyFile == "" {
			bad("mail.dkim."+strconv.Itoa(i+1), "bad_config", "a DKIM key has domain, selector and key_file")
		}
	}
	for i, h := range c.Mail.Hooks {
		if h.Relay == "" || h.KeyFile == "" {
			bad("mail.hooks."+strconv.Itoa(i+1), "bad_config", "a webhook has relay and key_file")
		}
	}
	c.checkBounces(bad)
	if c.Mail.Relay == "" {
		return
	}
	u, err := url.Parse(c.Mail.Relay)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		bad("mail.relay", "bad_config", "set mail.relay to smtp://user@host:587 or smtps://user@host:465")
		return
	}
	if _, has := u.User.Password(); has {
		bad("mail.relay", "password_in_url", "put the relay's password in a file and name it as mail.password_file")
	}
}

func (c *Config) checkSignOn(bad func(path string, code errs.Code, format string, args ...any)) {
	s := c.SignOn
	if s.Issuer == "" {
		if s.ClientID != "" || s.SecretFile != "" || len(s.Factors) > 0 {
			bad("sign_on.issuer", "bad_config", "set sign_on.issuer to the provider's issuer, such as https://login.shop.example")
		}
		return
	}
	u, err := url.Parse(s.Issuer)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		bad("sign_on.issuer", "bad_config", "set sign_on.issuer to the https issuer of the provider, exactly as it names itself")
	}
	if s.ClientID == "" {
		bad("sign_on.client_id", "bad_config", "set sign_on.client_id to what the provider calls this server")
	}
}

func (c *Config) checkBounces(bad func(path string, code errs.Code, format string, args ...any)) {
	b := c.Mail.Bounces
	if b.Listen == "" && b.Domain == "" {
		return
	}
	if strings.ContainsAny(b.Domain, "@ /:") || !strings.Contains(b.Domain, ".") {
		bad("mail.bounces.domain", "bad_config", "set mail.bounces.domain to the domain that undeliverable mails come back to, such as bounces.shop.example")
	}
	host, _, err := net.SplitHostPort(b.Listen)
	switch {
	case b.Listen == "":
	case err != nil:
		bad("mail.bounces.listen", "bad_config", "set mail.bounces.listen to host:port, such as 127.0.0.1:2525")
	case !loopback(host) && (b.CertFile == "" || b.KeyFile == ""):
		bad("mail.bounces.listen", "plaintext_mail", "name a certificate and its key as mail.bounces.cert_file and key_file, or let mail.bounces.listen be on loopback behind your mail server")
	}
}

// checkNumbers holds what is counted to what makes sense.
func (c *Config) checkNumbers(bad func(path string, code errs.Code, format string, args ...any)) {
	for _, n := range []struct {
		path     string
		is, most int
		of       string
	}{
		{"conns", c.Conns, 1000, "connections"},
		{"mail.pace", c.Mail.Pace, 100_000, "mails a second"},
		{"traces.share", c.Traces.Share, 1000, "traces of a thousand"},
		{"limits.server_key", c.Limits.ServerKey, 1_000_000, "events a second"},
		{"limits.public_key", c.Limits.PublicKey, 1_000_000, "events a second"},
		{"limits.visitor", c.Limits.Visitor, 1_000_000, "events a second"},
		{"limits.token", c.Limits.Token, 1_000_000, "requests a second"},
		{"limits.address", c.Limits.Address, 1_000_000, "requests a second"},
	} {
		if n.is < 1 || n.is > n.most {
			bad(n.path, "bad_config", "set %s to %s, from 1 to %d", n.path, n.of, n.most)
		}
	}
}

// checkWatching looks at what operators see.
func (c *Config) checkWatching(bad func(path string, code errs.Code, format string, args ...any)) {
	if at := c.Metrics.Listen; at != "" {
		if host, _, err := net.SplitHostPort(at); err != nil || !loopback(host) {
			bad("metrics.listen", "bad_config", "set metrics.listen to a loopback host:port, such as 127.0.0.1:9090; from elsewhere use metrics.token_file")
		}
	}
	if c.Traces.URL == "" {
		return
	}
	u, err := url.Parse(c.Traces.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		bad("traces.url", "bad_config", "set traces.url to the https address of an OTLP collector; plain http is for loopback alone")
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func isPostgres(place string) bool {
	return strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
}

// Networks are the networks of the business's own proxies.
func (c Config) Networks() []netip.Prefix {
	var out []netip.Prefix
	for _, p := range c.Proxies {
		if n, ok := network(p); ok {
			out = append(out, n)
		}
	}
	return out
}

func network(text string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err == nil
}
