package schema

import "fmt"

// Check gives what is wrong with a schema in our rules: a column nobody
// declared, a null, a key that could not be distributed.
func Check(tables []Table) []string {
	var out []string
	seen := map[string]string{}
	for _, t := range tables {
		if other, twice := seen[t.Name]; twice {
			out = append(out, fmt.Sprintf("%s: table %s is made in %s already", t.File, t.Name, other))
		}
		seen[t.Name] = t.File
		for _, problem := range t.check() {
			out = append(out, fmt.Sprintf("%s: table %s: %s", t.File, t.Name, problem))
		}
	}
	return out
}

func (t Table) check() []string {
	var out []string
	for _, c := range t.Columns {
		if c.Class == "" {
			out = append(out, fmt.Sprintf("column %s: write after it \"-- <none|pseudonymous|digest|sealed> <customer|staff|third|nobody>[; note]\"", c.Name))
		}
		if !c.NotNull && c.Name != "pos" {
			out = append(out, fmt.Sprintf("column %s may be null", c.Name))
		}
		if c.Class == Pseudonymous && c.Whose == Nobody {
			out = append(out, fmt.Sprintf("column %s is %s, so it is about somebody", c.Name, c.Class))
		}
	}
	if len(t.Primary) == 0 {
		out = append(out, "no primary key")
	}
	for _, key := range append([][]string{t.Primary}, t.Unique...) {
		for _, name := range key {
			if _, ok := t.Column(name); !ok {
				out = append(out, fmt.Sprintf("key names %s, which is no column", name))
			}
		}
		if t.OfCustomer() && !t.Lookup && len(key) > 0 && key[0] != "customer_id" {
			out = append(out, fmt.Sprintf("holds a customer's data, but the key (%v) does not begin with customer_id", key))
		}
	}
	if t.Lookup && len(t.Primary) > 0 {
		if c, ok := t.Column(t.Primary[0]); ok && c.Class != Digest {
			out = append(out, "is a lookup table, but its key does not begin with a digest")
		}
	}
	return out
}
