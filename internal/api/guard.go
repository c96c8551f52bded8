package api

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"candor/internal/errs"
	"candor/internal/strict"
)

// maxBody is the largest request.
const maxBody = 2 << 20

// exactly is the largest whole number that every JSON reader keeps.
const exactly = 1 << 53

// The codes of what the guard refuses.
const (
	bodyTooLarge   errs.Code = "body_too_large"
	notJSON        errs.Code = "not_json"
	numberTooLarge errs.Code = "number_too_large"
)

// open lists what needs no token.
var open = map[string]bool{"/api/v1/operator/tokens": true, "/api/openapi.json": true, "/api/openapi.yaml": true}

// guard is what every request passes: a known token, a body that all readers
// read alike, and, with an Idempotency-Key, the answer given before.
func (a *API) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Cache-Control", "no-store")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("X-Robots-Tag", "noindex")
		if !open[r.URL.Path] {
			c, err := a.authenticate(r)
			switch {
			case err == nil:
				err = a.spend(w, r, c)
			case errs.Is(err, errs.Unauthorized): // not when nobody could look
				err = cmp.Or(a.strangers(w, r), err)
			}
			if err != nil {
				writeProblem(w, problem(err))
				return
			}
			asked := r
			r = r.WithContext(withCaller(r.Context(), c))
			defer func() { asked.Pattern = r.Pattern }() // whoever watches reads the route there
		}
		if takesFile(r) { // its handler reads it as it comes
			next.ServeHTTP(w, r)
			return
		}
		body, err := readBody(w, r)
		if err != nil {
			writeProblem(w, problem(err))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		a.once(w, r, body, next)
	})
}

// readBody reads a request's body and refuses what is not strict JSON.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return nil, errs.New(errs.TooLarge, bodyTooLarge, "a request has at most %d bytes; send it in parts", maxBody)
	}
	if err != nil {
		return nil, errs.New(errs.Invalid, "body_cut", "the request's body could not be read to its end")
	}
	if len(b) == 0 {
		return b, nil
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" || r.Header.Get("Content-Encoding") != "" {
		return nil, errs.New(errs.Invalid, notJSON, "send plain JSON with the header Content-Type: application/json")
	}
	return b, CheckJSON(b)
}

// CheckJSON refuses JSON that two readers may read differently: names that are
// repeated or differ by case alone, more than one value, deep nesting, broken
// text, and numbers that a double does not hold exactly. The error is INVALID
// and does not repeat the input.
func CheckJSON(b []byte) error {
	v, err := strict.Parse(b)
	if err != nil {
		return err
	}
	return checkNumbers(v)
}

func checkNumbers(v any) error {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			if err := checkNumbers(e); err != nil {
				return err
			}
		}
	case []any:
		for _, e := range v {
			if err := checkNumbers(e); err != nil {
				return err
			}
		}
	case strict.Number:
		return checkNumber(string(v))
	}
	return nil
}

func checkNumber(s string) error {
	f, err := strconv.ParseFloat(s, 64)
	whole := !strings.ContainsAny(s, ".eE")
	if err == nil && math.Abs(f) <= exactly && (!whole || math.Abs(f) < exactly || strings.TrimPrefix(s, "-") == strconv.Itoa(exactly)) {
		return nil
	}
	return errs.New(errs.Invalid, numberTooLarge, "a number is beyond 2^53, which not every program reads exactly; send it as a text")
}
