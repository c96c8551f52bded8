package sample

import (
	"testing"

	"candor/internal/charter"
)

func TestTheSampleIsInOrder(t *testing.T) {
	_, problems := charter.Parse(Documents())
	for _, p := range problems {
		t.Error(p)
	}
}
