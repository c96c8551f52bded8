package ui

import (
	"net/http"
	"strings"
)

// Options loosens or tightens Secure for a group of routes. The zero value is
// the strictest that works over plain HTTP on a loopback address.
type Options struct {
	HTTPS bool     // the public address is https: tell browsers to insist on it
	Form  []string // origins besides our own that a form may lead to
	// Script lets our own script files run and talk to us: staff's pages.
	Script bool
	// Framed lets our own pages show these in a frame: the demo's tour.
	Framed bool
	// Open lists patterns, such as "POST /u/{token}", that take posts from
	// anywhere: mail clients and shops, which carry a token instead of a cookie.
	Open []string
}

// Secure wraps the pages of an edge: nothing is kept in caches, nothing leaks in
// a referrer, nothing is indexed or framed, no code runs but our own files where
// Options say so, and a form of another site cannot act for the reader.
func Secure(next http.Handler, o Options) http.Handler {
	policy := contentPolicy(o)
	forms := http.NewCrossOriginProtection()
	for _, p := range o.Open {
		forms.AddInsecureBypassPattern(p)
	}
	guarded := forms.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		if o.Framed {
			h.Set("X-Frame-Options", "SAMEORIGIN")
		}
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "accelerometer=(), camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()")
		h.Set("Vary", "Accept-Language, Sec-GPC")
		if o.HTTPS {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		guarded.ServeHTTP(w, r)
	})
}

func ancestors(o Options) string {
	if o.Framed {
		return "frame-ancestors 'self'"
	}
	return "frame-ancestors 'none'"
}

func contentPolicy(o Options) string {
	parts := []string{
		"default-src 'none'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
		"base-uri 'none'", ancestors(o),
		strings.Join(append([]string{"form-action 'self'"}, o.Form...), " "),
	}
	if o.Script {
		parts = append(parts, "script-src 'self'", "connect-src 'self'", "frame-src 'self'")
	}
	if o.HTTPS {
		parts = append(parts, "upgrade-insecure-requests")
	}
	return strings.Join(parts, "; ")
}

// Framed lets our own pages show an answer in a frame, sandboxed: no script, no
// form, nothing of this origin, whatever it holds. Styles may be its own, as
// mails have them.
func Framed(h http.Header) {
	h.Set("Content-Security-Policy", "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "+
		"style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
	h.Set("X-Frame-Options", "SAMEORIGIN")
}

// StandAlone lets an answer be a document with styles of its own: no script, no
// form, nothing of this origin, nothing loaded.
func StandAlone(h http.Header) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
}
