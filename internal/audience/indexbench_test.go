package audience

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"candor/internal/audience/index"
	"candor/internal/clock"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/term"
)

var benchReach = gate.Reach{Purpose: "letter", Channel: term.Email, Operation: term.Serve, At: benchNow}

// fillIndex makes an index of people like those of drawMany: five events each on
// average, and a standing for two purposes.
func fillIndex(n int) *index.Index {
	plan, _ := testPlan(nil)
	x := index.New(plan.Events)
	plans, countries, vip, address := x.Column("t1"), x.Column("t2"), x.Column("n2"), x.Column(index.AddressColumn(term.Email))
	for _, slot := range plan.Slots {
		x.Column(slot)
	}
	states := []uint64{}
	for i, reasons := range []string{"", "", "", "E_WITHDRAWN/CON-07=serve", "E_NO_CONSENT/CON-01=serve", "E_NO_CONSENT/CON-11=serve", "E_OBJECTED/SIG-01=use", "E_AGE_UNKNOWN/MIN-AGE-01=use"} {
		ops := gate.OpsOf(term.Serve, term.Use)
		if i > 2 {
			ops = gate.OpsOf(term.Store)
		}
		states = append(states, x.State(index.State{Ops: int64(ops), Reasons: reasons, Rules: 1}))
	}
	var keys []int
	for _, p := range []term.Purpose{"letter", "orders"} {
		keys = append(keys, x.Column(index.StandingColumn(p, term.Email)), x.Column(index.EndsColumn(p, term.Email)))
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(column int, list ...string) index.Value {
		return index.Value{Column: column, Number: x.Text(column, list[rnd.IntN(len(list))])}
	}
	labels := []uint16{x.Label(index.Label{Currency: "EUR", Family: "beans"}), x.Label(index.Label{Currency: "EUR"})}
	var rows []index.Row
	for i := range n {
		r := index.Row{Customer: id.Customer(int64(i+1) * 800_000_000_000), Events: make([][]index.Happening, 2)}
		day := 20_600 + rnd.Int64N(730)
		r.Next = clock.Instant(day * microsPerDay)
		r.Values = []index.Value{pick(plans, "free", "free", "free", "basic", "pro"), pick(countries, "DE", "DE", "AT", "FR", "US"),
			{Column: vip, Number: index.Signed(int64(rnd.IntN(50) / 49))}, {Column: address, Number: uint64(rnd.IntN(10)+9) / 10},
			{Column: keys[0], Number: states[rnd.IntN(len(states))]}, {Column: keys[1], Number: uint64(day)},
			{Column: keys[2], Number: states[0]}, {Column: keys[3], Number: uint64(day)}}
		for range rnd.IntN(11) {
			e := rnd.IntN(2)
			at := benchNow.Add(-time.Duration(rnd.Int64N(int64(3 * 365 * 24 * time.Hour))))
			r.Events[e] = append(r.Events[e], index.Happening{Minute: index.MinuteOf(at), Label: labels[rnd.IntN(2)], Amount: rnd.Int64N(10_000)})
		}
		if rows = append(rows, r); len(rows) == 1000 || i == n-1 {
			x.Put(rows...)
			rows = rows[:0]
		}
	}
	return x
}

// BenchmarkIndex counts an audience with standing and gives its first page of 50.
func BenchmarkIndex(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			began, before := time.Now(), heapInUse()
			x := fillIndex(n)
			filled, memory := time.Since(began), heapInUse()-before
			b.Run("fill", func(b *testing.B) {
				for b.Loop() {
				}
				b.ReportMetric(filled.Seconds(), "s")
				b.ReportMetric(float64(memory)/1e6, "MB")
			})
			for what, expression := range benchConditions {
				c := compileFor(b, expression)
				b.Run(what, func(b *testing.B) {
					defer reportCPU(b)()
					for b.Loop() {
						groups, ok := stoodIn(x, c, benchReach, 1)
						page, also := membersIn(x, c, benchReach, 1, 50)
						if !ok || !also || len(groups) == 0 || len(page) == 0 {
							b.Fatal("the index does not answer")
						}
					}
				})
			}
			runtime.KeepAlive(x)
		})
	}
}

// reportCPU reports what a run costs on all cores together: what a busy machine
// does not blur.
func reportCPU(b *testing.B) func() {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	return func() { b.ReportMetric(float64((used()-before).Microseconds())/1000/float64(b.N), "cpu-ms/op") }
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
