package rulepack

import "candor/internal/term"

// Evidence says where a person may live: ISO 3166 codes such as "DE" or
// "US-CA", "" when unknown.
type Evidence struct {
	Declared string // residence the person stated
	Address  string // verified postal address
	Phone    string // country and area of the phone number
	Locale   string // the account's country setting
	Network  string // where the connection came from; only adds protection
}

// Jurisdiction is whose law applies, and why.
type Jurisdiction struct {
	Market  term.Market // Strict when the evidence is missing, conflicts or has no pack
	Pack    *Pack
	Because string // the evidence that decided: "declared", ..., "missing", "conflict", "no pack", "network"
}
