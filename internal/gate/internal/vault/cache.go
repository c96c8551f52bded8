package vault

import (
	"sync"
	"time"

	"candor/internal/clock"
	"candor/internal/id"
)

const (
	// cached bounds the opened keys in memory.
	cached = 10_000
	// opened bounds how long a key that another process destroyed still opens
	// values here. The values themselves were deleted before it.
	opened = 30 * time.Second
)

// cache holds opened keys for a short time. A key destroyed while another
// goroutine reads it from the store does not come back: mark and drop see to
// that.
type cache struct {
	mu      sync.Mutex
	keys    map[id.Customer]entry
	dropped uint64
}

type entry struct {
	key   Key
	until clock.Instant
}

func newCache() *cache { return &cache{keys: map[id.Customer]entry{}} }

func (c *cache) get(who id.Customer, now clock.Instant) (Key, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.keys[who]
	if ok && now > e.until {
		delete(c.keys, who)
		ok = false
	}
	return e.key, ok
}

// mark is taken before the key store is read.
func (c *cache) mark() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped
}

// put keeps a key unless a key was dropped since the mark.
func (c *cache) put(who id.Customer, k Key, now clock.Instant, mark uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropped != mark {
		return
	}
	for old := range c.keys {
		if len(c.keys) < cached {
			break
		}
		delete(c.keys, old)
	}
	c.keys[who] = entry{k, now.Add(opened)}
}

func (c *cache) drop(who id.Customer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped++
	delete(c.keys, who)
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped++
	clear(c.keys)
}
