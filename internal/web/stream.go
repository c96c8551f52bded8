package web

import (
	"net/http"
	"time"
)

const (
	streamLasts = 5 * time.Minute  // then the browser asks again, and access is checked anew
	streamBeat  = 20 * time.Second // a comment that keeps proxies from closing it
	streamPause = 700 * time.Millisecond
)

// Stream tells a page that stays open, as server-sent events, that there is news;
// the page then reads its parts again, so nothing is said here that the page would
// not show. more gives a channel that is closed at the next news.
func (v *Visit) Stream(more func() <-chan struct{}) error {
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
