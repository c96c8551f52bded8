package db_test

import (
	"errors"
	"testing"

	"candor/internal/db"
)

func TestRecentForgetsWhatChanged(t *testing.T) {
	var r db.Recent[string, int]
	value, reads := 1, 0
	get := func() int {
		v, err := r.Get("a", func() (int, error) { reads++; return value, nil })
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for range 2 {
		if got := get(); got != 1 || reads != 1 {
			t.Errorf("%d after %d reads", got, reads)
		}
	}
	value = 2
	r.Forget()
	if get() != 2 {
		t.Error("an old value after the change")
	}
	// What was read before a change and comes back after it is not kept.
	v, _ := r.Get("b", func() (int, error) { r.Forget(); return 7, nil })
	again, _ := r.Get("b", func() (int, error) { return 8, nil })
	if v != 7 || again != 8 {
		t.Errorf("%d, %d", v, again)
	}
	if _, err := r.Get("c", func() (int, error) { return 0, errors.New("down") }); err == nil {
		t.Error("no error")
	}
	if v, err := r.Get("c", func() (int, error) { return 3, nil }); v != 3 || err != nil {
		t.Errorf("an error was remembered: %d, %v", v, err)
	}
}
