package bounce

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"

	"candor/internal/message"
)

// Limits of what is read of a report, which anybody may send.
const (
	maxReport = 1 << 20
	maxParts  = 8
	maxGroups = 20
)

// Parse reads a mail and gives what it reports: nothing for a mail that is no
// report, or one that reports no end, such as "delayed" or "not spam". It never
// fails: whatever cannot be read says nothing.
func Parse(raw []byte) []message.Report {
	m, err := mail.ReadMessage(bytes.NewReader(raw[:min(len(raw), maxReport)]))
	if err != nil {
		return nil
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || params["boundary"] == "" {
		return nil
	}
	found := partsOf(m.Body, params["boundary"])
	var out []message.Report
	switch {
	case len(found.delivery) > 0:
		out = delivered(found.delivery)
	case len(found.feedback) > 0:
		out = complaint(found.feedback)
	}
	for i := range out {
		out[i].MessageID = found.messageID
		if out[i].Return == "" {
			out[i].Return = found.returned
		}
	}
	return out
}

// parts are what a report is made of, as far as it is needed.
type parts struct {
	delivery  []textproto.MIMEHeader // groups of message/delivery-status
	feedback  textproto.MIMEHeader   // fields of message/feedback-report
	messageID string                 // of the mail that is meant
	returned  string                 // the return address it left with, when it is one of ours
}

func partsOf(body io.Reader, boundary string) (out parts) {
	r := multipart.NewReader(body, boundary)
	for range maxParts {
		p, err := r.NextRawPart()
		if err != nil {
			return out
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		content := decoded(p)
		switch kind {
		case "message/delivery-status", "message/global-delivery-status":
			out.delivery = groups(content)
		case "message/feedback-report":
			if g := groups(content); len(g) > 0 {
				out.feedback = g[0]
			}
		case "message/rfc822", "message/rfc822-headers", "text/rfc822-headers", "message/global", "message/global-headers":
			out.original(content)
		}
	}
	return out
}

func decoded(p *multipart.Part) io.Reader {
	var r io.Reader = p
	switch strings.ToLower(strings.TrimSpace(p.Header.Get("Content-Transfer-Encoding"))) {
	case "quoted-printable":
		r = quotedprintable.NewReader(p)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, p)
	}
	return io.LimitReader(r, maxReport)
}

// groups reads groups of header fields with empty lines between.
func groups(r io.Reader) []textproto.MIMEHeader {
	var out []textproto.MIMEHeader
	t := textproto.NewReader(bufio.NewReader(r))
	for range maxGroups {
		h, err := t.ReadMIMEHeader()
		if len(h) > 0 {
			out = append(out, h)
		}
		if err != nil {
			return out
		}
	}
	return out
}

// original reads the head of the mail that a report is about.
func (p *parts) original(r io.Reader) {
	heads := groups(r)
	if len(heads) == 0 {
		return
	}
	p.messageID = strings.TrimSpace(heads[0].Get("Message-Id"))
	if local := localOf(heads[0].Get("Return-Path")); message.IsReturn(local) {
		p.returned = local
	}
}

func localOf(address string) string {
	local, _, _ := strings.Cut(strings.Trim(strings.TrimSpace(address), "<>"), "@")
	return local
}

// delivered reads the first recipient of whom a delivery report gives an end: a
// mail of ours has one.
func delivered(list []textproto.MIMEHeader) []message.Report {
	for _, g := range list {
		r := message.Report{Source: "dsn"}
		switch strings.ToLower(firstWord(g.Get("Action"))) {
		case "failed":
			r.Fate = message.CameBack
		case "delivered":
			r.Fate = message.Arrived
		default: // the first group is about the report; delayed, relayed and expanded are no end
			continue
		}
		r.Status = statusOf(g.Get("Status"))
		if kind, text, ok := strings.Cut(g.Get("Diagnostic-Code"), ";"); ok && strings.EqualFold(strings.TrimSpace(kind), "smtp") {
			var said [3]int
			r.Code, said = replyOf(text)
			if r.Status[1] == 0 && said != [3]int{} {
				r.Status = said // 5.0.0 says nothing that the reply does not say better
			}
		}
		return []message.Report{r}
	}
	return nil
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return word
}

// complaint reads a feedback report. One that says "not spam" takes a complaint
// back, and one about authentication is for whoever runs the mail server.
func complaint(g textproto.MIMEHeader) []message.Report {
	switch strings.ToLower(firstWord(g.Get("Feedback-Type"))) {
	case "abuse", "fraud", "virus", "other", "opt-out", "opt-out-list":
	default:
		return nil
	}
	r := message.Report{Source: "arf", Fate: message.Complained}
	if local := localOf(g.Get("Original-Mail-From")); message.IsReturn(local) {
		r.Return = local
	}
	return []message.Report{r}
}
