package admission

import (
	"reflect"
	"strings"
	"testing"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/strict"
	"candor/internal/term"
)

func field(id string, kind charter.FieldKind, keep charter.Keep, of ...string) charter.Field {
	return charter.Field{ID: term.Field(id), Kind: kind, KeepIn: keep, Of: of}
}

// shop declares a field of each kind, all of which one purpose uses but idle.
func shop() *charter.Charter {
	c := &charter.Charter{
		Fields: []charter.Field{
			field("email", charter.KindEmail, charter.Vault), field("phone", charter.KindPhone, charter.Vault),
			field("name", charter.KindName, charter.Vault), field("address", charter.KindPostal, charter.Vault),
			field("note", charter.KindText, charter.Vault), field("born", charter.KindBirthDate, charter.Vault),
			field("year", charter.KindBirthYear, charter.Trait), field("country", charter.KindCountry, charter.Trait),
			field("region", charter.KindRegion, charter.Trait), field("lang", charter.KindLanguage, charter.Trait),
			field("roast", charter.KindChoice, charter.Trait, "light", "dark"), field("vip", charter.KindFlag, charter.Trait),
			field("cups", charter.KindCount, charter.Trait), field("spent", charter.KindMoney, charter.Trait),
			field("since", charter.KindDate, charter.Trait), field("seen", charter.KindInstant, charter.Trait),
			field("lat", charter.KindLocation, charter.Trait), field("idle", charter.KindText, charter.Vault),
		},
		Events: []charter.Event{{
			Name: "Order Completed",
			Props: map[string]charter.PropKind{
				"order_id": charter.PropID, "value": charter.PropMoney, "family": charter.PropFamily, "pay": charter.PropChoice,
				"items": charter.PropCount, "page": charter.PropURLPath, "gift": charter.PropFlag, "day": charter.PropDate, "lat": charter.PropGeo,
			},
			Of: map[string][]string{"pay": {"card", "invoice"}},
		}, {Name: "Unused"}},
		Families: []charter.Family{{ID: "coffee", Goods: []string{"beans", "capsules"}}},
	}
	p := charter.Purpose{ID: "orders", Uses: []charter.Use{{Name: "Order Completed", Event: true, Reason: "the order"}}}
	for _, f := range c.Fields {
		if f.ID != "idle" {
			p.Uses = append(p.Uses, charter.Use{Name: string(f.ID), Reason: "needed"})
		}
	}
	c.Purposes = []charter.Purpose{p}
	return c
}

func TestFieldsBecomeValuesOfTheirKind(t *testing.T) {
	day := clock.UTC(2026, 2, 28, 0, 0, 0)
	n := func(s string) strict.Number { return strict.Number(s) }
	for _, c := range []struct {
		field string
		raw   any
		want  any // nil: left out as scanned; BadValue: refused
	}{
		{"email", " Ada@EXAMPLE.com ", "ada@example.com"}, {"email", "ada", BadValue}, {"email", n("5"), BadValue},
		{"phone", "+49 40 123456", "+4940123456"}, {"phone", "040 123456", BadValue},
		{"name", "Ada Lovelace", "Ada Lovelace"}, {"name", strings.Repeat("x", 1001), BadValue}, {"name", "a\x07b", BadValue}, {"name", true, BadValue},
		{"note", "ring twice", "ring twice"}, {"note", "card 4111 1111 1111 1111", nil}, {"note", "I am pregnant", nil},
		{"address", "Speicherweg 4, Hamburg", "Speicherweg 4, Hamburg"},
		{"address", map[string]any{"street": "Speicherweg 4", "city": "Hamburg", "postalCode": n("20457"), "floor": "3"}, `{"city":"Hamburg","postalCode":"20457","street":"Speicherweg 4"}`},
		{"address", map[string]any{"floor": "3"}, BadValue}, {"address", map[string]any{"city": []any{}}, BadValue},
		{"born", "1985-12-10", "1985-12-10"}, {"born", "10.12.1985", BadValue}, {"born", "0815-12-10", BadValue},
		{"year", "1985-12-10", int64(1985)}, {"year", n("1985"), int64(1985)}, {"year", "1985", int64(1985)},
		{"country", "de", "DE"}, {"country", "Germany", BadValue}, {"region", "US-CA", "US-CA"}, {"region", "California", BadValue},
		{"lang", "de-AT", "de-AT"}, {"lang", "Deutsch", BadValue},
		{"roast", "dark", "dark"}, {"roast", "Dark", BadValue}, {"roast", n("1"), BadValue},
		{"vip", true, true}, {"vip", "no", false}, {"vip", "maybe", BadValue}, {"vip", n("2"), BadValue},
		{"cups", n("9007199254740992"), int64(1 << 53)}, {"cups", n("9007199254740993"), BadValue}, {"cups", n("1.5"), BadValue}, {"cups", "12", int64(12)},
		{"spent", n("49.90"), int64(4990)}, {"spent", "49.905", int64(4991)}, {"spent", n("-0.1"), int64(-10)}, {"spent", n("1e3"), BadValue},
		{"spent", n("49.900000000000006"), int64(4990)}, {"spent", n("999999999999999"), BadValue},
		{"since", "2026-02-28", day}, {"since", "2026-02-30", BadValue}, {"seen", "2026-02-28T00:00:00Z", day},
		{"lat", n("52.520008"), "52.5"}, {"lat", n("-0.01"), "0.0"}, {"lat", n("200"), BadValue}, {"lat", "NaN", BadValue},
	} {
		p, left, err := New(shop()).Person(map[string]any{c.field: c.raw}, nil)
		switch {
		case c.want == BadValue:
			if errs.CodeOf(err) != BadValue {
				t.Errorf("%s: %v taken: %v", c.field, c.raw, p)
			} else if s, ok := c.raw.(string); ok && strings.Contains(err.Error(), s) {
				t.Errorf("%s: the error repeats the value: %v", c.field, err)
			}
		case err != nil:
			t.Errorf("%s: %v: %v", c.field, c.raw, err)
		case c.want == nil:
			if len(left) != 1 || left[0].Why != Scanned || len(p.Values)+len(p.Traits) != 0 {
				t.Errorf("%s: %v kept: %v", c.field, c.raw, left)
			}
		default:
			got := p.Traits[term.Field(c.field)]
			if v, ok := p.Values[term.Field(c.field)]; ok {
				got = v.Reveal()
			}
			if got != c.want {
				t.Errorf("%s: %v became %v, want %v", c.field, c.raw, got, c.want)
			}
		}
	}
}

func TestUndeclaredAndUnusedAreLeftOut(t *testing.T) {
	raw := map[string]any{"email": "ada@example.com", "ssn": "078-05-1120", "idle": "x", "country": "DE", "name": ""}
	p, left, err := New(shop()).Person(raw, func(f term.Field) bool { return f != "country" })
	if err != nil {
		t.Fatal(err)
	}
	want := []Left{{NotHere, "country"}, {Undeclared, "idle"}, {Undeclared, "ssn"}}
	if !reflect.DeepEqual(left, want) {
		t.Errorf("left out %v, want %v", left, want)
	}
	if len(p.Values) != 1 || len(p.Traits) != 0 || len(p.Identities) != 1 {
		t.Errorf("kept %v %v", p.Values, p.Traits)
	}
	if _, ok := New(shop()).Event("Unused"); ok {
		t.Error("an event that no purpose uses comes in")
	}
}

func TestPropsBecomeValuesOfTheirKind(t *testing.T) {
	r := New(shop())
	e, _ := r.Event("Order Completed")
	got, left, err := r.Props(e, map[string]any{
		"order_id": strict.Number("9007199254740993"), "value": strict.Number("1250"), "currency": "JPY", "family": "capsules", "pay": "invoice",
		"items": strict.Number("2"), "page": "https://halm.example/beans?email=ada%40example.com#x", "gift": true,
		"day": "2026-11-01T10:00:00Z", "lat": strict.Number("52.520008"), "ssn": "078-05-1120", "": "x",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"order_id": "9007199254740993", "value": int64(1250), "family": "coffee", "pay": "invoice", "items": int64(2),
		"page": "/beans", "gift": true, "day": "2026-11-01", "lat": 52.5,
	}
	if !reflect.DeepEqual(got.Props, want) {
		t.Errorf("got %v", got.Props)
	}
	if got.Amount != 1250 || got.Currency != "JPY" || got.Family != "coffee" || got.Ref != "9007199254740993" {
		t.Errorf("columns %+v", got)
	}
	if !reflect.DeepEqual(left, []Left{{Undeclared, ""}, {Undeclared, "ssn"}}) {
		t.Errorf("left out %v", left)
	}
}

func TestPropsRefuse(t *testing.T) {
	r := New(shop())
	e, _ := r.Event("Order Completed")
	for name, raw := range map[string]any{
		"order_id": "ada@example.com", "value": "much", "family": "tea", "pay": "barter", "items": strict.Number("1e2"),
		"page": strict.Number("1"), "gift": "perhaps", "day": "soon", "lat": "north", "currency": "euro",
	} {
		_, _, err := r.Props(e, map[string]any{name: raw})
		if ee, ok := err.(*errs.Error); !ok || ee.Code != BadValue || ee.Field != name {
			t.Errorf("%s: %v taken, or not named: %v", name, raw, err)
		}
	}
	for _, page := range []string{"/u/ada@example.com/x", "mailto:ada@example.com", "/u/ada%40example.com"} {
		got, left, err := r.Props(e, map[string]any{"page": page})
		if err != nil || len(got.Props) != 0 || len(left) != 1 {
			t.Errorf("%s: kept %v, %v", page, got.Props, err)
		}
	}
}

func TestMoneyFollowsTheCurrency(t *testing.T) {
	for currency, want := range map[string]int64{"EUR": 1235, "JPY": 12, "KWD": 12345, "": 1235} {
		if got, err := readMoney("value", strict.Number("12.345"), decimals(currency)); err != nil || got != want {
			t.Errorf("12.345 %s is %d, %v; want %d", currency, got, err, want)
		}
	}
}

func FuzzAdmission(f *testing.F) {
	f.Add(`{"email":"a@b.example","lat":1e400,"address":{"city":"x"},"since":"2026-01-01"}`)
	f.Add(`{"order_id":"x","value":-0.005,"page":"//h/%zz","day":"2026-01-01T"}`)
	r := New(shop())
	e, _ := r.Event("Order Completed")
	f.Fuzz(func(t *testing.T, text string) {
		raw, err := strict.Object([]byte(text))
		if err != nil {
			return
		}
		_, _, _ = r.Person(raw, nil)
		got, _, err := r.Props(e, raw)
		for name := range got.Props {
			if _, ok := e.Props[name]; !ok {
				t.Fatalf("undeclared property came in, %v", err)
			}
		}
	})
}
