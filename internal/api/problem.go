package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/errs"
	"candor/internal/id"
)

// Problem is what a caller sees of a failure (RFC 9457), with a code for
// programs. It never repeats what was sent.
type Problem struct {
	Type     string    `json:"type" doc:"Always about:blank; code tells problems apart."`
	Title    string    `json:"title"`
	Status   int       `json:"status"`
	Code     errs.Code `json:"code" doc:"Reason code, such as E_NO_CONSENT or body_too_large."`
	Detail   string    `json:"detail" doc:"One sentence for people, with what to do."`
	Field    string    `json:"field,omitempty" doc:"The input it concerns."`
	Mistakes []Mistake `json:"mistakes,omitempty" doc:"What does not fit the specification."`
	Reasons  []Reason  `json:"reasons,omitempty" doc:"Why the gate said DENY; only with the scope reasons."`
	Incident string    `json:"incident,omitempty" doc:"The number of the entry in the server's log."`
}

// Mistake is a place in the input that does not fit the specification.
type Mistake struct {
	At   string `json:"at" doc:"Such as body.requests[3].purpose."`
	What string `json:"what"`
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of RFC 9457.
func (*Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// statusOf maps kinds of failure to HTTP, once.
func statusOf(k errs.Kind) int {
	switch k {
	case errs.Invalid:
		return http.StatusUnprocessableEntity
	case errs.Unauthorized:
		return http.StatusUnauthorized
	case errs.Forbidden:
		return http.StatusForbidden
	case errs.NotFound:
		return http.StatusNotFound
	case errs.Conflict:
		return http.StatusConflict
	case errs.TooLarge:
		return http.StatusRequestEntityTooLarge
	case errs.Limited:
		return http.StatusTooManyRequests
	case errs.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// problem makes a problem of an error. One that is not of errs is internal: it
// gets an incident number and shows nothing else.
func problem(err error) *Problem {
	var done *Problem
	if errors.As(err, &done) {
		return done
	}
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind == errs.Internal {
		incident := id.New[id.Use]().String()
		return &Problem{Type: "about:blank", Title: http.StatusText(500), Status: 500, Code: "internal", Incident: incident,
			Detail: "something failed on our side; nothing was changed. Quote incident " + incident}
	}
	status := statusOf(e.Kind)
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: e.Code, Detail: e.Msg, Field: e.Field}
}

// newProblem takes the place of huma's own errors, which repeat rejected values.
func newProblem(status int, msg string, details ...error) huma.StatusError {
	p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: codeOf(status), Detail: sentence(status, msg)}
	for _, d := range details {
		var known *Problem
		if errors.As(d, &known) {
			return known
		}
		var detail *huma.ErrorDetail
		if errors.As(d, &detail) {
			p.Mistakes = append(p.Mistakes, mistake(detail))
		}
	}
	return p
}

func codeOf(status int) errs.Code {
	switch status {
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		return "invalid_request"
	case http.StatusRequestEntityTooLarge:
		return bodyTooLarge
	case http.StatusRequestTimeout:
		return "too_slow"
	case http.StatusUnsupportedMediaType:
		return "not_json"
	}
	return "http_" + errs.Code(strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_"))
}

func sentence(status int, msg string) string {
	if status == http.StatusUnprocessableEntity || status == http.StatusBadRequest {
		return "the request does not fit the specification at /api/openapi.json; mistakes says where"
	}
	return msg
}

// mistake keeps of a validation error where it is and which rule it broke. A
// name that nobody declared is the caller's own text, so it is left out, and so
// is every message that quotes the value.
func mistake(d *huma.ErrorDetail) Mistake {
	m := Mistake{At: d.Location, What: d.Message}
	if m.What == "unexpected property" {
		m.At = strings.TrimRight(m.At[:strings.LastIndexByte("."+m.At, '.')], ".")
		m.What = "holds a property that is not in the specification"
	}
	if !plainPlace.MatchString(m.At) {
		m.At = "body"
	}
	if !saysRule(m.What) {
		m.What = "cannot be read"
	}
	return m
}

var plainPlace = regexp.MustCompile(`^(body|path|query|header)([.\[][a-z0-9_\-\]]+)*$`)

// saysRule reports whether a message is one of those made of the specification
// alone. Those with a colon end in a parser's words, which may quote.
func saysRule(msg string) bool {
	return (strings.HasPrefix(msg, "expected ") || strings.HasPrefix(msg, "holds ") || strings.HasPrefix(msg, "required ")) &&
		!strings.Contains(msg, ": ")
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", problemType)
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="candor"`)
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// typeChain names the types of an error and its causes.
func typeChain(err error) string {
	var types []string
	for ; err != nil; err = errors.Unwrap(err) {
		types = append(types, fmt.Sprintf("%T", err))
	}
	return strings.Join(types, " of ")
}
