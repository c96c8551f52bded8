package collect

import (
	"strings"
	"testing"
	"time"

	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/strict"
)

func TestReadMessageRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		call call
		body string
		code errs.Code
	}{
		"not an object":          {track, `[]`, strict.Malformed},
		"two user ids":           {track, `{"userId":"a","UserID":"b","event":"e"}`, strict.DuplicateKey},
		"same property twice":    {track, `{"userId":"a","event":"e","properties":{"x":1,"x":2}}`, strict.DuplicateKey},
		"NUL":                    {track, `{"userId":"a\u0000","event":"e"}`, strict.NUL},
		"deep":                   {track, `{"userId":"a","event":"e","properties":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, strict.TooDeep},
		"too large":              {track, `{"userId":"a","event":"` + strings.Repeat("x", MaxEvent) + `"}`, "event_too_large"},
		"nobody":                 {track, `{"event":"e"}`, "message_nobody"},
		"no event":               {track, `{"userId":"a"}`, "message_event"},
		"id is an object":        {track, `{"userId":{"$ne":""},"event":"e"}`, "message_shape"},
		"id is a fraction":       {track, `{"userId":1.5,"event":"e"}`, "message_shape"},
		"properties are a list":  {track, `{"userId":"a","event":"e","properties":[1]}`, "message_shape"},
		"context is text":        {track, `{"userId":"a","event":"e","context":"x"}`, "message_shape"},
		"unknown type in batch":  {batch, `{"userId":"a","type":"delete"}`, "message_type"},
		"batch in a batch":       {batch, `{"userId":"a","type":"batch","batch":[]}`, "message_type"},
		"no time":                {track, `{"userId":"a","event":"e","timestamp":"yesterday"}`, "message_time"},
		"before computers count": {track, `{"userId":"a","event":"e","timestamp":"0001-01-01T00:00:00Z"}`, "message_time"},
		"far in the future":      {track, `{"userId":"a","event":"e","timestamp":"99999-01-01T00:00:00Z"}`, "message_time"},
		"long messageId":         {track, `{"userId":"a","event":"e","messageId":"` + strings.Repeat("x", 256) + `"}`, "message_id"},
	} {
		t.Run(name, func(t *testing.T) {
			if m, err := readMessage(c.call, strict.Raw(c.body)); errs.CodeOf(err) != c.code {
				t.Errorf("got %+v, %v; want %s", m, err, c.code)
			}
		})
	}
}

func TestReadMessageKeepsIdsWhole(t *testing.T) {
	m, err := readMessage(track, strict.Raw(`{"userId":9007199254740993,"event":"e","messageId":"m"}`))
	if err != nil || m.userID != "9007199254740993" {
		t.Errorf("userId %q, %v", m.userID, err)
	}
}

func TestMissingMessageIDIsTheContent(t *testing.T) {
	one := strict.Raw(`{"userId":"a","event":"e"}`)
	a, _ := readMessage(track, one)
	b, _ := readMessage(track, one)
	c, _ := readMessage(track, strict.Raw(`{"userId":"a","event":"f"}`))
	if a.id == "" || a.id != b.id || a.id == c.id {
		t.Errorf("ids %q, %q, %q", a.id, b.id, c.id)
	}
}

func TestOccurredAt(t *testing.T) {
	noon := clock.UTC(2026, 11, 23, 12, 0, 0)
	for name, c := range map[string]struct{ happened, sent, received, want clock.Instant }{
		"no time":                  {0, 0, noon, noon},
		"late":                     {noon.Add(-48 * time.Hour), noon, noon, noon.Add(-48 * time.Hour)},
		"a moment on the way":      {noon.Add(-time.Second), noon.Add(-time.Second), noon, noon.Add(-time.Second)},
		"client an hour ahead":     {noon.Add(50 * time.Minute), noon.Add(time.Hour), noon, noon.Add(-10 * time.Minute)},
		"client a day behind":      {noon.Add(-25 * time.Hour), noon.Add(-24 * time.Hour), noon, noon.Add(-time.Hour)},
		"ahead, sending time lost": {noon.Add(time.Hour), 0, noon, noon},
	} {
		if got := occurredAt(c.happened, c.sent, c.received); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestSafeNames(t *testing.T) {
	for name, want := range map[string]string{
		"ssn": "ssn", "order_id": "order_id", "$browser": "$browser", "shoeSize": "shoeSize", "Order Completed": "Order Completed",
		"utm.source": "utm.source", "": "",
		"ada@example.com": Other, "4111111111111111": Other, "id_4111111111111111": Other, "+49 40 123456": Other, "<script>": Other,
		"O'Hara": Other, "=cmd()": Other, "naïve": Other, strings.Repeat("x", 60): Other, "a\nb": Other,
		"I am the very model of a modern major": Other,
	} {
		if got := safeName(name); got != want {
			t.Errorf("safeName(%q) = %q, want %q", name, got, want)
		}
	}
}

// FuzzWire feeds bodies through the whole reading of a request.
func FuzzWire(f *testing.F) {
	for _, s := range []string{
		`{"batch":[{"type":"track","userId":"a","event":"Order Completed","properties":{"value":1e999}}],"sentAt":"2026-11-23T00:00:00Z"}`,
		`{"type":"identify","anonymousId":"x","traits":{"email":"a@example.com"},"context":{"consent":{"categoryPreferences":{"letter":false}}}}`,
		`{"batch":[{},[],"\u0000",{"type":"alias","previousId":1}]}`, `{"writeKey":5}`, `{"batch":{}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, c := range []call{identify, track, page, alias, batch} {
			e, err := openEnvelope(c, body)
			if err != nil {
				continue
			}
			for _, raw := range e.items {
				m, err := readMessage(c, raw)
				if err == nil && (m.userID == "" && m.anonymousID == "" || m.id == "") {
					t.Fatalf("took a message of nobody or without an id: %+v", m)
				}
			}
		}
	})
}
