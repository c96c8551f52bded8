package gate

import (
	"context"
	"sync"

	"candor/internal/errs"
)

// gather works off together what many callers bring at the same moment, so that
// they share one transaction: its statements and its commit. What queued up
// while goes were under way is the next go. There is no timer, so a caller
// alone is served at once.
type gather[I, O any] struct {
	most  int // a go is closed once it holds so many
	lanes int // how many goes there may be at a time
	do    func(ctx context.Context, list []I) ([]O, error)

	mu    sync.Mutex
	queue []*brought[I, O]
	busy  int
}

// brought is what one caller waits for.
type brought[I, O any] struct {
	ctx    context.Context
	list   []I
	out    []O
	err    error
	panics any
	done   chan struct{}
}

// ask gives an answer for each member of the list. A context that is done keeps
// a caller from starting and stops nothing that has begun: others take part in
// it.
func (g *gather[I, O]) ask(ctx context.Context, list ...I) ([]O, error) {
	b := &brought[I, O]{ctx: ctx, list: list, done: make(chan struct{})}
	g.mu.Lock()
	g.queue = append(g.queue, b)
	if g.busy < g.lanes {
		g.busy++
		go g.work()
	}
	g.mu.Unlock()
	<-b.done
	if b.panics != nil {
		panic(b.panics)
	}
	return b.out, b.err
}

// work makes goes until nothing waits.
func (g *gather[I, O]) work() {
	for {
		group := g.next()
		if group == nil {
			return
		}
		g.run(group)
		for _, b := range group {
			close(b.done)
		}
	}
}

func (g *gather[I, O]) next() []*brought[I, O] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, size := 0, 0
	for n < len(g.queue) && (n == 0 || size+len(g.queue[n].list) <= g.most) {
		size += len(g.queue[n].list)
		n++
	}
	if n == 0 {
		g.busy--
		return nil
	}
	group := g.queue[:n:n]
	g.queue = g.queue[n:]
	return group
}

// run makes one go. When it fails for a reason that may be one caller's own,
// each is served apart.
func (g *gather[I, O]) run(group []*brought[I, O]) {
	var list []I
	var live []*brought[I, O]
	for _, b := range group {
		if b.err = b.ctx.Err(); b.err == nil {
			live, list = append(live, b), append(list, b.list...)
		}
	}
	if len(live) == 0 {
		return
	}
	out, panics, err := g.protect(context.WithoutCancel(live[0].ctx), list)
	if len(live) > 1 && (panics != nil || err != nil && !errs.Is(err, errs.Unavailable)) {
		for _, b := range live {
			b.out, b.panics, b.err = g.protect(context.WithoutCancel(b.ctx), b.list)
		}
		return
	}
	for _, b := range live {
		b.panics, b.err = panics, err
		if err == nil && panics == nil {
			b.out, out = out[:len(b.list):len(b.list)], out[len(b.list):]
		}
	}
}

func (g *gather[I, O]) protect(ctx context.Context, list []I) (out []O, panics any, err error) {
	defer func() { panics = recover() }()
	out, err = g.do(ctx, list)
	return out, nil, err
}
