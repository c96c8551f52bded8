package bounce

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/netutil"

	"candor/internal/errs"
	"candor/internal/message"
)

// Config is what a receiver works with.
type Config struct {
	Listen string      // host:port
	Domain string      // of our return addresses, such as bounces.shop.example
	TLS    *tls.Config // offers STARTTLS; needed where other machines reach it
	To     Reporter
	// Invented are people whom files hold though they do not exist: that somebody
	// writes to them is noted, and what is forgotten. Nil for none.
	Invented Invented
	Log      *slog.Logger
}

// Invented knows the addresses of people who do not exist; export.Book does.
type Invented interface {
	Knows(ctx context.Context, address string) bool
	Arrived(ctx context.Context, address, host string) error
}

// Receiver is an SMTP server that takes reports about our mails and nothing
// else. It relays nothing and stores nothing.
type Receiver struct {
	listen net.Listener
	server *smtp.Server
}

// Complaints is the local part of the address that feedback loops are set to.
const Complaints = "complaints"

const maxConnections = 64

// Listen opens a receiver.
func Listen(cfg Config) (*Receiver, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "bounces_listen", "the receiver of bounces cannot listen on %s; set mail.bounces.listen to a free address", cfg.Listen)
	}
	s := smtp.NewServer(backend{cfg})
	s.Domain, s.TLSConfig = cfg.Domain, cfg.TLS
	s.MaxMessageBytes, s.MaxRecipients, s.MaxLineLength = maxReport, 10, 2000
	s.ReadTimeout, s.WriteTimeout = time.Minute, time.Minute
	s.ErrorLog = silent{}
	return &Receiver{netutil.LimitListener(l, maxConnections), s}, nil
}

// silent drops what the library would log: it may hold addresses.
type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// Addr is where it listens.
func (r *Receiver) Addr() string { return r.listen.Addr().String() }

// Close stops listening.
func (r *Receiver) Close() error {
	_ = r.server.Close()
	_ = r.listen.Close()
	return nil
}

// Run takes reports until the context ends.
func (r *Receiver) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = r.Close() })
	defer stop()
	if err := r.server.Serve(r.listen); err != nil && ctx.Err() == nil {
		return errs.Wrap(err, errs.Unavailable, "bounces", "the receiver of bounces stopped")
	}
	return nil
}

type backend struct{ cfg Config }

// NewSession begins a conversation.
func (b backend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{cfg: b.cfg, host: c.Hostname()}, nil
}

type session struct {
	cfg      Config
	host     string   // as the other side calls itself
	to       []string // local parts
	invented []string // local parts of those who do not exist
}

func (s *session) Reset()                               { s.to, s.invented = nil, nil }
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	local, domain, _ := strings.Cut(strings.Trim(to, "<>"), "@")
	local = strings.ToLower(local)
	if strings.EqualFold(domain, s.cfg.Domain) && s.cfg.Invented != nil && s.cfg.Invented.Knows(context.Background(), local+"@"+s.cfg.Domain) {
		s.invented = append(s.invented, local)
		return nil
	}
	if !strings.EqualFold(domain, s.cfg.Domain) || local != Complaints && local != "postmaster" && !message.IsReturn(local) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "only reports about our mails are taken here"}
	}
	s.to = append(s.to, local)
	return nil
}

// Data takes a report; it is answered once it was acted on.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	var list []message.Report
	for _, to := range s.to {
		for _, one := range Parse(raw) {
			if message.IsReturn(to) { // it came back to the mail's own address
				one.Return, one.MessageID = to, ""
			}
			list = append(list, one)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, local := range s.invented {
		if err := s.cfg.Invented.Arrived(ctx, local+"@"+s.cfg.Domain, s.host); err != nil {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later"}
		}
	}
	if err := deliver(ctx, s.cfg.To, s.cfg.Log, list); err != nil {
		s.cfg.Log.Error("a report could not be acted on", slog.String("code", string(errs.CodeOf(err))))
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try again later"}
	}
	return nil
}
