package api

import (
	"net/http"
	"strconv"
	"time"

	"candor/internal/errs"
	"candor/internal/limit"
)

// The usual rates: of one token, and of one address that shows none we know.
var (
	usualToken    = limit.Rate{Events: 20_000, Burst: 40_000}
	usualStranger = limit.Rate{Events: 10, Burst: 50}
)

var errTooMany = errs.New(errs.Limited, "too_many", "too many requests; send again after the time in Retry-After")

// spend counts a request of a token.
func (a *API) spend(w http.ResponseWriter, _ *http.Request, c caller) error {
	return a.count(w, a.byToken, c.token.ID.String())
}

// strangers counts a try with a token that is none, by address.
func (a *API) strangers(w http.ResponseWriter, r *http.Request) error {
	return a.count(w, a.byStranger, remote(r).String())
}

func (a *API) count(w http.ResponseWriter, l *limit.Limiter, name string) error {
	wait, ok := l.Take(name, 1, a.Clock.Now())
	if ok {
		return nil
	}
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(wait/time.Second))))
	return errTooMany
}
