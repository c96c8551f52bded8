package message

import (
	_ "embed"
	"html/template"
	"strings"
	"sync"

	"candor/internal/errs"
	"candor/internal/term"
)

//go:embed mail.html
var mailHTML string

var mailTemplate = template.Must(template.New("mail").Parse(mailHTML))

// mailData is what the page of a mail shows.
type mailData struct {
	Frame
	Lang             term.Lang
	Subject, Preview string
	Body             template.HTML
	Words            frameWords
}

// The slots of a page: what differs from mail to mail. A slot stands in the page
// as a sign that no content may hold, or, where there must be an address, as an
// address that nobody has.
const (
	slotSubject     = "\uE001"
	slotPreview     = "\uE002"
	slotBody        = "\uE003"
	slotWhy         = "https://slot.invalid/1"
	slotChoices     = "https://slot.invalid/2"
	slotUnsubscribe = "https://slot.invalid/3"
)

var slots = []string{slotSubject, slotPreview, slotBody, slotWhy, slotChoices, slotUnsubscribe}

// mailPage is the page of a mail in pieces: text, slot, text, slot, ..., text.
type mailPage []string

// mailPages keeps pages, since the mails of a campaign differ only in their slots.
type mailPages struct {
	mu   sync.Mutex
	kept map[pageKey]mailPage
}

type pageKey struct {
	frame   Frame // with slots for its addresses
	lang    term.Lang
	preview bool
}

var pages = mailPages{kept: map[pageKey]mailPage{}}

// of gives the page with a frame around it.
func (m *mailPages) of(f Frame, lang term.Lang, preview bool) (mailPage, error) {
	for address, slot := range map[*string]string{&f.WhyLink: slotWhy, &f.Choices: slotChoices, &f.Unsubscribe: slotUnsubscribe} {
		if *address != "" {
			*address = slot
		}
	}
	key := pageKey{f, lang, preview}
	m.mu.Lock()
	defer m.mu.Unlock()
	if p, ok := m.kept[key]; ok {
		return p, nil
	}
	p, err := newMailPage(key)
	if err != nil {
		return nil, err
	}
	if len(m.kept) >= 256 {
		clear(m.kept)
	}
	m.kept[key] = p
	return p, nil
}

func newMailPage(k pageKey) (mailPage, error) {
	data := mailData{Frame: k.frame, Lang: k.lang, Subject: slotSubject, Body: slotBody, Words: ourWords[k.lang]}
	if k.preview {
		data.Preview = slotPreview
	}
	var b strings.Builder
	if err := mailTemplate.Execute(&b, data); err != nil {
		return nil, errs.Wrap(err, errs.Internal, "", "the mail's page cannot be written")
	}
	var out mailPage
	for rest := b.String(); ; {
		at, next := len(rest), ""
		for _, s := range slots {
			if i := strings.Index(rest, s); i >= 0 && i < at {
				at, next = i, s
			}
		}
		out = append(out, rest[:at])
		if next == "" {
			return out, nil
		}
		out, rest = append(out, next), rest[at+len(next):]
	}
}

// fill writes the page of one mail. Content was cleaned by Compile and its values
// escaped by Render; all else is escaped here.
func (p mailPage) fill(r Rendered, f Frame) string {
	esc := template.HTMLEscapeString
	values := map[string]string{
		slotSubject: esc(r.Subject), slotPreview: esc(r.Preview), slotBody: r.HTML,
		slotWhy: esc(f.WhyLink), slotChoices: esc(f.Choices), slotUnsubscribe: esc(f.Unsubscribe),
	}
	var b strings.Builder
	b.Grow(len(r.HTML) + 8192)
	for i, piece := range p {
		if i%2 == 1 {
			piece = values[piece]
		}
		b.WriteString(piece)
	}
	return b.String()
}
