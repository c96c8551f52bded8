package web

import (
	"net/http"
	"sync"
	"time"

	"candor/internal/errs"
	"candor/internal/id"
)

const (
	streamLasts = 5 * time.Minute  // then the browser asks again, and access is checked anew
	streamBeat  = 20 * time.Second // a comment that keeps proxies from closing it
	streamPause = 700 * time.Millisecond

	streamsEach = 12  // of one member of staff
	streamsAll  = 256 // of one server
)

// streams counts who follows what, so that pages left open cannot use the server
// up.
type streams struct {
	mu   sync.Mutex
	all  int
	each map[id.Staff]int
}

// enter takes a place, and reports whether there was one.
func (s *streams) enter(who id.Staff) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= streamsAll || s.each[who] >= streamsEach {
		return false
	}
	if s.each == nil {
		s.each = map[id.Staff]int{}
	}
	s.all++
	s.each[who]++
	return true
}

func (s *streams) leave(who id.Staff) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.each[who]--; s.each[who] == 0 {
		delete(s.each, who)
	}
}

// Stream tells a page that stays open, as server-sent events, that there is news;
// the page then reads its parts again, so nothing is said here that the page would
// not show. more gives a channel that is closed at the next news. It returns LIMITED
// when too many pages are followed already; such a page asks by itself, more rarely.
func (v *Visit) Stream(more func() <-chan struct{}) error {
	who := v.Who.Person.ID
	if !v.streams.enter(who) {
		return errs.New(errs.Limited, "streams", "too many pages are being followed; close some")
	}
	defer v.streams.leave(who)
	conn := http.NewResponseController(v.W)
	h := v.W.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	end, beat := time.NewTimer(streamLasts), time.NewTicker(streamBeat)
	defer end.Stop()
	defer beat.Stop()
	text := "retry: 2000\n\n"
	for {
		news := more() // before the page is told: what comes from here on is news again
		if err := conn.SetWriteDeadline(time.Now().Add(2 * streamBeat)); err != nil {
			return err
		}
		if _, err := v.W.Write([]byte(text)); err != nil {
			return nil //nolint:nilerr // the reader has gone
		}
		if err := conn.Flush(); err != nil {
			return nil //nolint:nilerr // likewise
		}
		select {
		case <-news:
			text = "data: news\n\n"
			time.Sleep(streamPause) // what comes in a burst is one piece of news
		case <-beat.C:
			text = ": here\n\n"
		case <-end.C:
			return nil
		case <-v.over:
			return nil
		case <-v.Context().Done():
			return nil
		}
	}
}

// EndStreams ends all streams, for a server that is about to stop.
func (s *Shell) EndStreams() { s.ends.Do(func() { close(s.over) }) }
