package audience

import (
	"fmt"
	"unicode/utf8"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/parser"

	"candor/internal/errs"
)

// The codes of a condition that cannot be used, beside the catalogue's.
const (
	CodeSyntax     errs.Code = "condition_syntax"      // it cannot be read
	CodeTooComplex errs.Code = "condition_too_complex" // over a bound
	CodeUnknown    errs.Code = "condition_unknown"     // it names what is not declared
	CodeType       errs.Code = "condition_type"        // it compares what cannot be compared
	CodeRefused    errs.Code = "condition_refused"     // it asks for what the language leaves out
)

// celParser reads CEL without macros: has is an ordinary function here.
var celParser = func() *parser.Parser {
	p, err := parser.NewParser(
		parser.Macros(),
		parser.MaxRecursionDepth(2*MaxDepth+20),
		parser.ExpressionSizeCodePointLimit(MaxLength),
		parser.MaxExpressionNodeCount(2000),
		parser.ErrorReportingLimit(1),
		parser.ErrorRecoveryLimit(1),
		parser.EnableVariadicOperatorASTs(true),
		parser.EnablePrattParser(true),
	)
	if err != nil {
		panic(err) // the options are constant
	}
	return p
}()

// Compile reads a condition and checks it against a schema, that is, for one
// purpose. It returns INVALID with a message in words and, where the catalogue
// has one, its code: E_PURPOSE_MISMATCH, E_FIELD_NOT_ALLOWED or E_SENSITIVE.
func Compile(sc *Schema, expression string) (*Condition, error) {
	root, err := parse(expression)
	if err != nil {
		return nil, err
	}
	c := &checker{schema: sc}
	n, err := c.node(root, 1)
	if err != nil {
		return nil, err
	}
	cond := &Condition{purpose: sc.Purpose, source: expression, root: n, aged: c.aged}
	cond.fields, cond.events = c.mentions()
	return cond, nil
}

func parse(expression string) (ast.Expr, error) {
	if !utf8.ValidString(expression) {
		return nil, errs.New(errs.Invalid, CodeSyntax, "the condition is not valid UTF-8")
	}
	if utf8.RuneCountInString(expression) > MaxLength {
		return nil, errs.New(errs.Invalid, CodeTooComplex, "the condition is longer than %d characters", MaxLength)
	}
	source := common.NewTextSource(expression)
	tree, problems := celParser.Parse(source)
	if problems != nil && len(problems.GetErrors()) > 0 {
		p := problems.GetErrors()[0]
		where := fmt.Sprintf("line %d, column %d", p.Location.Line(), p.Location.Column()+1)
		return nil, errs.New(errs.Invalid, CodeSyntax, "the condition cannot be read at %s; write for example plan == \"pro\" && count(\"Order Completed\", days(90)) >= 2", where)
	}
	return tree.Expr(), nil
}
