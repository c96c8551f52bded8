package message

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"strings"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/term"
)

// What becomes of a mail after the relay took it is told later: by a delivery
// report (RFC 3464), a complaint (RFC 5965) or the relay's own webhook. A report
// names the mail by its Message-ID or by the address that it came back to. Both
// hold an HMAC under our keys, so that nobody who has not seen the mail can say
// that it came back, and each mail is counted once however often it is told.

// Fate is what a report says.
type Fate string

// The fates.
const (
	Arrived    Fate = "arrived"    // the recipient's server took it
	CameBack   Fate = "came back"  // it could not be delivered; Code and Status say why
	Complained Fate = "complained" // the person pressed "this is spam"
)

// Report is what is told of one mail.
type Report struct {
	MessageID string // with or without brackets
	Return    string // the local part of the address that it came back to; instead of MessageID
	Fate      Fate
	Code      int    // of SMTP, such as 550; 0 when unknown
	Status    [3]int // the enhanced code of RFC 3463, such as 5.1.1
	Source    string // who tells: "dsn", "arf", or the relay
}

// KindReturned is the ledger's kind of entry for a mail that came back.
const KindReturned ledger.Kind = "send.returned"

// errNoMail is the answer to a report about a mail that is not ours, or of a
// person who was erased since.
var errNoMail = errs.New(errs.NotFound, "no_such_mail", "there is no such mail")

var lower32 = base32.HexEncoding.WithPadding(base32.NoPadding)

// mailNumber is by what a send is found from its Message-ID: the beginning of a
// digest of the local part.
func mailNumber(local string) int64 {
	sum := sha256.Sum256([]byte(local))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
}

const returnMark = "b-"

// returnLocal is the local part of the address that reports about a send go to:
// its number, and an HMAC of its key that no mail shows to its readers.
func returnLocal(ring *keyring.Ring, sendKey []byte) string {
	number := binary.BigEndian.AppendUint64(nil, uint64(mailNumber(localID(ring, sendKey))))
	return returnMark + strings.ToLower(lower32.EncodeToString(number)+lower32.EncodeToString(returnMAC(ring, sendKey)))
}

func returnMAC(ring *keyring.Ring, sendKey []byte) []byte {
	all := ring.Digests(keyring.MessageID, "return", string(sendKey))
	return all[len(all)-1].Sum[:15]
}

// readReturn reads what returnLocal wrote.
func readReturn(local string) (number int64, mac []byte, ok bool) {
	text, marked := strings.CutPrefix(strings.ToLower(local), returnMark)
	if !marked || len(text) != 13+24 {
		return 0, nil, false
	}
	n, err := lower32.DecodeString(strings.ToUpper(text[:13]))
	mac, err2 := lower32.DecodeString(strings.ToUpper(text[13:]))
	if err != nil || err2 != nil {
		return 0, nil, false
	}
	return int64(binary.BigEndian.Uint64(n)), mac, true
}

// IsReturn tells whether a local part has the form of a return address of ours,
// without looking whether there is such a mail.
func IsReturn(local string) bool {
	_, _, ok := readReturn(local)
	return ok
}

// ByMessageID finds a send by its Message-ID. It returns NOT_FOUND when no mail
// of ours has it.
func ByMessageID(tx *db.Tx, ring *keyring.Ring, messageID string) (Send, error) {
	local, _, _ := strings.Cut(strings.Trim(strings.TrimSpace(messageID), "<>"), "@")
	if len(local) > 64 {
		return Send{}, errNoMail
	}
	return byNumber(tx, mailNumber(local), func(key []byte) bool {
		return subtle.ConstantTimeCompare([]byte(localID(ring, key)), []byte(local)) == 1
	})
}

func byReturn(tx *db.Tx, ring *keyring.Ring, local string) (Send, error) {
	number, mac, ok := readReturn(local)
	if !ok {
		return Send{}, errNoMail
	}
	return byNumber(tx, number, func(key []byte) bool { return subtle.ConstantTimeCompare(returnMAC(ring, key), mac) == 1 })
}

func byNumber(tx *db.Tx, number int64, fits func(key []byte) bool) (Send, error) {
	rows, err := tx.Query("select "+sendColumns+" from send where mail_number = $1", number)
	found, err := db.Collect(rows, err, scanSend)
	if err != nil {
		return Send{}, err
	}
	for _, s := range found {
		if fits(s.Key) {
			return s, nil
		}
	}
	return Send{}, errNoMail
}

// Report acts on a report, in one transaction under the customer's lock. An
// address that takes no mail is a fact about the customer (ACC-04); one that put
// off three mails in two weeks is left in peace; a complaint is an objection. It
// returns NOT_FOUND when no mail of ours is meant: whoever told it is not told
// more.
func (s *Sender) Report(ctx context.Context, r Report) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		send, err := s.reported(tx, r)
		if err != nil {
			return err
		}
		if _, err := customer.Lock(tx, send.Customer); err != nil {
			return err
		}
		if send, err = Get(tx, send.Customer, send.Key); err != nil {
			return err
		}
		switch r.Fate {
		case Arrived:
			return s.arrived(tx, send)
		case CameBack:
			return s.cameBack(tx, send, r)
		case Complained:
			return s.complained(tx, send, r)
		}
		return errs.New(errs.Invalid, "bad_report", "a report says that a mail arrived, came back or was complained about")
	})
}

func (s *Sender) reported(tx *db.Tx, r Report) (Send, error) {
	if r.Return != "" {
		return byReturn(tx, s.ring, r.Return)
	}
	return ByMessageID(tx, s.ring, r.MessageID)
}

// arrived settles a mail of which nobody knew whether it left.
func (s *Sender) arrived(tx *db.Tx, send Send) error {
	_, err := tx.Exec("update send set state = 'accepted', reply = 250 where customer_id = $1 and send_key = $2 and state = 'uncertain'", send.Customer, send.Key)
	return err
}

// cameBack ends a mail as returned, once.
func (s *Sender) cameBack(tx *db.Tx, send Send, r Report) error {
	now, code := s.clock.Now(), r.reply()
	n, err := tx.Exec(`update send set state = 'returned', reply = $3, ended_at = $4, payload = '', holder = '', lease_until = 0
		where customer_id = $1 and send_key = $2 and state in ('planned', 'claimed', 'handed', 'accepted', 'uncertain') and handed_at > 0`,
		send.Customer, send.Key, code, now)
	if err != nil || n == 0 {
		return err
	}
	if _, err := s.ledger.Append(tx, KindReturned, now, entryOf(send)); err != nil {
		return err
	}
	if send.tells() {
		if err := s.untold(tx, send); err != nil {
			return err
		}
	}
	switch {
	case r.hard():
		return s.bounce(tx, send, r.Source)
	case r.soft():
		return s.softBounce(tx, send)
	}
	return nil
}

// hard reports whether the address takes no mail.
func (r Report) hard() bool { return r.Code/100 != 4 && badAddress(r.Code, r.Status) }

// soft reports whether the receiving side gave up for now: it put the mail off
// until its sender gave up, or the mailbox is full.
func (r Report) soft() bool {
	full := r.Status == [3]int{5, 2, 2}
	return !r.hard() && (r.Status[0] == 4 || full || r.Status[0] == 0 && r.Code/100 == 4)
}

// reply is the code that is kept: of a soft bounce one that counts as such.
func (r Report) reply() int {
	switch {
	case r.soft() && r.Code/100 != 4:
		return 452
	case r.Code == 0 && r.Status[0] == 5:
		return 550
	}
	return r.Code
}

// complained takes a complaint for what it is: whoever calls it spam wants no
// more of it. A complaint about what is no advertisement ends all advertising.
func (s *Sender) complained(tx *db.Tx, send Send, r Report) error {
	n, err := tx.Exec("update send set complained_at = $3 where customer_id = $1 and send_key = $2 and complained_at = 0 and handed_at > 0",
		send.Customer, send.Key, s.clock.Now())
	if err != nil || n == 0 {
		return err
	}
	if send.Class != Marketing {
		_, _, err = s.gate.StopAll(tx, send.Customer, send.Controller, term.ByCustomer, r.Source)
		return err
	}
	_, _, err = s.gate.Record(tx, consent.Act{
		Customer: send.Customer, Controller: send.Controller, Purpose: send.Purpose, Channel: send.Channel, Kind: consent.Objected,
		Method: consent.BySignal, Strength: consent.Documented, Actor: term.ByCustomer, Source: r.Source, Evidence: "spam complaint",
	})
	return err
}
