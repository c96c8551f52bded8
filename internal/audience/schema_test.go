package audience

import (
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/term"
)

// testSchema is a business of many kinds of fields, for the purpose letter.
func testSchema() *Schema {
	letter, both := []term.Purpose{"letter"}, []term.Purpose{"orders", "letter"}
	fields := []*Field{
		{ID: "plan", Kind: KindText, Of: []string{"free", "basic", "pro"}, Slot: "t1", For: both},
		{ID: "country", Kind: KindText, Slot: "t2", For: letter},
		{ID: "seats", Kind: KindWhole, Slot: "n1", For: letter},
		{ID: "vip", Kind: KindFlag, Slot: "n2", For: letter},
		{ID: "renewed", Kind: KindMoment, Slot: "n3", For: letter},
		{ID: "balance", Kind: KindMoney, Slot: "n4", For: letter},
		{ID: "region", Kind: KindText, Slot: "t3", For: []term.Purpose{"orders"}},
		{ID: "idle", Kind: KindText, Slot: "t4"},
		{ID: "address", Kind: KindText, Sealed: true, For: []term.Purpose{"orders"}},
		{ID: "email", Kind: KindText, Sealed: true, For: both},
		{ID: "diet", Kind: KindText, Slot: "t5", Sensitive: true, For: letter},
		{ID: "hearing_aid", Kind: KindFlag, Slot: "n5", For: letter},
	}
	events := []*Event{
		{Name: "Order Completed", Money: "value", Family: true, For: both},
		{Name: "Product Viewed", Family: true, For: letter},
		{Name: "Refund", Money: "value", For: []term.Purpose{"orders"}},
		{Name: "Pregnancy Test Viewed", For: letter},
	}
	sc := &Schema{
		Purpose:  "letter",
		Fields:   map[term.Field]*Field{},
		Events:   map[term.Event]*Event{},
		Families: map[string][]string{"coffee": {"coffee", "beans", "capsules"}},
		Stages: []Stage{
			{ID: "new", When: `count("Order Completed") == 0`, Shown: map[term.Lang]string{"en": "Getting to know us", "de": "Neu bei uns"}},
			{ID: "lapsed", When: `since_last("Order Completed") > days(365)`},
			{ID: "regular", When: `plan == "pro"`},
		},
	}
	for _, f := range fields {
		sc.Fields[f.ID] = f
	}
	for _, e := range events {
		sc.Events[e.Name] = e
	}
	sc.Events["Product Viewed"].Since = func(at clock.Instant) clock.Instant {
		hour := clock.Instant(time.Hour / time.Microsecond)
		return at.Add(-100*24*time.Hour) / hour * hour
	}
	return sc
}

func compileFor(t testing.TB, expression string) *Condition {
	t.Helper()
	c, err := Compile(testSchema(), expression)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return c
}
