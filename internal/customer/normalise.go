package customer

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"candor/internal/personal"
)

// Limits of RFC 5321 §4.5.3.1, and ours for ids.
const (
	maxLocal  = 64
	maxDomain = 253
	maxEmail  = 254
	maxID     = 255
)

// Email normalises an address: Unicode form C, no surrounding space, the domain
// in its ASCII form (IDNA 2008) and lower case. The part before the @ is lower
// case too: no provider we know tells A from a, and a person must find
// themselves again. It returns INVALID for what cannot receive mail over the
// Internet.
func Email(raw string) (Identity, error) {
	bad := invalid("bad_email", "email", "this is not an e-mail address such as name@example.org")
	s := strings.TrimSpace(raw)
	if len(s) > 4*maxEmail || !utf8.ValidString(s) {
		return Identity{}, bad
	}
	s = norm.NFC.String(s)
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return Identity{}, bad
	}
	local, ok := emailLocal(s[:at])
	if !ok {
		return Identity{}, bad
	}
	domain, ok := emailDomain(s[at+1:])
	if !ok || len(local)+1+len(domain) > maxEmail {
		return Identity{}, bad
	}
	return Identity{Kind: EmailAddress, Value: personal.Seal(local + "@" + domain)}, nil
}

// emailLocal takes a dot-atom (RFC 5322 §3.2.3, RFC 6531 for letters beyond
// ASCII). Quoted parts are refused: nobody has one, and they smuggle.
func emailLocal(s string) (string, bool) {
	s = strings.ToLower(s)
	if s == "" || len(s) > maxLocal || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return "", false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r):
		case r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)):
		default:
			return "", false
		}
	}
	return s, true
}

var hostname = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$`)

func emailDomain(s string) (string, bool) {
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(s, "."))
	if err != nil {
		return "", false
	}
	ascii = strings.ToLower(ascii)
	if len(ascii) > maxDomain || !hostname.MatchString(ascii) {
		return "", false
	}
	if _, err := netip.ParseAddr(ascii); err == nil {
		return "", false
	}
	return ascii, true
}

// roleNames are the parts before the @ that name a function (RFC 2142 and what
// businesses use).
var roleNames = map[string]bool{
	"abuse": true, "accounting": true, "accounts": true, "admin": true, "administrator": true, "billing": true,
	"buchhaltung": true, "contact": true, "datenschutz": true, "dpo": true, "einkauf": true, "enquiries": true,
	"finance": true, "help": true, "hello": true, "hostmaster": true, "hr": true, "info": true, "invoice": true,
	"jobs": true, "kontakt": true, "legal": true, "mail": true, "marketing": true, "news": true, "no-reply": true,
	"noreply": true, "office": true, "orders": true, "postmaster": true, "press": true, "privacy": true,
	"purchasing": true, "rechnung": true, "reception": true, "root": true, "sales": true, "security": true,
	"service": true, "shop": true, "support": true, "team": true, "verkauf": true, "webmaster": true,
}

func roleAddress(email string) bool {
	local, _, _ := strings.Cut(email, "@")
	local, _, _ = strings.Cut(local, "+")
	return roleNames[local]
}

// Phone normalises a number to E.164. The region, an ISO 3166 country code,
// reads numbers written without their country's code; "" accepts only numbers
// that have it.
func Phone(raw, region string) (Identity, error) {
	bad := invalid("bad_phone", "phone", "this is not a phone number; write it with its country, such as +49 40 123456")
	s := strings.TrimSpace(raw)
	if len(s) > 64 || !utf8.ValidString(s) || hasLetters(s) {
		return Identity{}, bad
	}
	if region == "" {
		region = "ZZ"
	}
	n, err := phonenumbers.Parse(s, strings.ToUpper(region))
	if err != nil || !phonenumbers.IsValidNumber(n) || n.GetExtension() != "" {
		return Identity{}, bad
	}
	return Identity{Kind: PhoneNumber, Value: personal.Seal(phonenumbers.Format(n, phonenumbers.E164))}, nil
}

func hasLetters(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) })
}

// nobody are the ids that broken programs send instead of one. Accepting one
// would make one customer of many people.
var nobody = map[string]bool{
	"": true, "0": true, "-1": true, "undefined": true, "null": true, "nil": true, "none": true, "nan": true,
	"[object object]": true, "anonymous": true, "anon": true, "guest": true, "unknown": true, "n/a": true, "na": true,
	"true": true, "false": true, "user": true, "userid": true, "user_id": true, "id": true, "test": true, "default": true,
	"(null)": true, "<null>": true, "{}": true, "[]": true, "\"\"": true, "''": true, "-": true, "_": true,
	"anonymousid": true, "anonymous_id": true, "deviceid": true, "device_id": true, "not_set": true, "(not set)": true,
	"00000000-0000-0000-0000-000000000000": true, "infinity": true, "-infinity": true, "empty": true,
}

var namespace = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

// UserID takes the business's own id of a person, in a namespace that keeps the
// ids of two systems apart. Ids are compared as they are written, but for
// surrounding space. It returns INVALID for what programs send when they have
// none: "undefined", "null", "0", "[object Object]" and the like.
func UserID(ns, raw string) (Identity, error) { return named(User, "user_id", ns, raw) }

// CustomID is UserID for an id of another system.
func CustomID(ns, raw string) (Identity, error) { return named(Custom, "identity", ns, raw) }

func named(kind IdentityKind, field, ns, raw string) (Identity, error) {
	if !namespace.MatchString(ns) {
		return Identity{}, invalid("bad_namespace", field, "a namespace is a short lower-case word such as shop")
	}
	v, err := plainID(field, raw)
	return Identity{Kind: kind, Namespace: ns, Value: v}, err
}

// Anonymous takes the id that an SDK gives a browser or an app. It must be long
// enough not to be guessed, since it stands for the device's history.
func Anonymous(raw string) (Identity, error) {
	v, err := plainID("anonymous_id", raw)
	if err == nil && len(v.Reveal()) < 8 {
		err = invalid("bad_id", "anonymous_id", "an anonymous id has at least 8 letters or digits")
	}
	if err != nil {
		return Identity{}, err
	}
	return Identity{Kind: Visitor, Value: v}, nil
}

// DeviceID takes a device's id or push token.
func DeviceID(raw string) (Identity, error) {
	v, err := plainID("device_id", raw)
	return Identity{Kind: Device, Value: v}, err
}

func plainID(field, raw string) (personal.Value, error) {
	if len(raw) > 4*maxID || !utf8.ValidString(raw) {
		return personal.Value{}, invalid("bad_id", field, "an id is text of at most %d letters", maxID)
	}
	s := norm.NFC.String(strings.TrimSpace(raw))
	if nobody[strings.ToLower(s)] {
		return personal.Value{}, invalid("no_id", field, "this is what a program sends when it has no id; leave it out")
	}
	if utf8.RuneCountInString(s) > maxID {
		return personal.Value{}, invalid("bad_id", field, "an id is text of at most %d letters", maxID)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return personal.Value{}, invalid("bad_id", field, "an id has no control characters")
	}
	return personal.Seal(s), nil
}
