// Package lists reads lists of contacts as other tools write them: Mailchimp,
// Klaviyo, Shopify, WooCommerce, Brevo, and spreadsheets that people keep. It
// opens zipped exports, copes with encodings, delimiters, quoted newlines and
// date forms, guesses what each column means, and says of each row who it is,
// whether they are subscribed, and what the file says of how that came about.
//
// A guess is only a guess: it is shown, and the caller may correct it. Nothing
// is stored here and nothing is sent.
package lists

import "time"

// Tool is the program that wrote a file.
type Tool string

// The tools whose exports are known.
const (
	Unknown     Tool = ""
	Mailchimp   Tool = "Mailchimp"
	Klaviyo     Tool = "Klaviyo"
	Shopify     Tool = "Shopify"
	WooCommerce Tool = "WooCommerce"
	Brevo       Tool = "Brevo"
)

// Meaning says what a column holds.
type Meaning string

// The meanings of columns. Their values are what people write to correct a
// guess.
const (
	Ignored     Meaning = "ignore"
	Email       Meaning = "email"
	Phone       Meaning = "phone"
	Status      Meaning = "status"       // subscribed, unsubscribed, cleaned, ...
	Agreed      Meaning = "agreed"       // yes or no
	Left        Meaning = "left"         // yes or no, or since when, or why
	AgreedAt    Meaning = "agreed_at"    // when they signed up
	ConfirmedAt Meaning = "confirmed_at" // when they pressed the link of the confirmation mail
	From        Meaning = "ip"           // the network address they signed up from
	Form        Meaning = "form"         // the form, page or list
	Method      Meaning = "method"       // how: form, checkout, on paper
	Double      Meaning = "double"       // yes when the address was confirmed
	Words       Meaning = "words"        // what they read when they agreed
	AddedAt     Meaning = "added_at"     // when the tool first had them, which proves nothing
	Orders      Meaning = "orders"       // how many
	Spent       Meaning = "spent"        // how much
)

// Meanings lists every meaning, for help and for checks.
var Meanings = []Meaning{Email, Phone, Status, Agreed, Left, AgreedAt, ConfirmedAt, From, Form, Method, Double, Words, AddedAt, Orders, Spent, Ignored}

// State is what a file says of an address.
type State uint8

// The states. From Unsubscribed on, the address must not be written to.
const (
	NoState      State = iota // the row does not say
	NotAsked                  // not subscribed: never agreed, or the tool does not tell a no from a never
	Pending                   // signed up and never confirmed
	Subscribed                // the tool writes to them
	Unsubscribed              // they left, or somebody blocked them
	Bounced                   // nothing arrives there
	Complained                // they called it spam
	Erased                    // the tool was told to forget them
)

// Suppressed reports whether the state forbids writing to the address.
func (s State) Suppressed() bool { return s >= Unsubscribed }

func (s State) String() string {
	return [...]string{"no state", "not subscribed", "pending", "subscribed", "unsubscribed", "bounced", "complained", "erased"}[s]
}

// Contact is what one row says. Email and Phone are as the file has them.
type Contact struct {
	Email, Phone string
	State        State
	AgreedAt     time.Time // zero when the row does not say
	ConfirmedAt  time.Time
	AddedAt      time.Time
	LeftAt       time.Time
	From         string
	Form         string
	Method       string
	Words        string
	Double       bool
	Bought       bool
	BadTime      bool // a time that cannot be read
}

// Column is a column of a file and what it is taken for.
type Column struct {
	Name    string
	Meaning Meaning
	Given   bool // said by a person, not guessed
}
