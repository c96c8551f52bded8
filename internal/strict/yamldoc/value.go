package yamldoc

import (
	"encoding/json"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// Value turns a node into what JSON has: nil, bool, json.Number, string, []any
// or map[string]any. Dates and unusual numbers stay text.
func Value(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			out[n.Content[i].Value] = Value(n.Content[i+1])
		}
		return out
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, c := range n.Content {
			out[i] = Value(c)
		}
		return out
	case yaml.ScalarNode:
		return scalar(n)
	}
	return nil
}

func scalar(n *yaml.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return n.Value == "true" || n.Value == "True" || n.Value == "TRUE"
	case "!!int", "!!float":
		if number.MatchString(n.Value) && len(n.Value) < 30 {
			return json.Number(n.Value)
		}
	}
	return n.Value
}

// Get gives the value of a name in a mapping, or nil.
func Get(n *yaml.Node, name string) *yaml.Node {
	_, v := Pair(n, name)
	return v
}

// Pair gives the nodes of a name and its value in a mapping, or nil.
func Pair(n *yaml.Node, name string) (key, value *yaml.Node) {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

// Line gives the line of what a path of names and positions leads to, or of the
// nearest value above it.
func Line(n *yaml.Node, path []string) int {
	line := n.Line
	for _, step := range path {
		var key, next *yaml.Node
		switch n.Kind {
		case yaml.MappingNode:
			key, next = Pair(n, step)
		case yaml.SequenceNode:
			if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
				key, next = n.Content[i], n.Content[i]
			}
		}
		if next == nil {
			return line
		}
		n, line = next, key.Line
	}
	return line
}
