package audience

import (
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"

	"candor/internal/term"
)

// inStage reads stage == "lapsed", stage != "new" or stage in ["new", "lapsed"].
func (c *checker) inStage(o op, e ast.Expr) (node, error) {
	if c.stage != "" {
		return nil, wrong(CodeRefused, "the rule of a stage does not speak of stages; stages are tried in order and the first that matches wins")
	}
	names, err := c.stageNames(o, e)
	if err != nil {
		return nil, err
	}
	out := inStage{names: names, other: o == ne}
	for i, s := range c.schema.Stages {
		rule, err := c.stageRule(i)
		if err != nil {
			return nil, err
		}
		named := slices.Contains(names, s.ID)
		out.rules = append(out.rules, stageRule{rule: rule, counts: named != out.other})
		if named {
			out.shown = append(out.shown, s.Shown)
		}
	}
	return out, nil
}

func (c *checker) stageNames(o op, e ast.Expr) ([]term.Stage, error) {
	elements := []ast.Expr{e}
	switch o {
	case in:
		if e.Kind() != ast.ListKind || e.AsList().Size() == 0 || e.AsList().Size() > MaxList {
			return nil, wrong(CodeType, "in takes a list of stages, as in stage in [\"new\", \"lapsed\"]")
		}
		elements = e.AsList().Elements()
	case eq, ne:
	default:
		return nil, wrong(CodeType, "stages have no order: use ==, != or in [...]")
	}
	var out []term.Stage
	for _, el := range elements {
		name, ok := text(el)
		if !ok || !c.schema.hasStage(term.Stage(name)) {
			return nil, wrong(CodeUnknown, "the charter declares no such stage; it has: %s", c.schema.stageList())
		}
		out = append(out, term.Stage(name))
	}
	return out, nil
}

// stageRule reads the rule of a stage. Each use counts against the bounds.
func (c *checker) stageRule(i int) (node, error) {
	s := c.schema.Stages[i]
	tree, err := parse(s.When)
	if err != nil {
		return nil, err
	}
	c.stage = s.ID
	defer func() { c.stage = "" }()
	return c.node(tree, 1)
}

func (s *Schema) hasStage(id term.Stage) bool {
	for _, st := range s.Stages {
		if st.ID == id {
			return true
		}
	}
	return false
}

func (s *Schema) stageList() string {
	if len(s.Stages) == 0 {
		return "none"
	}
	var out []string
	for _, st := range s.Stages {
		out = append(out, string(st.ID))
	}
	return strings.Join(out, ", ")
}

func (s *Schema) familyList() string {
	if len(s.Families) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(s.Families)), ", ")
}
