package db

import (
	"sync"
	"time"
)

// recentFor is how old what Recent remembers may be: what another server changed
// is seen at the latest so long afterwards.
const recentFor = time.Second

// Recent remembers what every request asks for and what hardly ever changes. It
// is at most a second old, and what this process changes is forgotten at once:
// call Forget once the change is on disk (Tx.After). It serves who looks; a
// transaction that must be right reads for itself. The zero Recent is ready, and
// safe for concurrent use.
type Recent[K comparable, V any] struct {
	mu      sync.Mutex
	found   map[K]remembered[V]
	changes int
}

type remembered[V any] struct {
	what V
	at   time.Time
}

// mostRemembered bounds what a Recent holds.
const mostRemembered = 1000

// Get gives what is remembered under a key, or reads it. An error is not
// remembered.
func (r *Recent[K, V]) Get(key K, read func() (V, error)) (V, error) {
	r.mu.Lock()
	known, ok := r.found[key]
	changes := r.changes
	r.mu.Unlock()
	now := time.Now()
	if ok && now.Sub(known.at) < recentFor {
		return known.what, nil
	}
	v, err := read()
	if err != nil {
		return v, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changes == changes { // else it may have been read before the change
		if r.found == nil || len(r.found) >= mostRemembered {
			r.found = map[K]remembered[V]{}
		}
		r.found[key] = remembered[V]{v, now}
	}
	return v, nil
}

// Forget empties the memory.
func (r *Recent[K, V]) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes++
	clear(r.found)
}
