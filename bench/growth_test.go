package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"candor/internal/campaign"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/message"
	"candor/internal/term"
	"candor/internal/ui"
)

// ahead is the machine's clock, so much later: at an hour at which people may be
// written to.
type ahead time.Duration

func (a ahead) Now() clock.Instant { return clock.System{}.Now().Add(time.Duration(a)) }

// untilMorning moves the clock to the next ten o'clock.
func untilMorning() ahead {
	now := time.Now().UTC()
	morning := time.Date(now.Year(), now.Month(), now.Day(), 10, 0, 0, 0, time.UTC)
	if morning.Before(now) {
		morning = morning.Add(24 * time.Hour)
	}
	return ahead(morning.Sub(now))
}

// measured is what a unit of a job came to at one size of the store.
type measured struct {
	customers int
	p50, p99  time.Duration // of one call
	cpu       time.Duration
}

// growing are the jobs of the growth charts, in their order.
var growing = []struct {
	file, name  string
	connections int
	call        func(*testing.B, *house) call // nil for those that are not calls
}{
	{"decide", "A decision, one a request", 4, decideOne("check")},
	{"preview", "An audience, counted from the index", 1, countAudience(true)},
	{"collect", "Events, in batches of 100", 4, collectBatches},
	{"export", "The copy of one customer with 20 events", 4, export(20)},
	{"send", "A mail, signed with ed25519", 0, nil},
	{"erase", "The erasure of one customer with 20 events, answered", 0, nil},
}

// showGrowth measures the same jobs on one engine while the store grows, and draws
// a chart of each.
func showGrowth(b *testing.B) {
	engine, _, _ := strings.Cut(*engines, ",")
	var sizes []int
	for s := range strings.SplitSeq(*growth, ",") {
		n, err := strconv.Atoi(s)
		must(b, err)
		sizes = append(sizes, n)
	}
	h := open(b, engine, sizes[0], untilMorning())
	seen := map[string][]measured{}
	for i, n := range sizes {
		began := time.Now()
		if i > 0 {
			h.stop()
			h.stop = func() {}
			h.grow(b, n)
			h.run(b)
		}
		h.calm(b)
		fmt.Printf("%s, %d customers after %v\n", engine, n, time.Since(began).Round(time.Second))
		for _, j := range growing {
			m := measured{customers: n}
			switch {
			case j.call != nil:
				call := j.call(b, h)
				load(h, j.connections, *seconds/2, call)
				m.of(b, load(h, j.connections, *seconds, call))
			case j.file == "send":
				m.of(b, h.send(b, 2_000))
			default:
				answered, _ := h.erase(b, h.busy(b, 50, 20), 1)
				m.of(b, answered)
			}
			fmt.Printf("  %-55s half in %8v, 99 %% in %8v, %8v of processor\n", j.name, m.p50, m.p99, m.cpu)
			seen[j.file] = append(seen[j.file], m)
		}
	}
	drawGrowth(b, engine, seen)
}

// of takes the figures over, of one unit.
func (m *measured) of(b *testing.B, f figure) {
	b.Helper()
	if f.err != nil {
		b.Error(f.err)
	}
	m.p50, m.p99, m.cpu = f.p50.Round(10*time.Microsecond), f.p99.Round(10*time.Microsecond), f.cpu.Round(100*time.Nanosecond)
}

// send writes to n customers who came just now, and waits until the last mail is
// at the mail server. They are planned as a campaign plans them.
func (h *house) send(b *testing.B, n int) figure {
	b.Helper()
	ctx := context.Background()
	people := h.fill(b, n, int(runs.Add(1))*100_000_000, "DE")
	made, err := h.app.Campaigns.Create(ctx, campaign.Change{Name: "growth", Purpose: "letter", Channel: term.Email, Content: plainLetter}, "staff:bench")
	must(b, err)
	h.calm(b)
	had, start, before := len(h.sink.Mails()), time.Now(), processTime()
	must(b, h.app.DB.Write(ctx, func(tx *db.Tx) error {
		hash, err := message.Approve(tx, made.Message, "staff:bench", h.app.Clock.Now())
		if err != nil {
			return err
		}
		plans := make([]message.Plan, n)
		for i, c := range people {
			plans[i] = message.Plan{Key: message.Key{Program: campaign.Program, Node: made.ID.String(), Customer: c, Entry: "1", Channel: term.Email},
				ProgramID: int64(made.ID), Message: made.Message, Controller: made.Controller, Purpose: "letter", Class: message.Marketing, ContentHash: hash}
		}
		_, err = message.Put(tx, h.app.Ring, h.app.Clock.Now(), plans)
		tx.After(h.app.Sender.Wake)
		return err
	}))
	for len(h.sink.Mails())-had < n {
		time.Sleep(10 * time.Millisecond)
		if time.Since(start) > 2*time.Minute {
			b.Fatalf("%d of %d mails came", len(h.sink.Mails())-had, n)
		}
	}
	took := time.Since(start)
	return figure{perSecond: float64(n) / took.Seconds(), cpu: (processTime() - before) / time.Duration(n), p50: took / time.Duration(n), p99: took / time.Duration(n)}
}

// plainLetter says what the sample's charter lets a letter say.
var plainLetter = message.Content{Class: message.Marketing, Texts: map[term.Lang]message.Text{
	"en": {Subject: "New beans", HTML: "<p>New beans are in.</p>"}, "de": {Subject: "Neue Bohnen", HTML: "<p>Neue Bohnen sind da.</p>"}}}

// chartStyle is what a chart needs outside our pages, light and dark.
const chartStyle = `<style>svg{font:12px sans-serif}.grid-line{stroke:#8884}.tick{fill:#808080}.line{fill:none;stroke-width:2}` +
	`[data-series="0"]{stroke:#3b6fd4}[data-series="1"]{stroke:#c2571a}.point[data-series="0"]{fill:#3b6fd4}.point[data-series="1"]{fill:#c2571a}</style>`

// drawGrowth writes a chart of each job, and a page with the charts and a table of
// all.
func drawGrowth(b *testing.B, engine string, seen map[string][]measured) {
	must(b, os.MkdirAll(*growthDir, 0o755))
	var text strings.Builder
	fmt.Fprintf(&text, "# How cost grows\n\n%s, %s, %d cores, Go %s. The same jobs on a store that holds more and more customers, each with three events. "+
		"How long half of the calls took (blue) and processor time (orange), of one unit, in microseconds. [How to repeat it](../performance.md).\n\n"+
		"| job | customers | half in | 99 %% in | CPU a unit | CPU, against the smallest |\n|---|---|---|---|---|---|\n",
		engine, time.Now().Format("2 January 2006"), runtime.NumCPU(), strings.TrimPrefix(runtime.Version(), "go"))
	var charts strings.Builder
	for _, j := range growing {
		list := seen[j.file]
		half, cpu := ui.Series{Name: "Half of the calls, µs"}, ui.Series{Name: "Processor time, µs"}
		var labels []string
		for _, m := range list {
			label := ui.Number("en", int64(m.customers))
			labels = append(labels, label)
			half.Values, cpu.Values = append(half.Values, m.p50.Microseconds()), append(cpu.Values, m.cpu.Microseconds())
			fmt.Fprintf(&text, "| %s | %s | %v | %v | %v | %.2f |\n", j.name, label, m.p50, m.p99, m.cpu, float64(m.cpu)/float64(max(1, list[0].cpu)))
		}
		svg := string(ui.Lines("en", j.name, "Customers", labels, []ui.Series{half, cpu}).SVG)
		svg = strings.Replace(svg, "<svg ", `<svg xmlns="http://www.w3.org/2000/svg" `, 1)
		svg = strings.Replace(svg, ">", ">"+chartStyle, 1)
		must(b, os.WriteFile(filepath.Join(*growthDir, j.file+".svg"), []byte(svg), 0o644))
		fmt.Fprintf(&charts, "\n## %s\n\n![%s, by the number of customers](%s.svg)\n", j.name, j.name, j.file)
	}
	must(b, os.WriteFile(filepath.Join(*growthDir, "README.md"), []byte(text.String()+charts.String()), 0o644))
}
