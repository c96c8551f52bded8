package portal

import (
	"crypto/sha256"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"candor/internal/clock"
	"candor/internal/errs"
)

// limiter bounds how often one network may ask for a mail to be sent, so that
// forms cannot be used to flood or to probe. Networks are kept as digests, for
// an hour at most.
type limiter struct {
	clock clock.Clock
	mu    sync.Mutex
	seen  map[[32]byte]window
}

type window struct {
	start clock.Instant
	n     int
}

const (
	mailsAnHour = 30
	mostKept    = 50_000
)

func newLimiter(c clock.Clock) *limiter { return &limiter{clock: c, seen: map[[32]byte]window{}} }

// allow counts one request and returns LIMITED over the limit.
func (l *limiter) allow(r *http.Request) error {
	key := sha256.Sum256([]byte(network(r)))
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) > mostKept {
		clear(l.seen)
	}
	w := l.seen[key]
	if now.Sub(w.start) > time.Hour {
		w = window{start: now}
	}
	w.n++
	l.seen[key] = w
	if w.n > mailsAnHour {
		return errs.New(errs.Limited, "too_often", "too many mails were asked for from this network; try again in an hour")
	}
	return nil
}

// network is the reader's /24 or /48: an address alone is cheap to change.
func network(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	bits := 48
	if a = a.Unmap(); a.Is4() {
		bits = 24
	}
	prefix, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return prefix.String()
}

// even is how long an answer about an address takes at least. It is longer than
// the work behind it, so that the time tells nobody whether an address is known.
const even = 300 * time.Millisecond

// evenly does some work and gives its answer when an even time has passed.
func evenly(r *http.Request, work func() error) error {
	timer := time.NewTimer(even)
	defer timer.Stop()
	err := work()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
	return err
}
