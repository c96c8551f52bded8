package collect

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/personal"
	"candor/internal/term"
)

// Class says who can read a source's key.
type Class string

// The classes of sources.
const (
	Public Class = "public" // in every visitor's browser: what it sends is a claim
	Server Class = "server" // a secret of the business

	// A shop signs what it sends with a secret that both hold.
	Shopify     Class = "shopify"
	WooCommerce Class = "woocommerce"
)

// signs reports whether a source sends signed webhooks instead of calls under a
// write key.
func (c Class) signs() bool { return c == Shopify || c == WooCommerce }

// Mode says whether a source's data count.
type Mode string

// The modes of sources.
const (
	Live Mode = "live"
	Test Mode = "test" // checked and counted as live data are, but never stored
)

// Source is a website, an app or a server that sends data under a key.
type Source struct {
	ID            id.Source
	Name          string
	Class         Class
	Mode          Mode
	Controller    term.Controller
	Namespace     string       // whose user ids these are: shop:1234 and crm:1234 are two people
	Origins       []string     // web origins that may use a public key
	Events        []term.Event // events taken; empty means all for a server and none for a public key
	Fields        []term.Field // fields taken; as Events
	NoticeVersion int64        // version of the notice shown where this source collects; 0 takes nothing
	CreatedAt     clock.Instant
	RevokedAt     clock.Instant

	secret sealedSecret // of a shop
}

// takesEvent reports whether the source may send this event.
func (s *Source) takesEvent(e term.Event) bool {
	return s.Class != Public && len(s.Events) == 0 || slices.Contains(s.Events, e)
}

// takesField reports whether the source may send this field.
func (s *Source) takesField(f term.Field) bool {
	return s.Class != Public && len(s.Fields) == 0 || slices.Contains(s.Fields, f)
}

// valid checks a source that is to be made.
func (s *Source) valid() error {
	switch {
	case s.Name == "" || len(s.Name) > 100 || personal.HoldsAddress(s.Name):
		return errs.New(errs.Invalid, "source_name", "a source needs a name of at most 100 letters that holds nobody's address").On("name")
	case s.Class != Public && s.Class != Server && !s.Class.signs():
		return errs.New(errs.Invalid, "source_class", "a source is public, server, shopify or woocommerce").On("class")
	case s.Mode != Live && s.Mode != Test:
		return errs.New(errs.Invalid, "source_mode", "a source is live or test").On("mode")
	case s.Controller == "":
		return errs.New(errs.Invalid, "source_controller", "a source belongs to a brand").On("controller")
	case s.Class == Public && len(s.Origins) == 0:
		return errs.New(errs.Invalid, "source_origins", "a public key works on named web origins only; name at least one").On("origins")
	case s.Class != Public && len(s.Origins) > 0:
		return errs.New(errs.Invalid, "source_origins", "a server's key must not be used in browsers; leave the origins empty").On("origins")
	}
	for i, o := range s.Origins {
		clean, err := cleanOrigin(o)
		if err != nil {
			return err
		}
		s.Origins[i] = clean
	}
	if s.Namespace == "" {
		s.Namespace = "user"
	}
	return nil
}

// cleanOrigin reads an origin as browsers write it: scheme, host and a port that
// is not the scheme's own. Plain http is for this machine alone.
func cleanOrigin(s string) (string, error) {
	bad := errs.New(errs.Invalid, "source_origins", "an origin looks like https://shop.example, without a path").On("origins")
	u, err := url.Parse(strings.TrimSuffix(s, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || strings.Contains(u.Host, "*") {
		return "", bad
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return "", bad
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host, nil
}

// newKey makes a write key: 160 random bits behind what people must know of it.
func newKey(c Class, m Mode) string {
	var b [20]byte
	_, _ = rand.Read(b[:])
	return string(c) + "_" + string(m) + "_" + strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

func keyDigest(r *keyring.Ring, key string) keyring.Digest {
	return r.Digest(keyring.Secret, "source", key)
}

func insertSource(tx *db.Tx, s Source, d keyring.Digest) error {
	_, err := tx.Exec(`insert into source (source_id, name, class, mode, controller, namespace, key_id, key_digest,
			origins, events, fields, notice_version, secret_key_id, secret, created_at, revoked_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0)`,
		s.ID, s.Name, s.Class, s.Mode, s.Controller, s.Namespace, d.KeyID, d.Sum,
		list(s.Origins), list(s.Events), list(s.Fields), s.NoticeVersion, s.secret.keyID, s.secret.sealed, s.CreatedAt)
	return err
}

const selectSource = `select source_id, name, class, mode, controller, namespace, origins, events, fields,
	notice_version, secret_key_id, secret, created_at, revoked_at, key_digest from source`

// stored is a source with the digest that finds it.
type stored struct {
	Source
	digest []byte
}

func listSources(tx *db.Tx) ([]stored, error) {
	rows, err := tx.Query(selectSource + ` order by source_id`)
	return db.Collect(rows, err, scanSource)
}

func scanSource(scan db.Scan) (stored, error) {
	var s stored
	var origins, events, fields string
	err := scan(&s.ID, &s.Name, &s.Class, &s.Mode, &s.Controller, &s.Namespace, &origins, &events, &fields,
		&s.NoticeVersion, &s.secret.keyID, &s.secret.sealed, &s.CreatedAt, &s.RevokedAt, &s.digest)
	if err != nil {
		return s, err
	}
	return s, errors.Join(
		json.Unmarshal([]byte(origins), &s.Origins),
		json.Unmarshal([]byte(events), &s.Events),
		json.Unmarshal([]byte(fields), &s.Fields))
}

// list is JSON of a list of names; it cannot fail.
func list[T ~string](names []T) string {
	if names == nil {
		names = []T{}
	}
	b, _ := json.Marshal(names)
	return string(b)
}
