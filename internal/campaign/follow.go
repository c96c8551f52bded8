package campaign

import (
	"context"
	"fmt"
	"sync"
	"time"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/message"
)

// A campaign that somebody follows is looked at once a second, however many follow
// it; where counting takes long, more rarely.
const (
	lookPause = time.Second
	lookShare = 20 // of the time, at most one part in so many is spent on counting
)

// followers are the campaigns that somebody follows on this server. Another
// server may be the one that sends, so what is looked at is the database.
type followers struct {
	mu sync.Mutex
	of map[id.Campaign]*followed
}

type followed struct {
	readers int
	news    chan struct{} // closed at the next change
	stop    context.CancelFunc
}

// Follow follows a campaign until ctx ends. What it gives is called each time for a
// channel that is closed at the next change of the campaign or of what became of
// its messages; the first is closed already, so that nothing is missed which
// changed since the caller last looked.
func (b *Book) Follow(ctx context.Context, which id.Campaign) func() <-chan struct{} {
	f := &b.followers
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.of[which]
	if one == nil {
		look, stop := context.WithCancel(context.WithoutCancel(ctx))
		one = &followed{news: make(chan struct{}), stop: stop}
		if f.of == nil {
			f.of = map[id.Campaign]*followed{}
		}
		f.of[which] = one
		go b.look(look, which, one)
	}
	one.readers++
	context.AfterFunc(ctx, func() { f.leave(which, one) })
	first := make(chan struct{})
	close(first)
	return func() <-chan struct{} {
		f.mu.Lock()
		defer f.mu.Unlock()
		if first != nil {
			now := first
			first = nil
			return now
		}
		return one.news
	}
}

// leave ends the looking when the last reader has gone.
func (f *followers) leave(which id.Campaign, one *followed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one.readers--; one.readers == 0 {
		one.stop()
		delete(f.of, which)
	}
}

func (b *Book) look(ctx context.Context, which id.Campaign, one *followed) {
	last := ""
	for {
		began := time.Now()
		now, err := b.glance(ctx, which)
		if err == nil && now != last {
			last = now
			b.followers.mu.Lock()
			close(one.news)
			one.news = make(chan struct{})
			b.followers.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(lookPause, lookShare*time.Since(began))):
		}
	}
}

// glance says in a line how a campaign is.
func (b *Book) glance(ctx context.Context, which id.Campaign) (line string, err error) {
	err = b.db.Read(ctx, func(tx *db.Tx) error {
		c, err := read(tx, which)
		if err != nil {
			return err
		}
		tallies, err := message.Tallies(tx, Program, int64(which))
		line = fmt.Sprint(c.State, c.Rev, tallies)
		return err
	})
	return line, err
}
