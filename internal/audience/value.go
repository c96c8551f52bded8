package audience

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"candor/internal/errs"
	"candor/internal/term"
)

// functions shows how each function that gives a value is used.
var functions = map[string]string{
	"count":       `count("Order Completed", days(90)) >= 2`,
	"sum":         `sum("Order Completed", "value") >= money(50, "EUR")`,
	"first":       `first("Order Completed") < date("2026-01-01")`,
	"last":        `last("Order Completed") >= date("2026-01-01")`,
	"family":      `count("Order Completed", days(90), family("coffee")) >= 1`,
	"since":       `since(renewed) > days(30)`,
	"since_first": `since_first("Order Completed") > days(365)`,
	"since_last":  `since_last("Order Completed") > days(365)`,
	"days":        `count("Order Completed", days(90)) >= 2`,
	"date":        `last("Order Completed") >= date("2026-01-01")`,
	"money":       `sum("Order Completed", "value") >= money(50, "EUR")`,
}

// value reads the left side of a comparison.
func (c *checker) value(e ast.Expr) (value, error) {
	if e.Kind() != ast.CallKind {
		if e.Kind() == ast.LiteralKind {
			return value{}, wrong(CodeType, "a comparison needs a field or an event on one side")
		}
		f, err := c.field(e)
		return value{from: fromField, field: f, within: ever}, err
	}
	call := e.AsCall()
	name, args := call.FunctionName(), call.Args()
	if call.IsMemberFunction() {
		return value{}, refused()
	}
	switch name {
	case "count":
		return c.count(args)
	case "sum":
		return c.sum(args)
	case "first", "last", "since_first", "since_last":
		return c.moment(name, args)
	case "since":
		return c.sinceField(args)
	}
	return value{}, refused()
}

func (c *checker) count(args []ast.Expr) (value, error) {
	if len(args) < 1 {
		return value{}, usage("count")
	}
	ev, err := c.event(args[0], "count")
	if err != nil {
		return value{}, err
	}
	v := value{from: fromCount, event: ev, within: ever}
	rest := args[1:]
	if len(rest) > 0 {
		if f, ok := called(rest[len(rest)-1], "family"); ok {
			if err := c.family(&v, ev, f); err != nil {
				return value{}, err
			}
			rest = rest[:len(rest)-1]
		}
	}
	switch len(rest) {
	case 0:
		return v, nil
	case 1:
		v.within, err = days(rest[0], "count")
		return v, err
	}
	return value{}, usage("count")
}

// family cuts a count to a family of similar goods: family("coffee").
func (c *checker) family(v *value, ev *Event, args []ast.Expr) error {
	if len(args) != 1 {
		return usage("family")
	}
	name, ok := text(args[0])
	if !ok {
		return usage("family")
	}
	goods, ok := c.schema.Families[name]
	if !ok || !ev.Family {
		return wrong(CodeUnknown, "`%s` says nothing of such a family of goods; the charter declares: %s", ev.Name, c.schema.familyList())
	}
	if reveals(name) || slices.ContainsFunc(goods, reveals) {
		return wrong(errs.Sensitive, "this family of goods reveals what is sensitive: nobody is selected by it")
	}
	v.family, v.goods = name, goods
	return nil
}

func (c *checker) sum(args []ast.Expr) (value, error) {
	if len(args) < 2 || len(args) > 3 {
		return value{}, usage("sum")
	}
	ev, err := c.event(args[0], "sum")
	if err != nil {
		return value{}, err
	}
	property, ok := text(args[1])
	if !ok {
		return value{}, usage("sum")
	}
	if ev.Money == "" || property != ev.Money {
		return value{}, wrong(CodeUnknown, "`%s` has no amount of money under this name", ev.Name)
	}
	v := value{from: fromSum, event: ev, property: property, within: ever}
	if len(args) == 3 {
		v.within, err = days(args[2], "sum")
	}
	return v, err
}

func (c *checker) moment(name string, args []ast.Expr) (value, error) {
	if len(args) != 1 {
		return value{}, usage(name)
	}
	ev, err := c.event(args[0], name)
	if err != nil {
		return value{}, err
	}
	v := value{from: fromLast, event: ev, within: ever}
	if name == "first" || name == "since_first" {
		v.from = fromFirst
	}
	v.age = name == "since_first" || name == "since_last"
	return v, nil
}

func (c *checker) sinceField(args []ast.Expr) (value, error) {
	if len(args) != 1 {
		return value{}, usage("since")
	}
	f, err := c.field(args[0])
	if err != nil {
		return value{}, err
	}
	if f.Kind != KindMoment {
		return value{}, wrong(CodeType, "`%s` is not a date; since(...) takes one", f.ID)
	}
	return value{from: fromField, field: f, within: ever, age: true}, nil
}

// event finds a declared event and refuses it when the purpose may not use it.
func (c *checker) event(e ast.Expr, function string) (*Event, error) {
	name, ok := text(e)
	if !ok {
		return nil, usage(function)
	}
	ev, ok := c.schema.Events[term.Event(name)]
	if !ok {
		return nil, wrong(CodeUnknown, "the charter declares no such event; write its name as declared, as in %s", functions[function])
	}
	if !lists(ev.For, c.schema.Purpose) {
		return nil, c.mismatch(name, ev.For)
	}
	if reveals(name) {
		return nil, wrong(errs.Sensitive, "`%s` is sensitive or reveals what is: conditions may not look at it", name)
	}
	c.events = append(c.events, ev.Name)
	return ev, nil
}

func usage(function string) error {
	return wrong(CodeType, "%s is used like this: %s", function, functions[function])
}

// text gives the text of a literal.
func text(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

// number gives the whole number of a literal.
func number(e ast.Expr) (int64, bool) {
	if e.Kind() != ast.LiteralKind {
		return 0, false
	}
	n, ok := e.AsLiteral().(types.Int)
	return int64(n), ok
}

// days reads days(n).
func days(e ast.Expr, function string) (int64, error) {
	if args, ok := called(e, "days"); ok && len(args) == 1 {
		if n, ok := number(args[0]); ok {
			if n < 0 || n > MaxDays {
				return 0, wrong(CodeType, "days(...) takes a number from 0 to %d", MaxDays)
			}
			return n, nil
		}
	}
	return 0, usage(function)
}

// called gives the arguments when the expression calls this function.
func called(e ast.Expr, name string) ([]ast.Expr, bool) {
	if e.Kind() != ast.CallKind {
		return nil, false
	}
	call := e.AsCall()
	if call.IsMemberFunction() || call.FunctionName() != name {
		return nil, false
	}
	return call.Args(), true
}

// isLiteral reports whether an expression is a value that does not depend on
// the person.
func isLiteral(e ast.Expr) bool {
	if e.Kind() == ast.LiteralKind {
		return true
	}
	for _, name := range []string{"days", "date", "money"} {
		if _, ok := called(e, name); ok {
			return true
		}
	}
	return false
}
