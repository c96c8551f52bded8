package limit

import (
	"testing"
	"time"

	"candor/internal/clock"
)

func TestLimiter(t *testing.T) {
	at := clock.UTC(2026, 11, 23, 12, 0, 0)
	l := New(Rate{Events: 2, Burst: 10})
	if _, ok := l.Take("a", 10, at); !ok {
		t.Fatal("a full bucket refuses its burst")
	}
	wait, ok := l.Take("a", 3, at)
	if ok || wait != 2*time.Second {
		t.Errorf("empty bucket: %v, %v; want to wait 2s", wait, ok)
	}
	if _, ok := l.Take("b", 1, at); !ok {
		t.Error("one name empties another's bucket")
	}
	if _, ok := l.Take("a", 3, at.Add(2*time.Second)); !ok {
		t.Error("still refused after the wait")
	}
	if _, ok := l.Take("a", 50, at.Add(time.Minute)); !ok {
		t.Error("more than a burst never gets through")
	}
	l.Take("c", 1, at.Add(time.Hour))
	if n := len(l.buckets); n != 1 {
		t.Errorf("%d buckets are kept; full ones are forgotten", n)
	}
}
