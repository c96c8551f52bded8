package bench

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

var (
	seconds   = flag.Duration("lasts", 3*time.Second, "how long each job runs at a time")
	rounds    = flag.Int("rounds", 3, "how often each job runs")
	customers = flag.Int("customers", 10_000, "how many customers there are")
	only      = flag.String("only", "", "jobs whose name holds this")
	engines   = flag.String("engine", "SQLite,PostgreSQL", "the engines")
	erased    = flag.Int("erase", 500, "how many customers are erased at once")
	growth    = flag.String("growth", "", "instead of the table, how cost grows over these numbers of customers on the first engine, such as 10000,100000,1000000")
	growthDir = flag.String("growth-dir", "../doc/growth", "where the charts of growth go")
	profiles  = flag.String("profile", "", "folder to put a processor profile of each job in, for go tool pprof")
)

// BenchmarkTable prints the table.
func BenchmarkTable(b *testing.B) {
	if *growth != "" {
		showGrowth(b)
		return
	}
	out := tabwriter.NewWriter(os.Stdout, 11, 8, 2, ' ', 0)
	fmt.Fprintf(out, "%d cores, Go %s, %s, %d customers, %d x %v; CPU is the whole process, client included, without PostgreSQL's own\n\n",
		runtime.NumCPU(), strings.TrimPrefix(runtime.Version(), "go"), time.Now().Format(time.DateOnly), *customers, *rounds, *seconds)
	fmt.Fprintf(out, "%-50s\tengine\ttarget/s\tmin\tmedian\tmax\tof target\tCPU a unit\tstatements\tunits a commit\tp50\tp99\tfailed\n", "job")
	for _, engine := range strings.Split(*engines, ",") {
		if ofHouse() {
			b.Run(engine, func(b *testing.B) { houseJobs(b, out, engine) })
		}
		if wanted("ledger") {
			b.Run(engine+" ledger", func(b *testing.B) { sequencing(b, out, engine) })
		}
		if wanted("campaign") {
			b.Run(engine+" campaign", func(b *testing.B) { campaigns(b, out, engine) })
		}
	}
	_ = out.Flush()
}

// ofHouse tells whether a job that needs the running platform is to run.
func ofHouse() bool {
	return wanted("erasure") || wanted("process") || slices.ContainsFunc(jobs, func(j job) bool { return strings.Contains(j.name, *only) })
}

// houseJobs runs the jobs over the running platform.
func houseJobs(b *testing.B, out *tabwriter.Writer, engine string) {
	h := open(b, engine, *customers, nil)
	h.calm(b)
	for _, j := range jobs {
		if strings.Contains(j.name, *only) {
			write(out, j.name, engine, target(j.sqlite, j.postgres, engine), j.measure(b, h, engine))
		}
	}
	if wanted("erasure") {
		erasures(b, out, h, engine)
	}
	if wanted("process") {
		processes(b, h, engine)
	}
}

// wanted tells whether jobs whose names begin with this are to run.
func wanted(name string) bool {
	return strings.Contains(name, *only) || strings.HasPrefix(*only, name)
}

func target(sqlite, postgres float64, engine string) float64 {
	if engine == "SQLite" {
		return sqlite
	}
	return postgres
}

// measure runs a job some times, after a short run that nobody counts.
func (j job) measure(b *testing.B, h *house, engine string) []figure {
	call := j.call(b, h)
	load(h, j.connections, *seconds/4, call)
	defer profile(b, engine+" "+j.name)()
	var list []figure
	for range *rounds {
		f := load(h, j.connections, *seconds, call)
		if f.err != nil {
			b.Errorf("%s: %v", j.name, f.err)
		}
		list = append(list, f)
	}
	return list
}

// spread gives the least, the median and the greatest.
func spread(list []float64) (least, median, greatest float64) {
	list = slices.Sorted(slices.Values(list))
	return list[0], list[len(list)/2], list[len(list)-1]
}

// profile starts a processor profile when one is wanted; what it gives ends it.
func profile(b *testing.B, name string) (end func()) {
	if *profiles == "" {
		return func() {}
	}
	must(b, os.MkdirAll(*profiles, 0o755))
	f, err := os.Create(filepath.Join(*profiles, strings.NewReplacer(" ", "-", ",", "").Replace(name)+".pprof"))
	must(b, err)
	must(b, pprof.StartCPUProfile(f))
	return func() {
		pprof.StopCPUProfile()
		must(b, f.Close())
	}
}

func write(out *tabwriter.Writer, name, engine string, target float64, list []figure) {
	slices.SortFunc(list, func(a, b figure) int { return int(min(1, max(-1, a.perSecond-b.perSecond))) })
	median := list[len(list)/2]
	ratio := "-"
	if target > 0 {
		ratio = fmt.Sprintf("%.2f", median.perSecond/target)
	}
	var failed int64
	for _, s := range list {
		failed += s.failed
	}
	statements, grouped := "-", "-"
	if median.units > 0 {
		statements = fmt.Sprintf("%.2f", float64(median.effort.Statements)/float64(median.units))
		grouped = fmt.Sprintf("%.1f", float64(median.units)/float64(max(1, median.effort.Commits)))
	}
	fmt.Fprintf(out, "%-50s\t%s\t%.0f\t%.0f\t%.0f\t%.0f\t%s\t%v\t%s\t%s\t%v\t%v\t%d\n", name, engine, target, list[0].perSecond, median.perSecond,
		list[len(list)-1].perSecond, ratio, median.cpu.Round(100*time.Nanosecond), statements, grouped, median.p50.Round(10*time.Microsecond), median.p99.Round(10*time.Microsecond), failed)
	_ = out.Flush()
}
