package app

import (
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
)

// The counts behind the picture of consent are those of the records themselves.
func TestConsentHealthCountsTheRecords(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		clk := &demo.Clock{}
		people := demo.People(30, 1, now)
		a := openWith(t, place, people, clk, now)
		ids, err := (&demo.Seeder{Gate: a.Gate, Clock: clk, Controller: "halm"}).Run(ctx, people, now)
		if err != nil {
			t.Fatal(err)
		}
		const spans = 160
		length := clock.Instant(7 * 24 * time.Hour / time.Microsecond)
		from := now - spans*length
		want := make([]consent.Span, spans)
		err = a.DB.Read(ctx, func(tx *db.Tx) error {
			for _, c := range ids {
				records, err := consent.Of(tx, c)
				if err != nil {
					return err
				}
				for _, r := range records {
					s := &want[(r.RecordedAt-from)/length]
					switch {
					case r.Purpose != "letter":
					case r.Kind == consent.Given || r.Kind == consent.Reconfirmed:
						s.Given++
					case r.Kind == consent.Refused:
						s.Refused++
					case r.Kind == consent.Withdrawn || r.Kind == consent.Objected:
						s.Withdrawn++
					case r.Kind == consent.Expired:
						s.Expired++
					}
				}
			}
			got, err := consent.Spans(tx, "halm", "letter", from, length, spans)
			if err != nil {
				return err
			}
			total := int64(0)
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("span %d: %+v, want %+v", i, got[i], want[i])
				}
				total += got[i].Given
			}
			if total == 0 {
				t.Error("nobody agreed: the test shows nothing")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
