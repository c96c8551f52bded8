package audience

import (
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"candor/internal/clock"
	"candor/internal/errs"
)

// list reads the right side of in.
func (c *checker) list(t *test, e ast.Expr) error {
	if e.Kind() != ast.ListKind {
		return wrong(CodeType, "in takes a list of values, as in plan in [\"basic\", \"pro\"]")
	}
	elements := e.AsList().Elements()
	if len(elements) == 0 || len(elements) > MaxList {
		return wrong(CodeTooComplex, "a list has 1 to %d values", MaxList)
	}
	for _, el := range elements {
		if err := c.literal(t, el); err != nil {
			return err
		}
	}
	slices.Sort(t.texts)
	t.texts = slices.Compact(t.texts)
	slices.Sort(t.whole)
	t.whole = slices.Compact(t.whole)
	return nil
}

// literal reads one value that the left side is compared with.
func (c *checker) literal(t *test, e ast.Expr) error {
	if t.value.age {
		n, err := days(e, "since_last")
		t.whole = append(t.whole, n)
		return err
	}
	switch t.value.kind() {
	case KindText:
		return c.textLiteral(t, e)
	case KindMoment:
		n, err := date(e)
		t.whole = append(t.whole, n)
		return err
	case KindMoney:
		return moneyLiteral(t, e)
	case KindFlag:
		return flagLiteral(t, e)
	}
	n, ok := number(e)
	if !ok || n == unset {
		return wrong(CodeType, "`%s` is compared with a whole number", t.value.text())
	}
	t.whole = append(t.whole, n)
	return nil
}

func (c *checker) textLiteral(t *test, e ast.Expr) error {
	s, ok := text(e)
	f := t.value.field
	if !ok {
		return wrong(CodeType, "`%s` is compared with a text in quotes", f.ID)
	}
	if looksLikeAddress(s) {
		return wrong(CodeRefused, "a value compared with `%s` looks like an address or a number that identifies someone; conditions are about groups", f.ID)
	}
	if reveals(s) {
		return wrong(errs.Sensitive, "a value compared with `%s` reveals what is sensitive: nobody is selected by it", f.ID)
	}
	if f.Of != nil && !slices.Contains(f.Of, s) {
		return wrong(CodeUnknown, "`%s` has no such value; it has: %s", f.ID, strings.Join(f.Of, ", "))
	}
	if s == "" || strings.ContainsRune(s, 0) {
		return wrong(CodeType, "a value compared with `%s` is empty or has a character that no value has; ask for an unknown value with !has(%s)", f.ID, f.ID)
	}
	t.texts = append(t.texts, s)
	return nil
}

func flagLiteral(t *test, e ast.Expr) error {
	if e.Kind() == ast.LiteralKind {
		if b, ok := e.AsLiteral().(types.Bool); ok {
			n := int64(0)
			if b {
				n = 1
			}
			t.whole = append(t.whole, n)
			return nil
		}
	}
	return wrong(CodeType, "`%s` is compared with true or false", t.value.text())
}

// date reads date("2026-01-31") as a day.
func date(e ast.Expr) (int64, error) {
	if args, ok := called(e, "date"); ok && len(args) == 1 {
		if s, ok := text(args[0]); ok {
			d, err := clock.ParseDate(s)
			if err == nil && d.Year >= 1900 && d.Year < 2200 {
				return dayNumber(d), nil
			}
		}
	}
	return 0, wrong(CodeType, "a moment is compared with a date, as in %s", functions["last"])
}

// moneyLiteral reads money(49.90, "EUR") as minor units.
func moneyLiteral(t *test, e ast.Expr) error {
	args, ok := called(e, "money")
	if !ok || len(args) != 2 || args[0].Kind() != ast.LiteralKind {
		return usage("sum")
	}
	currency, ok := text(args[1])
	if !ok || !isCurrency(currency) {
		return wrong(CodeType, "the currency of money(...) is three capital letters, as in \"EUR\"")
	}
	var digits string
	switch n := args[0].AsLiteral().(type) {
	case types.Int:
		digits = strconv.FormatInt(int64(n), 10)
	case types.Double:
		digits = strconv.FormatFloat(float64(n), 'f', -1, 64)
	}
	minor, ok := minorUnits(digits, currency)
	if !ok {
		return wrong(CodeType, "the amount of money(...) is a number with at most %d digits after the point for this currency", decimals(currency))
	}
	t.whole = append(t.whole, minor)
	t.value.currency = currency
	return nil
}

func isCurrency(s string) bool {
	if len(s) != 3 {
		return false
	}
	for _, r := range s {
		if r < 'A' || r > 'Z' {
			return false
		}
	}
	return true
}
