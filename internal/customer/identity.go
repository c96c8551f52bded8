package customer

import (
	"candor/internal/errs"
	"candor/internal/personal"
	"candor/internal/term"
)

// IdentityKind says what sort of address or id finds a customer.
type IdentityKind string

// The kinds of identities.
const (
	EmailAddress IdentityKind = "email"
	PhoneNumber  IdentityKind = "phone"
	User         IdentityKind = "user"      // the business's own id, in a namespace
	Visitor      IdentityKind = "anonymous" // what an SDK gives a browser or an app
	Device       IdentityKind = "device"    // a push token or a device's id
	Custom       IdentityKind = "custom"    // another system's id, in a namespace
)

// Endpoint reports whether the identity is an address: something several
// customers may share, and that never belongs to one of them alone.
func (k IdentityKind) Endpoint() bool { return k == EmailAddress || k == PhoneNumber }

// Names reports whether a trusted source that gives this identity has named the
// person, other than a visitor's device.
func (k IdentityKind) Names() bool { return k != Visitor && k != Device }

// Channel gives the channel an endpoint is reached on, or "".
func (k IdentityKind) Channel() term.Channel {
	switch k {
	case EmailAddress:
		return term.Email
	case PhoneNumber:
		return term.SMS
	}
	return term.NoChannel
}

// Identity is an address or id that finds a customer, normalised, so that equal
// ones are equal. Make it with Email, Phone, UserID, Anonymous, DeviceID or
// CustomID.
type Identity struct {
	Kind      IdentityKind
	Namespace string         // of user and custom ids, such as "shop"; else ""
	Value     personal.Value // normalised
}

// Role reports whether an e-mail address belongs to a function rather than to a
// person (info@, office@): it never proves who someone is.
func (i Identity) Role() bool { return i.Kind == EmailAddress && roleAddress(i.Value.Reveal()) }

func invalid(code errs.Code, field, format string, args ...any) error {
	return errs.New(errs.Invalid, code, format, args...).On(field)
}
