package bounce

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/message"
)

// What mail servers and feedback loops of different makers write, and what looks
// like a report and is none.
func TestParseReadsReports(t *testing.T) {
	const id = "<b1234@shop.example>"
	for name, want := range map[string][]message.Report{
		"no-such-user.eml":    {{MessageID: id, Fate: message.CameBack, Code: 550, Status: [3]int{5, 1, 1}, Source: "dsn"}},
		"only-the-reply.eml":  {{MessageID: id, Fate: message.CameBack, Code: 550, Status: [3]int{5, 1, 1}, Source: "dsn"}},
		"mailbox-full.eml":    {{MessageID: id, Fate: message.CameBack, Code: 552, Status: [3]int{5, 2, 2}, Source: "dsn"}},
		"gave-up.eml":         {{MessageID: id, Fate: message.CameBack, Status: [3]int{4, 4, 7}, Source: "dsn"}},
		"arrived.eml":         {{MessageID: id, Fate: message.Arrived, Status: [3]int{2, 0, 0}, Source: "dsn"}},
		"complaint.eml":       {{MessageID: id, Fate: message.Complained, Source: "arf"}},
		"delayed.eml":         nil,
		"not-spam.eml":        nil,
		"holiday.eml":         nil,
		"report-in-reply.eml": nil,
		"endless.eml":         {{MessageID: id, Fate: message.CameBack, Status: [3]int{5, 1, 1}, Source: "dsn"}},
	} {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		got := Parse([]byte(strings.ReplaceAll(string(raw), "\n", "\r\n")))
		if len(got) != len(want) || len(got) == 1 && got[0] != want[0] {
			t.Errorf("%s says %+v, want %+v", name, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := Parse(raw)
		if len(got) > 1 {
			t.Errorf("%d reports of one mail", len(got))
		}
		for _, r := range got {
			if r.Fate == "" || r.Return != "" && !message.IsReturn(r.Return) || r.Code != 0 && (r.Code < 200 || r.Code > 599) {
				t.Errorf("%+v", r)
			}
		}
	})
}

func TestReplyOf(t *testing.T) {
	for text, want := range map[string]struct {
		code   int
		status [3]int
	}{
		"550 5.1.1 no such user": {550, [3]int{5, 1, 1}}, "550-5.1.1 no such": {550, [3]int{5, 1, 1}}, "550 no such user": {550, [3]int{}},
		"550 #5.1.0 Address rejected": {550, [3]int{5, 1, 0}}, "5.2.2 full": {0, [3]int{5, 2, 2}}, "": {}, "55": {}, "5501 x": {}, "999 9.9.9": {},
		"550 5.1": {550, [3]int{}}, "452 4.2.2 full": {452, [3]int{4, 2, 2}},
	} {
		code, status := replyOf(text)
		if code != want.code || status != want.status {
			t.Errorf("%q: %d %v", text, code, status)
		}
	}
}
