// Package errs is the one vocabulary of failure.
//
// Every error that may reach a person is an *Error: a Kind that decides the
// HTTP status and the exit code, a Code that programs and tests compare, and a
// message that says what to do next. Anything else is internal: it is logged
// under an incident id and never shown.
//
// A message never contains personal data. Callers name the field or the rule,
// not the value.
package errs

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure this is. The edges (API, web, command line)
// translate a Kind once; nothing below them knows of HTTP.
type Kind uint8

// The kinds of failure.
const (
	Internal     Kind = iota // a defect or a failed dependency; details stay in the log
	Invalid                  // the input is wrong and repeating it will not help (400, 422)
	Unauthorized             // nobody is signed in, or the key is unknown (401)
	Forbidden                // known, but not allowed; also a gate's DENY (403)
	NotFound                 // absent, or hidden from this caller (404)
	Conflict                 // true now, may change: repeated key, wrong state (409)
	TooLarge                 // over a stated limit (413)
	Limited                  // too many, try later (429)
	Unavailable              // the engine cannot decide safely, so it does not (503)
)

// Code is a reason that programs compare: the catalogue's E_NO_CONSENT and
// LNT-03, or a short lower-case word such as "body_too_large".
type Code string

// Error is a failure that may be shown. The zero value is not useful.
type Error struct {
	Kind  Kind
	Code  Code
	Msg   string // one sentence, says what to do; never personal data
	Field string // the input it concerns, as the caller wrote it, or ""
	cause error
}

// New makes an error of this kind.
func New(kind Kind, code Code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Msg: fmt.Sprintf(format, args...)}
}

// Wrap makes an error of this kind that keeps its cause for the log.
func Wrap(cause error, kind Kind, code Code, format string, args ...any) *Error {
	e := New(kind, code, format, args...)
	e.cause = cause
	return e
}

// On names the input field that the error concerns.
func (e *Error) On(field string) *Error {
	e.Field = field
	return e
}

// Error is for people and shows no cause.
func (e *Error) Error() string {
	if e.Code == "" {
		return e.Msg
	}
	return fmt.Sprintf("%s (%s)", e.Msg, e.Code)
}

// Unwrap gives the cause, for errors.Is and for the log.
func (e *Error) Unwrap() error { return e.cause }

// KindOf gives the kind of err; anything that is not an *Error is Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// CodeOf gives the reason code of err, or "".
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Is reports whether err is of this kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }
