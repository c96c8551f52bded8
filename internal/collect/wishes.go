package collect

import (
	"candor/internal/admission"
	"candor/internal/customer"
	"candor/internal/gate"
	"candor/internal/signal"
	"candor/internal/term"
)

// wishes is what the consent tool of a page says, as its SDK sends it in the
// context: Segment's consent.categoryPreferences, RudderStack's
// consentManagement, and IAB's strings, named as the tools' own API names them.
type wishes struct {
	named    map[string]bool
	tcf, gpp string
}

func readWishes(context map[string]any) (w wishes, err error) {
	c, err := objectOf(context, "consent")
	if err != nil {
		return w, err
	}
	prefs, err := objectOf(c, "categoryPreferences")
	if err != nil {
		return w, err
	}
	w.named = map[string]bool{}
	for name, v := range prefs {
		if yes, ok := v.(bool); ok {
			w.named[name] = yes
		}
	}
	if w.tcf, err = textOf(c["tcString"]); err != nil {
		return w, errShape.On("tcString")
	}
	if w.gpp, err = textOf(c["gppString"]); err != nil {
		return w, errShape.On("gppString")
	}
	managed, err := objectOf(context, "consentManagement")
	if err != nil {
		return w, err
	}
	for _, name := range idsOf(managed, "allowedConsentIds") {
		if _, said := w.named[name]; !said {
			w.named[name] = true
		}
	}
	for _, name := range idsOf(managed, "deniedConsentIds") {
		w.named[name] = false // of two the stricter
	}
	return w, nil
}

func idsOf(from map[string]any, list string) (out []string) {
	ids, _ := from[list].([]any)
	for _, v := range ids {
		if name, ok := v.(string); ok {
			out = append(out, name)
		}
	}
	return out
}

// inputs reads the strings, and keeps of the names those of purposes. It returns
// INVALID for a string that cannot be read: then nothing of the message is
// stored, since what the person wishes is not known.
func (w wishes) inputs(rules *admission.Rules, gpc bool) ([]signal.Said, error) {
	var out []signal.Said
	own := signal.Said{From: signal.Explicit, Named: map[string]bool{}}
	for name, yes := range w.named {
		if _, ok := rules.Charter().Purpose(term.Purpose(name)); ok {
			own.Named[name] = yes
		}
	}
	if len(own.Named) > 0 {
		out = append(out, own)
	}
	said, err := signal.Read(w.tcf, w.gpp, gpc && mapsUS(rules))
	return append(out, said...), err
}

func mapsUS(rules *admission.Rules) bool {
	for _, p := range rules.Charter().Purposes {
		if len(p.Signals.US) > 0 {
			return true
		}
	}
	return false
}

// signals is the arrival of what a page says of wishes. It is about the device:
// the page does not know whose that is. A server that names no device speaks for
// the person it names.
func (c *Collector) signals(d delivery, m message, said []signal.Said, who []customer.Identity) gate.Arrival {
	a := gate.Arrival{
		Source: d.source.ID, Claim: true, At: d.received, GPC: d.gpc, Signals: said,
		Provenance: customer.Provenance{Source: d.source.ID.String(), Method: customer.Stated, At: d.received, Confidence: 50},
	}
	if device, err := customer.Anonymous(m.anonymousID); err == nil {
		a.Identities = []customer.Identity{device}
	} else if d.source.Class == Server {
		a.Claim, a.Identities = false, who
	}
	return a
}
