package ui

// Desk is what surrounds a page of staff, besides the Frame's title and message.
// A Frame with a Desk is rendered in the layout "desk"; its language is English.
type Desk struct {
	Rooms    []RoomLink
	Mode     string // "Live" or "Demo"
	Person   string // who is signed in
	Initials string
	Roles    []string
	Go       string // the page that jumps to others; the palette takes its form from there
	Account  string
	SignOut  string
	Concern  string
}

// RoomLink leads to a room, with its pages when the reader is in it.
type RoomLink struct {
	Text, URL, Icon string
	Current         bool // the reader is in this room
	Here            bool // the reader is on its first page
	Pages           []Link
}
