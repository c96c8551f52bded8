// Package rulepack holds the law's numbers as data: one versioned YAML file per
// jurisdiction with its deadlines, ages, permission models, windows and
// holidays. Code counts; it never knows a number by itself.
//
// A jurisdiction is chosen from evidence of where a person lives. Where the
// evidence is missing, conflicts or points to a place without a pack, the pack
// STRICT applies: for every rule the most protective value of all packs.
//
// Every clock gives three days: Legal, the statute's limit on the
// best-supported reading; Safe, the earliest that any serious reading supports,
// which is the engine's red line; and Target, an internal goal.
package rulepack

import (
	"slices"
	"strings"
	"time"

	"candor/internal/term"
)

// Strict is the name of the computed pack: the most protective value of every
// rule.
const Strict term.Market = "STRICT"

// Permission is what must be true before a person may be written to with
// marketing on a channel: the layer of ePrivacy 13, CAN-SPAM and their kin,
// beside the legal basis.
type Permission string

// The models of permission, the most protective first.
const (
	OptIn     Permission = "opt-in"     // only after a yes
	AfterSale Permission = "after-sale" // own similar goods, to a buyer who was offered to refuse
	Implied   Permission = "implied"    // for a time after a purchase or an inquiry
	OptOut    Permission = "opt-out"    // until a no
	Service   Permission = "service"    // not marketing: what the person asked for
)

// ConsentKind says what sort of consent a life is for.
type ConsentKind string

// The kinds of consent whose life a pack sets.
const (
	Marketing  ConsentKind = "marketing"   // from the last positive interaction
	Tracker    ConsentKind = "tracker"     // from the choice
	HealthSale ConsentKind = "health-sale" // from the signature
)

// Implied consent: how long after a purchase, and after an inquiry, a person may
// be written to without a yes (CASL 10(9), (10)). Zero where the law has no such
// thing.
type ImpliedConsent struct {
	Purchase Period `yaml:"purchase"`
	Inquiry  Period `yaml:"inquiry"`
}

// IsZero reports whether the law knows no implied consent.
func (i ImpliedConsent) IsZero() bool { return i.Purchase.IsZero() || i.Inquiry.IsZero() }

// TermName names a period of a pack that is no deadline: how long something is
// valid at most, or how long a bar stands and a record is kept at least.
type TermName string

// RefusalKind says what sort of no a cool-down is for.
type RefusalKind string

// The kinds of refusal whose cool-down a pack sets.
const (
	Refusal     RefusalKind = "refusal"      // any no
	SaleRefusal RefusalKind = "sale-refusal" // opt-out of sale or sharing, limit of sensitive use
)

// Ages are thresholds in completed years.
type Ages struct {
	Consent   int            `yaml:"consent"`    // from this age a person consents alone
	Profiling int            `yaml:"profiling"`  // below it, no advertising based on profiling
	Adult     int            `yaml:"adult"`      // from this age a person is grown up
	ConsentIn map[string]int `yaml:"consent_in"` // Consent of single countries
}

// ConsentAt is the age from which a person in a place consents alone.
func (a Ages) ConsentAt(place string) int {
	nation, _, _ := strings.Cut(place, "-")
	if years, ok := a.ConsentIn[nation]; ok {
		return years
	}
	return a.Consent
}

// Exception is a ground on which data outlive a request to erase them.
type Exception struct {
	Ground string `yaml:"ground"` // such as "legal obligation"
	Source string `yaml:"source"` // the article or section
}

// MessageCap is how many marketing messages on a channel the law lets one person
// get in so many days. Nothing raises it.
type MessageCap struct {
	Channel term.Channel `yaml:"channel"`
	AtMost  int          `yaml:"at_most"`
	Days    int          `yaml:"days"`
}

// confirm says how an address is proven to be its owner's.
type confirm struct {
	Channels    []term.Channel `yaml:"channels"`
	LinkLives   Period         `yaml:"link_lives"`
	DeleteAfter Period         `yaml:"delete_after"`
}

// unsubscribe says how long the way out stays open.
type unsubscribe struct {
	LinkLives Period `yaml:"link_lives"`
}

// rules are a pack's rules, with its clocks bound to calendars. STRICT has
// several deadlines for one clock.
type rules struct {
	rulesTop
	clocks map[ClockName][]deadline
}

// Set is all packs in use. It is immutable and safe for concurrent use.
type Set struct {
	packs     map[term.Market]*Pack
	calendars map[string]*Calendar
	strict    *Pack
	floor     *Pack // strict.yaml
	sums      map[string]string
	version   string
}

// Pack is the law of one jurisdiction. It is immutable.
type Pack struct {
	Market  term.Market
	Version string               // the market and the day of its last change, such as "EU 2026-11-01"
	Title   map[term.Lang]string // for screens and notices
	Covers  []string             // ISO 3166 codes: "DE", "US-CA"
	Zones   []string             // IANA zones its people may live in, the earliest first

	zonesIn   map[string][]string // the zones of single places
	rules     rules
	calendars map[string]*Calendar
}

// Version names the exact rules in use: a change of any pack changes it.
func (s *Set) Version() string { return s.version }

// Pack gives the pack of a market, also for Strict.
func (s *Set) Pack(m term.Market) (*Pack, bool) {
	if m == Strict {
		return s.strict, true
	}
	p, ok := s.packs[m]
	return p, ok
}

// Strict gives the most protective pack.
func (s *Set) Strict() *Pack { return s.strict }

// PermissionModel is the law's default on a channel. An unknown channel is
// opt-in.
func (p *Pack) PermissionModel(ch term.Channel) Permission {
	if m, ok := p.rules.Permission[ch]; ok {
		return m
	}
	return OptIn
}

// ConsentTTL is how long a consent of this kind lives at most.
func (p *Pack) ConsentTTL(k ConsentKind) Period { return p.rules.ConsentLife[k] }

// ReaskBar is how long after a no nobody may ask again. It is a minimum period:
// asking is allowed from the day after its end.
func (p *Pack) ReaskBar(k RefusalKind) Period { return p.rules.ReaskBar[k] }

// MessageCaps lists what the law sets for a channel.
func (p *Pack) MessageCaps(ch term.Channel) []MessageCap {
	var out []MessageCap
	for _, c := range p.rules.MessageCaps {
		if c.Channel == ch {
			out = append(out, c)
		}
	}
	return out
}

// MayAfterSale reports whether the law lets a sale of similar goods stand for a
// yes on a channel (ePrivacy 13(2)).
func (p *Pack) MayAfterSale(ch term.Channel) bool {
	return p.PermissionModel(ch) == OptOut || slices.Contains(p.rules.AfterSale, ch)
}

// Implied is the law's implied consent; zero where it has none.
func (p *Pack) Implied() ImpliedConsent { return p.rules.Implied }

// AtMost is how long something is valid at most: it ends as its last day begins
// (Period.ValidUntil). It reports false for what the pack does not limit.
func (p *Pack) AtMost(name TermName) (Period, bool) {
	v, ok := p.rules.AtMost[name]
	return v, ok
}

// AtLeast is how long a bar stands or a record is kept at least: it ends with
// its last day (Period.BarredUntil).
func (p *Pack) AtLeast(name TermName) (Period, bool) {
	v, ok := p.rules.AtLeast[name]
	return v, ok
}

// SendWindow is when marketing may arrive on a channel.
func (p *Pack) SendWindow(ch term.Channel) Window { return p.rules.window(ch) }

// ConfirmNeeded reports whether an address on this channel must be confirmed by
// its owner before marketing.
func (p *Pack) ConfirmNeeded(ch term.Channel) bool {
	return slices.Contains(p.rules.Confirm.Channels, ch)
}

// ConfirmWithin is how long a confirmation link lives.
func (p *Pack) ConfirmWithin() time.Duration { return p.rules.Confirm.LinkLives.Duration() }

// UnconfirmedDelete is when an address that nobody confirmed is deleted.
func (p *Pack) UnconfirmedDelete() time.Duration { return p.rules.Confirm.DeleteAfter.Duration() }

// UnsubscribeLives is how long a link to unsubscribe must work at least.
func (p *Pack) UnsubscribeLives() time.Duration { return p.rules.Unsubscribe.LinkLives.Duration() }

// SignalHonoured reports whether an opt-out signal of the browser, such as
// Global Privacy Control, binds.
func (p *Pack) SignalHonoured() bool { return p.rules.SignalHonoured }

// Ages gives the age thresholds.
func (p *Pack) Ages() Ages { return p.rules.Ages }

// ErasureExceptions lists on which grounds data may outlive an erasure.
func (p *Pack) ErasureExceptions() []Exception { return p.rules.ErasureExceptions }
