package audience

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/id"
	"candor/internal/term"
)

// The law that everything else rests on: the database, in both ways of asking
// it, and memory agree on who meets a condition, whatever the condition, the
// people and the instant, and also while nothing but time passes.
func TestDatabaseAndMemoryAgree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		sc := testSchema()
		rapid.Check(t, func(rt *rapid.T) {
			forgetPeople(t, d)
			people := drawPeople(rt)
			storePeople(t, d, sc, people)
			for range 6 {
				expression := drawCondition(rt, 3)
				c, err := Compile(sc, expression)
				if err != nil {
					rt.Fatalf("%s: %v", expression, err)
				}
				at := drawInstant(rt, "at")
				for _, later := range []time.Duration{0, time.Microsecond, 13 * time.Hour, 24 * time.Hour, 40 * 24 * time.Hour, 366 * 24 * time.Hour} {
					now := at.Add(later)
					want := whoInMemory(c, people, now)
					for _, p := range []plan{probe, grouped} {
						if got := whoBySQL(t, d, c, now, p); !slices.Equal(got, want) {
							rt.Fatalf("%s\nat %s, plan %d: database %s, memory %s", c, now, p, names(got), names(want))
						}
					}
				}
			}
		})
	})
}

// drawInstant favours the edges of days.
func drawInstant(t *rapid.T, label string) clock.Instant {
	day := rapid.Int64Range(20_000, 20_500).Draw(t, label+" day") // 2024-10 to 2026-02
	off := rapid.SampledFrom([]int64{0, 1, microsPerDay - 1, microsPerDay / 2, microsPerDay / 3}).Draw(t, label+" time")
	return clock.Instant(startOf(day) + off)
}

func drawPeople(t *rapid.T) []stored {
	var out []stored
	for i := range rapid.IntRange(1, 12).Draw(t, "people") {
		p := stored{id: id.Customer(i + 1), bare: rapid.IntRange(0, 5).Draw(t, "bare") == 0}
		p.Traits = map[term.Field]Trait{}
		known := func(f term.Field) bool { return !p.bare && rapid.Bool().Draw(t, "knows "+string(f)) }
		if known("plan") {
			p.Traits["plan"] = Trait{Text: rapid.SampledFrom([]string{"free", "basic", "pro"}).Draw(t, "plan")}
		}
		if known("country") {
			p.Traits["country"] = Trait{Text: rapid.SampledFrom([]string{"DE", "de", "AT", "Côte d'Ivoire", "%"}).Draw(t, "country")}
		}
		if known("seats") {
			p.Traits["seats"] = Trait{Whole: rapid.Int64Range(-2, 4).Draw(t, "seats")}
		}
		if known("vip") {
			p.Traits["vip"] = Trait{Whole: rapid.Int64Range(0, 1).Draw(t, "vip")}
		}
		if known("balance") {
			p.Traits["balance"] = Trait{Whole: rapid.Int64Range(-200, 400).Draw(t, "balance")}
		}
		if known("renewed") {
			p.Traits["renewed"] = Trait{Whole: int64(drawInstant(t, "renewed"))}
		}
		for range rapid.IntRange(0, 6).Draw(t, "events") {
			p.Events = append(p.Events, Happening{
				Name:     rapid.SampledFrom([]term.Event{"Order Completed", "Product Viewed", "Refund"}).Draw(t, "event"),
				At:       drawInstant(t, "event"),
				Amount:   rapid.Int64Range(-100, 10_000).Draw(t, "amount"),
				Currency: rapid.SampledFrom([]string{"EUR", "JPY", ""}).Draw(t, "currency"),
				Family:   rapid.SampledFrom([]string{"coffee", "beans", "gear", ""}).Draw(t, "family"),
			})
		}
		out = append(out, p)
	}
	return out
}

// drawCondition writes a condition of at most this depth.
func drawCondition(t *rapid.T, depth int) string {
	if depth > 0 {
		switch rapid.IntRange(0, 5).Draw(t, "shape") {
		case 0, 1:
			return "(" + drawCondition(t, depth-1) + " && " + drawCondition(t, depth-1) + ")"
		case 2, 3:
			return "(" + drawCondition(t, depth-1) + " || " + drawCondition(t, depth-1) + ")"
		case 4:
			return "!(" + drawCondition(t, depth-1) + ")"
		}
	}
	return rapid.SampledFrom(clauses).Draw(t, "clause")(t)
}

func pick(t *rapid.T, list ...string) string { return rapid.SampledFrom(list).Draw(t, "pick") }

func drawOp(t *rapid.T) string { return pick(t, "==", "!=", "<", "<=", ">", ">=") }

func drawDays(t *rapid.T) string {
	return fmt.Sprintf("days(%d)", rapid.SampledFrom([]int{0, 1, 2, 30, 90, 365, 366}).Draw(t, "days"))
}

func drawDate(t *rapid.T) string {
	return fmt.Sprintf("date(%q)", dateOf(rapid.Int64Range(20_000, 20_500).Draw(t, "date")))
}

func drawEvent(t *rapid.T) string { return pick(t, `"Order Completed"`, `"Product Viewed"`) }

// drawWindow is empty, a number of days, a family, or both.
func drawWindow(t *rapid.T, family bool) string {
	out := ""
	if rapid.Bool().Draw(t, "window") {
		out += ", " + drawDays(t)
	}
	if family && rapid.Bool().Draw(t, "family") {
		out += `, family("coffee")`
	}
	return out
}

var clauses = []func(*rapid.T) string{
	func(t *rapid.T) string { return pick(t, "true", "false", "vip", "vip == false", "vip != true") },
	func(t *rapid.T) string { return "has(" + pick(t, "plan", "seats", "renewed", "vip", "country") + ")" },
	func(t *rapid.T) string { return "plan " + pick(t, "==", "!=") + " " + pick(t, `"free"`, `"pro"`) },
	func(t *rapid.T) string {
		return "country in [" + strings.Join([]string{pick(t, `"DE"`, `"AT"`), pick(t, `"%"`, `"Côte d'Ivoire"`, `"x"`)}, ", ") + "]"
	},
	func(t *rapid.T) string {
		return fmt.Sprintf("seats %s %d", drawOp(t), rapid.IntRange(-2, 4).Draw(t, "seats"))
	},
	func(t *rapid.T) string {
		return fmt.Sprintf("seats in [%d, 3]", rapid.IntRange(-2, 2).Draw(t, "seats"))
	},
	func(t *rapid.T) string { return "balance " + drawOp(t) + ` money(1.20, "EUR")` },
	func(t *rapid.T) string { return "since(renewed) " + drawOp(t) + " " + drawDays(t) },
	func(t *rapid.T) string { return "renewed " + drawOp(t) + " " + drawDate(t) },
	func(t *rapid.T) string {
		return fmt.Sprintf("count(%s%s) %s %d", drawEvent(t), drawWindow(t, true), drawOp(t), rapid.IntRange(0, 3).Draw(t, "count"))
	},
	func(t *rapid.T) string {
		return fmt.Sprintf("count(%s%s) in [0, %d]", drawEvent(t), drawWindow(t, true), rapid.IntRange(1, 3).Draw(t, "count"))
	},
	func(t *rapid.T) string {
		return fmt.Sprintf(`sum("Order Completed", "value"%s) %s money(%d, %q)`, drawWindow(t, false), drawOp(t),
			rapid.IntRange(0, 60).Draw(t, "sum"), pick(t, "EUR", "JPY"))
	},
	func(t *rapid.T) string {
		return fmt.Sprintf("%s(%s) %s %s", pick(t, "since_last", "since_first"), drawEvent(t), drawOp(t), drawDays(t))
	},
	func(t *rapid.T) string {
		return fmt.Sprintf("%s(%s) %s %s", pick(t, "last", "first"), drawEvent(t), drawOp(t), drawDate(t))
	},
	func(t *rapid.T) string {
		return "stage " + pick(t, "==", "!=") + " " + pick(t, `"new"`, `"lapsed"`, `"regular"`)
	},
	func(t *rapid.T) string { return `stage in ["lapsed", ` + pick(t, `"new"`, `"regular"`) + "]" },
}
