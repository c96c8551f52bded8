package gate

import (
	"slices"

	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/gate/internal/vault"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

// Disown takes an address away from a customer whose it is not: whoever reads
// the mail said so, or the address was given to somebody else (GDPR 5(1)(d)).
// In one transaction the address leaves the profile with all its values, is
// suppressed for marketing and invalid for everything else, and nothing is put
// in its place by guessing.
func (g *Gate) Disown(tx *db.Tx, c id.Customer, ch term.Channel, actor term.Actor, source string) (Effects, error) {
	h, err := g.hold(tx, c)
	if err != nil {
		return Effects{}, err
	}
	if err := h.disownAddress(ch, actor); err != nil {
		return Effects{}, err
	}
	for i := range h.charter.Fields {
		if f := &h.charter.Fields[i]; f.KeepIn == charter.Vault && f.Kind == kindsOf[ch] {
			if err := vault.DeleteField(tx, c, f.ID); err != nil {
				return Effects{}, err
			}
		}
	}
	invalid := customer.Fact{Kind: customer.Address, Channel: ch, Detail: customer.WithValue("invalid"), Actor: actor, Source: source}
	if err := h.fact(invalid); err != nil {
		return Effects{}, err
	}
	tx.After(g.memory.forget)
	return h.settle()
}

func (h *hold) disownAddress(ch term.Channel, actor term.Actor) error {
	held, err := customer.IdentitiesOf(h.tx, []id.Customer{h.id})
	if err != nil {
		return err
	}
	for _, i := range held[h.id] {
		if len(i.Endpoint) == 0 || i.Kind.Channel() != ch && !slices.Contains([]term.Channel{term.SMS, term.Phone}, ch) {
			continue
		}
		s := customer.Suppression{Endpoint: keyring.Digest{KeyID: i.KeyID, Sum: i.Endpoint}, Controller: h.law.Controller,
			Channel: i.Kind.Channel(), Reason: "not theirs", At: h.at}
		if err := h.g.putSuppression(h.tx, s); err != nil {
			return err
		}
		if err := h.fact(s.Fact(h.id, actor, h.at)); err != nil {
			return err
		}
		if err := customer.Release(h.tx, h.id, i.Digest); err != nil {
			return err
		}
	}
	return nil
}
