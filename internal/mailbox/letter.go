package mailbox

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"

	"candor/internal/clock"
	"candor/internal/id"
)

// Letter is a mail as it is shown.
type Letter struct {
	ID      id.Mail       `json:"mail_id"`
	At      clock.Instant `json:"at"`
	From    string        `json:"from"`
	To      string        `json:"to"`
	Subject string        `json:"subject"`
	Text    string        `json:"text"`
	HTML    string        `json:"html,omitempty"`
	Headers []Header      `json:"headers,omitempty"`
	Links   []string      `json:"links"` // https and http addresses of the text, in order
}

// Header is one line of a mail's head.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

var address = regexp.MustCompile(`https?://[^\s<>"()]+`)

// parse reads a mail. What cannot be read as a mail is shown as text.
func parse(raw []byte) Letter {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Letter{Subject: "(unreadable)", Text: strings.ToValidUTF8(string(raw), "?")}
	}
	l := Letter{From: words(m.Header.Get("From")), To: words(m.Header.Get("To")), Subject: words(m.Header.Get("Subject")), Headers: head(raw)}
	kind, params, _ := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if strings.HasPrefix(kind, "multipart/") {
		l.read(multipart.NewReader(m.Body, params["boundary"]))
	} else {
		b, _ := io.ReadAll(io.LimitReader(m.Body, maxMail))
		l.Text = strings.ToValidUTF8(string(b), "?")
	}
	l.Links = address.FindAllString(l.Text, -1)
	return l
}

// read takes the first text and the first HTML part.
func (l *Letter) read(r *multipart.Reader) {
	for range 20 {
		p, err := r.NextRawPart()
		if err != nil {
			return
		}
		var body io.Reader = p
		if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
			body = quotedprintable.NewReader(p)
		}
		b, _ := io.ReadAll(io.LimitReader(body, maxMail))
		text := strings.ReplaceAll(strings.ToValidUTF8(string(b), "?"), "\r\n", "\n")
		switch kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type")); {
		case kind == "text/html" && l.HTML == "":
			l.HTML = text
		case kind == "text/plain" && l.Text == "":
			l.Text = text
		}
	}
}

func words(s string) string {
	out, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		return s
	}
	return out
}

// head lists the header lines in their order, unfolded.
func head(raw []byte) []Header {
	text, _, _ := bytes.Cut(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	var out []Header
	for _, line := range strings.Split(strings.ToValidUTF8(string(text), "?"), "\n") {
		if (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")) && len(out) > 0 {
			out[len(out)-1].Value += " " + strings.TrimSpace(line)
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		out = append(out, Header{name, strings.TrimSpace(value)})
	}
	return out
}
