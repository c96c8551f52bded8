package gate

import (
	"context"
	"fmt"
	"testing"

	"candor/internal/db/dbtest"
	"candor/internal/event"
)

// BenchmarkTake takes in batches of 100 views of 2,000 known devices on SQLite,
// from several senders at once: the ingest path without the HTTP.
func BenchmarkTake(b *testing.B) {
	w := newShop(b, dbtest.SQLite(b), spring)
	const devices, batch = 2000, 100
	for i := 0; i < devices; i += batch {
		var list []Arrival
		for j := range batch {
			list = append(list, claimOf(device(fmt.Sprint(1000000+i+j))))
		}
		w.take(list...)
	}
	n := make(chan int)
	go func() {
		for i := 0; ; i++ {
			n <- i
		}
	}()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			k := <-n
			list := make([]Arrival, batch)
			for j := range list {
				a := claimOf(device(fmt.Sprint(1000000 + (k*batch+j)%devices)))
				a.Events = []event.New{{Name: "Product Viewed", MessageID: fmt.Sprint(k, "-", j), Props: map[string]any{"family": "coffee"}, Family: "coffee"}}
				list[j] = a
			}
			if _, err := w.gate.Take(context.Background(), list); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "events/s")
}
