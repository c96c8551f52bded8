package customer

import (
	"slices"

	"candor/internal/id"
)

func sortedKeys[V any](m map[id.Customer]V) []id.Customer {
	out := make([]id.Customer, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
