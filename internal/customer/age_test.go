package customer

import (
	"testing"
	"time"

	"candor/internal/clock"
)

func TestAgeDetailKeepsABandAndAMonth(t *testing.T) {
	today := clock.On(2026, time.March, 10)
	for _, v := range []struct {
		born      clock.Date
		consentAt int
		band      Band
		from      string
	}{
		{clock.On(2012, time.March, 10), 16, Child, "2030-04"},
		{clock.On(2012, time.March, 10), 14, Teen, "2030-04"},
		{clock.On(2012, time.March, 11), 14, Child, "2030-04"},
		{clock.On(2012, time.March, 1), 14, Teen, "2030-03"},
		{clock.On(2012, time.February, 11), 14, Teen, "2030-03"},
		{clock.On(2008, time.March, 11), 16, Teen, "2026-04"},
		{clock.On(2008, time.February, 29), 16, Adult, ""},
		{clock.On(1980, time.January, 1), 16, Adult, ""},
	} {
		d := AgeDetail(v.born, today, v.consentAt, AskedAge)
		if d["value"] != string(v.band) || d["adult_from"] != v.from || d["method"] != AskedAge || len(d) > 4 {
			t.Errorf("born %v, consent at %d: %v, want %s %s", v.born, v.consentAt, d, v.band, v.from)
		}
	}
	if d := AgeYearsDetail(12, today, 13, AskedAge); d["value"] != string(Child) || d["adult_from"] != "2032-04" {
		t.Errorf("twelve years old: %v", d)
	}
	if !Child.Protects(Teen) || !Teen.Protects(UnknownAge) || !UnknownAge.Protects(Adult) || Adult.Protects(Adult) || !Band("").Protects(Adult) {
		t.Error("the bands are out of order")
	}
}
