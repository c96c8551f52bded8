package receipt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/gowebpki/jcs"
)

// beyond is the largest integer that every JSON reader keeps exactly.
const beyond = 1 << 53

// Canonical is RFC 8785 JSON. Integers over 2^53 become strings first, since a
// reader that keeps numbers as doubles would change them.
func Canonical(raw []byte) (json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	v, err := exact(v)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jcs.Transform(plain)
}

// exact replaces the numbers that doubles cannot hold.
func exact(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if v[k], err = exact(e); err != nil {
				return nil, err
			}
		}
	case []any:
		for i, e := range v {
			if v[i], err = exact(e); err != nil {
				return nil, err
			}
		}
	case json.Number:
		return exactNumber(v)
	}
	return v, nil
}

func exactNumber(n json.Number) (any, error) {
	s := string(n)
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, fmt.Errorf("a number is too large")
	}
	if math.Abs(f) < beyond || s == strconv.Itoa(beyond) || s == strconv.Itoa(-beyond) {
		return n, nil
	}
	if strings.ContainsAny(s, ".eE") {
		return nil, fmt.Errorf("a number is too large to be kept exactly; write it as a text")
	}
	return s, nil
}
