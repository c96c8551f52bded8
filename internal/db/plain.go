package db

import (
	"fmt"
	"reflect"
	"strings"

	"candor/internal/errs"
)

// plain turns named types into the four kinds that both engines store alike and
// refuses what only one of them would take.
func plain(args []any) ([]any, error) {
	out := make([]any, len(args))
	for i, a := range args {
		v, err := plainValue(a)
		if err != nil {
			return nil, fmt.Errorf("argument $%d: %w", i+1, err)
		}
		out[i] = v
	}
	return out, nil
}

func plainValue(a any) (any, error) {
	switch v := a.(type) {
	case nil, int64, float64:
		return v, nil
	case int:
		return int64(v), nil
	case string:
		return v, refuseNUL(v)
	case []byte:
		return notNil(v), nil
	case []int64, []string, [][]byte, []float64: // columns of unnest
		return v, nil
	}
	r := reflect.ValueOf(a)
	switch r.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(r.Uint()), nil
	case reflect.Float64:
		return r.Float(), nil
	case reflect.String:
		return r.String(), refuseNUL(r.String())
	case reflect.Slice:
		if r.Type().Elem().Kind() == reflect.Uint8 {
			return notNil(r.Bytes()), nil
		}
	}
	return nil, fmt.Errorf("db: a %T is not one of bigint, double precision, text or bytea", a)
}

// notNil stores an empty slice as empty bytes, never as null.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func refuseNUL(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return errs.New(errs.Invalid, "nul_in_text", "a text may not contain the character NUL")
	}
	return nil
}
