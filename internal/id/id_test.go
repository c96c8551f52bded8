package id

import (
	"encoding/json"
	"testing"
)

func TestStringParsesBack(t *testing.T) {
	c, e := NewCustomer(), New[Event]()
	if got, err := Parse[Customer](c.String()); err != nil || got != c {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := Parse[Event](e.String()); err != nil || got != e {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := Parse[Event](c.String()); err == nil {
		t.Error("a customer's id was read as an event's")
	}
	for _, bad := range []string{"", "cus_", "cus_0000000000000", "cus_zzzzzzzzzzzzz", "cus_u123456789012", "jane@example.org"} {
		if _, err := Parse[Customer](bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestIDsRise(t *testing.T) {
	prev := New[Event]()
	for range 100000 {
		next := New[Event]()
		if next <= prev {
			t.Fatalf("%d after %d", next, prev)
		}
		prev = next
	}
}

func TestJSON(t *testing.T) {
	in := struct{ C Customer }{NewCustomer()}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	out := in
	out.C = 0
	if err := json.Unmarshal(b, &out); err != nil || out != in {
		t.Errorf("%s: %v, %v", b, out, err)
	}
}
