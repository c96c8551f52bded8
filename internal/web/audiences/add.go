package audiences

import (
	"fmt"
	"regexp"
	"strings"

	"candor/internal/charter"
	"candor/internal/errs"
	"candor/internal/ui"
	"candor/internal/web"
)

// addForm adds a clause with the mouse: which data, how it compares, with what.
type addForm struct {
	Datum ui.Field
	How   ui.Field
	Value ui.Field
	Known []known
}

// known is what the purpose may use, for reading and completing.
type known struct{ Words, Text string }

// The ways of comparing. Each is one operator of the language.
var comparisons = []struct{ id, text string }{
	{"is", "is"}, {"not", "is not"}, {"atleast", "is at least"}, {"atmost", "is at most"},
	{"within", "happened within so many days"}, {"before", "last happened more than so many days ago"}, {"never", "never happened"},
}

// newAddForm lists what the purpose may use.
func newAddForm(c *charter.Charter, p *charter.Purpose) addForm {
	f := addForm{
		Datum: ui.Field{ID: "datum", Name: "datum", Label: "Data", Required: true},
		How:   ui.Field{ID: "how", Name: "how", Label: "Comparison", Required: true},
		Value: ui.Field{ID: "value", Name: "value", Label: "Value", Hint: "Several are separated by commas; for “within” and “before”, a number of days.", Max: 200},
	}
	add := func(id, words, text string) {
		f.Datum.Options = append(f.Datum.Options, ui.Option{Value: id, Text: words})
		f.Known = append(f.Known, known{words, text})
	}
	for i := range c.Fields {
		field := &c.Fields[i]
		if _, uses := p.UsesField(field.ID); uses && field.KeepIn == charter.Trait {
			add("field:"+string(field.ID), field.Title.In("en"), example(field))
		}
	}
	for i := range c.Events {
		e := &c.Events[i]
		if _, uses := p.UsesEvent(e.Name); uses {
			add("event:"+string(e.Name), e.Title.In("en"), fmt.Sprintf("count(%q, days(90)) >= 2", e.Name))
		}
	}
	if len(c.Stages) > 0 && p.Profiling {
		add("stage:", "Stage", fmt.Sprintf("stage == %q", c.Stages[0].ID))
	}
	for _, o := range comparisons {
		f.How.Options = append(f.How.Options, ui.Option{Value: o.id, Text: o.text})
	}
	return f
}

// example is how a field may be used in a condition.
func example(f *charter.Field) string {
	switch f.Kind {
	case charter.KindFlag:
		return string(f.ID)
	case charter.KindCount:
		return string(f.ID) + " >= 3"
	case charter.KindMoney:
		return string(f.ID) + ` > money(50, "EUR")`
	case charter.KindDate, charter.KindInstant:
		return "since(" + string(f.ID) + ") > days(30)"
	case charter.KindChoice:
		return fmt.Sprintf("%s == %q", f.ID, f.Of[0])
	}
	return string(f.ID) + ` == "DE"`
}

// add joins a clause to the condition and shows the editor with it.
func (r *room) add(v *web.Visit) error {
	q, err := read(v)
	if err != nil {
		return err
	}
	clause, err := clauseOf(v.Who.Charter, v.Form("datum"), v.Form("how"), v.Form("value"))
	if err != nil {
		return err
	}
	if q.condition != "" && q.condition != "true" {
		if strings.Contains(q.condition, "||") {
			q.condition = "(" + q.condition + ")"
		}
		clause = q.condition + " && " + clause
	}
	return v.Redirect(q.url(clause))
}

var wholeNumber = regexp.MustCompile(`^[0-9]{1,5}$`)

// clauseOf writes what the form says in the language. The compiler judges it.
func clauseOf(c *charter.Charter, datum, how, value string) (string, error) {
	kind, name, _ := strings.Cut(datum, ":")
	number := wholeNumber.MatchString(value)
	needNumber := errs.New(errs.Invalid, "condition_value", "give a whole number, such as 90").On("value")
	switch kind {
	case "event":
		return eventClause(name, how, value, number, needNumber)
	case "stage":
		return compareTexts("stage", how, value)
	case "field":
		for i := range c.Fields {
			if f := &c.Fields[i]; string(f.ID) == name {
				return fieldClause(f, how, value, number, needNumber)
			}
		}
	}
	return "", errs.New(errs.Invalid, "condition_unknown", "choose the data that the clause looks at").On("datum")
}

func eventClause(name, how, value string, number bool, needNumber error) (string, error) {
	if how == "never" {
		return fmt.Sprintf("count(%q) == 0", name), nil
	}
	if !number {
		return "", needNumber
	}
	switch how {
	case "within":
		return fmt.Sprintf("count(%q, days(%s)) >= 1", name, value), nil
	case "before":
		return fmt.Sprintf("since_last(%q) > days(%s)", name, value), nil
	case "atmost":
		return fmt.Sprintf("count(%q) <= %s", name, value), nil
	case "is":
		return fmt.Sprintf("count(%q) == %s", name, value), nil
	case "not":
		return fmt.Sprintf("count(%q) != %s", name, value), nil
	}
	return fmt.Sprintf("count(%q) >= %s", name, value), nil
}

func fieldClause(f *charter.Field, how, value string, number bool, needNumber error) (string, error) {
	name := string(f.ID)
	switch f.Kind {
	case charter.KindFlag:
		if how == "not" || strings.EqualFold(value, "no") || value == "false" {
			return name + " == false", nil
		}
		return name + " == true", nil
	case charter.KindCount:
		if !number {
			return "", needNumber
		}
		return name + map[string]string{"is": " == ", "not": " != ", "atmost": " <= "}[how] + map[bool]string{true: " >= "}[how == "atleast" || how == "within" || how == "before" || how == "never"] + value, nil
	case charter.KindDate, charter.KindInstant:
		if !number {
			return "", needNumber
		}
		if how == "before" || how == "atleast" {
			return "since(" + name + ") > days(" + value + ")", nil
		}
		return "since(" + name + ") <= days(" + value + ")", nil
	}
	return compareTexts(name, how, value)
}

func compareTexts(name, how, value string) (string, error) {
	var texts []string
	for one := range strings.SplitSeq(value, ",") {
		if one = strings.TrimSpace(one); one != "" {
			texts = append(texts, fmt.Sprintf("%q", one))
		}
	}
	switch {
	case len(texts) == 0:
		return "", errs.New(errs.Invalid, "condition_value", "give the value to compare with").On("value")
	case len(texts) == 1 && how == "not":
		return name + " != " + texts[0], nil
	case len(texts) == 1:
		return name + " == " + texts[0], nil
	case how == "not":
		return "!(" + name + " in [" + strings.Join(texts, ", ") + "])", nil
	}
	return name + " in [" + strings.Join(texts, ", ") + "]", nil
}
