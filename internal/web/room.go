package web

import (
	"candor/internal/staff"
)

// The rooms' titles, in the order of the navigation.
const (
	HomeRoom      = "Home"
	CustomersRoom = "Customers"
	AudiencesRoom = "Audiences"
	MessagesRoom  = "Messages"
	InsightRoom   = "Insight"
	PromisesRoom  = "Promises"
	TrustRoom     = "Trust"
	SetupRoom     = "Setup"
)

var order = []string{HomeRoom, CustomersRoom, AudiencesRoom, MessagesRoom, InsightRoom, PromisesRoom, TrustRoom, SetupRoom}

// Room is one of the places of the navigation.
type Room struct {
	Title  string // one of the constants
	Icon   string
	Pages  []Page // the first is the room's own
	Routes []Route
}

// Page is a page that the navigation and the palette lead to. Its access is that
// of its route.
type Page struct {
	Title string
	URL   string
	Words string // by which else the palette finds it

	access Access
}

// Route is one action: what it answers to, who may, and what it does.
type Route struct {
	Pattern string
	Access  Access
	Do      func(v *Visit) error
}

// Access says who may use a route. The zero Access is none: a route must say.
type Access struct {
	kind    accessKind
	may     []staff.Permission
	fresh   bool
	unbound bool  // also before confidentiality is promised in the words in force
	files   int64 // bytes that a post with files may have; 0 for a plain form
}

type accessKind uint8

const (
	undeclared accessKind = iota
	anyone
	signedIn
	permitted
)

// Anyone lets strangers in: the pages that lead to a session.
func Anyone() Access { return Access{kind: anyone} }

// SignedIn lets all staff in, whatever their roles.
func SignedIn() Access { return Access{kind: signedIn} }

// May lets in whose roles give one of the permissions.
func May(p staff.Permission, or ...staff.Permission) Access {
	return Access{kind: permitted, may: append([]staff.Permission{p}, or...)}
}

// Fresh asks besides for a second factor shown within five minutes.
func (a Access) Fresh() Access {
	a.fresh = true
	return a
}

// Unbound lets in whoever has not promised confidentiality in the words in force:
// to promise it, or to leave.
func (a Access) Unbound() Access {
	a.unbound = true
	return a
}

// Files takes a post with files, up to so many bytes; Visit.Files reads them.
func (a Access) Files(most int64) Access {
	a.files = most
	return a
}

// Allows tells whether somebody with these rights may, fresh or not.
func (a Access) Allows(r staff.Rights) bool {
	switch a.kind {
	case anyone, signedIn:
		return true
	case permitted:
		return r.Any(a.may...)
	}
	return false
}

// ForStrangers tells whether the route needs no session.
func (a Access) ForStrangers() bool { return a.kind == anyone }

// NeedsFresh tells whether the route needs a factor shown just now.
func (a Access) NeedsFresh() bool { return a.fresh }
