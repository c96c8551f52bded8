package audience

import (
	"slices"
	"strconv"
)

// small is the number of people below which a count is not shown (MIN-04).
const small = 10

// Count is a number of people as it may be shown.
type Count struct {
	Shown string `json:"shown"` // "1,230", "about 120" or "<10"
	N     int64  `json:"n"`     // the number shown; 0 when it is under 10
	About bool   `json:"about"` // rounded to tens
}

// show puts a number as it may be shown. It is never exact under 10.
func show(n int64, round bool) Count {
	if n < small {
		return Count{Shown: "<10"}
	}
	if round {
		n = (n + 5) / 10 * 10
		return Count{Shown: "about " + thousands(n), N: n, About: true}
	}
	return Count{Shown: thousands(n), N: n}
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// group is a part of a whole: the people of one reason.
type group struct {
	reasons []string
	n       int64
}

// shield joins groups so that none shown is under 10, and so that none can be
// worked out by subtracting the others from the whole: the small ones become one
// group, which takes in the next larger until it has 10. What is left under 10
// is all there is. Groups of nobody are dropped. The order is by size, largest
// first, the joined group last.
func shield(groups []group) []group {
	groups = slices.DeleteFunc(slices.Clone(groups), func(g group) bool { return g.n == 0 })
	slices.SortStableFunc(groups, func(a, b group) int { return int(b.n - a.n) })
	var joined group
	for len(groups) > 0 {
		last := groups[len(groups)-1]
		if last.n >= small && (joined.n == 0 || joined.n >= small) {
			break
		}
		groups = groups[:len(groups)-1]
		joined.n += last.n
		joined.reasons = append(slices.Clone(last.reasons), joined.reasons...)
	}
	if joined.n > 0 {
		groups = append(groups, joined)
	}
	return groups
}

// telling reports whether numbers that are parts of each other would give away
// a number under 10 if all were exact. They are ordered from the whole down.
func telling(numbers ...int64) bool {
	for i, n := range numbers {
		if n < small {
			return true
		}
		for _, m := range numbers[i+1:] {
			if d := n - m; d > 0 && d < small {
				return true
			}
		}
	}
	return false
}

// String is the number as it may be shown.
func (c Count) String() string { return c.Shown }
