// Package personal holds the type of a value about a person. It prints as
// "[sealed]" wherever it is formatted, logged or marshalled, so that a value
// can leave the process only where code says so by calling Reveal.
package personal

import "log/slog"

// Mark is what a sealed value prints as.
const Mark = "[sealed]"

// Value is an identifying or sensitive value in memory: an address, a name, a
// typed answer. The zero Value is empty.
type Value struct{ s string }

// Seal wraps a raw value as soon as it enters the process.
func Seal(s string) Value { return Value{s} }

// Reveal gives the raw value. Callers are listed in a test: those that store it
// sealed, send it to the person, or show it to the person.
func (v Value) Reveal() string { return v.s }

// IsZero reports whether there is no value.
func (v Value) IsZero() bool { return v.s == "" }

// String is always the mark.
func (Value) String() string { return Mark }

// GoString is always the mark.
func (Value) GoString() string { return Mark }

// MarshalText is always the mark.
func (Value) MarshalText() ([]byte, error) { return []byte(Mark), nil }

// LogValue is always the mark.
func (Value) LogValue() slog.Value { return slog.StringValue(Mark) }
