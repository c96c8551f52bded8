package audience

import (
	"testing"
	"time"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/term"
)

// letter gives the forecast of the letter by mail.
func (w *shop) forecast() Forecast {
	w.t.Helper()
	list, err := w.Forecast(ctx)
	w.must(err)
	for _, f := range list {
		if f.Purpose == "letter" && f.Channel == term.Email {
			return f
		}
	}
	w.t.Fatal("no forecast of the letter")
	return Forecast{}
}

// Permissions that end are told by the week in which they do, the same from the
// index and from the database; a no of today is no longer among them, and small
// numbers are not shown.
func TestForecastTellsWhenPermissionsEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, indexed := range []bool{false, true} {
			forgetPeople(t, d)
			w := newShop(t, d)
			early := w.arrive(12, who{acts: agreed})
			w.clock.Advance(15 * 24 * time.Hour)
			w.arrive(20, who{acts: agreed})
			if indexed {
				w.follow()
			}
			look := func() Forecast {
				if indexed {
					w.sync()
				}
				return w.forecast()
			}
			if f := look(); f.Permitted.N != 32 || f.Ending.N != 0 || len(f.Weeks) != 13 {
				t.Errorf("fresh consents: %+v", f)
			}
			w.clock.Advance((730 - 15 - 20) * 24 * time.Hour) // consents hold for 24 months
			f := look()
			if f.Permitted.N != 32 || f.Ending.N != 32 || f.Weeks[2].Ending.N != 12 || f.Weeks[5].Ending.N != 20 || f.Weeks[4].Ending.N != 0 {
				t.Errorf("twenty days before the first end: %+v", f)
			}
			for _, c := range early[:7] {
				w.record(c, "withdrawn")
			}
			if f := look(); f.Permitted.N != 30 || !f.Permitted.About || f.Weeks[2].Ending.Shown != "<10" {
				t.Errorf("few are left: %+v", f)
			}
			w.fact(customer.Fact{Customer: early[8], Kind: customer.Pause, Until: w.clock.Now().Add(time.Hour), Detail: customer.WithValue(customer.On)})
			if f := look(); f.Permitted.N != 20 {
				t.Errorf("one pauses: %+v", f)
			}
		}
	})
}
