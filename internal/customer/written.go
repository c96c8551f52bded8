package customer

import (
	"strings"

	"candor/internal/errs"
)

// Written reads an identity as people write it: an e-mail address, a phone number
// with the country, or a number of the shop, such as shop:10001. It returns INVALID
// for anything else.
func Written(raw string) (i Identity, err error) {
	raw = strings.TrimSpace(raw)
	switch {
	case strings.Contains(raw, "@"):
		i, err = Email(raw)
	case strings.HasPrefix(raw, "+"):
		i, err = Phone(raw, "")
	default:
		ns, number, ok := strings.Cut(raw, ":")
		if !ok {
			ns, number = "shop", raw
		}
		i, err = UserID(ns, number)
	}
	if err != nil {
		err = errs.New(errs.Invalid, "bad_identity", "write a whole e-mail address, a phone number with + and the country, or a customer number such as shop:10001").On("identity")
	}
	return i, err
}
