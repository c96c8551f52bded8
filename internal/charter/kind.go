package charter

import "candor/internal/term"

// kindInfo is what the engine knows of a kind of field.
type kindInfo struct {
	identifying bool // alone or with little else it says who a person is: never a trait
	number      bool // a trait of it lives in a number column
	category    Category
	title       Texts // where the charter gives none; nil when it must
}

var kinds = map[FieldKind]kindInfo{
	KindEmail:     {true, false, Contact, Texts{"en": "E-mail address", "de": "E-Mail-Adresse"}},
	KindPhone:     {true, false, Contact, Texts{"en": "Phone number", "de": "Telefonnummer"}},
	KindName:      {true, false, Identifiers, Texts{"en": "Name", "de": "Name"}},
	KindPostal:    {true, false, Contact, Texts{"en": "Postal address", "de": "Postanschrift"}},
	KindText:      {true, false, Preferred, nil},
	KindBirthDate: {true, false, Protected, Texts{"en": "Date of birth", "de": "Geburtsdatum"}},
	KindBirthYear: {false, true, Protected, Texts{"en": "Year of birth", "de": "Geburtsjahr"}},
	KindCountry:   {false, false, Geolocation, Texts{"en": "Country", "de": "Land"}},
	KindRegion:    {false, false, Geolocation, Texts{"en": "Region", "de": "Region"}},
	KindLanguage:  {false, false, Preferred, Texts{"en": "Language", "de": "Sprache"}},
	KindChoice:    {false, false, Preferred, nil},
	KindFlag:      {false, true, Preferred, nil},
	KindCount:     {false, true, Commercial, nil},
	KindMoney:     {false, true, Commercial, nil},
	KindDate:      {false, true, Commercial, nil},
	KindInstant:   {false, true, Commercial, nil},
	KindLocation:  {false, false, Geolocation, Texts{"en": "Approximate place", "de": "Ungefährer Ort"}},
}

// Identifying reports whether values of this kind say who a person is, so that
// they are kept sealed.
func (k FieldKind) Identifying() bool { return kinds[k].identifying || kinds[k].category == "" }

// Number reports whether a trait of this kind lives in a number column: counts
// as they are, flags as 0 and 1, money in minor units, dates and instants in
// microseconds.
func (k FieldKind) Number() bool { return kinds[k].number }

// ChannelOf gives the channel that a field is an address of, or NoChannel.
func (f *Field) ChannelOf() term.Channel {
	switch f.Kind {
	case KindEmail:
		return term.Email
	case KindPhone:
		return term.Phone
	case KindPostal:
		return term.Post
	}
	return term.NoChannel
}
