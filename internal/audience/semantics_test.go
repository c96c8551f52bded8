package audience

import (
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/term"
)

// What the reference promises, by example, in the database and in memory.
func TestMeaning(t *testing.T) {
	noon := clock.UTC(2026, time.March, 10, 12, 0, 0)
	midnight := clock.UTC(2026, time.March, 10, 0, 0, 0)
	days := func(n int) clock.Instant { return midnight.Add(-time.Duration(n) * 24 * time.Hour) }
	people := []stored{
		person(1, map[term.Field]Trait{"plan": {Text: "pro"}, "seats": {Whole: 0}, "vip": {Whole: 0}}, orders(days(0), days(90))...),
		person(2, map[term.Field]Trait{"plan": {Text: "free"}, "vip": {Whole: 1}}, orders(days(90)-1, days(400))...),
		person(3, nil, orders(noon+1)...), // an order that is still to come
		person(4, map[term.Field]Trait{"renewed": {Whole: int64(days(30))}}, Happening{Name: "Product Viewed", At: days(101)}),
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		sc := testSchema()
		storePeople(t, d, sc, people)
		for expression, want := range map[string]string{
			`true`: "1 2 3 4",
			// a field that is not known makes a comparison false, whatever the operator ...
			`plan == "pro"`: "1",
			`plan != "pro"`: "2",
			// ... and "not" turns that into true
			`!(plan == "pro")`: "2 3 4",
			`!has(plan)`:       "3 4",
			`seats < 1`:        "1", // 0 is known
			`vip == false`:     "1",
			`!vip`:             "1 3 4",
			// a day is over at midnight UTC: 90 days ago counts in full
			`count("Order Completed", days(90)) == 2`:                        "1",
			`count("Order Completed", days(91)) >= 1`:                        "1 2",
			`count("Order Completed", days(0)) == 1`:                         "1",
			`count("Order Completed") == 0`:                                  "3 4",
			`since_last("Order Completed") > days(90)`:                       "2",
			`since_last("Order Completed") >= days(0)`:                       "1 2",
			`since_first("Order Completed") == days(400)`:                    "2",
			`since(renewed) == days(30)`:                                     "4",
			`last("Order Completed") <= date("2026-03-10")`:                  "1 2", // the whole of the 10th
			`sum("Order Completed", "value") == money(39.98, "EUR")`:         "1 2",
			`sum("Order Completed", "value") == money(0, "USD")`:             "1 2 3 4",
			`count("Order Completed", days(90), family("coffee")) in [1, 2]`: "1",
			// what may no longer be read for the purpose is not counted
			`count("Product Viewed") == 0`: "1 2 3 4",
			// stages: the first rule that holds; none makes every comparison false
			`stage == "new"`:                 "3 4",
			`stage in ["lapsed", "regular"]`: "1",
			`stage != "new"`:                 "1",
			`!(stage in ["new", "regular"])`: "2",
		} {
			c := compileFor(t, expression)
			if got := names(whoInMemory(c, people, noon)); got != want {
				t.Errorf("memory: %s: %q, want %q", expression, got, want)
			}
			for _, p := range []plan{probe, grouped} {
				if got := names(whoBySQL(t, d, c, noon, p)); got != want {
					t.Errorf("plan %d: %s: %q, want %q", p, expression, got, want)
				}
			}
		}
	})
}

func TestExplainClauseByClause(t *testing.T) {
	at := clock.UTC(2026, time.March, 10, 12, 0, 0)
	p := Person{Traits: map[term.Field]Trait{"plan": {Text: "pro"}}, Events: orders(at)}
	c := compileFor(t, `plan == "pro" && !(count("Order Completed", days(90)) >= 2)`)
	got := c.Explain(p, at, "en")
	if !got.True || len(got.Parts) != 2 {
		t.Fatalf("explanation = %+v", got)
	}
	plan, not := got.Parts[0], got.Parts[1]
	if !plan.True || plan.Text != `plan == "pro"` || plan.Data != "what we hold as “plan”" {
		t.Errorf("plan = %+v", plan)
	}
	if !not.True || not.Data != "" || len(not.Parts) != 1 || not.Parts[0].True {
		t.Errorf("not = %+v", not)
	}
	if want := "wann „Order Completed“ in Ihrem Verlauf vorkam"; c.Explain(p, at, "de").Parts[1].Parts[0].Data != want {
		t.Errorf("data = %q, want %q", c.Explain(p, at, "de").Parts[1].Parts[0].Data, want)
	}
	stage := compileFor(t, `stage != "new"`).Explain(p, at, "en")
	if !stage.True || len(stage.Parts) != 3 || stage.Parts[0].True || !stage.Parts[2].True {
		t.Errorf("stage = %+v", stage)
	}
}
