package charter

import (
	"fmt"

	"candor/internal/term"
)

// How many columns a row of traits has.
const (
	TextSlots   = 24 // t1 to t24
	NumberSlots = 24 // n1 to n24
)

// slots says which trait has or ever had a column.
type slots map[string]term.Field

// assignSlots gives every trait a column. One that had a column keeps it, and no
// column is given to another trait later: rows may still hold its old values. It
// returns what is taken, and the traits left over.
func (c *Charter) assignSlots(taken slots) (slots, []term.Field) {
	out := slots{}
	for col, f := range taken {
		out[col] = f
	}
	var over []term.Field
	for i := range c.Fields {
		f := &c.Fields[i]
		f.Slot = ""
		if f.KeepIn != Trait || f.Kind.Identifying() {
			continue
		}
		if f.Slot = out.column(f); f.Slot == "" {
			over = append(over, f.ID)
			continue
		}
		out[f.Slot] = f.ID
	}
	return out, over
}

// column gives the trait's own column, else the first that nobody has, else "".
func (s slots) column(f *Field) string {
	letter, limit := "t", TextSlots
	if f.Kind.Number() {
		letter, limit = "n", NumberSlots
	}
	free := ""
	for n := limit; n >= 1; n-- {
		col := fmt.Sprintf("%s%d", letter, n)
		switch owner, taken := s[col]; {
		case owner == f.ID:
			return col
		case !taken:
			free = col
		}
	}
	return free
}
