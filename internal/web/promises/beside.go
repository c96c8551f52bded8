package promises

import (
	"strings"

	"candor/internal/charter"
	"candor/internal/term"
)

// beside is a stretch of the old notice and of the new one, as the customer reads
// them.
type beside struct {
	Old, New []string
	State    string // "same", "changed" or, for what is left out between, "more"
}

// around is how many lines stay beside a change.
const around = 1

// maxLines bounds what is compared line by line.
const maxLines = 2000

// besideEach puts the notices of two charters side by side, in one language.
func besideEach(before, after *charter.Charter, lang term.Lang) ([]beside, error) {
	was, err := before.Render(lang)
	if err != nil {
		return nil, err
	}
	next := *after
	next.Version = before.Version + 1
	is, err := next.Render(lang)
	if err != nil {
		return nil, err
	}
	return lines(paragraphs(was.Text), paragraphs(is.Text)), nil
}

func paragraphs(text string) (out []string) {
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" && len(out) < maxLines {
			out = append(out, line)
		}
	}
	return out
}

// lines compares line by line: the longest common run of lines stays, the rest is
// changed. Of what is the same only the lines next to a change are given.
func lines(old, is []string) (out []beside) {
	same := common(old, is)
	i, j := 0, 0
	for i < len(old) || j < len(is) {
		var part beside
		for i < len(old) && j < len(is) && same[i][j] == same[i+1][j+1]+1 && old[i] == is[j] {
			part.Old = append(part.Old, old[i])
			i, j = i+1, j+1
		}
		if len(part.Old) > 0 {
			part.State, part.New = "same", part.Old
			out = append(out, part)
			continue
		}
		part.State = "changed"
		for i < len(old) || j < len(is) {
			switch {
			case i < len(old) && j < len(is) && old[i] == is[j]:
			case j == len(is) || i < len(old) && same[i+1][j] >= same[i][j+1]:
				part.Old = append(part.Old, old[i])
				i++
				continue
			default:
				part.New = append(part.New, is[j])
				j++
				continue
			}
			break
		}
		out = append(out, part)
	}
	return folded(out)
}

// common gives, for each pair of places, how many lines the rests have in common.
func common(old, is []string) [][]int32 {
	n := make([][]int32, len(old)+1)
	for i := range n {
		n[i] = make([]int32, len(is)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(is) - 1; j >= 0; j-- {
			if old[i] == is[j] {
				n[i][j] = n[i+1][j+1] + 1
			} else {
				n[i][j] = max(n[i+1][j], n[i][j+1])
			}
		}
	}
	return n
}

// folded leaves out what is far from any change.
func folded(all []beside) (out []beside) {
	for n, part := range all {
		if part.State != "same" || len(part.Old) <= 2*around {
			out = append(out, part)
			continue
		}
		cut := func(list []string) { out = append(out, beside{Old: list, New: list, State: "same"}) }
		if n > 0 {
			cut(part.Old[:around])
		}
		out = append(out, beside{State: "more"})
		if n < len(all)-1 {
			cut(part.Old[len(part.Old)-around:])
		}
	}
	return out
}
