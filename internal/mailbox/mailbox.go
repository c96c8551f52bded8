// Package mailbox is the mailbox of the demo: a real SMTP server on this machine
// that takes every mail the engine sends and shows it in a browser.
//
// It listens on a loopback address only and hands nothing on, so that nobody
// gets a mail from a demo. A secret in its address keeps other users of the
// machine out. What it keeps is sealed, belongs to the customer whose address
// the mail went to, and is erased with them.
package mailbox

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
)

// Config is what a mailbox works with.
type Config struct {
	DB    *db.DB
	Ring  *keyring.Ring
	Clock clock.Clock // System when nil
	Addr  string      // of the SMTP server; a free port of 127.0.0.1 when empty
}

// Box is an open mailbox. It is safe for concurrent use.
type Box struct {
	db     *db.DB
	ring   *keyring.Ring
	book   *customer.Book
	clock  clock.Clock
	secret string
	listen net.Listener
	server *smtp.Server
	start  sync.Once
	served chan error
	refuse atomic.Bool // the next address
}

const (
	sealKind   = "mailbox"
	maxMail    = 1 << 20
	keepMails  = 30 * 24 * time.Hour
	keepNobody = 24 * time.Hour // what came for an address that no customer has
)

// New opens a mailbox and listens. It refuses an address other machines reach.
func New(cfg Config) (*Box, error) {
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System{}
	}
	host, _, err := net.SplitHostPort(cfg.Addr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return nil, errs.New(errs.Invalid, "mailbox_address", "the mailbox listens on this machine only: 127.0.0.1 or [::1]")
	}
	l, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "mailbox_listen", "the mailbox cannot listen on %s", cfg.Addr)
	}
	secret := make([]byte, 24)
	_, _ = rand.Read(secret)
	b := &Box{served: make(chan error, 1), db: cfg.DB, ring: cfg.Ring, book: customer.NewBook(cfg.Ring), clock: cfg.Clock, listen: l,
		secret: base64.RawURLEncoding.EncodeToString(secret)}
	b.server = smtp.NewServer(backend{b})
	b.server.Domain, b.server.MaxMessageBytes, b.server.MaxRecipients = "mailbox.localhost", maxMail, 10
	b.server.ReadTimeout, b.server.WriteTimeout = time.Minute, time.Minute
	return b, nil
}

// Addr is where the SMTP server listens.
func (b *Box) Addr() string { return b.listen.Addr().String() }

// Path is the path of its page, with the secret.
func (b *Box) Path() string { return "/mailbox/" + b.secret + "/" }

// Start takes mails from now on. Run does so by itself; only who sends before
// calls it.
func (b *Box) Start() {
	b.start.Do(func() { go func() { b.served <- b.server.Serve(b.listen) }() })
}

// Close stops taking mails. The listener is closed, too: a server that is closed
// before it serves does not know it yet, and would then wait for ever.
func (b *Box) Close() { _, _ = b.server.Close(), b.listen.Close() }

// RefuseNext has the mailbox say of the next address that it does not exist.
func (b *Box) RefuseNext() { b.refuse.Store(true) }

// Run takes mails until the context ends.
func (b *Box) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, b.Close)()
	if err := b.forget(ctx); err != nil {
		return err
	}
	b.Start()
	if err := <-b.served; err != nil && ctx.Err() == nil {
		return errs.Wrap(err, errs.Unavailable, "mailbox", "the mailbox stopped")
	}
	return nil
}

// forget deletes what is old.
func (b *Box) forget(ctx context.Context) error {
	now := b.clock.Now()
	return b.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec("delete from mail where at < $1", now.Add(-keepMails)); err != nil {
			return err
		}
		_, err := tx.Exec("delete from mail where customer_id = 0 and at < $1", now.Add(-keepNobody))
		return err
	})
}

// backend and session speak SMTP.
type backend struct{ box *Box }

// NewSession begins a conversation.
func (b backend) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{box: b.box}, nil }

type session struct {
	box *Box
	to  []string
}

func (s *session) Reset()                               { s.to = nil }
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.box.refuse.CompareAndSwap(true, false) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	}
	s.to = append(s.to, to)
	return nil
}

// Data keeps a mail. The answer is given once it is stored.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(io.LimitReader(r, maxMail))
	if err != nil {
		return err
	}
	for _, to := range s.to {
		if err := s.box.Put(context.Background(), to, raw); err != nil {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "could not be stored"}
		}
	}
	return nil
}

// Put stores a mail for an address, with each customer who has it.
func (b *Box) Put(ctx context.Context, to string, raw []byte) error {
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, flate.BestSpeed)
	_, _ = w.Write(raw)
	_ = w.Close()
	sealed := b.ring.SealToken(sealKind, packed.Bytes())
	mail, now := id.New[id.Mail](), b.clock.Now()
	return b.db.Write(ctx, func(tx *db.Tx) error {
		holders := []id.Customer{0}
		if address, err := customer.Email(to); err == nil {
			found, err := b.book.Find(tx, address)
			if err != nil {
				return err
			}
			if len(found) > 0 {
				holders = found
			}
		}
		for _, c := range holders {
			_, err := tx.Exec("insert into mail (customer_id, mail_id, at, size, sealed) values ($1, $2, $3, $4, $5)", c, mail, now, len(raw), sealed)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *Box) open(sealed string) ([]byte, error) {
	packed, err := b.ring.OpenToken(sealKind, sealed)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxMail))
}

// Register serves the mailbox's pages under Path.
func (b *Box) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /mailbox/{secret}/{$}", b.guarded(b.list))
	mux.HandleFunc("GET /mailbox/{secret}/mails.json", b.guarded(b.json))
	mux.HandleFunc("GET /mailbox/{secret}/mail/{id}", b.guarded(b.show))
	mux.HandleFunc("GET /mailbox/{secret}/mail/{id}/page", b.guarded(b.page))
	mux.HandleFunc("GET "+styleURL, serveStyle)
}

// guarded lets in who has the secret, and nobody can tell a wrong secret from a
// mailbox that does not exist.
func (b *Box) guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("X-Content-Type-Options", "nosniff")
		if subtle.ConstantTimeCompare([]byte(r.PathValue("secret")), []byte(b.secret)) != 1 {
			http.NotFound(w, r)
			return
		}
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		next(w, r)
	}
}
