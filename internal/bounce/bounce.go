// Package bounce hears what becomes of mails after the relay took them: from
// delivery reports (RFC 3464) and complaints (RFC 5965) that come by SMTP to an
// address of ours, and from the signed webhooks of relays.
//
// A report is believed for one mail only: the one whose Message-ID or return
// address it holds. Both are made with our keys, so that a forged report can stop
// nobody whose mail the forger has not read. What is not a report — an answer by
// holiday software, say — is taken and forgotten. Nothing of a report is stored
// but its codes.
package bounce

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"candor/internal/errs"
	"candor/internal/message"
)

// Reporter acts on a report; message.Sender does.
type Reporter interface {
	Report(ctx context.Context, r message.Report) error
}

// deliver hands reports on. Those about mails that are not ours, or not any
// more, are dropped; an error means that the teller is to try again.
func deliver(ctx context.Context, to Reporter, log *slog.Logger, list []message.Report) error {
	var failed error
	unknown := 0
	for _, r := range list {
		switch err := to.Report(ctx, r); {
		case errs.Is(err, errs.NotFound):
			unknown++
		case err != nil:
			failed = errors.Join(failed, err)
		}
	}
	if unknown > 0 {
		log.Info("reports about mails that are not known were dropped", slog.Int("reports", unknown))
	}
	return failed
}

// statusOf reads an enhanced code such as 5.1.1 that begins a text; zeros when
// there is none.
func statusOf(text string) (out [3]int) {
	word, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	parts := strings.Split(word, ".")
	if len(parts) != 3 || len(parts[0]) != 1 || !strings.Contains("245", parts[0]) {
		return out
	}
	for i, p := range parts {
		n, ok := number(p)
		if !ok {
			return [3]int{}
		}
		out[i] = n
	}
	return out
}

// number reads up to three digits.
func number(s string) (n int, ok bool) {
	if s == "" || len(s) > 3 {
		return 0, false
	}
	for _, d := range s {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = 10*n + int(d-'0')
	}
	return n, true
}

// replyOf reads an SMTP reply such as "550 5.1.1 no such user" or "550-5.1.1 ...".
func replyOf(text string) (code int, status [3]int) {
	text = strings.TrimSpace(text)
	if len(text) < 3 {
		return 0, status
	}
	code, ok := number(text[:3])
	if !ok || code < 200 || code > 599 || len(text) > 3 && !strings.ContainsRune(" -#", rune(text[3])) {
		return 0, statusOf(text)
	}
	return code, statusOf(strings.TrimLeft(text[3:], " -#"))
}
