package collect

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"candor/internal/errs"
	"candor/internal/signal"
)

// paths are the ways in: the HTTP API's names, under /v1 as servers use them,
// and the browsers' short ones, with and without /v1.
var paths = map[string]call{
	"/v1/identify": identify, "/v1/track": track, "/v1/page": page, "/v1/screen": screen,
	"/v1/group": group, "/v1/alias": alias, "/v1/batch": batch, "/v1/import": batch,
	"/v1/i": identify, "/v1/t": track, "/v1/p": page, "/v1/s": screen, "/v1/g": group, "/v1/a": alias, "/v1/b": batch,
	"/i": identify, "/t": track, "/p": page, "/s": screen, "/g": group, "/a": alias, "/b": batch,
}

// Register adds the endpoints to a server's routes.
func (c *Collector) Register(mux *http.ServeMux) {
	for path, what := range paths {
		mux.HandleFunc("POST "+path, c.take(what))
		mux.HandleFunc("OPTIONS "+path, c.preflight)
	}
	mux.HandleFunc("POST /hooks/{source}", c.hook)
	mux.HandleFunc("GET /v1/projects/{key}/settings", c.settings)
	mux.HandleFunc("OPTIONS /v1/projects/{key}/settings", c.preflight)
}

// take answers one call.
func (c *Collector) take(what call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Origin")
		if err := c.collect(w, r, what); err != nil {
			c.refuse(w, r, err)
			return
		}
		answer(w, http.StatusOK, reply{Success: true})
	}
}

// collect reads a request, finds its source and hands on its messages. It
// returns when they are on disk.
func (c *Collector) collect(w http.ResponseWriter, r *http.Request, what call) error {
	key := keyOf(r)
	var source *Source
	if key != "" {
		var err error
		if source, err = c.admit(w, r, key); err != nil {
			return err
		}
	}
	body, err := readBody(r)
	if err != nil {
		return c.note(source, err)
	}
	envelope, err := openEnvelope(what, body)
	if err != nil {
		return c.note(source, err)
	}
	if source == nil {
		if source, err = c.admit(w, r, envelope.key); err != nil {
			return err
		}
	}
	if err := c.spend(r, source, len(envelope.items)); err != nil {
		return c.note(source, err)
	}
	return c.note(source, c.process(r.Context(), delivery{
		source: source, call: what, envelope: envelope, gpc: signal.GPC(r), received: c.clock.Now(),
	}))
}

// admit finds the source of a key and checks that it may collect from here. A
// stranger's tries are limited by address.
func (c *Collector) admit(w http.ResponseWriter, r *http.Request, key string) (*Source, error) {
	source, err := c.sources.find(r.Context(), key)
	if err != nil {
		if wait, ok := c.byAddress.Take(c.address(r), 1, c.clock.Now()); !ok {
			return nil, limited{wait}
		}
		return nil, err
	}
	if err := allowOrigin(w, r, source); err != nil {
		return nil, c.note(source, err)
	}
	if source.NoticeVersion == 0 {
		return nil, c.note(source, errNoNotice)
	}
	return source, nil
}

var errNoNotice = errs.New(errs.Forbidden, errs.NoNotice, "no privacy notice is bound to this source; bind the one people see there, then send again")

// allowOrigin lets browsers read the answer where the source is at home, and
// refuses a public key everywhere else.
func allowOrigin(w http.ResponseWriter, r *http.Request, s *Source) error {
	if s.Class != Public {
		return nil
	}
	origin := r.Header.Get("Origin")
	for _, o := range s.Origins {
		if o == origin {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
			return nil
		}
	}
	return errOrigin
}

// spend takes a request's messages out of its buckets.
func (c *Collector) spend(r *http.Request, s *Source, messages int) error {
	n, now := float64(max(1, messages)), c.clock.Now()
	keys := c.byServerKey
	if s.Class == Public {
		if wait, ok := c.byAddress.Take(c.address(r), n, now); !ok {
			return limited{wait}
		}
		keys = c.byPublicKey
	}
	if wait, ok := keys.Take(s.ID.String(), n, now); !ok {
		return limited{wait}
	}
	return nil
}

// limited is the refusal of a request that came too early.
type limited struct{ wait time.Duration }

var errLimited = errs.New(errs.Limited, "too_many", "too many events; send again after the time in Retry-After")

func (limited) Error() string { return errLimited.Error() }
func (limited) Unwrap() error { return errLimited }

// note counts a refusal under its source.
func (c *Collector) note(s *Source, err error) error {
	if err != nil && s != nil {
		if code := errs.CodeOf(err); code != "" {
			c.counts.add(s.ID, Refused, string(code), 1)
		}
	}
	return err
}

// preflight answers what a browser asks before it sends a key: may this page
// talk to us at all?
func (c *Collector) preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
	origin := r.Header.Get("Origin")
	ok, err := c.sources.KnowsOrigin(r.Context(), origin)
	if err != nil {
		c.refuse(w, r, err)
		return
	}
	if ok {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding, X-Write-Key, X-Retry-Count")
		h.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

// reply is every answer's body.
type reply struct {
	Success bool      `json:"success"`
	Code    errs.Code `json:"code,omitempty"`
	Message string    `json:"message,omitempty"`
}

func answer(w http.ResponseWriter, status int, body any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// statuses says what a client is to do: nothing but 429 and 503 is worth trying
// again, since the same request would fail the same way.
var statuses = map[errs.Kind]int{
	errs.Invalid: http.StatusBadRequest, errs.Unauthorized: http.StatusUnauthorized, errs.Forbidden: http.StatusForbidden,
	errs.NotFound: http.StatusNotFound, errs.Conflict: http.StatusServiceUnavailable, errs.TooLarge: http.StatusRequestEntityTooLarge,
	errs.Limited: http.StatusTooManyRequests, errs.Unavailable: http.StatusServiceUnavailable, errs.Internal: http.StatusServiceUnavailable,
}

// refuse answers a failure. What is not meant for people is logged by its route
// and never shown.
func (c *Collector) refuse(w http.ResponseWriter, r *http.Request, err error) {
	kind := errs.KindOf(err)
	out := reply{Code: "unavailable", Message: "the data could not be stored now; send them again"}
	var e *errs.Error
	if errors.As(err, &e) && kind != errs.Internal {
		out = reply{Code: e.Code, Message: e.Msg}
	} else if !errors.Is(err, context.Canceled) {
		c.log.Error("collect failed", slog.String("route", r.Pattern), slog.String("kind", "internal"), slog.Any("error", err))
	}
	switch kind {
	case errs.Limited:
		wait := time.Second
		var l limited
		if errors.As(err, &l) {
			wait = l.wait
		}
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(wait/time.Second))))
	case errs.Unauthorized:
		w.Header().Set("WWW-Authenticate", `Basic realm="write key"`)
	case errs.Unavailable, errs.Internal, errs.Conflict:
		w.Header().Set("Retry-After", "1")
	}
	answer(w, statuses[kind], out)
}

// remoteAddress is the peer's address without its port; for IPv6 it is the
// network of 64 bits, which is one household.
func remoteAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	ip := net.ParseIP(host)
	if ip == nil || ip.To4() != nil {
		return host
	}
	return ip.Mask(net.CIDRMask(64, 128)).String()
}
