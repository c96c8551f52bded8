package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"candor/internal/customer"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/request"
	"candor/internal/term"
)

// export gives copies of customers of whom so many events are on record.
func export(events int) func(*testing.B, *house) call {
	return func(b *testing.B, h *house) call {
		people := h.busy(b, 20, events)
		return func(ctx context.Context, _ int) (int, error) {
			_, err := h.post(ctx, "/api/v1/requests/access", fmt.Sprintf(`{"customer":"%s"}`, people[rand.IntN(len(people))]))
			return 1, err
		}
	}
}

// busy makes n more customers of whom so many events are on record.
func (h *house) busy(b *testing.B, n, events int) []id.Customer {
	b.Helper()
	first := int(runs.Add(1)) * 100_000_000
	made := h.fill(b, n, first, "DE")
	now := h.app.Clock.Now()
	for i := range made {
		user, err := customer.UserID(shop, fmt.Sprint(100_000+first+i))
		must(b, err)
		a := gate.Arrival{Identities: []customer.Identity{user}, Provenance: customer.Provenance{Source: "shop", Method: customer.Stated, Confidence: customer.Certain}}
		for e := range events - 3 {
			a.Events = append(a.Events, happened("Product Viewed", fmt.Sprintf("busy-%d-%d", first+i, e), now.Add(-time.Duration(e)*time.Hour)))
		}
		taken, err := h.app.Gate.Take(context.Background(), []gate.Arrival{a})
		must(b, err)
		if taken[0].Refused != nil || len(taken[0].Notes) > 0 {
			b.Fatal(taken[0].Refused, taken[0].Notes)
		}
	}
	return made
}

// erasures erases customers with many events one after the other, and then many
// customers as fast as they are taken, while others go on asking.
func erasures(b *testing.B, out *tabwriter.Writer, h *house, engine string) {
	few, many := h.busy(b, 20, 1_000), h.fill(b, *erased, int(runs.Add(1))*100_000_000, "DE")
	answered, certified := h.erase(b, few, 1)
	write(out, "erasure, 1,000 events, answered", engine, 33, []figure{answered})
	write(out, "erasure, 1,000 events, certified", engine, 0, []figure{certified})

	ctx, stop := context.WithCancel(context.Background())
	others := make(chan figure, 1)
	go func() { others <- loadUntil(ctx, h, 4, decideOne("use")(b, h)) }()
	answered, certified = h.erase(b, many, 32)
	stop()
	what := fmt.Sprintf("erasure of %d customers, ", *erased)
	write(out, what+"answered", engine, 0, []figure{answered})
	write(out, what+"certified", engine, 100_000.0/60, []figure{certified})
	write(out, what+"uses of others meanwhile", engine, 0, []figure{<-others})
}

// erase asks for the erasure of customers, over so many callers, and waits for the
// certificates. How long one took is from its request to its certificate.
func (h *house) erase(b *testing.B, who []id.Customer, callers int) (answered, certified figure) {
	b.Helper()
	ctx, start, before := context.Background(), time.Now(), processTime()
	var mu sync.Mutex
	var next, failed atomic.Int64
	began := map[id.Request]time.Time{}
	var answers, whole []time.Duration
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(who)); i = next.Add(1) - 1 {
				at := time.Now()
				r, err := h.app.Desk.Erase(ctx, request.NewErasure{Customer: who[i], Via: "portal", Actor: term.ByCustomer, Lang: "en"})
				if err != nil {
					failed.Add(1)
					continue
				}
				mu.Lock()
				began[r.ID], answers = at, append(answers, time.Since(at))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	answered = sum(answers, time.Since(start), processTime()-before)
	answered.failed = failed.Load()
	for len(began) > 0 {
		time.Sleep(50 * time.Millisecond)
		for r, at := range began {
			_, err := h.app.Desk.Certificate(ctx, r)
			if errs.Is(err, errs.Conflict) {
				break // the others are looked at in a moment
			}
			must(b, err)
			whole = append(whole, time.Since(at))
			delete(began, r)
		}
		if time.Since(start) > 10*time.Minute {
			b.Fatalf("%d erasures have no certificate after ten minutes", len(began))
		}
	}
	return answered, sum(whole, time.Since(start), processTime()-before)
}

// sum puts calls of one unit each together.
func sum(list []time.Duration, took, cpu time.Duration) figure {
	if len(list) == 0 {
		return figure{}
	}
	slices.Sort(list)
	return figure{perSecond: float64(len(list)) / took.Seconds(), cpu: cpu / time.Duration(len(list)), p50: list[len(list)/2], p99: list[len(list)*99/100]}
}
