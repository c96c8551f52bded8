package audience

import (
	"maps"
	"testing"

	"candor/internal/term"
)

func TestHowFreshBehaviourIs(t *testing.T) {
	for expression, want := range map[string]map[term.Event]int64{
		`plan == "pro"`: {},
		`count("Order Completed", days(90)) >= 2`:                                                        {"Order Completed": 90},
		`count("Order Completed") >= 2 || since_last("Order Completed") < days(7)`:                       {"Order Completed": 7},
		`since_last("Order Completed") > days(365)`:                                                      {"Order Completed": 0},
		`!(count("Order Completed", days(0)) == 0) && sum("Order Completed", "value") > money(1, "EUR")`: {"Order Completed": 1},
	} {
		c, err := Compile(testSchema(), expression)
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		if got := c.Fresh(); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", expression, got, want)
		}
	}
}
