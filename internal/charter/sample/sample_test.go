package sample

import (
	"testing"

	"candor/internal/charter"
	"candor/internal/clock"
)

func TestTheSampleIsInOrder(t *testing.T) {
	_, problems := charter.Parse(Documents())
	for _, p := range problems {
		t.Error(p)
	}
}

func TestTheSampleIsRenewed(t *testing.T) {
	on := clock.Date{Year: 2026, Month: 3, Day: 5}
	if was, is := Halm(), Renewed(on); is.Effective != on || was.Hash() == is.Hash() || len(charter.Longer(was, is)) > 0 {
		t.Errorf("in force from %s", is.Effective)
	}
}
