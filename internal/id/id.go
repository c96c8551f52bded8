// Package id holds the identifiers of the engine, one type for each kind of
// thing, so that ids of different things do not mix.
//
// A customer's id is a random 63-bit integer, never derived from personal data
// or from time. Every other id is ordered by the time it was made: 51 bits of
// microseconds since 2020 and 12 bits of this process. Both are stored as
// bigint and shown with a prefix, such as cus_0a1b2c3d4e5f6.
package id

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// ID identifies one thing of kind K. The zero ID identifies nothing.
type ID[K kind] int64

type kind interface{ prefix() string }

// The kinds of things, with what their ids are shown with.
type (
	customerKind   struct{}
	eventKind      struct{}
	recordKind     struct{}
	factKind       struct{}
	entryKind      struct{}
	jobKind        struct{}
	outboxKind     struct{}
	sourceKind     struct{}
	importKind     struct{}
	campaignKind   struct{}
	segmentKind    struct{}
	messageKind    struct{}
	requestKind    struct{}
	useKind        struct{}
	staffKind      struct{}
	sessionKind    struct{}
	passkeyKind    struct{}
	accessKind     struct{}
	incidentKind   struct{}
	approvalKind   struct{}
	exportKind     struct{}
	tokenKind      struct{}
	noticeKind     struct{}
	quarantineKind struct{}
	mailKind       struct{}
	deliveryKind   struct{}
	auditKind      struct{}
	templateKind   struct{}
)

func (customerKind) prefix() string   { return "cus" }
func (eventKind) prefix() string      { return "evt" }
func (recordKind) prefix() string     { return "con" }
func (factKind) prefix() string       { return "fct" }
func (entryKind) prefix() string      { return "led" }
func (jobKind) prefix() string        { return "job" }
func (outboxKind) prefix() string     { return "out" }
func (sourceKind) prefix() string     { return "src" }
func (importKind) prefix() string     { return "imp" }
func (campaignKind) prefix() string   { return "cam" }
func (segmentKind) prefix() string    { return "seg" }
func (messageKind) prefix() string    { return "msg" }
func (requestKind) prefix() string    { return "req" }
func (useKind) prefix() string        { return "use" }
func (staffKind) prefix() string      { return "stf" }
func (sessionKind) prefix() string    { return "ses" }
func (passkeyKind) prefix() string    { return "pky" }
func (accessKind) prefix() string     { return "acc" }
func (incidentKind) prefix() string   { return "inc" }
func (approvalKind) prefix() string   { return "apr" }
func (exportKind) prefix() string     { return "exp" }
func (tokenKind) prefix() string      { return "tok" }
func (noticeKind) prefix() string     { return "ntc" }
func (quarantineKind) prefix() string { return "qua" }
func (mailKind) prefix() string       { return "mai" }
func (deliveryKind) prefix() string   { return "dlv" }
func (auditKind) prefix() string      { return "aud" }
func (templateKind) prefix() string   { return "tpl" }

// The identifiers.
type (
	Customer   = ID[customerKind]   // a person
	Event      = ID[eventKind]      // something that happened
	Record     = ID[recordKind]     // a consent record
	Fact       = ID[factKind]       // a fact that bears on standing
	Entry      = ID[entryKind]      // a ledger entry
	Job        = ID[jobKind]        // a piece of background work
	Outbox     = ID[outboxKind]     // an effect sent upward
	Source     = ID[sourceKind]     // where data comes from
	Import     = ID[importKind]     // one run of an import
	Campaign   = ID[campaignKind]   // a campaign
	Segment    = ID[segmentKind]    // a saved condition
	Message    = ID[messageKind]    // content to send
	Request    = ID[requestKind]    // a rights request
	Use        = ID[useKind]        // a recorded use of data
	Staff      = ID[staffKind]      // a member of staff
	Session    = ID[sessionKind]    // a member of staff on one device
	Passkey    = ID[passkeyKind]    // a key with which a member of staff signs in
	Access     = ID[accessKind]     // an access to a customer that somebody is asked about
	Incident   = ID[incidentKind]   // something that went wrong with personal data
	Approval   = ID[approvalKind]   // an act that needs two people
	Export     = ID[exportKind]     // a file with people's data that somebody took out
	Token      = ID[tokenKind]      // an API token
	Notice     = ID[noticeKind]     // a rendered notice
	Quarantine = ID[quarantineKind] // an input that failed validation
	Mail       = ID[mailKind]       // a mail in the built-in mailbox
	Delivery   = ID[deliveryKind]   // data given to a recipient, or a notice to one
	Audit      = ID[auditKind]      // lists that are judged together before they are loaded
	Template   = ID[templateKind]   // a text that campaigns start from
)

// NewCustomer makes a random customer id.
func NewCustomer() Customer {
	var b [8]byte
	for {
		_, _ = rand.Read(b[:])
		if n := int64(binary.BigEndian.Uint64(b[:]) >> 1); n != 0 {
			return Customer(n)
		}
	}
}

var (
	epoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	node  = func() int64 {
		var b [2]byte
		_, _ = rand.Read(b[:])
		return int64(binary.BigEndian.Uint16(b[:]) & 0xfff)
	}()
	last atomic.Int64 // microseconds given last
)

// New makes a time-ordered id, unique in this process and, but for one chance
// in 4,096 of two processes sharing a number, across processes:
//
//	e := id.New[id.Event]()
//
// It is not for customers: use NewCustomer.
func New[I ID[K], K kind]() I {
	now := time.Now().UnixMicro() - epoch
	for {
		prev := last.Load()
		next := max(now, prev+1)
		if last.CompareAndSwap(prev, next) {
			return I(next<<12 | node)
		}
	}
}

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's base 32

// String shows the id with its prefix, or "" when it is zero.
func (i ID[K]) String() string {
	if i == 0 {
		return ""
	}
	var k K
	var out [13]byte
	n := uint64(i)
	for p := len(out) - 1; p >= 0; p-- {
		out[p] = alphabet[n&31]
		n >>= 5
	}
	return k.prefix() + "_" + string(out[:])
}

// Parse reads what String writes. The error never repeats the input.
func Parse[I ID[K], K kind](s string) (I, error) {
	var k K
	body, ok := strings.CutPrefix(s, k.prefix()+"_")
	if !ok || len(body) != 13 || body[0] > '7' { // 63 bits: a larger first letter would be cut and name another id's
		return 0, fmt.Errorf("not an id of the form %s_ and 13 letters or digits", k.prefix())
	}
	var n uint64
	for _, c := range []byte(body) {
		v := strings.IndexByte(alphabet, c)
		if v < 0 {
			return 0, fmt.Errorf("not an id of the form %s_ and 13 letters or digits", k.prefix())
		}
		n = n<<5 | uint64(v)
	}
	if n == 0 || n > 1<<63-1 {
		return 0, fmt.Errorf("not an id of the form %s_ and 13 letters or digits", k.prefix())
	}
	return I(n), nil
}

// MarshalText is String.
func (i ID[K]) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads what MarshalText writes; "" is the zero ID.
func (i *ID[K]) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*i = 0
		return nil
	}
	got, err := Parse[ID[K]](string(b))
	*i = got
	return err
}
