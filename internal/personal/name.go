package personal

import "regexp"

// somebodys matches an e-mail address, or a telephone number in its international
// form, anywhere in a text.
var somebodys = regexp.MustCompile(`[^\s@]+@[^\s@]+\.[^\s@]+|\+[0-9][0-9 ()/.-]{6,}`)

// HoldsAddress reports whether a text that staff write, such as the name of a
// campaign, holds somebody's address: names are kept in clear and outlive an
// erasure, so they are refused.
func HoldsAddress(text string) bool { return somebodys.MatchString(text) }
