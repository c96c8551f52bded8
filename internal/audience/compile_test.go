package audience

import (
	"strings"
	"testing"

	"candor/internal/errs"
	"candor/internal/term"
)

func TestCompileRefusesInWords(t *testing.T) {
	deep := strings.Repeat("!(", MaxDepth+1) + "vip" + strings.Repeat(")", MaxDepth+1)
	many := strings.Repeat("vip && ", MaxClauses) + "vip"
	costly := strings.Repeat(`count("Order Completed") > 1 || `, MaxCost) + `count("Order Completed") > 1`
	for _, c := range []struct {
		expression string
		code       errs.Code
		says       string
	}{
		{``, CodeSyntax, "cannot be read"},
		{`plan ==`, CodeSyntax, "line 1, column"},
		{"vip\xff", CodeSyntax, "UTF-8"},
		{strings.Repeat("x", MaxLength+1), CodeTooComplex, "longer than 2000"},
		{deep, CodeTooComplex, "nests more than 20"},
		{strings.Repeat("(", 200) + "vip" + strings.Repeat(")", 200), CodeSyntax, "cannot be read"},
		{many, CodeTooComplex, "more than 60 comparisons"},
		{costly, CodeTooComplex, "more than 40 comparisons over events"},
		{`seats in [` + strings.Repeat("1,", MaxList) + `1]`, CodeTooComplex, "1 to 100 values"},
		{`region == "north"`, errs.PurposeMismatch, "`region` may not be used for *letter*: it was collected for *orders*"},
		{`address == "x"`, errs.PurposeMismatch, "`address` may not be used for *letter*: it was collected for *orders*"},
		{`count("Refund") > 0`, errs.PurposeMismatch, "`Refund` may not be used for *letter*"},
		{`idle == "x"`, errs.FieldNotAllowed, "no purpose lists it"},
		{`has(email)`, errs.FieldNotAllowed, "kept sealed"},
		{`diet == "x"`, errs.Sensitive, "`diet` is sensitive"},
		{`hearing_aid`, errs.Sensitive, "reveals"},
		{`count("Pregnancy Test Viewed") > 1`, errs.Sensitive, "reveals"},
		{`country == "pregnancy-tests"`, errs.Sensitive, "nobody is selected by it"},
		{`nothing == 1`, CodeUnknown, "may use: balance, country"},
		{`count("Nothing") > 1`, CodeUnknown, "no such event"},
		{`stage == "gone"`, CodeUnknown, "new, lapsed, regular"},
		{`plan == "gold"`, CodeUnknown, "free, basic, pro"},
		{`count("Order Completed", family("tea")) > 1`, CodeUnknown, "coffee"},
		{`sum("Order Completed", "tax") > money(1, "EUR")`, CodeUnknown, "no amount of money"},
		{`country == "ada@example.org"`, CodeRefused, "looks like an address"},
		{`country == "+49 40 1234567"`, CodeRefused, "looks like an address"},
		{`country == "https://x.example/"`, CodeRefused, "looks like an address"},
		{`country.matches("D.*")`, CodeRefused, "patterns"},
		{`matches(country, "D.*")`, CodeRefused, "patterns"},
		{`country.startsWith("D")`, CodeRefused, "nothing else"},
		{`vip ? true : false`, CodeRefused, "nothing else"},
		{`seats + 1 > 2`, CodeRefused, "nothing else"},
		{`seats > seats`, CodeType, "whole number"},
		{`[1, 2].exists(x, x > 1)`, CodeRefused, "nothing else"},
		{`{"a": 1}`, CodeRefused, "nothing else"},
		{`plan.free`, CodeRefused, "nothing else"},
		{`plan`, CodeType, "yes-or-no"},
		{`"pro"`, CodeType, "alone"},
		{`count("Order Completed")`, CodeType, "compare it"},
		{`plan < "pro"`, CodeType, "no order"},
		{`plan == 1`, CodeType, "text in quotes"},
		{`country == ""`, CodeType, "!has(country)"},
		{`seats == 1.5`, CodeType, "whole number"},
		{`seats == "1"`, CodeType, "whole number"},
		{`seats == -9223372036854775808`, CodeType, "whole number"},
		{`vip == 1`, CodeType, "true or false"},
		{`vip < true`, CodeType, "yes or no"},
		{`renewed == "2026-01-01"`, CodeType, "date("},
		{`renewed > date("2026-02-30")`, CodeType, "date("},
		{`renewed in [date("2026-02-03")]`, CodeType, "cannot be looked up"},
		{`since(plan) > days(1)`, CodeType, "not a date"},
		{`since_last("Order Completed") > 365`, CodeType, "days(365)"},
		{`since_last("Order Completed") > days(-1)`, CodeType, "0 to"},
		{`count("Order Completed", days(99999999)) > 1`, CodeType, "0 to"},
		{`sum("Order Completed", "value") > 50`, CodeType, "money("},
		{`sum("Order Completed", "value") > money(1.234, "EUR")`, CodeType, "at most 2 digits"},
		{`sum("Order Completed", "value") > money(1, "euro")`, CodeType, "capital letters"},
		{`1 == 1`, CodeType, "a field or an event"},
		{`email_hash(country) == "x"`, CodeRefused, "nothing else"},
		{`stage < "new"`, CodeType, "no order"},
		{`country == "a` + "\x00" + `b"`, CodeType, "character that no value has"},
	} {
		_, err := Compile(testSchema(), c.expression)
		if errs.CodeOf(err) != c.code || !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.60s: %v; want %s with %q", c.expression, err, c.code, c.says)
		}
	}
}

// MIN-03: a telephone number given for delivery does not select people for
// advertising.
func TestFieldOfAnotherPurposeIsACompileError(t *testing.T) {
	sc := testSchema()
	sc.Fields["delivery_phone"] = &Field{ID: "delivery_phone", Kind: KindText, Sealed: true, For: []term.Purpose{"fulfilment"}}
	sc.Purpose = "sms_promo"
	_, err := Compile(sc, `has(delivery_phone)`)
	if errs.CodeOf(err) != errs.PurposeMismatch {
		t.Errorf("err = %v, want %s", err, errs.PurposeMismatch)
	}
}

func TestStageCarriesItsPurpose(t *testing.T) {
	sc := testSchema()
	sc.Stages = []Stage{{ID: "refunded", When: `count("Refund") > 0`}}
	_, err := Compile(sc, `stage == "refunded"`)
	if errs.CodeOf(err) != errs.PurposeMismatch || !strings.Contains(err.Error(), "the stage `refunded` looks at it") {
		t.Errorf("err = %v", err)
	}
}

func TestOneFormOfACondition(t *testing.T) {
	for written, want := range map[string]string{
		`plan=='pro'`:                                                  `plan == "pro"`,
		`2 <= count("Order Completed",days(90))`:                       `count("Order Completed", days(90)) >= 2`,
		`vip && !vip`:                                                  `vip == true && !(vip == true)`,
		`(vip || has(plan)) && seats != 3`:                             `(vip == true || has(plan)) && seats != 3`,
		`plan in ["pro","basic","pro"]`:                                `plan in ["basic", "pro"]`,
		`stage in ["new","lapsed"] || stage != "new"`:                  `stage in ["new", "lapsed"] || stage != "new"`,
		`since(renewed) > days(30)`:                                    `since(renewed) > days(30)`,
		`first("Order Completed") < date("2026-01-01")`:                `first("Order Completed") < date("2026-01-01")`,
		`sum("Order Completed","value") >= money(50.,"EUR")`:           ``,
		`sum("Order Completed","value",days(9)) >= money(49.90,"EUR")`: `sum("Order Completed", "value", days(9)) >= money(49.90, "EUR")`,
		`sum("Order Completed","value") >= money(5000,"JPY")`:          `sum("Order Completed", "value") >= money(5000, "JPY")`,
		`count("Product Viewed", family("coffee")) == 0`:               `count("Product Viewed", family("coffee")) == 0`,
	} {
		c, err := Compile(testSchema(), written)
		if want == "" {
			if err == nil {
				t.Errorf("%s was read", written)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", written, err)
			continue
		}
		if got := c.String(); got != want {
			t.Errorf("%s: %s, want %s", written, got, want)
		}
		again := compileFor(t, c.String())
		if again.String() != c.String() {
			t.Errorf("%s reads back as %s", c, again)
		}
	}
}

func TestDescribe(t *testing.T) {
	for expression, want := range map[string][2]string{
		`plan == "pro" && count("Order Completed", days(90)) >= 2`: {
			"“plan” is “pro” and at least 2 × “Order Completed” in the last 90 days",
			"„plan“ ist „pro“ und mindestens 2 × „Order Completed“ in den letzten 90 Tagen"},
		`stage == "new"`: {"The stage is “Getting to know us”", "Die Phase ist „Neu bei uns“"},
		`!(vip || since_last("Order Completed") > days(365))`: {
			"Not (“vip” is yes or the last “Order Completed” was more than 365 days ago)",
			"Nicht („vip“ ist ja oder das letzte „Order Completed“ ist mehr als 365 Tage her)"},
		`sum("Order Completed", "value") < money(49.5, "EUR")`: {
			"The sum of “Order Completed” is less than 49.50 EUR",
			"Die Summe von „Order Completed“ ist weniger als 49,50 EUR"},
		`count("Order Completed", family("coffee")) == 0`: {
			"No “Order Completed” of “coffee”", "Kein „Order Completed“ aus „coffee“"},
	} {
		c := compileFor(t, expression)
		if en, de := c.Describe("en"), c.Describe("de"); en != want[0] || de != want[1] {
			t.Errorf("%s:\n%s\n%s", expression, en, de)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		`plan == "pro" && count("Order Completed", days(90)) >= 2`,
		`!(has(plan) || vip) && stage in ["new", "lapsed"]`,
		`sum("Order Completed", "value", days(365)) >= money(49.90, "EUR")`,
		`since(renewed) > days(30) || first("Order Completed") < date("2026-01-01")`,
		`seats in [1, 2, -3] && country != 'DE'`, `((((((((`, `a.b.c`, `[1].map(x, x)`, "\x00", `{"a":1}`, `1u == 2u`, `b"x"`, `r"\d"`, `x ? y : z`,
	} {
		f.Add(s)
	}
	sc := testSchema()
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Compile(sc, s)
		if err != nil {
			if errs.CodeOf(err) == "" {
				t.Fatalf("an error without a code: %v", err)
			}
			return
		}
		again, err := Compile(sc, c.String())
		if err != nil || again.String() != c.String() {
			t.Fatalf("%q is written as %q and reads back as %v, %v", s, c, again, err)
		}
		c.Eval(Person{}, 1)
		c.Explain(Person{}, 1, "de")
		c.query(1, grouped, 1)
		c.query(1, probe, 1)
	})
}
