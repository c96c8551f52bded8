// Package scale works out, from the measured cost of a unit of each job, what an
// installation of some size needs: processors, nodes, memory, storage, money, and
// what becomes too small first. It is arithmetic over stated assumptions, to be done
// again when a cost changes; nothing in it was run at that size.
package scale

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Job is one kind of work.
type Job struct {
	Name    string  // as in the table of doc/performance.md
	Month   float64 // units a customer and month
	Peak    float64 // the busiest hour over the mean
	Bytes   float64 // what a unit leaves in the database, with its indexes
	Months  float64 // how long it stays
	Entries float64 // entries of the ledger a unit
}

// Assumptions are what is assumed of customers, of machines and of prices.
type Assumptions struct {
	Jobs          []Job
	CustomerBytes float64 // what a customer takes without events and mails
	EntryBytes    float64 // an entry of the ledger, with its tile
	EntryMonths   float64 // how long its content stays
	IndexBytes    float64 // a customer in a server's audience index
	Busy          float64 // how much of a processor is used at the peak
	Sequencer     float64 // seconds of one writer to number an entry
	Node          Node
	Copies        float64 // of the database: the primary and its standbys
	Backups       float64 // of the database's size
	Prices        Prices
}

// Node is a machine as one rents it.
type Node struct {
	Cores, Memory, Disk float64 // GB, GB
}

// Prices are of a core and a GB of memory for an hour, and of a GB of storage for a
// month.
type Prices struct{ Core, Memory, Disk float64 }

// A month in hours and in seconds.
const (
	hours   = 730
	seconds = hours * 3600
)

const giga = 1e9

// Assumed is a shop's customers: a visit and an event a day or so, a letter a week,
// and little else. Bytes were measured on PostgreSQL with the sample charter, by
// pg_total_relation_size before and after 2,000 customers, 15,000 events and 1,800
// mails.
var Assumed = Assumptions{
	Jobs: []Job{
		{Name: "collect, gzip batches of 100", Month: 40, Peak: 5, Bytes: 300, Months: 25},
		{Name: "decide, batches of 100", Month: 20, Peak: 5},
		{Name: "campaign, ed25519", Month: 4, Peak: 42, Bytes: 1850, Months: 13, Entries: 1}, // a week's letter leaves within four hours
		{Name: "profile, find by e-mail and read", Month: 0.5, Peak: 5, Bytes: 200, Months: 13},
		{Name: "consent, record", Month: 0.2, Peak: 5, Bytes: 500, Months: 60, Entries: 1},
		{Name: "profile, create", Month: 1.0 / 36, Peak: 5, Entries: 1},
	},
	CustomerBytes: 15_000, EntryBytes: 1300, EntryMonths: 36, IndexBytes: 100,
	Busy: 0.5, Sequencer: 35e-6,
	Node: Node{Cores: 16, Memory: 64, Disk: 4000}, Copies: 2, Backups: 2,
	Prices: Prices{Core: 0.04, Memory: 0.005, Disk: 0.10},
}

// Costs are processor seconds a unit, by job: the whole machine's, with client,
// server and database, when it is full.
type Costs map[string]float64

// ReadCosts reads the table of doc/performance.md for one engine: a unit costs what
// the machine of that page has in a second, through the units it did in one.
func ReadCosts(doc, engine string) (Costs, error) {
	const cores = 2
	out := Costs{}
	var median int
	for line := range strings.Lines(doc) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case cells[0] == "job":
			median = 0
			for i, c := range cells {
				if c == "median" && len(cells) > 2 && cells[1] == "engine" {
					median = i
				}
			}
		case median > 0 && len(cells) > median && cells[1] == engine && out[cells[0]] == 0:
			n, err := strconv.ParseFloat(strings.ReplaceAll(cells[median], ",", ""), 64)
			if err != nil || n <= 0 {
				return nil, fmt.Errorf("the median of %q is no number: %s", cells[0], cells[median])
			}
			out[cells[0]] = cores / n
		}
	}
	return out, nil
}

// Need is what an installation of some size needs.
type Need struct {
	Customers float64
	Cores     float64 // at the peak, with room
	Storage   float64 // GB of one copy of the database
	Index     float64 // GB of each server's memory, for the audience index
	Entries   float64 // of the ledger in a second, at the peak
	Sequencer float64 // how much of one sequencer they take
	Nodes     float64 // of Node's size, with one to spare; less than one is a part of a machine
	Money     float64 // a month
}

// For works out what so many customers need.
func (a Assumptions) For(customers float64, costs Costs) (Need, error) {
	n := Need{Customers: customers, Index: customers * a.IndexBytes / giga}
	bytes, entries := a.CustomerBytes, 0.0
	for _, j := range a.Jobs {
		cost, ok := costs[j.Name]
		if !ok {
			return n, fmt.Errorf("doc/performance.md has no row of %q", j.Name)
		}
		n.Cores += customers * j.Month / seconds * j.Peak * cost / a.Busy
		bytes += j.Month * (j.Months*j.Bytes + j.Entries*a.EntryMonths*a.EntryBytes)
		entries += j.Month * j.Entries * j.Peak
	}
	n.Storage = customers * bytes / giga
	n.Entries = customers * entries / seconds
	n.Sequencer = n.Entries * a.Sequencer
	n.Nodes = max(n.Cores/a.Node.Cores, n.Storage*a.Copies/a.Node.Disk)
	if n.Nodes > 1 {
		n.Nodes = math.Ceil(n.Nodes) + 1
	}
	n.Money = n.Nodes*hours*(a.Node.Cores*a.Prices.Core+a.Node.Memory*a.Prices.Memory) + n.Storage*(a.Copies+a.Backups)*a.Prices.Disk
	return n, nil
}

// Bound is something of which there is one, and how many customers fill it.
type Bound struct {
	What      string
	Customers float64
}

// Bounds gives what ends first, in order: of each the size at which one of it is
// full.
func (a Assumptions) Bounds(costs Costs) ([]Bound, error) {
	one, err := a.For(1e6, costs)
	if err != nil {
		return nil, err
	}
	out := []Bound{
		{"the processors of one node", 1e6 * a.Node.Cores / one.Cores},
		{"the disk of one node", 1e6 * a.Node.Disk / one.Storage},
		{"half a node's memory, by the audience index that each server holds", 1e6 * a.Node.Memory / 2 / one.Index},
		{"the one that numbers the ledger", 1e6 / one.Sequencer},
	}
	slices.SortFunc(out, func(x, y Bound) int { return cmp.Compare(x.Customers, y.Customers) })
	return out, nil
}

// Sizes are those of the table.
var Sizes = []float64{1e6, 1e8, 1e9}

// Print writes the tables in Markdown.
func (a Assumptions) Print(w io.Writer, costs Costs) error {
	fmt.Fprint(w, "| customers | cores at the peak | database, one copy | index, each server | ledger entries at the peak | of one sequencer | nodes | money a month | a customer and year |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, size := range Sizes {
		n, err := a.For(size, costs)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "| %s | %s | %s GB | %s GB | %s/s | %s %% | %s | %s | %s |\n", number(size), number(n.Cores), number(n.Storage), number(n.Index),
			number(n.Entries), number(100*n.Sequencer), number(n.Nodes), number(n.Money), number(12*n.Money/size))
	}
	bounds, err := a.Bounds(costs)
	if err != nil {
		return err
	}
	fmt.Fprint(w, "\n| of which there is one | full at |\n|---|---|\n")
	for _, b := range bounds {
		fmt.Fprintf(w, "| %s | %s customers |\n", b.What, number(b.Customers))
	}
	return nil
}

// number is a number to two digits: more would promise more than is known.
func number(x float64) string {
	if x == 0 {
		return "0"
	}
	size := math.Pow(10, math.Floor(math.Log10(math.Abs(x)))-1)
	x = math.Round(x/size) * size
	if x < 10 {
		return strconv.FormatFloat(x, 'g', 2, 64)
	}
	text := strconv.FormatFloat(x, 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
