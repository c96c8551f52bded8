package message

import (
	"maps"
	"slices"

	"candor/internal/term"
)

func sortedLangs[V any](m map[term.Lang]V) []term.Lang { return slices.Sorted(maps.Keys(m)) }
