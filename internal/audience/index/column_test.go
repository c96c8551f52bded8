package index

import (
	"testing"

	"pgregory.net/rapid"
)

// What columns answer is what looking at each number answers.
func TestColumnsCompare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Uint64Range(0, 9), rapid.Uint64(), rapid.SampledFrom([]uint64{1 << 63, 1<<63 - 1, 1<<64 - 1}))
		numbers := map[int]uint64{}
		var c column
		var s Set
		for range rapid.IntRange(0, 40).Draw(t, "customers") {
			place := rapid.IntRange(0, 200).Draw(t, "place") * 317
			numbers[place] = number.Draw(t, "number")
			c.set(place, numbers[place])
			if rapid.Bool().Draw(t, "asked") {
				s.add(place)
			}
		}
		lo, hi := number.Draw(t, "lo"), number.Draw(t, "hi")
		between, equal := s, s
		c.between(lo, hi, &between)
		c.equal(lo, &equal)
		seen := map[int]uint64{}
		c.each(new(pool), &s, func(n uint64, who *Set) {
			who.Filter(func(p int) bool { seen[p] = n; return true })
		})
		var wanted int64
		for place, n := range numbers {
			in := s.Has(place)
			if c.get(place) != n || between.Has(place) != (in && lo <= n && n <= hi) || equal.Has(place) != (in && n == lo) {
				t.Fatalf("%d has %d, read %d; between %d and %d: %t, equal: %t", place, n, c.get(place), lo, hi, between.Has(place), equal.Has(place))
			}
			if in && lo <= n && n <= hi {
				wanted++
			}
			if got, ok := seen[place]; ok != in || in && got != n {
				t.Fatalf("%d has %d and was seen with %d, %t", place, n, got, ok)
			}
		}
		if between.Count() != wanted || between.Empty() != (wanted == 0) {
			t.Fatalf("%d between, want %d", between.Count(), wanted)
		}
	})
}

// Sets in one column are apart from each other, whatever order they are made in.
func TestEventsOfCustomersStayApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a arena
		held := map[int][]Happening{}
		for range rapid.IntRange(1, 60).Draw(t, "changes") {
			place := rapid.IntRange(0, 5).Draw(t, "place")
			list := make([]Happening, rapid.IntRange(0, 300).Draw(t, "events"))
			for i := range list {
				list[i] = Happening{Minute: uint32(i + place), Label: uint16(place), Amount: int64(i)}
			}
			a.set(place, list, true, true)
			held[place] = list
		}
		for place, want := range held {
			got := a.get(place)
			if len(got) != len(want) {
				t.Fatalf("%d has %d events, want %d", place, len(got), len(want))
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%d: %v, want %v", place, got[i], want[i])
				}
			}
		}
		if a.dead > max(1024, len(a.minute)/3) {
			t.Fatalf("%d of %d are dead", a.dead, len(a.minute))
		}
	})
}
