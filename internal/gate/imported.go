package gate

import (
	"bytes"

	"candor/internal/consent"
)

// overtaken finds the record that makes an imported yes idle. A file tells what
// was said elsewhere at an earlier time: a no that was recorded since then
// stands, however often the old file is imported; and a yes that is on record
// is not recorded twice.
func overtaken(records []consent.Record, s consent.State, a consent.Act) (consent.Record, bool) {
	if a.Method != consent.ByImport || !a.Kind.Raises() {
		return consent.Record{}, false
	}
	if s.Rests.Kind.Lowers() && s.Rests.RecordedAt >= a.AssertedAt {
		return s.Rests, true
	}
	for _, r := range records {
		if r.Method == a.Method && r.Kind == a.Kind && r.Key() == a.Key() && r.AssertedAt == a.AssertedAt && r.Ask == a.Ask &&
			r.Action == a.Action && bytes.Equal(r.NoticeHash, a.NoticeHash) {
			return r, true
		}
	}
	return consent.Record{}, false
}
