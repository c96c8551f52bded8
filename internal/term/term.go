// Package term holds the names that a charter declares, one type for each kind
// of name, and the operations the gate knows. The words are the field's: see
// doc/architecture.md.
package term

// The names that a charter declares.
type (
	Controller string // a brand that answers for the data: business.id
	Purpose    string // a named reason to use data
	Field      string // a declared attribute of a customer
	Event      string // a declared event, such as "Order Completed"
	Channel    string // a way to reach a person; "" where a purpose has none
	Recipient  string // a third party that receives data
	Ask        string // a place where we ask for consent
	Topic      string // a part of a purpose that a person may choose
	Stage      string // a lifecycle stage
	Lang       string // a language of the charter's texts, such as "en"
	Market     string // a rule pack's jurisdiction, such as "EU" or "US-CA"
)

// The channels that exist.
const (
	NoChannel Channel = ""
	Email     Channel = "email"
	SMS       Channel = "sms"
	Phone     Channel = "phone"
	Post      Channel = "post"
	Push      Channel = "push"
)

// Operation is what someone wants to do with data.
type Operation string

// The operations of the gate.
const (
	Store  Operation = "store"  // keep it
	Serve  Operation = "serve"  // deliver what the purpose is for; a message, when there is a channel
	Use    Operation = "use"    // segment, personalise, profile, analyse
	Share  Operation = "share"  // give it to a recipient
	Rights Operation = "rights" // answer the person's own request
	Claims Operation = "claims" // establish or defend legal claims
	Safety Operation = "safety" // tell the person of a danger, such as a breach
)

// Operations lists them all, in the order of their bits in a standing.
var Operations = []Operation{Store, Serve, Use, Share, Rights, Claims, Safety}

// Actor says who acts: a kind and, for those that have one, an id, such as
// "customer", "staff:stf_...", "token:tok_...", "program:campaign" or
// "source:src_...". It never holds personal data.
type Actor string

// The actors without an id.
const (
	ByCustomer Actor = "customer"
	ByEngine   Actor = "engine"
)
