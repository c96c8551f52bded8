package faulttest

import (
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db/dbtest"
)

// A server that is told to stop while shops send it batches ends by itself,
// without a fault and within ten seconds. What it answered is on disk, what it had
// begun it answered, and its last entries are under a checkpoint.
func TestToldToStopWhileCollecting(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		s := newSite(t, place, 10, noMail)
		c := &collecting{site: s, people: 10, first: clock.At(time.Now().Add(-24 * time.Hour).Truncate(time.Millisecond))}
		running := s.start(s.file)
		c.url.Store(running.url)
		stop := make(chan struct{})
		var shops sync.WaitGroup
		for range 4 {
			shops.Go(func() {
				for {
					b := c.batch()
					if c.send(b.body) != http.StatusOK {
						c.failed.Add(1)
						select {
						case <-stop:
							return
						case <-time.After(20 * time.Millisecond):
						}
						continue
					}
					c.mu.Lock()
					c.answered = append(c.answered, b)
					c.mu.Unlock()
				}
			})
		}
		time.Sleep(500 * time.Millisecond)
		told := time.Now()
		must(t, running.cmd.Process.Signal(syscall.SIGTERM))
		err := running.cmd.Wait()
		took := time.Since(told)
		close(stop)
		shops.Wait()
		if err != nil || took > 10*time.Second {
			t.Errorf("the server ended after %s: %v", took, err)
		}
		if len(c.answered) == 0 || c.failed.Load() == 0 {
			t.Error("the server was not told while it worked")
		}
		c.onceEach("after the server ended")
		s.verify()
	})
}

// A second writer on the embedded database is refused, and the first notices
// nothing.
func TestASecondServerOnTheEmbeddedDatabase(t *testing.T) {
	s := newSite(t, dbtest.SQLitePlace(t), 1, noMail)
	first := s.start(s.file)
	out, err := exec.Command(candor, "serve", "--config", s.file).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another process") {
		t.Errorf("a second server: %v %s", err, out)
	}
	if code := first.probe("readyz"); code != http.StatusOK {
		t.Errorf("the first server: %d", code)
	}
}
