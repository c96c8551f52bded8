package customer

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// TraitTable holds one row a customer; a field's column is its charter.Slot.
const TraitTable = "trait"

// NotSet is what a number's column holds when nothing is known: 0, false and
// 1970 are values. In a text's column it is ”.
const NotSet int64 = math.MinInt64

// TraitValue is what one source says of a trait. Which of Text and Number
// counts follows from the slot.
type TraitValue struct {
	Customer id.Customer
	Field    term.Field
	Slot     string
	Text     string
	Number   int64
	Provenance
	Active     bool // the value believed
	RecordedAt clock.Instant
}

func (v TraitValue) same(o TraitValue) bool { return v.Text == o.Text && v.Number == o.Number }

// Value gives what the source says as conditions see it.
func (v TraitValue) Value(f *charter.Field) any {
	if v.Slot != "" && v.Slot[0] == 't' {
		return v.Text
	}
	return numberAs(f, v.Number)
}

// TraitOf checks a value against the field's declaration and gives it as it is
// kept. It returns INVALID, without the value, when it does not fit.
func TraitOf(f *charter.Field, v any) (TraitValue, error) {
	out := TraitValue{Field: f.ID, Slot: f.Slot, Number: NotSet}
	bad := invalid("bad_value", string(f.ID), "this is not a %s", f.Kind)
	if f.KeepIn != charter.Trait || !goodSlot(f.Slot) {
		return out, invalid("not_a_trait", string(f.ID), "this field is not kept as a trait")
	}
	if f.Slot[0] == 't' {
		s, ok := v.(string)
		s = strings.TrimSpace(s)
		if !ok || s == "" || len(s) > 200 || strings.ContainsRune(s, 0) || !textFits(f, &s) {
			return out, bad
		}
		out.Text = s
		return out, nil
	}
	n, ok := traitNumber(f, v)
	if !ok || n == NotSet {
		return out, bad
	}
	out.Number = n
	return out, nil
}

func textFits(f *charter.Field, s *string) bool {
	switch f.Kind {
	case charter.KindChoice:
		return slices.Contains(f.Of, *s)
	case charter.KindCountry:
		*s = strings.ToUpper(*s)
		return len(*s) == 2 && upper(*s)
	case charter.KindRegion:
		*s = strings.ToUpper(*s)
		return len(*s) <= 6
	case charter.KindLanguage:
		return len(*s) <= 35
	}
	return true
}

func upper(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
}

func traitNumber(f *charter.Field, v any) (int64, bool) {
	switch v := v.(type) {
	case bool:
		return flag(v), f.Kind == charter.KindFlag
	case int64:
		return v, f.Kind != charter.KindFlag || v == 0 || v == 1
	case int:
		return traitNumber(f, int64(v))
	case float64:
		n := int64(v)
		return n, float64(n) == v && math.Abs(v) <= 1<<53 && f.Kind != charter.KindFlag
	case clock.Instant:
		return dayOf(f, v), f.Kind == charter.KindDate || f.Kind == charter.KindInstant
	case string:
		return numberFromText(f, strings.TrimSpace(v))
	}
	return 0, false
}

func dayOf(f *charter.Field, at clock.Instant) int64 {
	if f.Kind == charter.KindDate {
		day := int64(24 * 3600 * 1_000_000)
		return int64(at) - ((int64(at)%day)+day)%day
	}
	return int64(at)
}

func numberFromText(f *charter.Field, s string) (int64, bool) {
	switch f.Kind {
	case charter.KindDate, charter.KindInstant:
		if d, err := clock.ParseDate(s); err == nil {
			return int64(clock.UTC(d.Year, d.Month, d.Day, 0, 0, 0)), true
		}
		at, err := clock.Parse(s)
		return dayOf(f, at), err == nil
	case charter.KindFlag:
		b, err := strconv.ParseBool(strings.ToLower(s))
		return flag(b), err == nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

func goodSlot(s string) bool {
	limits := map[byte]int{'t': charter.TextSlots, 'n': charter.NumberSlots}
	if len(s) < 2 {
		return false
	}
	n, err := strconv.Atoi(s[1:])
	return err == nil && n >= 1 && n <= limits[s[0]] && strconv.Itoa(n) == s[1:]
}

// SetTraits records what sources say of traits and gives those that were not
// believed because a better source says otherwise; both are kept (ACC-01). It
// returns INVALID, and changes nothing, when one has no source. The caller is
// the gate and has locked the customers.
func SetTraits(tx *db.Tx, list []TraitValue) (superseded []TraitValue, err error) {
	byCustomer := map[id.Customer][]TraitValue{}
	for _, v := range list {
		if err := v.Check(); err != nil {
			return nil, err
		}
		if !goodSlot(v.Slot) {
			return nil, fmt.Errorf("customer: field %s has slot %q", v.Field, v.Slot)
		}
		byCustomer[v.Customer] = append(byCustomer[v.Customer], v)
	}
	ids := sortedKeys(byCustomer)
	known, err := traitValues(tx, ids)
	if err != nil {
		return nil, err
	}
	rows, err := traitRows(tx, ids)
	if err != nil {
		return nil, err
	}
	var values, traits [][]any
	for _, c := range ids {
		changed, row := settle(known[c], byCustomer[c], rows[c])
		for _, v := range changed {
			values = append(values, v.row())
		}
		for _, v := range byCustomer[c] {
			if !believed(changed, v) {
				superseded = append(superseded, v)
			}
		}
		traits = append(traits, row.args(c))
	}
	if _, err := tx.InsertMany("insert into trait_value ("+traitValueColumns+") values", traitValueUpsert, values); err != nil {
		return nil, err
	}
	_, err = tx.InsertMany(traitInsert, traitUpsert, traits)
	return superseded, err
}

func believed(changed []TraitValue, v TraitValue) bool {
	for _, c := range changed {
		if c.Field == v.Field && c.Active {
			return c.same(v)
		}
	}
	return false
}

// settle works out which values are believed once the new ones are in: it gives
// the rows of every field that was touched, and the trait row.
func settle(known, fresh []TraitValue, row traitRow) ([]TraitValue, traitRow) {
	type key struct {
		field  term.Field
		source string
	}
	all := map[key]TraitValue{}
	touched := map[term.Field]string{}
	for _, v := range fresh {
		touched[v.Field] = v.Slot
	}
	for _, v := range known {
		if touched[v.Field] != "" {
			all[key{v.Field, v.Source}] = v
		}
	}
	for _, v := range fresh {
		k := key{v.Field, v.Source}
		if old, ok := all[k]; !ok || v.Beats(old.Provenance) {
			all[k] = v
		}
	}
	out := make([]TraitValue, 0, len(all))
	for _, v := range all {
		v.Active, v.Slot = false, touched[v.Field]
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b TraitValue) int {
		if c := strings.Compare(string(a.Field), string(b.Field)); c != 0 {
			return c
		}
		return strings.Compare(a.Source, b.Source)
	})
	best := map[term.Field]int{}
	for i, v := range out {
		if j, ok := best[v.Field]; !ok || v.Beats(out[j].Provenance) {
			best[v.Field] = i
		}
	}
	for _, i := range best {
		out[i].Active = true
		row = row.set(out[i])
	}
	return out, row
}

const traitValueColumns = "customer_id, field, source, slot, text_value, number_value, method, at, confidence, active, recorded_at"

const traitValueUpsert = "on conflict (customer_id, field, source) do update set slot = excluded.slot, text_value = excluded.text_value," +
	" number_value = excluded.number_value, method = excluded.method, at = excluded.at, confidence = excluded.confidence," +
	" active = excluded.active, recorded_at = excluded.recorded_at"

func (v TraitValue) row() []any {
	return []any{v.Customer, v.Field, v.Source, v.Slot, v.Text, v.Number, v.Method, v.At, v.Confidence, flag(v.Active), v.RecordedAt}
}

func traitValues(tx *db.Tx, list []id.Customer) (map[id.Customer][]TraitValue, error) {
	out := make(map[id.Customer][]TraitValue, len(list))
	err := db.In(tx, list, func(marks string, args []any) error {
		rows, err := tx.Query("select "+traitValueColumns+" from trait_value where customer_id in ("+marks+") order by customer_id, field, source", args...)
		found, err := db.Collect(rows, err, scanTraitValue)
		for _, v := range found {
			out[v.Customer] = append(out[v.Customer], v)
		}
		return err
	})
	return out, err
}

func scanTraitValue(scan db.Scan) (TraitValue, error) {
	var v TraitValue
	var active int64
	err := scan(&v.Customer, &v.Field, &v.Source, &v.Slot, &v.Text, &v.Number, &v.Method, &v.At, &v.Confidence, &active, &v.RecordedAt)
	v.Active = active == 1
	return v, err
}

// TraitValuesOf gives all that sources said of a customer's traits, also what
// is not believed.
func TraitValuesOf(tx *db.Tx, c id.Customer) ([]TraitValue, error) {
	found, err := traitValues(tx, []id.Customer{c})
	return found[c], err
}

// TraitsOf gives the traits of customers that are believed, as conditions see
// them: string, int64, bool or clock.Instant. Fields that are not set are
// absent.
func TraitsOf(tx *db.Tx, c *charter.Charter, list []id.Customer) (map[id.Customer]map[term.Field]any, error) {
	rows, err := traitRows(tx, list)
	out := make(map[id.Customer]map[term.Field]any, len(rows))
	for who, row := range rows {
		values := map[term.Field]any{}
		for i := range c.Fields {
			if v, ok := row.get(&c.Fields[i]); ok {
				values[c.Fields[i].ID] = v
			}
		}
		out[who] = values
	}
	return out, err
}

var errNoTrait = errs.New(errs.NotFound, "no_trait", "nothing is known of this")

// TraitOfCustomer gives one trait. It returns NOT_FOUND when it is not set.
func TraitOfCustomer(tx *db.Tx, c id.Customer, f *charter.Field) (any, error) {
	rows, err := traitRows(tx, []id.Customer{c})
	if err != nil {
		return nil, err
	}
	if v, ok := rows[c].get(f); ok {
		return v, nil
	}
	return nil, errNoTrait
}
