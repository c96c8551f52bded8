package audience

import (
	"strconv"
	"strings"
)

// decimals is how many digits a currency has after the point (ISO 4217).
func decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// minorUnits reads a decimal number as the smallest units of a currency.
func minorUnits(digits, currency string) (int64, bool) {
	whole, part, _ := strings.Cut(digits, ".")
	d := decimals(currency)
	if digits == "" || len(part) > d || len(whole) > 13 {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", d-len(part)), 10, 64)
	return n, err == nil
}

// amount writes smallest units as a decimal number.
func amount(minor int64, currency string) string {
	d := decimals(currency)
	if d == 0 {
		return strconv.FormatInt(minor, 10)
	}
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	s := strconv.FormatInt(minor, 10)
	if len(s) <= d {
		s = strings.Repeat("0", d+1-len(s)) + s
	}
	return strings.TrimSuffix(sign+s[:len(s)-d]+"."+s[len(s)-d:], "."+strings.Repeat("0", d))
}
