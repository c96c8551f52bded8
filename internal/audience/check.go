package audience

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"candor/internal/errs"
	"candor/internal/term"
)

// checker turns the tree of a condition into nodes, and refuses what the
// purpose may not use.
type checker struct {
	schema  *Schema
	clauses int
	cost    int
	fields  []term.Field
	events  []term.Event
	aged    bool
	stage   term.Stage // the stage whose rule is read, or ""
}

// mentions lists what the condition looks at, sorted.
func (c *checker) mentions() ([]term.Field, []term.Event) {
	slices.Sort(c.fields)
	slices.Sort(c.events)
	return slices.Compact(c.fields), slices.Compact(c.events)
}

func wrong(code errs.Code, format string, args ...any) error {
	return errs.New(errs.Invalid, code, format, args...).On("condition")
}

// comparisons maps CEL's operators to ours.
var comparisons = map[string]op{
	operators.Equals: eq, operators.NotEquals: ne,
	operators.Less: lt, operators.LessEquals: le,
	operators.Greater: gt, operators.GreaterEquals: ge,
	operators.In: in,
}

// node reads an expression that must be true or false.
func (c *checker) node(e ast.Expr, depth int) (node, error) {
	if depth > MaxDepth {
		return nil, wrong(CodeTooComplex, "the condition nests more than %d levels of and, or and not", MaxDepth)
	}
	switch e.Kind() {
	case ast.LiteralKind:
		if b, ok := e.AsLiteral().(types.Bool); ok {
			return fixed(b), nil
		}
		return nil, wrong(CodeType, "a value alone is not a condition; compare it with a field")
	case ast.IdentKind, ast.SelectKind:
		return c.flag(e)
	case ast.CallKind:
		return c.call(e.AsCall(), depth)
	}
	return nil, refused()
}

// refused is the answer to what CEL has and conditions have not.
func refused() error {
	return wrong(CodeRefused, "conditions are made of comparisons joined by && (and), || (or) and ! (not), and nothing else")
}

func (c *checker) call(call ast.CallExpr, depth int) (node, error) {
	name, args := call.FunctionName(), call.Args()
	if call.IsMemberFunction() {
		if name == "matches" {
			return nil, wrong(CodeRefused, "patterns (matches) are not part of conditions; list the values with in [...]")
		}
		return nil, refused()
	}
	switch name {
	case operators.LogicalAnd, operators.LogicalOr:
		kids, err := c.nodes(args, depth+1)
		if err != nil {
			return nil, err
		}
		if name == operators.LogicalAnd {
			return all{kids}, nil
		}
		return some{kids}, nil
	case operators.LogicalNot:
		kid, err := c.node(args[0], depth+1)
		return no{kid}, err
	case "has":
		return c.has(args)
	case "matches":
		return nil, wrong(CodeRefused, "patterns (matches) are not part of conditions; list the values with in [...]")
	}
	if o, ok := comparisons[name]; ok {
		return c.comparison(o, args[0], args[1])
	}
	if _, ok := functions[name]; ok {
		return nil, wrong(CodeType, "%s(...) is a value, not a condition; compare it, as in %s", name, functions[name])
	}
	if strings.HasPrefix(name, "_") || strings.HasPrefix(name, "-") {
		return nil, refused()
	}
	return nil, wrong(CodeUnknown, "there is no function of this name; there are has, count, sum, first, last, since, since_first, since_last, days, family, date and money")
}

func (c *checker) nodes(list []ast.Expr, depth int) ([]node, error) {
	out := make([]node, 0, len(list))
	for _, e := range list {
		n, err := c.node(e, depth)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// flag reads a field that stands alone: it must be one of yes or no.
func (c *checker) flag(e ast.Expr) (node, error) {
	f, err := c.field(e)
	if err != nil {
		return nil, err
	}
	if f.Kind != KindFlag {
		return nil, wrong(CodeType, "`%s` is not a yes-or-no field; compare it with a value", f.ID)
	}
	return c.add(test{value: value{from: fromField, field: f, within: ever}, op: eq, whole: []int64{1}})
}

func (c *checker) has(args []ast.Expr) (node, error) {
	if len(args) != 1 {
		return nil, wrong(CodeType, "has takes one field, as in has(plan)")
	}
	f, err := c.field(args[0])
	if err != nil {
		return nil, err
	}
	return c.add(test{value: value{from: fromField, field: f, within: ever}, known: true})
}

// add counts a comparison against the bounds.
func (c *checker) add(t test) (node, error) {
	c.clauses++
	if t.value.from != fromField {
		c.cost++
	}
	if c.clauses > MaxClauses {
		return nil, wrong(CodeTooComplex, "the condition has more than %d comparisons, those of the stages it names included", MaxClauses)
	}
	if c.cost > MaxCost {
		return nil, wrong(CodeTooComplex, "the condition has more than %d comparisons over events, those of the stages it names included", MaxCost)
	}
	return t, nil
}

// comparison reads left op right, in either order.
func (c *checker) comparison(o op, left, right ast.Expr) (node, error) {
	if isLiteral(left) && !isLiteral(right) && o != in {
		left, right, o = right, left, o.flip()
	}
	if left.Kind() == ast.IdentKind && left.AsIdent() == "stage" {
		return c.inStage(o, right)
	}
	v, err := c.value(left)
	if err != nil {
		return nil, err
	}
	t := test{value: v, op: o}
	if o == in {
		err = c.list(&t, right)
	} else {
		err = c.literal(&t, right)
	}
	if err != nil {
		return nil, err
	}
	if err := allowedOp(t); err != nil {
		return nil, err
	}
	return c.add(t)
}

// allowedOp refuses comparisons whose answer would depend on the engine.
func allowedOp(t test) error {
	switch k := t.value.kind(); {
	case k == KindText && t.op != eq && t.op != ne && t.op != in:
		return wrong(CodeType, "`%s` is a text; texts have no order: use ==, != or in [...]", t.value.text())
	case k == KindFlag && t.op != eq && t.op != ne:
		return wrong(CodeType, "`%s` is yes or no: use it alone, with !, or with == true", t.value.text())
	case (k == KindMoment || k == KindMoney) && t.op == in:
		return wrong(CodeType, "%s cannot be looked up in a list: compare it", t.value.text())
	}
	return nil
}

// field finds a declared field and refuses it when the purpose may not use it.
func (c *checker) field(e ast.Expr) (*Field, error) {
	if e.Kind() != ast.IdentKind {
		return nil, refused()
	}
	id := term.Field(e.AsIdent())
	f, ok := c.schema.Fields[id]
	if !ok {
		return nil, wrong(CodeUnknown, "the charter declares no such field; fields that *%s* may use: %s", c.schema.Purpose, c.schema.usable())
	}
	if !lists(f.For, c.schema.Purpose) {
		return nil, c.mismatch(string(id), f.For)
	}
	if f.Sensitive || reveals(string(id)) {
		return nil, wrong(errs.Sensitive, "`%s` is sensitive or reveals what is: conditions may not look at it", id)
	}
	if f.Sealed {
		return nil, wrong(errs.FieldNotAllowed, "`%s` is kept sealed: conditions may not look at it", id)
	}
	c.fields = append(c.fields, id)
	c.aged = c.aged || f.Stale != nil
	return f, nil
}

// mismatch says that something was collected for other purposes (MIN-03).
func (c *checker) mismatch(name string, collectedFor []term.Purpose) error {
	through := ""
	if c.stage != "" {
		through = " (the stage `" + string(c.stage) + "` looks at it)"
	}
	if len(collectedFor) == 0 {
		return wrong(errs.FieldNotAllowed, "`%s`%s may not be used for *%s*: no purpose lists it", name, through, c.schema.Purpose)
	}
	var names []string
	for _, p := range collectedFor {
		names = append(names, "*"+string(p)+"*")
	}
	return wrong(errs.PurposeMismatch, "`%s`%s may not be used for *%s*: it was collected for %s", name, through, c.schema.Purpose, strings.Join(names, ", "))
}

// usable lists the fields that a condition for the purpose may look at.
func (s *Schema) usable() string {
	var out []string
	for id, f := range s.Fields {
		if lists(f.For, s.Purpose) && !f.Sealed && !f.Sensitive {
			out = append(out, string(id))
		}
	}
	if len(out) == 0 {
		return "none"
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
