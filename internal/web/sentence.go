package web

import (
	"errors"
	"strings"
	"unicode/utf8"

	"candor/internal/errs"
)

// Sentence is what an error says to people, as a sentence, without its code. For
// a form that is shown again with what is to be put right.
func Sentence(err error) string {
	var known *errs.Error
	if !errors.As(err, &known) || known.Msg == "" {
		return "Something went wrong."
	}
	first, size := utf8.DecodeRuneInString(known.Msg)
	text := strings.ToUpper(string(first)) + known.Msg[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
