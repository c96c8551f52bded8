// Package observe is what an operator sees of a running process: numbers, each
// with a meaning, and traces.
//
// Neither holds anything about a person. A label takes its values from a closed
// set that stands beside it in this package; anything else counts as "other", so
// that no input from outside becomes a label or fills the memory. Spans carry
// names of the program: routes, never paths; kinds of work, never whose.
//
// Numbers are of the process, as in the library's expvar: two servers opened in
// one process, as tests do, count together.
package observe

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Meaning says what a metric counts and when it asks for somebody.
type Meaning struct {
	Name   string
	Kind   string // counter, gauge or histogram
	Help   string // what it counts, with its unit
	Look   string // when to look, and at what
	Labels []Label
}

// Label is a label with all the values it takes besides Other.
type Label struct {
	Name   string
	Values []string
}

// Other is the value of a label that is in no closed set.
const Other = "other"

var (
	registry = prometheus.NewRegistry()
	meanings []Meaning
)

func init() {
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

// Meanings lists the metrics of this program by name. The runtime's own (go_,
// process_) come with the library.
func Meanings() []Meaning {
	return slices.SortedFunc(slices.Values(meanings), func(a, b Meaning) int { return strings.Compare(a.Name, b.Name) })
}

// Handler serves the numbers in Prometheus's text format.
func Handler() http.Handler {
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// values gives the combinations of up to two labels that a metric is made for
// beforehand, so that counting is one look-up.
func (m Meaning) values() [][]string {
	out := [][]string{nil}
	for _, l := range m.Labels {
		var next [][]string
		for _, head := range out {
			for _, v := range append(slices.Clone(l.Values), Other) {
				next = append(next, append(slices.Clone(head), v))
			}
		}
		out = next
	}
	return out
}

func (m Meaning) names() []string {
	out := make([]string, len(m.Labels))
	for i, l := range m.Labels {
		out[i] = l.Name
	}
	return out
}

// key finds a combination of values. Two labels are enough for one number.
type key [2]string

func keyOf(values []string) (k key) {
	copy(k[:], values)
	return k
}

// children holds the series of a metric by their labels.
type children[T any] struct {
	labels []Label
	by     map[key]T
}

func kids[T any](m Meaning, of func(values ...string) T) children[T] {
	out := children[T]{m.Labels, map[key]T{}}
	for _, v := range m.values() {
		out.by[keyOf(v)] = of(v...)
	}
	return out
}

// get finds a series. A value outside its set is Other.
func (c children[T]) get(values []string) T {
	k := keyOf(values)
	if s, ok := c.by[k]; ok {
		return s
	}
	for i, l := range c.labels {
		if !slices.Contains(l.Values, k[i]) {
			k[i] = Other
		}
	}
	return c.by[k]
}

// Counter only grows.
type Counter struct{ children[prometheus.Counter] }

func counter(name, help, look string, labels ...Label) *Counter {
	m := Meaning{name, "counter", help, look, labels}
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, m.names())
	registry.MustRegister(v)
	meanings = append(meanings, m)
	return &Counter{kids(m, v.WithLabelValues)}
}

// Add counts n more under the values of the labels, in their order.
func (c *Counter) Add(n int, values ...string) {
	if n > 0 {
		c.get(values).Add(float64(n))
	}
}

// Gauge goes up and down.
type Gauge struct{ children[prometheus.Gauge] }

func gauge(name, help, look string, labels ...Label) *Gauge {
	m := Meaning{name, "gauge", help, look, labels}
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, m.names())
	registry.MustRegister(v)
	meanings = append(meanings, m)
	return &Gauge{kids(m, v.WithLabelValues)}
}

// Set says how it is now.
func (g *Gauge) Set(to float64, values ...string) { g.get(values).Set(to) }

// Histogram counts durations or sizes by how large they were.
type Histogram struct{ children[prometheus.Observer] }

// seconds are the bounds of durations: from what is instant to what times out.
var seconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60}

func histogram(name, help, look string, bounds []float64, labels ...Label) *Histogram {
	m := Meaning{name, "histogram", help, look, labels}
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: bounds}, m.names())
	registry.MustRegister(v)
	meanings = append(meanings, m)
	return &Histogram{kids(m, func(values ...string) prometheus.Observer { return v.WithLabelValues(values...) })}
}

// Took counts a duration that began at start.
func (h *Histogram) Took(start time.Time, values ...string) {
	h.get(values).Observe(time.Since(start).Seconds())
}

// Area says which part of the program serves a route's pattern, such as
// "GET /privacy/{$}". Patterns come from the program's text; "" is a route that
// does not exist.
func Area(pattern string) string {
	_, path, found := strings.Cut(pattern, "/")
	if !found {
		return "unknown"
	}
	first, _, _ := strings.Cut(path, "/")
	if area := areas[first]; area != "" {
		return area
	}
	return "privacy"
}

// areas names the part behind the first word of a path; what is not here is
// customers'.
var areas = map[string]string{
	"v1": "collect", "i": "collect", "t": "collect", "p": "collect", "s": "collect", "g": "collect", "a": "collect", "b": "collect", "hooks": "collect",
	"api": "api", "recipients": "api", "admin": "staff", "assets": "assets", "healthz": "probe", "readyz": "probe", "metrics": "probe",
	"mailbox": "demo", "tour": "demo", "style": "demo", "{$}": "privacy",
}
