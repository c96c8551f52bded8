package app

import "testing"

func TestTheCollectorHasRoomUnderLoadAlone(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		allocated, live uint64
		want            int
	}{
		{0, 10 * mb, 100},
		{mb, 10 * mb, 100},
		{200 * mb, 0, 400},
		{200 * mb, 10 * mb, 400},
		{200 * mb, 48 * mb, 200},
		{200 * mb, 1000 * mb, 100},
	} {
		if got := garbagePercent(c.allocated, c.live); got != c.want {
			t.Errorf("%d MB a second, %d MB in use: %d%%, want %d%%", c.allocated/mb, c.live/mb, got, c.want)
		}
	}
}
