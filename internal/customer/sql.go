package customer

import (
	"slices"
	"strconv"
	"strings"

	"candor/internal/id"
)

// chunk bounds the arguments of one statement.
const chunk = 512

// inChunks calls fn with the marks and arguments of an in-list for a part of
// the list at a time. Lists are filled up to a few sizes by repeating their last
// member, so that few different statements exist.
func inChunks[T any](list []T, fn func(marks string, args []any) error) error {
	for len(list) > 0 {
		part := list[:min(chunk, len(list))]
		list = list[len(part):]
		size := 1
		for size < len(part) {
			size *= 4
		}
		size = min(size, chunk)
		args := make([]any, size)
		for i := range args {
			args[i] = part[min(i, len(part)-1)]
		}
		if err := fn(marksFor(size), args); err != nil {
			return err
		}
	}
	return nil
}

func marksFor(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		if i > 1 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(i))
	}
	return b.String()
}

func sortedKeys[V any](m map[id.Customer]V) []id.Customer {
	out := make([]id.Customer, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
