package message

import (
	"bytes"
	"errors"
	"net"
	"net/smtp"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// outcome is what an SMTP conversation about one mail came to.
type outcome struct {
	state   State // accepted, refused, uncertain, or planned when it may be tried again
	code    int   // the reply, 0 when there was none
	bounced bool  // the relay says that the address takes no mail
	broken  bool  // the connection is of no further use
}

// wire is one open connection to the relay, used by one goroutine.
type wire struct {
	c       *smtp.Client
	conn    net.Conn
	timeout time.Duration // of each answer
	groups  bool          // the relay takes several commands at once (RFC 2920)
	used    time.Time
}

// within bounds how long what follows may take.
func (w *wire) within(d time.Duration) { _ = w.conn.SetDeadline(time.Now().Add(d)) }

// alive tells whether the relay still answers.
func (w *wire) alive() bool {
	w.within(w.timeout)
	return w.c.Noop() == nil
}

func (w *wire) close() {
	w.within(w.timeout)
	_ = w.c.Quit()
}

// send speaks one mail. Up to DATA nothing has left, so a failure may be tried
// again; from the first byte of the mail to the reply nobody can know, so it is
// uncertain.
func (w *wire) send(from, to string, raw []byte) outcome {
	return w.sendWhile(func() bool { return true }, from, to, raw)
}

// sendWhile is send for a mail that may not leave any more when its turn comes too
// late: may is asked just before its first byte leaves. The three commands before
// it go at once where the relay takes them so: one trip instead of three.
func (w *wire) sendWhile(may func() bool, from, to string, raw []byte) outcome {
	w.used = time.Now()
	mail := "MAIL FROM:<" + from + ">"
	if !isASCII(to) {
		if ok, _ := w.c.Extension("SMTPUTF8"); !ok {
			return outcome{state: Refused, code: 553}
		}
		mail += " SMTPUTF8"
	}
	var out outcome
	var ok bool
	switch commands := []string{mail, "RCPT TO:<" + to + ">", "DATA"}; {
	case strings.ContainsAny(from+to, "\r\n"):
		return outcome{state: Planned, broken: true}
	case w.groups:
		out, ok = w.together(commands)
	default:
		out, ok = w.apart(may, commands)
	}
	if !ok {
		return out
	}
	if !may() {
		return outcome{state: Planned, broken: true} // nothing of it left: the relay drops what has no end
	}
	return w.content(raw)
}

// apart says one command after the other, and DATA only while the mail may leave.
func (w *wire) apart(may func() bool, commands []string) (outcome, bool) {
	for i, line := range commands {
		if i == len(commands)-1 && !may() {
			return outcome{state: Planned, broken: true}, false
		}
		w.within(w.timeout)
		err := w.say(line)
		if err == nil {
			err = w.answer(i)
		}
		if err != nil {
			return w.before(err, i == 1), false
		}
	}
	return outcome{}, true
}

// together says all commands in one write. The relay answers each; one that would
// take a mail for nobody gets an empty one, which it refuses (RFC 2920, 3.1).
func (w *wire) together(commands []string) (outcome, bool) {
	w.within(w.timeout)
	if err := w.say(commands...); err != nil {
		return w.before(err, false), false
	}
	var first error
	rcpt := false
	for i := range commands {
		err := w.answer(i)
		if first == nil && err != nil {
			first, rcpt = err, i == 1
		}
		if err != nil && replyCode(err) == 0 || replyCode(err) == 421 {
			return w.before(first, rcpt), false
		}
		if i == len(commands)-1 && err == nil && first != nil {
			if err := w.end(); replyCode(err) == 0 {
				return outcome{state: Planned, code: replyCode(first), broken: true}, false
			}
		}
	}
	if first != nil {
		return w.before(first, rcpt), false
	}
	return outcome{}, true
}

func (w *wire) say(lines ...string) error {
	b := w.c.Text.W
	for _, line := range lines {
		_, _ = b.WriteString(line)
		_, _ = b.WriteString("\r\n")
	}
	return b.Flush() // tells of the first error
}

// answer reads the reply to a command: MAIL, RCPT or DATA.
func (w *wire) answer(command int) error {
	_, _, err := w.c.Text.ReadResponse([]int{250, 25, 354}[command])
	return err
}

// end ends a mail that has no content.
func (w *wire) end() error {
	if err := w.say("."); err != nil {
		return err
	}
	_, _, err := w.c.Text.ReadResponse(250)
	return err
}

// content sends the mail itself, with the dots doubled that begin a line.
func (w *wire) content(raw []byte) outcome {
	w.within(2 * w.timeout)
	if bytes.HasPrefix(raw, []byte(".")) {
		raw = append([]byte("."), raw...)
	}
	if bytes.Contains(raw, []byte("\r\n.")) {
		raw = bytes.ReplaceAll(raw, []byte("\r\n."), []byte("\r\n.."))
	}
	b := w.c.Text.W
	_, _ = b.Write(raw)
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		_, _ = b.WriteString("\r\n")
	}
	if err := w.say("."); err != nil {
		return outcome{state: Uncertain, broken: true}
	}
	if _, _, err := w.c.Text.ReadResponse(250); err != nil {
		return afterData(err)
	}
	return outcome{state: Accepted, code: 250}
}

// before judges an error of MAIL, RCPT or DATA: a 5xx refuses, all else may be
// tried again.
func (w *wire) before(err error, rcpt bool) outcome {
	code := replyCode(err)
	out := outcome{state: Planned, code: code, broken: code == 0 || code == 421}
	if code >= 500 {
		out.state = Refused
		out.bounced = rcpt && addressIsBad(err)
	}
	if !out.broken {
		w.within(w.timeout)
		out.broken = w.c.Reset() != nil
	}
	return out
}

func afterData(err error) outcome {
	switch code := replyCode(err); {
	case code >= 500:
		return outcome{state: Refused, code: code, bounced: addressIsBad(err)}
	case code >= 400:
		return outcome{state: Planned, code: code, broken: code == 421}
	}
	return outcome{state: Uncertain, broken: true}
}

func replyCode(err error) int {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// addressIsBad reports whether a 5xx reply is about the address and not about
// the content, the sender or policy (RFC 3463: 5.1.x and 5.2.1).
func addressIsBad(err error) bool {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return false
	}
	return badAddress(reply.Code, enhanced(reply.Msg))
}

// enhanced reads the enhanced code that a reply begins with (RFC 2034), such as
// 5.1.1; zeroes without one.
func enhanced(text string) (out [3]int) {
	first, _, _ := strings.Cut(text, " ")
	parts := strings.Split(first, ".")
	if len(parts) != len(out) {
		return out
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil {
			return [3]int{}
		}
		out[i] = n
	}
	return out
}

// badAddress goes by the enhanced code when it says something, else by the code.
func badAddress(code int, e [3]int) bool {
	if e[0] == 5 && e[1] != 0 {
		return e[1] == 1 && e[2] != 7 && e[2] != 8 || e[1] == 2 && e[2] == 1
	}
	return e[0] != 4 && (code == 550 || code == 551 || code == 553)
}

func isASCII(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > 126 }) < 0 }
