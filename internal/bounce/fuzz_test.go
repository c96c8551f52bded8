package bounce

import (
	"testing"

	"candor/internal/errs"
	"candor/internal/message"
	"candor/internal/strict"
)

// What relays post, once its signature fits.
func FuzzHook(f *testing.F) {
	for _, s := range []string{
		`[{"event":"bounce","smtp-id":"<b1234@shop.example>","status":"5.1.1","reason":"550 5.1.1 no such user"},{"event":"spamreport","smtp-id":"<b@shop.example>"}]`,
		`[{"event":"dropped","smtp-id":"<b1234@shop.example>","reason":"Bounced Address"},{"event":"deferred"},[],null]`,
		`{"event-data":{"event":"failed","severity":"permanent","message":{"headers":{"message-id":"b@shop.example"}},"delivery-status":{"code":550,"enhanced-code":"5.1.1"}}}`,
		`{"event-data":{"event":"complained","message":{"headers":{"message-id":"b@shop.example"}}},"signature":{"timestamp":1,"token":"a"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := sendGridEvents(body)
		if err != nil && !errs.Is(err, errs.Invalid) {
			t.Errorf("%v", err)
		}
		if said, err := strict.Object(body); err == nil {
			if r, ok := mailgunEvent(value{said}.get("event-data")); ok {
				list = append(list, r)
			}
		}
		for _, r := range list {
			if r.MessageID == "" || r.Fate == "" || r.Return != "" && !message.IsReturn(r.Return) {
				t.Errorf("%+v", r)
			}
		}
	})
}
