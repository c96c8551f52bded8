package web

import (
	"sync"
	"time"

	"candor/internal/clock"
)

// countedFor is how long counts are shown before they are made anew.
const countedFor = 5 * time.Minute

// Shared keeps what was counted for a few minutes: everybody who opens a page in
// the meantime sees the same. The zero Shared is empty.
type Shared[K comparable, V any] struct {
	mu   sync.Mutex
	kept map[K]Counted[V]
}

// Counted is a value with the time it was counted.
type Counted[V any] struct {
	At    clock.Instant
	Value V
}

// Get gives what is kept under a key, or counts it.
func (s *Shared[K, V]) Get(v *Visit, key K, count func() (V, error)) (Counted[V], error) {
	s.mu.Lock()
	have, ok := s.kept[key]
	s.mu.Unlock()
	if ok && v.Now().Sub(have.At) < countedFor {
		return have, nil
	}
	value, err := count()
	if err != nil {
		return have, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = map[K]Counted[V]{}
	}
	have = Counted[V]{v.Now(), value}
	s.kept[key] = have
	return have, nil
}
