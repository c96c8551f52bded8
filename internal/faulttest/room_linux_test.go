package faulttest

import (
	"fmt"
	"os/exec"
	"sync"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db/dbtest"
)

// The disk is full while shops send batches: nothing is answered with success then.
// When there is room again, the same server goes on, and every batch that was ever
// answered is there once. (A bound on the size of files stands for the disk.)
func TestNoRoomOnTheDisk(t *testing.T) {
	s := newSite(t, dbtest.SQLitePlace(t), 10, noMail)
	c := &collecting{site: s, people: 10, first: clock.At(time.Now().Add(-24 * time.Hour).Truncate(time.Millisecond))}
	running := s.start(s.file)
	c.url.Store(running.url)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { c.shop(stop) })
	}
	c.more(20)
	running.room(t, "4096")
	time.Sleep(200 * time.Millisecond) // what was being committed
	full := c.batches()
	time.Sleep(time.Second)
	if n := c.batches() - full; n > 0 || c.failed.Load() == 0 {
		t.Errorf("%d batches were taken on a full disk, %d refused", n, c.failed.Load())
	}
	running.room(t, "unlimited")
	c.more(20)
	close(stop)
	wg.Wait()
	running.kill()
	c.onceEach("after there was room again")
	s.verify()
}

// batches counts those answered so far.
func (c *collecting) batches() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.answered)
}

// more waits until that many more batches were answered.
func (c *collecting) more(n int) {
	c.t.Helper()
	for begun, tries := c.batches(), 0; c.batches() < begun+n; tries++ {
		if tries == 1000 {
			c.t.Fatal("the server takes no batches")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// room bounds the size of the files that the process may write.
func (p *server) room(t *testing.T, bytes string) {
	t.Helper()
	if out, err := exec.Command("prlimit", fmt.Sprintf("--pid=%d", p.cmd.Process.Pid), "--fsize="+bytes+":unlimited").CombinedOutput(); err != nil {
		t.Fatalf("prlimit: %v %s", err, out)
	}
}
