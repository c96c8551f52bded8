package app

import "testing"

func TestTheRoomForGarbageIsBounded(t *testing.T) {
	const mb = 1 << 20
	for live, want := range map[uint64]int{0: 400, 10 * mb: 400, 48 * mb: 200, 1000 * mb: 100} {
		if got := garbagePercent(live); got != want {
			t.Errorf("%d MB in use: %d%%, want %d%%", live/mb, got, want)
		}
	}
}
