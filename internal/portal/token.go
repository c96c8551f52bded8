package portal

import (
	"encoding/binary"

	"candor/internal/errs"
	"candor/internal/id"
)

// pair packs a customer and a number for a sealed token.
func pair(c id.Customer, number id.Request) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(c))
	return binary.BigEndian.AppendUint64(b, uint64(number))
}

func unpair(b []byte) (id.Customer, id.Request, error) {
	if len(b) != 16 {
		return 0, 0, errs.New(errs.NotFound, "bad_link", "this link is not valid")
	}
	return id.Customer(binary.BigEndian.Uint64(b)), id.Request(binary.BigEndian.Uint64(b[8:])), nil
}
