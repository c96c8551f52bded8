package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The garbage collector runs each time memory in use has doubled. A server holds
// little and makes much that is short-lived, so under load it would run many times
// a second and take a fifth of the processor. While there is load it is given more
// room; a server at rest stays small.
const (
	garbageEvery = time.Second
	garbageQuiet = 10       // seconds without load until the room is taken back
	garbageBusy  = 8 << 20  // bytes allocated a second that count as load
	garbageRoom  = 96 << 20 // bytes that may be allocated between two runs, under load
	garbageMost  = 400      // percent of what is in use
	garbageRest  = 100      // Go's own
)

// collectGarbage sets how often the collector runs, until ctx ends. Whoever sets
// GOGC or GOMEMLIMIT decides instead.
func collectGarbage(ctx context.Context) error {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return nil
	}
	tick := time.NewTicker(garbageEvery)
	defer tick.Stop()
	defer debug.SetGCPercent(garbageRest)
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	before, percent, quiet := sample[0].Value.Uint64(), garbageRest, 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		metrics.Read(sample)
		allocated, live := sample[0].Value.Uint64(), sample[1].Value.Uint64()
		quiet++
		if allocated-before >= garbageBusy {
			quiet = 0
		}
		before = allocated
		switch p := garbagePercent(live); {
		case quiet == 0 && p != percent:
			percent = p
			debug.SetGCPercent(p)
		case quiet == garbageQuiet && percent != garbageRest:
			percent = garbageRest
			debug.SetGCPercent(percent)
			debug.FreeOSMemory()
		}
	}
}

// garbagePercent is by how much memory may grow, under load, beyond what is in use
// until the collector runs.
func garbagePercent(live uint64) int {
	return max(garbageRest, min(garbageMost, int(garbageRoom*100/max(live, 1))))
}
