package tour

import (
	"net/http"
	"regexp"

	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/mailbox"
	"candor/internal/ui"
)

// phonePage is her inbox.
type phonePage struct{ Mails []mailbox.Letter }

// showPhone shows her inbox, in the frame of a phone.
func (t *Tour) showPhone(w http.ResponseWriter, r *http.Request) error {
	t.mu.Lock()
	who := t.state.her
	t.mu.Unlock()
	var p phonePage
	if who != 0 {
		var err error
		if p.Mails, err = t.Mailbox.Of(r.Context(), who); err != nil {
			return err
		}
	}
	return t.phone.Render(w, http.StatusOK, ui.Frame{Lang: "en", Title: "Her phone", Brand: "Inbox", Narrow: true, Staff: true, Script: true}, p)
}

// elsewhere are links that would leave the frame.
var elsewhere = regexp.MustCompile(`<a href=`)

// showMail shows one of her mails as a mail program does: no script, no form,
// nothing of this origin. Its links lead on inside the frame.
func (t *Tour) showMail(w http.ResponseWriter, r *http.Request) error {
	m, err := id.Parse[id.Mail](r.PathValue("mail"))
	if err != nil {
		return errs.New(errs.NotFound, "no_such_mail", "there is no such mail")
	}
	t.mu.Lock()
	who := t.state.her
	t.mu.Unlock()
	list, err := t.Mailbox.Of(r.Context(), who)
	if err != nil {
		return err
	}
	for _, l := range list {
		if l.ID != m {
			continue
		}
		ui.Framed(w.Header())
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := w.Write([]byte(elsewhere.ReplaceAllString(l.HTML, `<a rel="noreferrer" href=`)))
		return err
	}
	return errs.New(errs.NotFound, "no_such_mail", "there is no such mail")
}
