package bounce

import (
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"candor/internal/errs"
	"candor/internal/message"
	"candor/internal/strict"
)

// Relay names a kind of relay whose webhooks are understood.
type Relay string

// The relays.
const (
	SendGrid Relay = "sendgrid"
	Mailgun  Relay = "mailgun"
)

// Relays lists them.
var Relays = []Relay{SendGrid, Mailgun}

// maxHook bounds a webhook's body.
const maxHook = 1 << 20

// Hook takes the webhooks of one relay.
type Hook struct {
	relay Relay
	check verifier
	to    Reporter
	log   *slog.Logger
}

// verifier checks the signature of a webhook and gives its reports. It returns
// UNAUTHORIZED when the signature does not fit.
type verifier func(h http.Header, body []byte) ([]message.Report, error)

// ReadHook makes a hook with the key in a file, as the relay shows it.
func ReadHook(relay Relay, keyFile string, to Reporter, log *slog.Logger) (*Hook, error) {
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "bad_config", "the file with the webhook key of %s cannot be read", relay).On("mail.hooks")
	}
	h := &Hook{relay: relay, to: to, log: log}
	switch relay {
	case SendGrid:
		h.check, err = sendGrid(strings.TrimSpace(string(key)))
	case Mailgun:
		h.check, err = mailgun(strings.TrimSpace(string(key)))
	default:
		err = errs.New(errs.Invalid, "bad_config", "name a relay whose webhooks are understood: sendgrid or mailgun").On("mail.hooks")
	}
	return h, err
}

// Register serves the hook at /mail/ and the relay's name.
func (h *Hook) Register(mux *http.ServeMux) { mux.HandleFunc("POST /mail/"+string(h.relay), h.serve) }

var errSignature = errs.New(errs.Unauthorized, "bad_signature", "the signature does not fit the body; check the key")

// serve answers a webhook. Events that are signed and say nothing of interest are
// answered with 200: a relay gives up on an address that refuses too often.
func (h *Hook) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	list, err := h.check(r.Header, body)
	switch {
	case errs.Is(err, errs.Unauthorized):
		http.Error(w, "the signature does not fit", http.StatusUnauthorized)
		return
	case err != nil:
		http.Error(w, "not understood", http.StatusBadRequest)
		return
	}
	for i := range list {
		list[i].Source = string(h.relay)
	}
	if err := deliver(r.Context(), h.to, h.log, list); err != nil {
		h.log.Error("a webhook could not be acted on", slog.String("relay", string(h.relay)), slog.String("code", string(errs.CodeOf(err))))
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// value reads into a payload; what is missing or of another kind is empty.
type value struct{ v any }

func (x value) get(path ...string) value {
	for _, name := range path {
		m, _ := x.v.(map[string]any)
		x = value{m[name]}
	}
	return x
}

func (x value) text() string {
	switch v := x.v.(type) {
	case string:
		return v
	case strict.Number:
		return string(v)
	}
	return ""
}

func (x value) code() int {
	n, _ := number(x.text())
	return n
}
