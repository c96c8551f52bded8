package collect

import (
	"crypto/sha256"
	"encoding/base64"
	"time"

	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/strict"
)

// call is one of the calls of Segment's specification.
type call string

const (
	identify call = "identify"
	track    call = "track"
	page     call = "page"
	screen   call = "screen"
	group    call = "group"
	alias    call = "alias"
	batch    call = "batch" // many of the others in one request
)

// message is one call as a client sent it. What its properties, traits and
// context hold is not yet checked against anything.
type message struct {
	call        call
	id          string // the client's own key of the message
	userID      string
	anonymousID string
	email       string         // of a shop's guest, who has no id
	previousID  string         // alias: the id used before
	event       string         // track
	name        string         // page, screen
	data        map[string]any // properties of an event, traits of a person
	wishes      wishes         // what the page's consent tool says
	sent        clock.Instant  // by the client's clock
	happened    clock.Instant  // by the client's clock, or 0
}

var (
	errShape     = errs.New(errs.Invalid, "message_shape", "a part of the message has the wrong type; see Segment's specification")
	errCall      = errs.New(errs.Invalid, "message_type", "the type of a message is identify, track, page, screen, group or alias")
	errTooLarge  = errs.New(errs.TooLarge, "event_too_large", "an event may hold at most %d KB", MaxEvent>>10)
	errMessageID = errs.New(errs.Invalid, "message_id", "a messageId has at most 255 letters")
	errTime      = errs.New(errs.Invalid, "message_time", "times are written as in RFC 3339 and lie after the year 2000")
	errNobody    = errs.New(errs.Invalid, "message_nobody", "a message needs a userId or an anonymousId")
	errNoEvent   = errs.New(errs.Invalid, "message_event", "track needs the name of the event")
)

// envelope is a request: its messages, each still as it was sent.
type envelope struct {
	key   string // writeKey in the body, or ""
	sent  clock.Instant
	items []strict.Raw
}

// openEnvelope cuts a body into messages. What is wrong inside a message is
// that message's trouble alone.
func openEnvelope(c call, body []byte) (envelope, error) {
	fields, err := strict.Fields(body)
	if err != nil {
		return envelope{}, err
	}
	var e envelope
	if e.key, err = rawText(fields["writeKey"]); err != nil {
		return e, err
	}
	if c != batch {
		e.items = []strict.Raw{body}
		return e, nil
	}
	sent, err := rawText(fields["sentAt"])
	if err != nil {
		return e, err
	}
	if e.sent, err = parseTime(sent); err != nil {
		return e, err
	}
	if e.items, err = strict.Items(fields["batch"]); err != nil {
		return e, errShape.On("batch")
	}
	return e, nil
}

func rawText(raw strict.Raw) (string, error) {
	if len(raw) == 0 {
		return "", nil
	}
	v, err := strict.Parse(raw)
	if err != nil {
		return "", err
	}
	return textOf(v)
}

// readMessage reads one message; c is the call its path names, or batch.
func readMessage(c call, raw strict.Raw) (message, error) {
	if len(raw) > MaxEvent {
		return message{}, errTooLarge
	}
	m, err := strict.Object(raw)
	if err != nil {
		return message{}, err
	}
	out := message{call: c}
	if c == batch {
		t, err := textOf(m["type"])
		if err != nil {
			return message{}, errCall
		}
		out.call = call(t)
	}
	if err := out.read(m); err != nil {
		return message{}, err
	}
	if out.id == "" {
		out.id = contentID(raw)
	}
	return out, nil
}

// contentID stands for a messageId that is missing: the same bytes twice are a
// client's second try.
func contentID(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "content:" + base64.RawURLEncoding.EncodeToString(sum[:])
}

func (m *message) read(from map[string]any) error {
	for name, into := range map[string]*string{
		"messageId": &m.id, "userId": &m.userID, "anonymousId": &m.anonymousID, "previousId": &m.previousID,
		"event": &m.event, "name": &m.name,
	} {
		s, err := textOf(from[name])
		if err != nil {
			return errShape.On(name)
		}
		*into = s
	}
	if len(m.id) > 255 {
		return errMessageID
	}
	if err := m.readTimes(from); err != nil {
		return err
	}
	if err := m.readData(from); err != nil {
		return err
	}
	if m.userID == "" && m.anonymousID == "" {
		return errNobody
	}
	return nil
}

// readTimes reads when the message happened and when it was sent. RudderStack
// sends originalTimestamp always and timestamp where the caller gave one.
func (m *message) readTimes(from map[string]any) error {
	for _, t := range []struct {
		name string
		into *clock.Instant
	}{{"originalTimestamp", &m.happened}, {"timestamp", &m.happened}, {"sentAt", &m.sent}} {
		s, err := textOf(from[t.name])
		if err != nil {
			return errTime
		}
		at, err := parseTime(s)
		if err != nil {
			return err
		}
		if at != 0 {
			*t.into = at
		}
	}
	return nil
}

func (m *message) readData(from map[string]any) error {
	name := "properties"
	switch m.call {
	case identify, group:
		name = "traits"
	case track:
		if m.event == "" {
			return errNoEvent
		}
	case page, screen, alias:
	default:
		return errCall
	}
	context, err := objectOf(from, "context")
	if err != nil {
		return err
	}
	if m.data, err = objectOf(from, name); err != nil {
		return err
	}
	if m.call == identify && m.data == nil {
		if m.data, err = objectOf(context, "traits"); err != nil {
			return err
		}
	}
	m.wishes, err = readWishes(context)
	return err
}

// textOf reads an id or a name: a text, a whole number as it was written, or
// nothing.
func textOf(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case strict.Number:
		if isWhole(string(v)) {
			return string(v), nil
		}
	}
	return "", errShape
}

func isWhole(s string) bool {
	for i, c := range []byte(s) {
		if (c < '0' || c > '9') && (c != '-' || i > 0) {
			return false
		}
	}
	return true
}

func objectOf(from map[string]any, name string) (map[string]any, error) {
	switch v := from[name].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return v, nil
	}
	return nil, errShape.On(name)
}

var earliest = clock.UTC(2000, 1, 1, 0, 0, 0)

// parseTime reads a client's time; "" is 0.
func parseTime(s string) (clock.Instant, error) {
	if s == "" {
		return 0, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			if t.Year() > 9999 || clock.At(t) < earliest {
				return 0, errTime
			}
			return clock.At(t), nil
		}
	}
	return 0, errTime
}

// smallSkew is how far a client's clock may be off before its times are moved:
// less than that is the way the message took.
const smallSkew = 10 * time.Second

// occurredAt says when something happened by our clock. A client whose clock is
// wrong says when it sent the message by the same wrong clock, so the
// difference to our receipt is what its clock is off. Nothing happens after it
// was received.
func occurredAt(happened, sent, received clock.Instant) clock.Instant {
	if happened == 0 {
		return received
	}
	if sent != 0 {
		if skew := received.Sub(sent); skew.Abs() > smallSkew {
			happened = happened.Add(skew)
		}
	}
	return min(happened, received)
}
