package faulttest

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"candor/client"
	"candor/internal/db/dbtest"
)

// Ten thousand connections that say nothing, some that ask letter by letter and some
// that never read what they asked for keep nobody from an answer. Who takes longer
// than ten seconds to ask is hung up on.
func TestIdleAndSlowConnections(t *testing.T) {
	const idle, asking, deaf = 10_000, 100, 50
	s := newSite(t, dbtest.SQLitePlace(t), 1, noMail)
	running := s.start(s.file)
	dial := func() net.Conn {
		c, err := net.Dial("tcp", strings.TrimPrefix(running.url, "http://"))
		must(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	hungUp := make(chan time.Duration, asking)
	for range asking {
		go drip(dial(), hungUp)
	}
	for range deaf {
		_, err := io.WriteString(dial(), strings.Repeat("GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n", 40))
		must(t, err)
	}
	for range idle {
		dial()
	}
	begun := time.Now()
	d, err := running.api.Decide(ctx, client.Question{Customer: s.customers[0].String(), Purpose: "letter", Operation: "serve", Channel: "email"})
	if took := time.Since(begun); err != nil || d.Outcome != "ALLOW" || took > 2*time.Second {
		t.Errorf("%v after %s: %v", d.Outcome, took, err)
	}
	if code := running.probe("readyz"); code != http.StatusOK {
		t.Errorf("ready: %d", code)
	}
	for range asking {
		if took := <-hungUp; took < 5*time.Second || took > 30*time.Second {
			t.Errorf("somebody who asks letter by letter was hung up on after %s", took)
		}
	}
}

// drip asks for something, a letter at a time, and says how long that went on.
func drip(c net.Conn, hungUp chan<- time.Duration) {
	begun := time.Now()
	_, err := io.WriteString(c, "GET /readyz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	for err == nil {
		_ = c.SetReadDeadline(time.Now().Add(400 * time.Millisecond))
		_, err = c.Read(make([]byte, 1))
		if wait, ok := err.(net.Error); ok && wait.Timeout() {
			_, err = io.WriteString(c, "x")
		}
	}
	hungUp <- time.Since(begun)
}
