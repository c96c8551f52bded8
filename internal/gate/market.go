package gate

import (
	"strings"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/rulepack"
	"candor/internal/term"
)

// hintLives is how long a hint of the network, once raised, stays: it only ever
// adds protection, so one connection from home does not end it.
const hintLives = 30 * 24 * time.Hour

func isHint(f customer.Fact) bool {
	return f.Kind == customer.Residence && f.Detail["evidence"] == "network"
}

// hint notes when the network pointed to a place of another law than the one
// that all other evidence gives.
func (l *life) hint(facts []customer.Fact, home rulepack.Evidence) {
	for _, f := range facts {
		if !isHint(f) || f.Controller != "" && f.Controller != l.law.Controller {
			continue
		}
		home.Network = strings.ToUpper(f.Value())
		if j := l.law.packs.Choose(home); j.Because == "network" {
			l.hints = append(l.hints, span{from: min(f.At, f.RecordedAt), until: f.RecordedAt.Add(hintLives)})
		}
	}
}

// market is whose law applies at an instant.
func (l *life) market(at clock.Instant) term.Market {
	for _, h := range l.hints {
		if h.from <= at && at < h.until {
			return rulepack.Strict
		}
	}
	return l.home.Market
}

// Courtesy is what marketing owes a person besides permission: the hour, and how
// much of it the law bears.
type Courtesy struct {
	Opens clock.Instant // the message may arrive from then on; the instant asked about when it is open
	Caps  []rulepack.MessageCap
}

// Courtesy says when a message of marketing may arrive on a channel: in the
// hours of the person's market, in every zone where they may be (MSG-10). Post
// may arrive at any time. The hours of e-mail and push are policy, which the
// house may set; those of texts and calls are law. Facts are all of the
// customer's.
func (g *Gate) Courtesy(c *charter.Charter, facts []customer.Fact, ch term.Channel, at clock.Instant) (Courtesy, error) {
	l, err := g.lawOf(c)
	if err != nil {
		return Courtesy{}, err
	}
	who := fold(Facts{Facts: facts}, l)
	pack, ok := g.packs.Pack(who.market(at))
	if !ok || l.Strict {
		pack = g.packs.Strict()
	}
	out := Courtesy{Opens: at, Caps: pack.MessageCaps(ch)}
	if ch == term.Post {
		return out, nil
	}
	window := pack.SendWindow(ch)
	if own, ok := c.House.Hours[ch]; ok {
		window = own
	}
	zones := g.packs.ZonesOf(who.places...)
	if len(zones) == 0 {
		zones = []*time.Location{l.zone}
	}
	out.Opens = window.Open(at, zones)
	return out, nil
}

// rulesOf gives the rules that can apply to the customer for a purpose.
func (l *life) rulesOf(p *purposeLaw) []*rule {
	r, strict := p.in(l.home.Market), p.in(rulepack.Strict)
	if len(l.hints) == 0 || r == strict {
		return []*rule{r}
	}
	return []*rule{r, strict}
}
