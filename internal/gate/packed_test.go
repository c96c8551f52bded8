package gate

import (
	"fmt"
	"slices"
	"testing"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

// sameInRows compares the rows of a customer's standing with the whole of it.
func sameInRows(tx *db.Tx, c id.Customer, whole []Standing) error {
	rows, err := tx.Query(`select controller, purpose, channel, recipient, nth, from_at, until_at, ops, reasons, basis, rules
		from standing where customer_id = $1`, c)
	got := map[place]Standing{}
	err = db.Each(rows, err, func(scan db.Scan) error {
		var s interval
		err := scan(&s.Controller, &s.Purpose, &s.Channel, &s.Recipient, &s.nth, &s.From, &s.Until, &s.Ops, &s.Because, &s.Basis, &s.Rules)
		got[place{s.StandingKey, s.nth}] = s.Standing
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range numbered(whole) {
		if at := (place{s.StandingKey, s.nth}); got[at] != s.inRow() {
			return fmt.Errorf("a row says %+v, the whole %+v", got[at], s.Standing)
		}
	}
	if len(got) != len(whole) {
		return fmt.Errorf("%d rows of %d intervals", len(got), len(whole))
	}
	return nil
}

func unpacked(t *testing.T, b []byte) ([]Standing, error) {
	t.Helper()
	var out []Standing
	err := unpack(b, func(s *Standing) { out = append(out, *s) })
	return out, err
}

func TestAPackedStandingIsWhatWasPacked(t *testing.T) {
	list := Project(lived(), plainDraft.law(t), day(2025, 6, 1))
	list = append(list, Standing{StandingKey: StandingKey{"c", "p", "", "r", "s"}, From: -1, Until: clock.Never, Ops: opsKnown, Because: "ü,=", Rules: -1 << 63})
	packed := pack(list)
	got, err := unpacked(t, packed)
	if err != nil || !slices.Equal(got, list) {
		t.Fatalf("%v: %+v", err, got)
	}
	if got, err := unpacked(t, pack(nil)); err != nil || len(got) != 0 {
		t.Errorf("nothing: %v %v", got, err)
	}
	for n := 1; n < len(packed); n++ {
		if _, err := unpacked(t, packed[:n]); err == nil {
			t.Errorf("cut at %d of %d, and read", n, len(packed))
		}
	}
	if _, err := unpacked(t, append(slices.Clone(packed), 0)); err == nil {
		t.Error("more behind it, and read")
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(pack([]Standing{{StandingKey: StandingKey{"halm", "letter", term.Email, "", ""}, Until: clock.Never, Ops: opServe, Because: "E_NO_CONSENT/CON-01=e"}}))
	f.Fuzz(func(_ *testing.T, b []byte) { _ = unpack(b, func(*Standing) {}) })
}
