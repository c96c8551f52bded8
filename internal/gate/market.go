package gate

import (
	"strings"
	"time"

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

// rulesOf gives the rules that can apply to the customer for a purpose.
func (l *life) rulesOf(p *purposeLaw) []*rule {
	r, strict := p.in(l.home.Market), p.in(rulepack.Strict)
	if len(l.hints) == 0 || r == strict {
		return []*rule{r}
	}
	return []*rule{r, strict}
}
