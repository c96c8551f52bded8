// Package charter is what a business promises the people whose data it holds:
// which data, for which purposes, on what legal basis, for how long, given to
// whom, asked for in which words. One declaration; the public notice is
// rendered from it (GDPR 12-14) and the engine enforces it, so that the two
// cannot differ.
//
// A charter is two YAML documents. charter.yaml is the promise; house.yaml holds
// internal matters (roles, senders, sources) and never widens the promise. Parse
// reads both and reports every problem at file, line and rule. Apply puts a
// version in force. All versions and their notices are kept for ever.
package charter

import (
	"candor/internal/clock"
	"candor/internal/rulepack"
	"candor/internal/signal"
	"candor/internal/term"
)

// Charter is a promise that Parse found to be in order, or one read back from
// the store. It is immutable and safe for concurrent use.
type Charter struct {
	Version         int64 // 0 until applied
	Effective       clock.Date
	Business        Business
	Fields          []Field // in the order declared, as all lists here
	Events          []Event
	Families        []Family
	Purposes        []Purpose
	Personalisation []Level
	PersonalAtMost  int // how personal a message may be at most (PRF-10)
	Preferences     []Preference
	Asks            []Ask
	Recipients      []Recipient
	Stages          []Stage
	Automated       []Automated
	House           House

	promise, house []byte
	hash           string
	problems       Problems
	floors         map[term.Purpose]Floor
	index          index
}

// Texts is one text in every language of the charter.
type Texts map[term.Lang]string

// In gives the text in a language; where it lacks one, in English or else in
// any language it has.
func (t Texts) In(lang term.Lang) string {
	if s, ok := t[lang]; ok {
		return s
	}
	if s, ok := t["en"]; ok {
		return s
	}
	var best term.Lang
	for l := range t {
		if best == "" || l < best {
			best = l
		}
	}
	return t[best]
}

// Business is who answers for the data.
type Business struct {
	ID         term.Controller
	Name       string // the brand
	Controller string // legal name and postal address, printed in every mail
	Contact    string
	DPO        string // "" when the business has none
	Complaints string // ISO 3166-2 of the supervisory authority; sets the holiday calendar
	Authority  string // its name, as the notice prints it
	Site       string // address of the website
	Zone       string // IANA zone in which its days are counted
	Markets    []term.Market
	Languages  []term.Lang // the first is the default
	People     string      // "adults", "all ages" or "children"
	Strict     bool        // everybody is treated by the strictest rule of all, wherever they live
}

// Keep says where a field's values live.
type Keep string

// The places.
const (
	Vault Keep = "vault" // sealed under the customer's key
	Trait Keep = "trait" // in clear, pseudonymous, usable in conditions
)

// FieldKind is the type of a field's values.
type FieldKind string

// The kinds of fields.
const (
	KindEmail     FieldKind = "email"
	KindPhone     FieldKind = "phone"
	KindName      FieldKind = "name"
	KindPostal    FieldKind = "postal"
	KindText      FieldKind = "text"
	KindBirthDate FieldKind = "birth date"
	KindBirthYear FieldKind = "birth year"
	KindCountry   FieldKind = "country"
	KindRegion    FieldKind = "region"
	KindLanguage  FieldKind = "language"
	KindChoice    FieldKind = "choice"
	KindFlag      FieldKind = "flag"
	KindCount     FieldKind = "count"
	KindMoney     FieldKind = "money"
	KindDate      FieldKind = "date"
	KindInstant   FieldKind = "instant"
	KindLocation  FieldKind = "location"
)

// Sensitivity says how much harm a field can do.
type Sensitivity string

// The sensitivities.
const (
	Ordinary  Sensitivity = "ordinary"
	Revealing Sensitivity = "revealing" // harms when known: debts, whereabouts
	Special   Sensitivity = "special"   // GDPR 9 and 10: only with explicit consent
)

// Field is a declared attribute of a customer.
type Field struct {
	ID          term.Field
	Title       Texts
	Kind        FieldKind
	KeepIn      Keep
	Of          []string // the values of a choice
	Sensitivity Sensitivity
	Category    Category
	From        []string // asks and forms it comes from, such as "signup" or "preferences"
	Derived     string   // the field and part it is computed from, such as "address.country", or ""
	Slot        string   // column of a trait: "t1", ... text, "n1", ... number; "" in the vault
}

// Category is a class of data in the words of California's law, used by the
// notice.
type Category string

// The categories.
const (
	Identifiers Category = "identifiers"
	Contact     Category = "contact"
	Commercial  Category = "commercial"
	Online      Category = "online activity"
	Geolocation Category = "location"
	Protected   Category = "protected characteristics"
	Inferences  Category = "inferences"
	Preferred   Category = "preferences"
)

// PropKind is the type of an event's property.
type PropKind string

// The kinds of properties.
const (
	PropID      PropKind = "id"
	PropMoney   PropKind = "money"
	PropFamily  PropKind = "family"
	PropChoice  PropKind = "choice"
	PropCount   PropKind = "count"
	PropURLPath PropKind = "url-path"
	PropFlag    PropKind = "flag"
	PropDate    PropKind = "date"
	PropGeo     PropKind = "location" // rounded to whole tenths of a degree, about 10 km
)

// Meaning says what an event stands for beside itself.
type Meaning string

// The meanings.
const (
	MeansOrder   Meaning = "order"   // a purchase: starts retention clocks and "after a sale"
	MeansContact Meaning = "contact" // a positive interaction: renews a consent's life
)

// Event is something that may be recorded as having happened.
type Event struct {
	Name  term.Event
	Title Texts
	Props map[string]PropKind
	Of    map[string][]string // the values of each choice
	Means []Meaning
	Keep  Retention
}

// Is reports whether the event has a meaning.
func (e *Event) Is(m Meaning) bool {
	for _, x := range e.Means {
		if x == m {
			return true
		}
	}
	return false
}

// Family is a group of goods that count as similar to each other.
type Family struct {
	ID    string
	Goods []string
}

// BasisKind is a legal basis of GDPR 6(1).
type BasisKind string

// The legal bases. NoBasis is the absence of one.
const (
	NoBasis             BasisKind = ""
	Consent             BasisKind = "consent"
	Contract            BasisKind = "contract"
	LegalObligation     BasisKind = "legal obligation"
	VitalInterests      BasisKind = "vital interests"
	PublicTask          BasisKind = "public task"
	LegitimateInterests BasisKind = "legitimate interests"
)

// Basis is why a purpose may use data in a market.
type Basis struct {
	Kind       BasisKind
	Law        string // the statute, for a legal obligation or a public task
	Assessment string // the document, for legitimate interests
	Interest   Texts  // the interest itself, as people read it
}

// Permission is when a purpose may write to a person on a channel.
type Permission struct {
	Model  rulepack.Permission
	Family string // with after-sale: the family of goods that must have been sold
}

// Start is what a retention period counts from.
type Start string

// The starts.
const (
	FromCollection  Start = "collection"
	FromLastOrder   Start = "last order"
	FromOrder       Start = "order"
	FromOrderYear   Start = "end of year of order"
	FromLastContact Start = "last contact"
	FromContractEnd Start = "end of contract"
	FromConsentEnd  Start = "end of consent"
)

// Retention is how long data are kept: a period and what it counts from.
type Retention struct {
	Period rulepack.Period
	From   Start
	Words  string // as declared, such as "24 months after last order"
}

// Topic is a part of a purpose that a person may choose.
type Topic struct {
	ID    term.Topic
	Title Texts
}

// Rhythm bounds how often a purpose may write.
type Rhythm struct {
	AtMost     int    // messages
	Per        string // "day", "week" or "month"
	TheyChoose []string
}

// Purpose is a named reason to use data.
type Purpose struct {
	ID        term.Purpose
	Title     Texts
	About     Texts // a sentence or two for the notice
	Uses      []Use
	Keep      Retention
	Life      rulepack.Period // of consents; zero leaves it to the rule pack
	Evidence  string          // the least evidence of a consent: "documented" or "attested" (CON-14)
	Topics    []Topic
	Rhythm    Rhythm
	Marketing bool  // promotes, in whole or in part
	Profiling bool  // chooses by what is known of a person
	Logic     Texts // of the profiling, as people read it; nil without
	Owner     string
	Decides   string             // what it decides about people by their data: "pricing", "eligibility", "age", or ""
	MaxAge    map[term.Field]int // how old, in days, a value may be to be acted upon (ACC-02)
	Signals   signal.Map         // what of the strings of consent tools speaks of it

	basis    map[term.Market]Basis
	channels map[term.Channel]map[term.Market]Permission
}

// Use is a field or an event that a purpose needs, and why.
type Use struct {
	Name   string // of a field or an event
	Event  bool
	Reason string
}

// Level is one position of the personalisation dial.
type Level struct {
	ID    string
	Title Texts
	Uses  []string // fields and events
}

// Preference is a choice that a person may make. Its default is always the most
// protective value (GDPR 25(2)).
type Preference struct {
	ID      string
	Title   Texts
	Kind    string   // "flag" or "choice"
	Of      []string // of a choice, the most protective first
	Default string   // "false" or the first of Of
}

// Ask is a place where we ask, in the exact words.
type Ask struct {
	ID      term.Ask
	At      string // where it stands
	Purpose term.Purpose
	Channel term.Channel
	Control string // "unticked box" or "button"
	Confirm bool   // the address is confirmed by its owner before it counts
	Words   Texts
	Fields  []term.Field // what the form asks for
	Steps   Steps
	Page    []term.Lang // languages of the page it stands on; empty for the charter's
	Version int64       // counts up when words, control or purpose change
}

// Steps compares giving with withdrawing.
type Steps struct {
	Give     int
	Withdraw int
	Login    bool // withdrawing asks for a login
}

// Role is what a recipient is to the data.
type Role string

// The roles of recipients.
const (
	Processor       Role = "processor"
	JointController Role = "joint controller"
	OwnController   Role = "controller"
)

// Recipient is a third party that receives data.
type Recipient struct {
	ID        term.Recipient
	Name      string
	Role      Role
	Country   string
	Safeguard string // for a third country: "adequacy", "SCC", "BCR" ...
	What      Texts  // what they do
	Gets      map[term.Purpose][]string
	Sale      bool // for money or other benefit; false for service providers
	Sharing   bool // for advertising across businesses
}

// Stage is a lifecycle stage: a rule over a customer's data, shown to them in
// words. The first that matches wins.
type Stage struct {
	ID      term.Stage
	When    string
	From    []term.Stage
	ShownAs Texts
}

// Automated is a decision taken without a person.
type Automated struct {
	ID          string
	Title       Texts
	Logic       Texts
	Consequence Texts
	Significant bool // legal or similarly significant effect (GDPR 22)
}

// House holds internal matters.
type House struct {
	Roles   []StaffRole
	Senders []Sender
	Sources []Source
	Caps    []Cap
	Ease    map[term.Lang]int                // the least reading ease of the notice, where it is to be more than the linter asks
	Hours   map[term.Channel]rulepack.Window // when marketing may arrive, instead of the rule pack's policy
	Alone   Alone
	Apart   [][2]string   // roles that must not be in one hand
	Look    Look          // of the brand's mails
	Promise string        // what staff promise besides the words of confidentiality that everybody does; may be ''
	Signals []signal.From // in which order inputs about one purpose are believed
}

// Alone is how much one person may do without a second.
type Alone struct {
	Rows       int // of an export
	Recipients int // of a message
}

// What one person may do where house.yaml does not say.
const (
	aloneRows       = 1_000
	aloneRecipients = 10_000
)

// StaffRole is what a member of staff may do and see.
type StaffRole struct {
	ID   string
	May  []string
	Sees map[term.Purpose][]term.Field // empty: masked
}

// Sender is who a purpose's messages come from.
type Sender struct {
	Purpose  term.Purpose
	Channel  term.Channel
	Name     string
	Address  string
	ReplyTo  string
	Selector string // DKIM selector
}

// Source is where data come in.
type Source struct {
	ID     string
	Kind   string // "server", "browser" or "import"
	Events []term.Event
	Fields []term.Field
	Asks   []term.Ask
}

// Cap bounds all marketing to one person over every purpose.
type Cap struct {
	Channel term.Channel
	AtMost  int
	Per     string // "day", "week" or "month"
}
