// Package signal reads what a browser, or the consent tool of a page, says about
// a person's wishes.
//
// Global Privacy Control (https://w3c.github.io/gpc/): the header Sec-GPC with
// the value 1, and no other, asks not to sell or share data and not to target
// advertising. Its absence says nothing and never lifts an earlier signal
// (SIG-01, SIG-02).
//
// IAB Europe's Transparency and Consent Framework, version 2.3, and IAB Tech
// Lab's Global Privacy Platform are strings that consent tools write. What they
// say of numbered purposes and of opting out is mapped to the purposes of the
// charter. A string that cannot be read is an error with a reason code: it is
// taken neither for a yes nor for a no.
package signal

import (
	"net/http"
	"time"
)

// GPC reports whether the request carries the signal. A header that is sent
// more than once counts when any of them is 1: the signal only protects.
func GPC(r *http.Request) bool {
	for _, v := range r.Header.Values("Sec-GPC") {
		if v == "1" {
			return true
		}
	}
	return false
}

// From says which kind of input a wish came by.
type From string

// The kinds.
const (
	Explicit From = "explicit" // the person's own choice, about a purpose by name
	ByGPC    From = "gpc"
	ByGPP    From = "gpp"
	ByTCF    From = "tcf"
)

// Order is the order in which inputs are believed where house.yaml declares no
// other.
var Order = []From{Explicit, ByGPC, ByGPP, ByTCF}

// OptOut is what an American law lets people opt out of.
type OptOut string

// The opt-outs.
const (
	Sale     OptOut = "sale"
	Sharing  OptOut = "sharing"
	Targeted OptOut = "targeted advertising"
)

// OptOuts lists them all. Global Privacy Control asks for each.
var OptOuts = []OptOut{Sale, Sharing, Targeted}

// Purposes is the highest number of a purpose of the framework.
const Purposes = 11

// Map says which parts of the strings speak of a purpose of the charter.
type Map struct {
	TCF []int    // purposes of the framework, 1 to 11: all must be allowed
	US  []OptOut // an opt-out of any is a no
}

// IsZero reports whether nothing speaks of the purpose.
func (m Map) IsZero() bool { return len(m.TCF)+len(m.US) == 0 }

// Said is what one input says.
type Said struct {
	From    From
	Updated time.Time       // when the person's choice was last written down, as the string says; zero when it does not
	EU      *Allowed        // of the framework's purposes; nil when it says nothing of them
	US      map[OptOut]bool // whether the person opted out, of those it speaks of
	Named   map[string]bool // of Explicit: yes or no to purposes of the charter by name
	Unread  []int           // sections of a GPP string that are about other laws
}

// Allowed holds the framework's purposes that a string allows, one bit each.
type Allowed struct{ Consent, Interest uint32 }

// OfGPC is what Global Privacy Control says.
func OfGPC() Said {
	return Said{From: ByGPC, US: map[OptOut]bool{Sale: true, Sharing: true, Targeted: true}}
}

// Read reads what came beside a form or a call: the strings, each "" when there is
// none, and whether the browser sent Global Privacy Control.
func Read(tcf, gpp string, gpc bool) ([]Said, error) {
	var out []Said
	for _, s := range []struct {
		text string
		read func(string) (Said, error)
	}{{gpp, ReadGPP}, {tcf, ReadTCF}} {
		if s.text == "" {
			continue
		}
		said, err := s.read(s.text)
		if err != nil {
			return nil, err
		}
		out = append(out, said)
	}
	if gpc {
		out = append(out, OfGPC())
	}
	return out, nil
}

// Against lists the inputs that say no to a purpose: what a person's own yes of
// the same moment passes over.
func Against(said []Said, purpose string, m Map, consent bool, now time.Time) (out []Input) {
	for _, s := range said {
		if in, speaks := s.Of(purpose, m, consent, now); speaks && in.Says == No {
			out = append(out, in)
		}
	}
	return out
}

// OptsOut reports whether it opts out of anything that an American law names.
func (s Said) OptsOut() bool {
	for _, out := range s.US {
		if out {
			return true
		}
	}
	return false
}

// Of gives what it says of a purpose, and whether it speaks of it at all. A
// purpose that rests on consent needs consent; another is allowed too where the
// string leaves the legitimate interest unopposed.
func (s Said) Of(purpose string, m Map, consent bool, now time.Time) (Input, bool) {
	in := Input{From: s.From, Says: Yes, At: now}
	if !s.Updated.IsZero() && s.Updated.Before(now) {
		in.At = s.Updated
	}
	yes, speaks := s.Named[purpose]
	in.no(speaks && !yes, true)
	if s.EU != nil {
		for _, n := range m.TCF {
			speaks = true
			in.no(!s.EU.allows(n, consent), false)
		}
	}
	for _, o := range m.US {
		out, ok := s.US[o]
		speaks = speaks || ok
		in.no(out, true)
	}
	return in, speaks
}

func (i *Input) no(is, binding bool) {
	if is {
		i.Says, i.Binding = No, i.Binding || binding
	}
}

// allows: purposes 1 and 3 to 6 never rest on a legitimate interest.
func (a *Allowed) allows(n int, consent bool) bool {
	bit := uint32(1) << n
	interest := !consent && n != 1 && (n < 3 || n > 6)
	return a.Consent&bit != 0 || interest && a.Interest&bit != 0
}
