package admission

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/strict"
)

// value is a field's value as it is kept: text for the vault, trait in clear. An
// address is an identity too, and is kept in the vault only.
type value struct {
	text     string
	trait    any
	identity customer.Identity
	scanned  bool
}

func plainText(s string) value { return value{text: s, trait: s} }

// maxText bounds a value of free text.
const maxText = 1000

var (
	countryCode = regexp.MustCompile(`^[A-Z]{2}$`)
	regionCode  = regexp.MustCompile(`^[A-Z]{2}-[A-Z0-9]{1,3}$`)
	language    = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Z]{2}|\d{3}))?$`)
)

// readField turns what was sent into a value of the field's kind.
func readField(f *charter.Field, raw any) (value, error) {
	name := string(f.ID)
	switch f.Kind {
	case charter.KindEmail, charter.KindPhone:
		return readAddress(f, raw)
	case charter.KindPostal:
		return readPostal(name, raw)
	case charter.KindName, charter.KindText:
		return readText(name, raw)
	case charter.KindCountry:
		return readPattern(name, raw, countryCode, strings.ToUpper, "a country is written as in ISO 3166, such as DE")
	case charter.KindRegion:
		return readPattern(name, raw, regionCode, strings.ToUpper, "a region is written as in ISO 3166-2, such as US-CA")
	case charter.KindLanguage:
		return readPattern(name, raw, language, func(s string) string { return s }, "a language is written as in BCP 47, such as de or en-GB")
	case charter.KindChoice:
		s, _ := raw.(string)
		if !slices.Contains(f.Of, s) {
			return value{}, bad(name, "this is not one of the declared choices")
		}
		return plainText(s), nil
	case charter.KindFlag:
		b, err := readFlag(name, raw)
		return value{text: strconv.FormatBool(b), trait: b}, err
	case charter.KindCount:
		n, err := readCount(name, raw)
		return whole(n), err
	case charter.KindMoney:
		n, err := readMoney(name, raw, 2)
		return whole(n), err
	case charter.KindDate, charter.KindBirthDate, charter.KindBirthYear, charter.KindInstant:
		return readWhen(f, raw)
	case charter.KindLocation:
		d, err := readDegrees(name, raw)
		return plainText(strconv.FormatFloat(d, 'f', 1, 64)), err
	}
	return value{}, bad(name, "values of this kind cannot come in here")
}

func whole(n int64) value { return value{text: strconv.FormatInt(n, 10), trait: n} }

// readAddress keeps an address in its normal form, in which it also finds the
// person.
func readAddress(f *charter.Field, raw any) (value, error) {
	s, ok := raw.(string)
	if !ok {
		return value{}, bad(string(f.ID), "an address is text")
	}
	read := customer.Email
	if f.Kind == charter.KindPhone {
		read = func(s string) (customer.Identity, error) { return customer.Phone(s, "") }
	}
	i, err := read(s)
	if err != nil {
		return value{}, bad(string(f.ID), "this is not an address that can be reached")
	}
	return value{identity: i}, nil
}

func readText(name string, raw any) (value, error) {
	s, ok := raw.(string)
	if !ok || utf8.RuneCountInString(s) > maxText || strings.ContainsFunc(s, isControl) {
		return value{}, bad(name, "this is text of at most %d letters", maxText)
	}
	s = strings.TrimSpace(s)
	if scanFinding(s) != "" {
		return value{scanned: true}, nil
	}
	return plainText(s), nil
}

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }

// readPostal takes an address as one text or in parts, as Segment's clients send
// it, and keeps parts as JSON.
func readPostal(name string, raw any) (value, error) {
	parts, ok := raw.(map[string]any)
	if !ok {
		return readText(name, raw)
	}
	kept := map[string]string{}
	for _, part := range []string{"street", "city", "state", "postalCode", "country"} {
		v, ok := parts[part]
		if !ok || isEmpty(v) {
			continue
		}
		if n, ok := v.(strict.Number); ok {
			v = string(n)
		}
		got, err := readText(name, v)
		if err != nil || got.scanned {
			return got, err
		}
		kept[part] = got.text
	}
	if len(kept) == 0 {
		return value{}, bad(name, "a postal address has street, city, state, postalCode and country")
	}
	b, err := json.Marshal(kept)
	return plainText(string(b)), err
}

func readPattern(name string, raw any, form *regexp.Regexp, fold func(string) string, say string) (value, error) {
	s, ok := raw.(string)
	s = fold(strings.TrimSpace(s))
	if !ok || !form.MatchString(s) {
		return value{}, bad(name, "%s", say)
	}
	return plainText(s), nil
}

func readFlag(name string, raw any) (bool, error) {
	switch v := raw.(type) {
	case bool:
		return v, nil
	case strict.Number:
		if v == "0" || v == "1" {
			return v == "1", nil
		}
	case string:
		switch strings.ToLower(v) {
		case "true", "yes", "1":
			return true, nil
		case "false", "no", "0":
			return false, nil
		}
	}
	return false, bad(name, "this is true or false")
}

// readWhen reads a day or an instant. Of a birth date only the year is kept
// where the charter asks for no more.
func readWhen(f *charter.Field, raw any) (value, error) {
	name := string(f.ID)
	if n, ok := raw.(strict.Number); ok && f.Kind == charter.KindBirthYear {
		raw = string(n)
	}
	s, ok := raw.(string)
	if !ok {
		return value{}, bad(name, "a date is written as 2006-01-02")
	}
	s = strings.TrimSpace(s)
	if f.Kind == charter.KindBirthYear && len(s) == 4 {
		s += "-01-01"
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, s); err != nil {
			return value{}, bad(name, "a date is written as 2006-01-02, an instant as in RFC 3339")
		}
	}
	if y := t.Year(); y < 1880 || y > 2200 {
		return value{}, bad(name, "this date is too far away")
	}
	switch f.Kind {
	case charter.KindInstant:
		return value{text: clock.At(t).String(), trait: clock.At(t)}, nil
	case charter.KindBirthYear:
		return whole(int64(t.Year())), nil
	}
	day := clock.DateOf(t)
	return value{text: day.String(), trait: day.Start(time.UTC)}, nil
}
