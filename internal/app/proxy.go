package app

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"candor/internal/limit"
	"candor/internal/observe"
)

// behindProxies finds who asks when the business's own proxies stand in front:
// the last address in X-Forwarded-For that is none of theirs. What others write
// there is not believed.
func (a *App) behindProxies(next http.Handler) http.Handler {
	nets := a.Config.Networks()
	if len(nets) == 0 {
		return next
	}
	ours := func(at netip.Addr) bool {
		for _, n := range nets {
			if n.Contains(at.Unmap()) {
				return true
			}
		}
		return false
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && ours(peer.Addr()) {
			if at := asker(r.Header.Values("X-Forwarded-For"), ours); at.IsValid() {
				r.RemoteAddr = net.JoinHostPort(at.String(), "0")
			}
		}
		next.ServeHTTP(w, r)
	})
}

func asker(headers []string, ours func(netip.Addr) bool) (at netip.Addr) {
	list := strings.Split(strings.Join(headers, ","), ",")
	for i := len(list) - 1; i >= 0; i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(list[i]))
		if err != nil {
			break
		}
		if at = next; !ours(at) {
			break
		}
	}
	return at
}

// limited bounds what one address may ask for. Write keys and tokens have limits
// of their own, and files that everybody may keep need none.
func (a *App) limited(next http.Handler) http.Handler {
	rate := float64(a.Config.Limits.Address)
	if rate == 0 {
		return next
	}
	addresses := limit.New(limit.Rate{Events: rate, Burst: 5 * rate})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch observe.Area(r.URL.Path) {
		case "privacy", "staff":
			if wait, ok := addresses.Take(household(r.RemoteAddr), 1, a.Clock.Now()); !ok {
				w.Header().Set("Retry-After", strconv.Itoa(max(1, int(wait/time.Second))))
				http.Error(w, "too many requests; try again in a moment", http.StatusTooManyRequests)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// household is an address without its port; of IPv6 it is the network of 64
// bits, which one household has.
func household(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	addr := at.Addr().Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}
