package sharing

import (
	"crypto/aes"
	"encoding/base32"
	"encoding/binary"
	"strings"

	"candor/internal/errs"
	"candor/internal/id"
)

// subjectMark begins a recipient's reference to a person.
const subjectMark = "sub_"

var subjectText = base32.StdEncoding.WithPadding(base32.NoPadding)

// Subject is the reference by which this recipient knows a customer: one AES
// block of the id and eight zero bytes under the recipient's own key. It is the
// same every time, opens only here, and cannot be guessed or joined with
// another recipient's.
func (r Recipient) Subject(c id.Customer) string {
	var b [aes.BlockSize]byte
	binary.BigEndian.PutUint64(b[:8], uint64(c))
	block, err := aes.NewCipher(r.subjectKey)
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	block.Encrypt(b[:], b[:])
	return subjectMark + strings.ToLower(subjectText.EncodeToString(b[:]))
}

// customerOf opens a reference. It returns NOT_FOUND for anything that Subject
// did not make.
func (r Recipient) customerOf(subject string) (id.Customer, error) {
	unknown := errs.New(errs.NotFound, "no_such_subject", "this reference is not one of yours").On("subject")
	text, ok := strings.CutPrefix(subject, subjectMark)
	b, err := subjectText.DecodeString(strings.ToUpper(text))
	if !ok || err != nil || len(b) != aes.BlockSize {
		return 0, unknown
	}
	block, err := aes.NewCipher(r.subjectKey)
	if err != nil {
		return 0, err
	}
	block.Decrypt(b, b)
	c := id.Customer(binary.BigEndian.Uint64(b[:8]))
	if binary.BigEndian.Uint64(b[8:]) != 0 || c <= 0 {
		return 0, unknown
	}
	return c, nil
}
