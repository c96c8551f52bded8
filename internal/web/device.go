package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// named pairs a part of a browser's own name with its name in words; the first
// that fits is taken.
type named struct{ part, name string }

var browsers = []named{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"Chrome/", "Chrome"}, {"CriOS/", "Chrome"}, {"Safari/", "Safari"}}

var systems = []named{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}}

// device says in a few words where somebody signs in, so that they know their
// own sessions again. Nothing else of what the browser says is kept.
func device(r *http.Request) string {
	agent := r.UserAgent()
	return first(browsers, agent, "a browser") + " on " + first(systems, agent, "a device")
}

func first(list []named, text, otherwise string) string {
	for _, n := range list {
		if strings.Contains(text, n.part) {
			return n.name
		}
	}
	return otherwise
}

// network is the visitor's /24 or /48: an address alone is cheap to change.
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
