package message

import (
	"encoding/binary"
	"net/url"
	"strings"

	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

// Scope says what a link may do. No link proves who holds it: mails are
// forwarded.
type Scope string

// The scopes of links in mails.
const (
	Unsubscribe Scope = "u" // ends the purpose on the channel, and nothing more
	Choices     Scope = "c" // shows choices and lowers them; never shows personal data
	Confirm     Scope = "k" // confirms what was asked for at this address
)

const linkKind = "link"

// Link is what a token in a mail stands for.
type Link struct {
	Scope      Scope
	Customer   id.Customer
	Controller term.Controller
	Purpose    term.Purpose
	Channel    term.Channel
	// Endpoint is the suppression digest of the address the mail went to, and
	// EndpointKey the version of the key that made it. They let a link stop the
	// address after the customer is erased.
	Endpoint    []byte
	EndpointKey int64
	Send        []byte // the send's key, or empty
	Ask         term.Ask
	// Record is the consent record that a Confirm link confirms.
	Record id.Record
}

// Seal makes the opaque token of a link.
func (l Link) Seal(ring *keyring.Ring) string {
	b := []byte{1} // version
	b = binary.AppendUvarint(b, uint64(l.Customer))
	b = binary.AppendUvarint(b, uint64(l.EndpointKey))
	b = binary.AppendUvarint(b, uint64(l.Record))
	for _, part := range []string{
		string(l.Scope), string(l.Controller), string(l.Purpose), string(l.Channel),
		string(l.Endpoint), string(l.Send), string(l.Ask),
	} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return ring.SealToken(linkKind, b)
}

var errLink = errs.New(errs.NotFound, "bad_link", "this link is not valid")

// OpenLink opens a token that Seal made, with whichever root key made it. It
// has no expiry: an unsubscribe link works for as long as its key exists
// (RFC 8058; at least 60 days). Any defect gives the same NOT_FOUND.
func OpenLink(ring *keyring.Ring, token string) (Link, error) {
	if len(token) > 2048 {
		return Link{}, errLink
	}
	b, err := ring.OpenToken(linkKind, token)
	if err != nil {
		return Link{}, errLink
	}
	return readLink(b)
}

func readLink(b []byte) (Link, error) {
	if len(b) == 0 || b[0] != 1 {
		return Link{}, errLink
	}
	r := linkReader{b: b[1:]}
	l := Link{Customer: id.Customer(r.number()), EndpointKey: int64(r.number()), Record: id.Record(r.number())}
	l.Scope = Scope(r.bytes())
	l.Controller = term.Controller(r.bytes())
	l.Purpose = term.Purpose(r.bytes())
	l.Channel = term.Channel(r.bytes())
	l.Endpoint = r.bytes()
	l.Send = r.bytes()
	l.Ask = term.Ask(r.bytes())
	if r.bad || len(r.b) != 0 {
		return Link{}, errLink
	}
	return l, nil
}

type linkReader struct {
	b   []byte
	bad bool
}

func (r *linkReader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *linkReader) bytes() []byte {
	n := r.number()
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

// checkBase refuses a public address that mail providers would not honour:
// https only, except on this machine.
func checkBase(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", errs.New(errs.Invalid, "base_url", "the public address must be a URL such as https://mail.example.org")
	}
	local := u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost" || u.Hostname() == "::1"
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return "", errs.New(errs.Invalid, "base_url", "the public address must use https: one-click unsubscribe requires it")
	}
	return strings.TrimRight(base, "/"), nil
}
