package app

import (
	"crypto/tls"

	"candor/internal/bounce"
	"candor/internal/errs"
)

// openReports opens what hears that mails came back or were called spam.
func (a *App) openReports() error {
	for _, c := range a.Config.Mail.Hooks {
		h, err := bounce.ReadHook(bounce.Relay(c.Relay), c.KeyFile, a.Sender, a.Log)
		if err != nil {
			return err
		}
		a.Hooks = append(a.Hooks, h)
	}
	b := a.Config.Mail.Bounces
	if b.Listen == "" {
		return nil
	}
	cfg := bounce.Config{Listen: b.Listen, Domain: b.Domain, To: a.Sender, Invented: a.Exports, Log: a.Log}
	if b.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(b.CertFile, b.KeyFile)
		if err != nil {
			return errs.Wrap(err, errs.Invalid, "bad_config", "the certificate of the receiver of bounces cannot be read").On("mail.bounces.cert_file")
		}
		cfg.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	var err error
	if a.Bounces, err = bounce.Listen(cfg); err != nil {
		return err
	}
	a.closers = append(a.closers, a.Bounces.Close)
	return nil
}
