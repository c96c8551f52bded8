package message

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"unicode"

	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/personal"
)

// Mail is one mail, ready to be written.
type Mail struct {
	From      mail.Address
	To        personal.Value // the bare address
	ReplyTo   string
	Subject   string
	Date      clock.Instant
	MessageID string // without brackets
	HTML      string
	Text      string
	// Unsubscribe is the one-click address of RFC 8058; set for marketing.
	Unsubscribe string
	Class       Class
}

// header is one field of a mail's head.
type header struct{ name, value string }

// headers gives the head in the order it is written. It refuses any value with
// a line break or another control character.
func (m Mail) headers() ([]header, error) {
	to, err := addressHeader(m.To.Reveal())
	if err != nil {
		return nil, err
	}
	h := []header{
		{"From", m.From.String()},
		{"To", to},
		{"Subject", mime.QEncoding.Encode("utf-8", m.Subject)},
		{"Date", m.Date.Time().Format("Mon, 02 Jan 2006 15:04:05 +0000")},
		{"Message-ID", "<" + m.MessageID + ">"},
	}
	if m.ReplyTo != "" {
		h = append(h, header{"Reply-To", "<" + m.ReplyTo + ">"})
	}
	if m.Class == Marketing {
		h = append(h,
			header{"List-Unsubscribe", "<" + m.Unsubscribe + ">"},
			header{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"},
			header{"Precedence", "bulk"})
	} else {
		h = append(h, header{"Auto-Submitted", "auto-generated"})
	}
	for _, f := range h {
		if strings.ContainsFunc(strings.ReplaceAll(f.value, "\r\n ", ""), unicode.IsControl) {
			return nil, errs.New(errs.Invalid, errs.Content, "the header %s would hold a line break or control character", f.name)
		}
	}
	return h, nil
}

// addressHeader writes a bare address for a header; net/mail decides what is an
// address.
func addressHeader(raw string) (string, error) {
	a, err := mail.ParseAddress(raw)
	if err != nil || a.Name != "" || a.Address != raw {
		return "", errs.New(errs.Invalid, "bad_address", "the address on file is not an e-mail address")
	}
	return "<" + a.Address + ">", nil
}

// Bytes writes the mail with CRLF line ends: text and HTML as alternatives, both
// quoted-printable, so that no relay needs to change a signed line.
func (m Mail) Bytes() ([]byte, error) {
	h, err := m.headers()
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(m.Text) == "" || strings.TrimSpace(m.HTML) == "" {
		return nil, errs.New(errs.Invalid, errs.Content, "a mail has a plain-text part and an HTML part")
	}
	if m.Class == Marketing && !strings.HasPrefix(m.Unsubscribe, "http") {
		return nil, errs.New(errs.Invalid, errs.Content, "a marketing mail has a one-click address")
	}
	var b bytes.Buffer
	b.Grow(len(m.HTML) + len(m.Text) + 4096)
	for _, f := range h {
		writeHeader(&b, f)
	}
	sum := sha256.Sum256([]byte(m.MessageID))
	boundary := "=_" + hex.EncodeToString(sum[:12])
	fmt.Fprintf(&b, "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n", boundary)
	for _, part := range []struct{ kind, body string }{{"text/plain", m.Text}, {"text/html", m.HTML}} {
		fmt.Fprintf(&b, "--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", boundary, part.kind)
		q := quotedprintable.NewWriter(&b)
		_, _ = q.Write([]byte(strings.ReplaceAll(strings.ReplaceAll(part.body, "\r\n", "\n"), "\n", "\r\n")))
		_ = q.Close() // a bytes.Buffer does not fail
		b.WriteString("\r\n")
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes(), nil
}

// writeHeader folds between encoded words and otherwise writes one line; every
// value here is under the 998 octets of RFC 5322.
func writeHeader(b *bytes.Buffer, f header) {
	b.WriteString(f.name + ": " + strings.ReplaceAll(f.value, "?= =?", "?=\r\n =?") + "\r\n")
}
