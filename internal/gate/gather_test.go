package gate

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"candor/internal/errs"
)

// doubling is a gather that doubles numbers. It fails on 13, panics on 14, and
// waits for leave to begin its first go.
func doubling(goes *atomic.Int64) (*gather[int, int], chan struct{}) {
	leave := make(chan struct{})
	return &gather[int, int]{most: 100, lanes: 1, do: func(_ context.Context, list []int) ([]int, error) {
		goes.Add(1)
		<-leave
		out := make([]int, len(list))
		for i, n := range list {
			switch n {
			case 13:
				return nil, errs.New(errs.Invalid, "unlucky", "unlucky")
			case 14:
				panic("fourteen")
			}
			out[i] = 2 * n
		}
		return out, nil
	}}, leave
}

// waiting waits until so many callers queue.
func waiting(g *gather[int, int], n int) {
	for {
		g.mu.Lock()
		there := len(g.queue)
		g.mu.Unlock()
		if there == n {
			return
		}
	}
}

func TestCallersShareAGoAndAreAnsweredEachForItself(t *testing.T) {
	var goes atomic.Int64
	g, leave := doubling(&goes)
	var all sync.WaitGroup
	all.Go(func() { _, _ = g.ask(context.Background(), 0) })
	for goes.Load() == 0 {
	}
	ctx, cancel := context.WithCancel(context.Background())
	for n := 1; n <= 20; n++ {
		all.Go(func() {
			defer func() {
				if got := recover(); (got != nil) != (n == 14) {
					t.Errorf("%d: panic %v", n, got)
				}
			}()
			of := context.Background()
			if n == 15 {
				of = ctx
			}
			out, err := g.ask(of, n, n)
			switch n {
			case 13:
				if errs.CodeOf(err) != "unlucky" {
					t.Errorf("13: %v", err)
				}
			case 15:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("15: %v", err)
				}
			default:
				if err != nil || len(out) != 2 || out[0] != 2*n || out[1] != 2*n {
					t.Errorf("%d: %v %v", n, out, err)
				}
			}
		})
	}
	waiting(g, 20)
	cancel()
	close(leave)
	all.Wait()
	if n := goes.Load(); n != 1+1+19 { // the first, all together, then each apart
		t.Errorf("%d goes", n)
	}
}

func TestAFailureOfAllIsToldToAllWithoutTryingAgain(t *testing.T) {
	var goes atomic.Int64
	begin := make(chan struct{})
	g := &gather[int, int]{most: 100, lanes: 1, do: func(context.Context, []int) ([]int, error) {
		goes.Add(1)
		<-begin
		return nil, errs.New(errs.Unavailable, errs.FailClosed, "down")
	}}
	var all sync.WaitGroup
	ask := func() {
		if _, err := g.ask(context.Background(), 1); !errs.Is(err, errs.Unavailable) {
			t.Error(err)
		}
	}
	all.Go(ask)
	for goes.Load() == 0 {
	}
	for range 10 {
		all.Go(ask)
	}
	waiting(g, 10)
	close(begin)
	all.Wait()
	if n := goes.Load(); n != 2 {
		t.Errorf("%d goes", n)
	}
}
