package rulepack

import "candor/internal/term"

type rules struct {
	Permission        map[term.Channel]Permission
	ConsentLife       map[ConsentKind]Period
	ReaskBar          map[RefusalKind]Period
	SendWindow        map[term.Channel]Window
	Confirm           confirm
	Unsubscribe       unsubscribe
	SignalHonoured    bool
	Ages              Ages
	ErasureExceptions []Exception
}

type confirm struct {
	Channels    []term.Channel
	LinkLives   Period
	DeleteAfter Period
}

func (c confirm) has(ch term.Channel) bool {
	for _, x := range c.Channels {
		if x == ch {
			return true
		}
	}
	return false
}

type unsubscribe struct{ LinkLives Period }

// Load reads the packs that come with the program.
func Load() (*Set, error) { return &Set{strict: &Pack{Market: Strict}}, nil }

// Choose decides whose law applies to a person.
func (s *Set) Choose(e Evidence) Jurisdiction { return Jurisdiction{Strict, s.strict, "missing"} }

// Calendar is the public holidays of a place.
type Calendar struct{ Place string }
