package lists

import (
	"strings"
	"unicode"
)

// plain brings a column's name to a form in which tools and people agree:
// DOUBLE_OPT-IN and "Double opt-in" are "double opt in".
func plain(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ")
}

// signs are columns that give a tool away, with how much each says.
var signs = map[Tool]map[string]int{
	Mailchimp:   {"leid": 3, "euid": 3, "member rating": 3, "optin time": 2, "optin ip": 2, "confirm time": 2, "confirm ip": 2, "unsub time": 2, "unsub campaign title": 3, "gmtoff": 2, "dstoff": 2, "clean campaign title": 3},
	Klaviyo:     {"klaviyo id": 4, "email marketing consent": 3, "email marketing consent timestamp": 3, "email suppressions": 3, "consent timestamp": 1, "consent method": 1, "historic customer lifetime value": 3, "profile created on": 2, "predicted customer lifetime value": 2},
	Shopify:     {"accepts email marketing": 4, "accepts marketing": 3, "accepts sms marketing": 3, "default address address1": 3, "tax exempt": 2, "total spent": 1, "total orders": 1},
	Brevo:       {"double opt in": 3, "added time": 2, "modified time": 2, "email blacklisted": 3, "email blocklisted": 3, "sms blacklisted": 2, "contact id": 2, "landline number": 2, "ext id": 1, "contact timezone": 2, "blacklisted": 2},
	WooCommerce: {"aov": 3, "total spend": 3, "date registered": 2, "sign up": 2, "last active": 1, "billing email": 3, "billing first name": 2, "order total": 1, "username": 1, "user login": 2, "wc last active": 3, "paying customer": 3, "gesamtausgaben": 2, "registrierungsdatum": 2, "zuletzt aktiv": 1, "benutzername": 1},
}

// enough is how much has to speak for a tool.
const enough = 4

func toolOf(header []string) Tool {
	best, most := Unknown, enough-1
	for _, tool := range []Tool{Mailchimp, Klaviyo, Shopify, Brevo, WooCommerce} {
		n := 0
		for _, name := range header {
			n += signs[tool][plain(name)]
		}
		if n > most {
			best, most = tool, n
		}
	}
	return best
}

// named are what columns mean wherever they stand.
var named = index(map[Meaning]string{
	Email:       "email|e mail|email address|e mail address|e mail adresse|emailadresse|email adresse|mail|mail address|adresse email|adresse e mail|adresse mail|courriel|correo|correo electronico|correo electrónico|e mail adres|customer email|billing email|user email|contact email|subscriber email|email addresses",
	Phone:       "phone|phone number|mobile|mobile phone|sms|sms phone number|telefon|handy|téléphone|billing phone|whatsapp",
	Status:      "status|subscription status|email status|marketing status|email marketing|email marketing status|email marketing state|email marketing consent|consent status|email subscription status|subscriber status|anmeldestatus|statut|estado",
	Agreed:      "accepts email marketing|accepts marketing|opt in|optin|opted in|subscribed|newsletter|newsletter opt in|marketing opt in|email opt in|marketing consent|email consent|consent|accepts newsletter|abonniert|einwilligung|newsletter subscription|marketing permissions|email permission",
	Left:        "unsubscribed|unsub time|unsubscribed at|unsubscribe date|unsubscribed on|opted out|opt out|optout|email blacklisted|email blocklisted|blacklisted|blocklisted|blocklist|email suppressions|suppressed|suppression|suppression reason|clean time|bounced|cleaned|abgemeldet|abgemeldet am|do not email|do not contact|désinscrit",
	AgreedAt:    "optin time|opt in time|opt in date|optin date|opted in at|consent timestamp|email marketing consent timestamp|subscribed at|subscribed on|subscription date|consent date|consent time|date subscribed|eingewilligt am|anmeldedatum|date d inscription|email consent date",
	ConfirmedAt: "confirm time|confirmed at|confirmation date|confirmation time|double opt in date|double opt in time|double optin date|doi date|doi time|bestätigt am|confirmed on",
	From:        "optin ip|opt in ip|confirm ip|signup ip|sign up ip|consent ip|ip address|ip|ip adresse",
	Form:        "source|form|form id|signup source|sign up source|consent form id|consent source|consent form|signup form|optin source|opt in source|email marketing method detail|email marketing consent source|custom source|page|signup page|url|quelle|formular|formulaire",
	Method:      "method|consent method|email marketing consent method|email marketing method|opt in method|optin method|how",
	Double:      "double opt in|double optin|email marketing double opt in|email marketing double optin|doi|confirmed|confirmed opt in|email confirmed",
	Words:       "consent text|words|wording|consent wording|text shown|consent statement|einwilligungstext|legal text",
	AddedAt:     "added time|date added|created at|profile created on|date registered|sign up|registered|created|created on|user registered|registrierungsdatum|first active|added at|date created|last changed",
	Orders:      "total orders|orders|orders count|order count|historic number of orders|number of orders|bestellungen|purchases|commandes",
	Spent:       "total spent|total spend|gesamtausgaben|historic customer lifetime value|lifetime value|order total|ltv|revenue|money spent",
})

// otherwise are what columns mean in one tool's files only.
var otherwise = map[Tool]map[string]Meaning{
	// Klaviyo's network address comes from visits, not from the sign-up.
	Klaviyo: {"ip address": Ignored, "first active": AddedAt},
	// Shopify's and WooCommerce's "Company" and "Source" do not tell of a sign-up.
	Shopify:     {"source": Ignored, "status": Ignored},
	WooCommerce: {"status": Ignored, "order status": Ignored},
	Brevo:       {"source": Form},
	Mailchimp:   {"url": Ignored, "page": Ignored, "source": Form},
}

func index(list map[Meaning]string) map[string]Meaning {
	out := map[string]Meaning{}
	for meaning, names := range list {
		for name := range strings.SplitSeq(names, "|") {
			out[name] = meaning
		}
	}
	return out
}

// words of answers, in the languages of the exports.
var (
	yeses = set("yes|true|1|y|ja|oui|si|sí|x|on|subscribed|opted in|opt in|agreed|given|email|email sms|sms email")
	noes  = set("no|false|0|n|nein|non|off|none|null|not set|never")
)

var states = map[State]map[string]bool{
	Subscribed:   set("subscribed|subscribe|active|opted in|opt in|confirmed|abonniert|aktiv|inscrit|abonné|actif|yes|true|1|y|ja|oui|si|given|granted|enabled"),
	NotAsked:     set("never subscribed|not subscribed|nonsubscribed|non subscribed|transactional|no|false|0|n|nein|non|archived|none|no consent|invalid consent"),
	Pending:      set("pending|unconfirmed|not confirmed|pending confirmation|waiting|ausstehend"),
	Unsubscribed: set("unsubscribed|unsub|unsubscribe|opted out|opt out|blocklisted|blacklisted|suppressed|user suppressed|manually suppressed|manual|withdrawn|abgemeldet|désinscrit|désabonné|forgotten|global unsubscribe|blocked|admin|refused"),
	Bounced:      set("cleaned|bounced|hard bounce|hard bounced|bounce|invalid|invalid email|undeliverable|soft bounce|hardbounce"),
	Complained:   set("complained|spam complaint|spam|spam report|marked as spam|complaint|abuse"),
	Erased:       set("redacted|erased|deleted"),
}

func set(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.SplitSeq(words, "|") {
		out[w] = true
	}
	return out
}

// stateOf reads a word of a status column.
func stateOf(word string) State {
	word = plain(word)
	for state, words := range states {
		if words[word] {
			return state
		}
	}
	return NoState
}
