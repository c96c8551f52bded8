package customer

import (
	"candor/internal/errs"
)

// Offer is the evidence that a person may be written to after a sale (ePrivacy
// 13(2), PECR 22(3)): all of it, or it is none (MSG-02).
type Offer struct {
	Ref     string // of the sale in which the address was given
	Family  string // of the goods that were sold
	Offered bool   // the person could refuse when the address was collected, free and easily
}

// Fact makes the fact of an offer. It returns INVALID when any part is missing.
// The fact must name its controller: the permission is never another company's.
func (o Offer) Fact(f Fact) (Fact, error) {
	switch {
	case o.Ref == "" || o.Family == "":
		return Fact{}, errs.New(errs.Invalid, errs.NoBasis, "name the sale and the family of the goods sold").On("soft_opt_in")
	case !o.Offered:
		return Fact{}, errs.New(errs.Invalid, errs.NoBasis, "without the offer to refuse, made when the address was collected, a sale permits nothing").On("soft_opt_in")
	case f.Controller == "":
		return Fact{}, errs.New(errs.Invalid, errs.NoBasis, "name the controller that made the sale").On("soft_opt_in")
	}
	f.Kind = SoftOptIn
	f.Detail = map[string]string{"value": On, "ref": o.Ref, "family": o.Family, "optout_offered": On}
	return f, nil
}

// OfferOf reads a SoftOptIn fact. It reports false when any part is missing.
func OfferOf(f Fact) (Offer, bool) {
	o := Offer{f.Detail["ref"], f.Detail["family"], f.Detail["optout_offered"] == On}
	return o, f.Kind == SoftOptIn && f.Value() == On && o.Ref != "" && o.Family != "" && o.Offered && f.Controller != ""
}
