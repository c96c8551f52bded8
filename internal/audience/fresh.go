package audience

import "candor/internal/term"

// Fresh gives, for each event that the condition looks at, within how many days
// what happened may have chosen somebody; 0 for any time. The stages that it
// names are looked at as well.
func (c *Condition) Fresh() map[term.Event]int64 {
	out := map[term.Event]int64{}
	fresh(c.root, out)
	return out
}

func fresh(n node, out map[term.Event]int64) {
	switch n := n.(type) {
	case all:
		for _, k := range n.kids {
			fresh(k, out)
		}
	case some:
		for _, k := range n.kids {
			fresh(k, out)
		}
	case no:
		fresh(n.kid, out)
	case inStage:
		for _, r := range n.rules {
			fresh(r.rule, out)
		}
	case test:
		if n.value.event == nil {
			return
		}
		days := n.recent()
		if was, ok := out[n.value.event.Name]; !ok || was == 0 || days != 0 && days < was {
			out[n.value.event.Name] = days
		}
	}
}

// recent is within how many days the event of a comparison happened; 0 for any
// time. Today counts as one day.
func (n test) recent() int64 {
	switch {
	case n.value.within != ever:
		return max(n.value.within, 1)
	case n.value.age && (n.op == lt || n.op == le) && len(n.whole) == 1:
		return max(n.whole[0], 1)
	}
	return 0
}
