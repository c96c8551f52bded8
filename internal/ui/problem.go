package ui

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"candor/internal/errs"
)

// problem is the data of the error page.
type problem struct {
	Text     string
	Incident string
}

type ownPages struct {
	set   *Set
	error Page[problem]
	style Page[styleData]
}

var own = sync.OnceValue(func() ownPages {
	s := Load(ownFiles)
	p := ownPages{set: s, error: Find[problem](s, "error"), style: Find[styleData](s, "style")}
	if err := s.Err(); err != nil {
		panic(err) // the files are embedded and a test renders them
	}
	return p
})

// kinds gives the status and the words of a kind of failure.
var kinds = map[errs.Kind]struct {
	status int
	word   string
}{
	errs.Internal:     {http.StatusInternalServerError, "error.internal"},
	errs.Invalid:      {http.StatusBadRequest, "error.invalid"},
	errs.Unauthorized: {http.StatusUnauthorized, "error.signin"},
	errs.Forbidden:    {http.StatusForbidden, "error.forbidden"},
	errs.NotFound:     {http.StatusNotFound, "error.absent"},
	errs.Conflict:     {http.StatusConflict, "error.conflict"},
	errs.TooLarge:     {http.StatusRequestEntityTooLarge, "error.invalid"},
	errs.Limited:      {http.StatusTooManyRequests, "error.limited"},
	errs.Unavailable:  {http.StatusServiceUnavailable, "error.down"},
}

// sentence makes one of an error's words, which begin small and have no stop.
func sentence(words string) string {
	first, size := utf8.DecodeRuneInString(words)
	return strings.TrimSuffix(string(unicode.ToUpper(first))+words[size:], ".") + "."
}

// Fail writes the error page for err, in the frame's language and in words that
// tell the reader what to do. An internal error shows nothing but its incident
// number, under which the caller has logged it. Staff read the error's own
// sentence.
func Fail(w http.ResponseWriter, f Frame, err error, incident string) {
	k := kinds[errs.KindOf(err)]
	pages := own()
	if !pages.set.Langs(f.Lang) {
		f.Lang = "en"
	}
	f.Title, f.Intro, f.Message, f.Narrow = pages.set.Say(f.Lang, k.word), "", nil, true
	data := problem{Text: pages.set.Say(f.Lang, k.word+".text")}
	var known *errs.Error
	if f.Desk != nil && errors.As(err, &known) && known.Kind != errs.Internal {
		data.Text = known.Msg
		if known.Code == errs.DualControl {
			f.Title, data.Text = pages.set.Say(f.Lang, "error.second"), sentence(known.Msg)
		}
	}
	if k.status == http.StatusInternalServerError {
		data.Incident = incident
	}
	if err := pages.error.Render(w, k.status, f, data); err != nil {
		http.Error(w, http.StatusText(k.status), k.status)
	}
}
