package app

import (
	"crypto/tls"
	"os"
	"strings"

	"candor/internal/config"
	"candor/internal/egress"
	"candor/internal/errs"
	"candor/internal/staff"
	"candor/internal/web"
)

// signOn is the provider of single sign-on that the configuration names, or nil.
func signOn(c config.Config, trust *tls.Config) (*staff.SignOn, error) {
	if c.SignOn.Issuer == "" {
		return nil, nil
	}
	s := &staff.SignOn{
		Issuer: c.SignOn.Issuer, ClientID: c.SignOn.ClientID, Name: c.SignOn.Name, Factors: c.SignOn.Factors, Redirect: c.URL + web.SignOnBack,
		Door: egress.New(egress.Options{Allow: c.Egress.Allow, TLS: trust}),
	}
	if c.SignOn.SecretFile == "" {
		return s, nil
	}
	b, err := os.ReadFile(c.SignOn.SecretFile)
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "bad_config", "the file with the secret of single sign-on cannot be read").On("sign_on.secret_file")
	}
	s.Secret = strings.TrimSpace(string(b))
	return s, nil
}

// signOn looks whether the provider of single sign-on answers.
func (d *doctor) signOn() {
	const part = "single sign-on"
	s, err := signOn(d.cfg, nil)
	switch {
	case err != nil:
		d.wrong(part, err.Error(), "set sign_on.secret_file to a file that the server's user may read")
	case s == nil:
	default:
		if d.cfg.SignOn.SecretFile != "" {
			d.secret("secret of single sign-on", d.cfg.SignOn.SecretFile, "")
		}
		if err := s.Check(d.ctx); err != nil {
			d.wrong(part, err.Error(), "look whether sign_on.issuer is exactly what the provider calls itself; a host on the local network stands in egress.allow")
			return
		}
		d.well(part, "the provider answers; register %s there, and %s for its logout", s.Redirect, d.cfg.URL+web.SignOnOut)
	}
}
