// Package config reads the configuration of a server: where its data is, how it
// is reached, how it sends mail. Every value has a usable default but the
// folder of data and the public URL. It holds no promise to customers: that is
// the charter's.
//
// Settings come from a file, and from the environment, which goes before the
// file. doc/configuration.md is made from the comments here.
package config

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"candor/internal/errs"
)

// Config is a server's configuration, as written in its file.
type Config struct {
	Data     string `yaml:"data"`     // folder of the embedded database, keys, journal and anchors; needed
	Database string `yaml:"database"` // the database: postgres://user@host/name?sslmode=verify-full, or a SQLite file
	Keys     string `yaml:"keys"`     // the store of customers' keys: a PostgreSQL URL, or a SQLite file; never in a backup of the data
	Journal  string `yaml:"journal"`  // the protection journal: a file on another volume, or a PostgreSQL database of its own
	Replica  string `yaml:"replica"`  // a read replica of the PostgreSQL database, for what may be some seconds old: backups
	Conns    int    `yaml:"conns"`    // connections to PostgreSQL at most, for each server; all servers together stay below its max_connections
	Listen   string `yaml:"listen"`   // host:port that the server listens on
	URL      string `yaml:"url"`      // how customers reach the server; https, but for loopback; needed
	// Proxies are the addresses or networks of your own reverse proxies. Whom they
	// name in X-Forwarded-For is who asks, for limits and for the networks of tokens.
	Proxies []string `yaml:"proxies"`
	Charter string   `yaml:"charter"` // folder with charter.yaml and house.yaml, applied at the first start
	Mail    Mail     `yaml:"mail"`
	// PlainDisk says who accepted that no encryption is seen under the data, and
	// why, such as "A. Berg, 2026-11-02: the provider encrypts the volume".
	PlainDisk string  `yaml:"plain_disk"`
	Backups   string  `yaml:"backups"` // folder that candor backup writes to, for doctor and metrics to watch their age
	Egress    Egress  `yaml:"egress"`
	Limits    Limits  `yaml:"limits"`
	Metrics   Metrics `yaml:"metrics"`
	Traces    Traces  `yaml:"traces"`
	Ledger    Ledger  `yaml:"ledger"`
	SignOn    SignOn  `yaml:"sign_on"`
}

// SignOn is the business's own provider of single sign-on for staff (OpenID
// Connect). Nobody comes into being by it: staff are invited, and their first
// sign-on under the same verified address connects it.
type SignOn struct {
	Issuer     string   `yaml:"issuer"`      // its issuer, https, as it names itself, such as https://login.shop.example; "" for none
	ClientID   string   `yaml:"client_id"`   // what the server is called there
	SecretFile string   `yaml:"secret_file"` // a file with the client's secret alone; "" for a client without one
	Name       string   `yaml:"name"`        // what staff call it; stands on the button, and is the issuer's host where it is left out
	Factors    []string `yaml:"factors"`     // values of acr or amr that mean that it asked for a second factor, such as mfa; with another, the server asks for its own
}

// Ledger is who keeps outside what the ledger has signed.
type Ledger struct {
	MailTo    string    `yaml:"mail_to"`   // who gets the newest checkpoint by mail every day, such as the data protection officer
	Witnesses []Witness `yaml:"witnesses"` // who signs the checkpoints (C2SP tlog-witness)
}

// Witness signs what it saw of the ledger.
type Witness struct {
	Key string `yaml:"key"` // its public key, name+hash+key
	URL string `yaml:"url"` // its submission prefix, https
}

// Egress is where the server may connect to besides the public internet.
type Egress struct {
	DNS   string   `yaml:"dns"`   // name server, host:port, that is asked about senders' records; "" is the machine's
	Allow []string `yaml:"allow"` // hosts, or host:port, on the local network that recipients' webhooks and the collector of traces may be at
}

// Mail is how messages leave.
type Mail struct {
	Relay        string `yaml:"relay"`         // smtp://user@host:587 (STARTTLS) or smtps://user@host:465; needed to serve
	PasswordFile string `yaml:"password_file"` // a file with the relay's password alone
	Pace         int    `yaml:"pace"`          // mails a second
	DKIM         []DKIM `yaml:"dkim"`          // a key for each domain that mail is sent from
	// Bounces and Hooks are how it is heard that a mail came back or was called spam.
	Bounces Bounces `yaml:"bounces"`
	Hooks   []Hook  `yaml:"hooks"` // relays that tell by signed webhooks
}

// Bounces is the server's own receiver of delivery reports and complaints.
type Bounces struct {
	Domain   string `yaml:"domain"`    // mails leave with return addresses at it, such as bounces.shop.example; its MX leads to listen
	Listen   string `yaml:"listen"`    // host:port of SMTP; "" for none
	CertFile string `yaml:"cert_file"` // PEM, for STARTTLS; needed where listen is not loopback
	KeyFile  string `yaml:"key_file"`  // the key of the certificate, PEM
}

// Hook is a relay whose signed webhooks are taken at /mail/ and its name.
type Hook struct {
	Relay   string `yaml:"relay"`    // sendgrid or mailgun
	KeyFile string `yaml:"key_file"` // the key that the relay's settings show
}

// DKIM is a signing key of a sending domain (RFC 6376, RFC 8463).
type DKIM struct {
	Domain   string `yaml:"domain"`   // the domain of the sender's address
	Selector string `yaml:"selector"` // the name before ._domainkey in DNS
	KeyFile  string `yaml:"key_file"` // PEM, PKCS #8: Ed25519 or RSA
}

// Limits are how much may come in a second, on average; short bursts of several
// times as much pass.
type Limits struct {
	ServerKey int `yaml:"server_key"` // events of one server's write key
	PublicKey int `yaml:"public_key"` // events of one public write key, over all visitors
	Visitor   int `yaml:"visitor"`    // events of one address, with public keys
	Token     int `yaml:"token"`      // requests of one API token
	Address   int `yaml:"address"`    // requests of one address to pages of customers and of staff
}

// Metrics is who may read the numbers of the server.
type Metrics struct {
	Listen    string `yaml:"listen"`     // a loopback host:port of its own that answers /metrics, /healthz and /readyz to whoever is on the machine
	TokenFile string `yaml:"token_file"` // a file with a secret; whoever sends it as a bearer token may read /metrics where customers are served, too
}

// Traces is where spans of requests and jobs go. Without a URL there are none.
type Traces struct {
	URL   string `yaml:"url"`   // a collector that takes OTLP over HTTP, such as https://collector.example:4318/v1/traces
	Share int    `yaml:"share"` // how many of a thousand traces are kept
}

// Read reads a configuration file, and what the environment sets, and fills in
// what both leave out. Errors name the line, or the variable, and what to write;
// they never repeat a value.
func Read(path string) (Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Config{}, errs.Wrap(err, errs.NotFound, "no_config", "the configuration file %s cannot be read", path)
	}
	return Parse(b, os.Environ())
}

// maxFile bounds a configuration file.
const maxFile = 1 << 20

// Parse reads a configuration from YAML and from an environment.
func Parse(b []byte, environ []string) (Config, error) {
	var c Config
	r := reader{where: map[string]string{}}
	if len(strings.TrimSpace(string(b))) > 0 {
		r.file(b, &c)
	}
	r.environment(environ, &c)
	if len(r.found) == 0 {
		c.fill()
		r.found = c.check()
	}
	return c, r.err()
}

// Fill sets what is left out to its default and checks the whole.
func (c *Config) Fill() error {
	c.fill()
	return (&reader{found: c.check()}).err()
}

func (c *Config) fill() {
	inData := func(v *string, name string) {
		if *v == "" && c.Data != "" {
			*v = filepath.Join(c.Data, name)
		}
	}
	inData(&c.Database, "candor.db")
	inData(&c.Keys, "keys.db")
	inData(&c.Journal, "journal")
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8080"
	}
	c.URL = strings.TrimSuffix(c.URL, "/")
	if u, err := url.Parse(c.SignOn.Issuer); err == nil && c.SignOn.Name == "" {
		c.SignOn.Name = u.Hostname()
	}
	for _, n := range []struct {
		v     *int
		usual int
	}{
		{&c.Conns, 24}, {&c.Mail.Pace, 20}, {&c.Traces.Share, 100},
		{&c.Limits.ServerKey, 20_000}, {&c.Limits.PublicKey, 2000}, {&c.Limits.Visitor, 20}, {&c.Limits.Token, 20_000}, {&c.Limits.Address, 100},
	} {
		if *n.v == 0 {
			*n.v = n.usual
		}
	}
}

// Secure reports whether customers reach the server over https.
func (c Config) Secure() bool { return strings.HasPrefix(c.URL, "https://") }

// Root is the file of the root keys.
func (c Config) Root() string { return filepath.Join(c.Data, "root.key") }

// Signer is the file of the ledger's signing key.
func (c Config) Signer() string { return filepath.Join(c.Data, "ledger.key") }

// Anchors is the folder that checkpoints are also written to.
func (c Config) Anchors() string { return filepath.Join(c.Data, "anchor") }
