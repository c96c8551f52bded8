package message

import (
	"context"
	"sync"
	"time"
)

// pace bounds how many mails leave in a second, over all connections. Groups
// are cut to a quarter of a second's worth, so that the time between the last
// check and DATA stays short however slow the pace.
type pace struct {
	mu    sync.Mutex
	rate  int // a second; 0 for no bound
	next  time.Time
	spare int
}

func newPace(rate int) *pace { return &pace{rate: max(rate, 0)} }

// take waits until up to n mails may leave and gives how many.
func (p *pace) take(ctx context.Context, n int) (int, error) {
	if p.rate == 0 {
		return n, ctx.Err()
	}
	n = max(1, min(n, p.rate/4))
	p.mu.Lock()
	used := min(n, p.spare)
	p.spare -= used
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	wait := p.next.Sub(now)
	p.next = p.next.Add(time.Duration(n-used) * time.Second / time.Duration(p.rate))
	p.mu.Unlock()
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		p.back(n)
		return 0, ctx.Err()
	case <-t.C:
		return n, nil
	}
}

// back returns places that were not used.
func (p *pace) back(n int) {
	if p.rate == 0 || n <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spare = min(p.spare+n, p.rate)
}
