package admission

import (
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/strict"
)

// reference is the form of ids in events: orders, products, coupons. It has no
// room for an e-mail address or a sentence.
var reference = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/#\-]{0,63}$`)

// readProp turns what was sent into a value of the property's kind. It gives nil
// for a text that must not be stored.
func (r *Rules) readProp(e *charter.Event, name string, kind charter.PropKind, currency string, raw any) (any, error) {
	switch kind {
	case charter.PropID:
		s := literal(raw)
		if !reference.MatchString(s) {
			return nil, bad(name, "an id is at most 64 letters, digits and . _ : / # -")
		}
		return s, nil
	case charter.PropMoney:
		return readMoney(name, raw, decimals(currency))
	case charter.PropCount:
		return readCount(name, raw)
	case charter.PropFlag:
		return readFlag(name, raw)
	case charter.PropFamily:
		if f, ok := r.families[literal(raw)]; ok {
			return f, nil
		}
		return nil, bad(name, "this is not one of the declared families of goods")
	case charter.PropChoice:
		if s := literal(raw); slices.Contains(e.Of[name], s) {
			return s, nil
		}
		return nil, bad(name, "this is not one of the declared choices")
	case charter.PropURLPath:
		return readPath(name, raw)
	case charter.PropDate:
		return readDay(name, raw)
	case charter.PropGeo:
		return readDegrees(name, raw)
	}
	return nil, bad(name, "values of this kind cannot come in here")
}

// literal is a text, or a number as it was written: an id beyond 2^53 keeps all
// its digits.
func literal(raw any) string {
	switch v := raw.(type) {
	case string:
		return strings.TrimSpace(v)
	case strict.Number:
		return string(v)
	}
	return ""
}

// readPath keeps the path of a page's address: no host, no query, no fragment,
// and nothing that holds an e-mail address.
func readPath(name string, raw any) (any, error) {
	s, ok := raw.(string)
	if !ok || len(s) > 2000 {
		return nil, bad(name, "a page's address is text")
	}
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil {
		return nil, bad(name, "this is not a page's address")
	}
	path := u.Path
	if path == "" {
		path = "/"
	}
	if u.Opaque != "" || strings.ContainsRune(path, '@') || strings.ContainsFunc(path, isControl) || scanFinding(path) != "" {
		return nil, nil
	}
	return path, nil
}

func readDay(name string, raw any) (any, error) {
	s := literal(raw)
	if len(s) > len(time.DateOnly) && s[len(time.DateOnly)] == 'T' {
		s = s[:len(time.DateOnly)]
	}
	d, err := clock.ParseDate(s)
	if err != nil {
		return nil, bad(name, "a date is written as 2006-01-02")
	}
	return d.String(), nil
}

// safeInteger is the largest number that every JSON reader reads alike.
const safeInteger = 1 << 53

// readCount reads a whole number; beyond 2^53 it is refused, since the sender's
// program may already have rounded it.
func readCount(name string, raw any) (int64, error) {
	n, err := strconv.ParseInt(literal(raw), 10, 64)
	if err != nil || n > safeInteger || n < -safeInteger {
		return 0, bad(name, "this is a whole number of at most 2^53")
	}
	return n, nil
}

// amount is a decimal number as people and programs write it, without exponent.
var amount = regexp.MustCompile(`^(-?)(\d{1,15})(?:\.(\d{1,20}))?$`)

// readMoney reads an amount into minor units, rounding halves away from zero.
func readMoney(name string, raw any, places int) (int64, error) {
	m := amount.FindStringSubmatch(literal(raw))
	if m == nil {
		return 0, bad(name, "an amount is written as 12.50")
	}
	fraction := m[3] + "0000"
	n, err := strconv.ParseInt(m[2]+fraction[:places], 10, 64)
	if err != nil || n > safeInteger {
		return 0, bad(name, "this amount is too large")
	}
	if fraction[places] >= '5' {
		n++
	}
	if m[1] == "-" {
		n = -n
	}
	return n, nil
}

// currencyProp is the property that says what the amounts of an event are in.
const currencyProp = "currency"

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// currencyOf reads the currency of an event that declares an amount; "" when the
// event has none.
func currencyOf(e *charter.Event, raw map[string]any) (string, error) {
	hasMoney := false
	for _, k := range e.Props {
		hasMoney = hasMoney || k == charter.PropMoney
	}
	if !hasMoney || isEmpty(raw[currencyProp]) {
		return "", nil
	}
	s, _ := raw[currencyProp].(string)
	if !currencyCode.MatchString(s) {
		return "", bad(currencyProp, "a currency is written as in ISO 4217, such as EUR")
	}
	return s, nil
}

// decimals is how many minor digits a currency has (ISO 4217).
func decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// readDegrees rounds a latitude or longitude to a tenth of a degree, about
// 10 km: enough for the nearest shop, too coarse for a home (MIN-02, MIN-09).
func readDegrees(name string, raw any) (float64, error) {
	d, err := strconv.ParseFloat(literal(raw), 64)
	if err != nil || math.IsNaN(d) || d < -180 || d > 180 {
		return 0, bad(name, "this is not a number of degrees")
	}
	return math.Round(d*10)/10 + 0, nil
}
