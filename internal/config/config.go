// Package config reads the configuration of a server: where its data is, how it
// is reached, how it sends mail. Every value has a usable default but the
// folder of data and the public URL. It holds no promise to customers: that is
// the charter's.
package config

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"candor/internal/errs"
)

// Config is a server's configuration, as written in its file.
type Config struct {
	Data     string `yaml:"data"`     // folder of the embedded database, keys, journal and anchors
	Database string `yaml:"database"` // postgres://...; "" is SQLite in Data
	Keys     string `yaml:"keys"`     // place of the key store; "" is SQLite in Data, never in a data backup
	Journal  string `yaml:"journal"`  // place of the protection journal; "" is a file in Data
	Listen   string `yaml:"listen"`   // host:port; "" is 127.0.0.1:8080
	URL      string `yaml:"url"`      // how customers reach the server; https, but for loopback
	Charter  string `yaml:"charter"`  // folder with charter.yaml and house.yaml, applied at the first start
	Mail     Mail   `yaml:"mail"`
	// PlainDisk says who accepted that no encryption is seen under the data, and
	// why, such as "A. Berg, 2026-11-02: the provider encrypts the volume".
	PlainDisk string `yaml:"plain_disk"`
	Egress    Egress `yaml:"egress"`
}

// Egress is where the server may connect to besides the public internet.
type Egress struct {
	Allow []string `yaml:"allow"` // hosts, or host:port, on the local network that recipients' webhooks may be at
}

// Mail is how messages leave.
type Mail struct {
	Relay        string `yaml:"relay"`         // smtp://user@host:587 (STARTTLS) or smtps://user@host:465; needed to serve
	PasswordFile string `yaml:"password_file"` // a file with the relay's password alone
	Pace         int    `yaml:"pace"`          // mails a second; 0 is 20
	DKIM         []DKIM `yaml:"dkim"`          // a key for each domain that mail is sent from
}

// DKIM is a signing key of a sending domain (RFC 6376, RFC 8463).
type DKIM struct {
	Domain   string `yaml:"domain"`
	Selector string `yaml:"selector"`
	KeyFile  string `yaml:"key_file"` // PEM, PKCS #8: Ed25519 or RSA
}

// Read reads a configuration file and fills in what it leaves out. Errors name
// the line and what to write; they never repeat a value.
func Read(path string) (Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Config{}, errs.Wrap(err, errs.NotFound, "no_config", "the configuration file %s cannot be read", path)
	}
	return Parse(b)
}

// Parse reads a configuration from YAML.
func Parse(b []byte) (Config, error) {
	var c Config
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, errs.Wrap(err, errs.Invalid, "bad_config", "the configuration is not as expected: %s", plainYAML(err))
	}
	return c, c.Fill()
}

// Fill sets what is left out to its default and checks the whole.
func (c *Config) Fill() error {
	c.fill()
	return c.check()
}

// plainYAML keeps the line and the key of a decoder's complaint.
func plainYAML(err error) string {
	var t *yaml.TypeError
	if errors.As(err, &t) && len(t.Errors) > 0 {
		line, rest, _ := strings.Cut(t.Errors[0], ":")
		if strings.Contains(rest, "not found in type") {
			key := strings.Fields(strings.TrimPrefix(rest, " field"))[0]
			return line + ": there is no setting " + key
		}
		return line + ": a value is of the wrong kind"
	}
	return strings.TrimPrefix(err.Error(), "yaml: ")
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
	if c.Mail.Pace == 0 {
		c.Mail.Pace = 20
	}
}

func (c *Config) check() error {
	if c.Data == "" {
		return errs.New(errs.Invalid, "bad_config", "set data to a folder that the server may write to").On("data")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return errs.New(errs.Invalid, "bad_config", "set listen to host:port, such as 127.0.0.1:8080").On("listen")
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return errs.New(errs.Invalid, "bad_config", "set url to the address that customers use, such as https://privacy.shop.example").On("url")
	}
	if u.Scheme != "https" && !loopback(u.Hostname()) {
		return errs.New(errs.Invalid, "plaintext_url", "set url to an https address; plain http is for loopback alone").On("url")
	}
	c.URL = strings.TrimSuffix(c.URL, "/")
	return c.Mail.check()
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (m Mail) check() error {
	if m.Pace < 1 || m.Pace > 100000 {
		return errs.New(errs.Invalid, "bad_config", "set mail.pace to mails a second, from 1 to 100000").On("mail.pace")
	}
	if m.Relay == "" {
		return nil
	}
	u, err := url.Parse(m.Relay)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return errs.New(errs.Invalid, "bad_config", "set mail.relay to smtp://user@host:587 or smtps://user@host:465").On("mail.relay")
	}
	if _, has := u.User.Password(); has {
		return errs.New(errs.Invalid, "password_in_url", "put the relay's password in a file and name it as mail.password_file").On("mail.relay")
	}
	return nil
}

// Secure reports whether customers reach the server over https.
func (c Config) Secure() bool { return strings.HasPrefix(c.URL, "https://") }

// Root is the file of the root keys.
func (c Config) Root() string { return filepath.Join(c.Data, "root.key") }

// Signer is the file of the ledger's signing key.
func (c Config) Signer() string { return filepath.Join(c.Data, "ledger.key") }

// Anchors is the folder that checkpoints are also written to.
func (c Config) Anchors() string { return filepath.Join(c.Data, "anchor") }
