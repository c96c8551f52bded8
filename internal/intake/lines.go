package intake

import (
	"bufio"
	"bytes"
	"maps"
	"slices"

	"candor/internal/strict"
)

// openLines reads JSON lines: one object a line, of texts, numbers, true, false
// and null. A name that a line lacks is an empty cell.
func openLines(in *bufio.Reader, g *guard, names []string) *file {
	f := &file{header: names, extra: map[string]bool{}}
	at := map[string]int{}
	for i, name := range names {
		at[name] = i
	}
	line := int64(0)
	f.next = func() ([]string, int64, error) {
		for {
			g.left = maxRow
			text, err := in.ReadBytes('\n')
			if len(text) == 0 && err != nil {
				return nil, line, err
			}
			line++
			if text = bytes.TrimSpace(text); len(text) == 0 {
				continue
			}
			cells, ok := f.cells(text, at)
			if !ok {
				return nil, line, errRow
			}
			return cells, line, nil
		}
	}
	return f
}

// maxExtra bounds how many names nobody mapped are told.
const maxExtra = 200

func (f *file) cells(text []byte, at map[string]int) ([]string, bool) {
	object, err := strict.Object(text)
	if err != nil {
		return nil, false
	}
	cells := make([]string, len(at))
	for name, v := range object {
		i, mapped := at[name]
		if !mapped {
			if len(f.extra) < maxExtra {
				f.extra[name] = true
			}
			continue
		}
		switch v := v.(type) {
		case nil:
		case string:
			cells[i] = v
		case strict.Number:
			cells[i] = string(v)
		case bool:
			cells[i] = map[bool]string{true: "true", false: "false"}[v]
		default:
			return nil, false
		}
	}
	return cells, true
}

// unnamed lists the names that nothing mapped.
func (f *file) unnamed() []string { return slices.Sorted(maps.Keys(f.extra)) }
