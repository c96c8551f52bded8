package message

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"candor/internal/message/messagetest"
)

// strange is a relay of few words that takes DATA whatever came before. It counts
// how often it was spoken to, and the mails that it took for somebody.
type strange struct {
	groups bool
	turns  atomic.Int64
	taken  atomic.Int64
}

func (s *strange) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	r := bufio.NewReader(c)
	say := func(line string) { _, _ = fmt.Fprintf(c, "%s\r\n", line) }
	say("220 strange.example")
	known := false
	for {
		if r.Buffered() == 0 {
			s.turns.Add(1)
		}
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(line[:4]); {
		case verb == "EHLO" && s.groups:
			say("250-strange.example\r\n250 PIPELINING")
		case verb == "RCPT" && strings.Contains(line, "nobody@"):
			say("550 5.1.1 no such person")
		case verb == "RCPT":
			known = true
			say("250 2.1.5 fine")
		case verb == "DATA":
			say("354 go on")
			var mail strings.Builder
			for line != ".\r\n" {
				if line, err = r.ReadString('\n'); err != nil {
					return
				}
				mail.WriteString(line)
			}
			if known && strings.Contains(mail.String(), "\r\n..") {
				s.taken.Add(1)
				say("250 2.0.0 taken")
			} else {
				say("554 5.5.1 for nobody, or not as it was written")
			}
			known = false
		default:
			say("250 2.0.0 fine")
		}
	}
}

// The three commands before a mail go at once to relays that take them so, and one
// by one to others. A recipient that is refused gets nothing, even of a relay that
// would take a mail for nobody, and the connection goes on.
func TestCommandsTravelTogether(t *testing.T) {
	for groups, most := range map[bool]int64{true: 9, false: 14} {
		s := &strange{groups: groups}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		go func() {
			for c, err := l.Accept(); err == nil; c, err = l.Accept() {
				go s.serve(c)
			}
		}()
		sink := &messagetest.Sink{Addr: l.Addr().String()}
		w, err := Relay{Addr: sink.Addr, TLS: PlainText, Door: sink.Door(), Timeout: 5 * time.Second}.connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		raw := []byte("Subject: dots\r\n\r\nfirst\r\n.second\r\n")
		for to, want := range map[string]outcome{"ada@x.example": {state: Accepted, code: 250}, "nobody@x.example": {state: Refused, code: 550, bounced: true}} {
			if got := w.send("letter@halm.example", to, raw); got != want {
				t.Errorf("groups %v, to %s: %+v, want %+v", groups, to, got, want)
			}
		}
		if got := w.send("letter@halm.example", "bo@x.example", raw); got.state != Accepted || s.taken.Load() != 2 {
			t.Errorf("groups %v: %+v, %d taken", groups, got, s.taken.Load())
		}
		if n := s.turns.Load(); n > most || n < most-4 {
			t.Errorf("groups %v: spoken to %d times", groups, n)
		}
		w.close()
	}
}
