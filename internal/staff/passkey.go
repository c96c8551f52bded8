package staff

import (
	"context"
	"encoding/json"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
)

// Passkey is a key on one of somebody's devices, or in their password manager
// (W3C Web Authentication). It answers only on our own address, so it cannot be
// given away to a page that looks like ours; with the device's PIN, finger or
// face it is both factors at once, and nothing less is taken.
type Passkey struct {
	ID      id.Passkey
	Name    string // what its holder calls it
	AddedAt clock.Instant
	UsedAt  clock.Instant // zero until it is used
}

const (
	maxPasskeys    = 10
	maxPasskeyName = 60
	byPasskey      = "passkey"
)

// relyingParty is how passkeys know this server, or nil: they need a name, not a
// number, and an encrypted way.
func relyingParty(address string) *webauthn.WebAuthn {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil || u.Scheme != "https" && u.Hostname() != "localhost" {
		return nil
	}
	party, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "Candor", RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil
	}
	return party
}

// TakesPasskeys tells whether passkeys can be had at this server's address.
func (r *Roster) TakesPasskeys() bool { return r.party != nil }

// holder is a person as the library sees one.
type holder struct {
	stored
	keys []heldKey
}

type heldKey struct {
	Passkey
	credential webauthn.Credential
}

// WebAuthnID is the handle by which a passkey names its holder to us.
func (h holder) WebAuthnID() []byte { return []byte(h.ID.String()) }

// WebAuthnName is what the holder's device shows.
func (h holder) WebAuthnName() string { return h.Email.Reveal() }

// WebAuthnDisplayName is what the holder's device shows.
func (h holder) WebAuthnDisplayName() string { return h.Name.Reveal() }

// WebAuthnCredentials are the keys that are good.
func (h holder) WebAuthnCredentials() []webauthn.Credential {
	var out []webauthn.Credential
	for _, k := range h.keys {
		out = append(out, k.credential)
	}
	return out
}

// holder gives somebody who works here, with their passkeys.
func (r *Roster) holder(tx *db.Tx, who id.Staff) (holder, error) {
	p, err := r.get(tx, who)
	if err == nil && p.LeftAt != 0 {
		err = errNoPerson
	}
	if err != nil {
		return holder{}, err
	}
	keys, err := r.keys(tx, who)
	return holder{p, keys}, err
}

func (r *Roster) keys(tx *db.Tx, who id.Staff) ([]heldKey, error) {
	rows, err := tx.Query(`select passkey_id, name, credential, added_at, used_at from staff_passkey where staff_id = $1 order by passkey_id`, who)
	return db.Collect(rows, err, func(scan db.Scan) (heldKey, error) {
		var k heldKey
		var name, credential string
		if err := scan(&k.ID, &name, &credential, &k.AddedAt, &k.UsedAt); err != nil {
			return k, err
		}
		plain, err := r.open("passkey-name", who, name)
		if err != nil {
			return k, err
		}
		k.Name = plain.Reveal()
		sealed, err := r.open(byPasskey, who, credential)
		if err != nil {
			return k, err
		}
		return k, json.Unmarshal([]byte(sealed.Reveal()), &k.credential)
	})
}

// Passkeys lists a person's passkeys in the order they were added.
func (r *Roster) Passkeys(tx *db.Tx, who id.Staff) ([]Passkey, error) {
	keys, err := r.keys(tx, who)
	var out []Passkey
	for _, k := range keys {
		out = append(out, k.Passkey)
	}
	return out, err
}

// Question is what a browser is asked to have a passkey answer. Both parts go
// into the page's form.
type Question struct {
	Options string // for the browser, as JSON
	Sealed  string // comes back with the answer
}

// question is the sealed part. Who is empty when whoever answers signs in.
type question struct {
	Who     id.Staff             `json:"who,omitempty"`
	Until   clock.Instant        `json:"until"`
	Session webauthn.SessionData `json:"session"`
}

func (r *Roster) pose(who id.Staff, session *webauthn.SessionData, options any) (Question, error) {
	sealed, err := json.Marshal(question{who, r.Clock.Now().Add(signInLives), *session})
	if err != nil {
		return Question{}, err
	}
	b, err := json.Marshal(options)
	return Question{string(b), r.Ring.SealToken("staff/passkey", sealed)}, err
}

var (
	errPasskey     = errs.New(errs.Unauthorized, BadPasskey, "this passkey did not fit; try again, or sign in with your password")
	errNoPasskeys  = errs.New(errs.Invalid, BadPasskey, "passkeys need this server to be reached by a name over https; set url in its configuration")
	errPasskeyName = errs.New(errs.Invalid, "bad_name", "give the passkey a name of at most %d letters, such as \"my phone\"", maxPasskeyName).On("name")
)

// reopen takes a question back, once.
func (r *Roster) reopen(ctx context.Context, sealed string, who id.Staff) (question, error) {
	var q question
	b, err := r.Ring.OpenToken("staff/passkey", sealed)
	if err == nil {
		err = json.Unmarshal(b, &q)
	}
	if err != nil || q.Until <= r.Clock.Now() || q.Who != who {
		return q, errPasskey
	}
	err = r.take(ctx, limit{key: "passkey/" + q.Session.Challenge, most: 1})
	if errs.Is(err, errs.Limited) {
		err = errPasskey
	}
	return q, err
}

// AskPasskey poses the question with which anybody may sign in.
func (r *Roster) AskPasskey() (Question, error) {
	if r.party == nil {
		return Question{}, errNoPasskeys
	}
	options, session, err := r.party.BeginDiscoverableLogin()
	if err != nil {
		return Question{}, err
	}
	return r.pose(0, session, options.Response)
}

// AskOwnPasskey poses the question that one person's passkeys answer, to prove
// that it is still them. It returns NOT_FOUND when they have none.
func (r *Roster) AskOwnPasskey(tx *db.Tx, w Who) (Question, error) {
	h, err := r.holder(tx, w.Person.ID)
	if err != nil {
		return Question{}, err
	}
	if r.party == nil || len(h.keys) == 0 {
		return Question{}, errs.New(errs.NotFound, BadPasskey, "there is no passkey; add one in your account")
	}
	options, session, err := r.party.BeginLogin(h)
	if err != nil {
		return Question{}, err
	}
	return r.pose(h.ID, session, options.Response)
}

// BeginWithPasskey takes a passkey's answer, which is both factors, and gives a
// sign-in. Whatever is wrong, the answer is the same. network bounds tries from
// one place; it may be "".
func (r *Roster) BeginWithPasskey(ctx context.Context, sealed, answer, network string) (SignIn, error) {
	limits := byNetwork(network)
	if err := r.take(ctx, limits); err != nil {
		return SignIn{}, err
	}
	who, err := r.answered(ctx, 0, sealed, answer)
	if err != nil {
		return SignIn{}, err
	}
	s := r.begin(who)
	s.factor = byPasskey
	return s, r.DB.Write(ctx, func(tx *db.Tx) error { return r.forgive(tx, limits) })
}

// ProveWithPasskey makes a session fresh.
func (r *Roster) ProveWithPasskey(ctx context.Context, w Who, sealed, answer string) error {
	if _, err := r.answered(ctx, w.Person.ID, sealed, answer); err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error { return r.proven(tx, w) })
}

// answered checks an answer and says whose passkey gave it. It notes its use, and
// what failed.
func (r *Roster) answered(ctx context.Context, who id.Staff, sealed, answer string) (id.Staff, error) {
	if r.party == nil {
		return 0, errNoPasskeys
	}
	q, err := r.reopen(ctx, sealed, who)
	if err != nil {
		return 0, err
	}
	var h holder
	fits := false
	err = r.DB.Write(ctx, func(tx *db.Tx) error {
		used, ok, err := r.verify(tx, &h, q, answer)
		if err != nil || !ok {
			return err
		}
		fits = true
		return r.used(tx, h.ID, used)
	})
	if err == nil && !fits {
		err = r.failed(ctx, h.ID, byPasskey, errPasskey)
	}
	return h.ID, err
}

// verify holds an answer against the keys of whoever it names. It reports false
// for one that is not right, or of a key that seems to have been copied.
func (r *Roster) verify(tx *db.Tx, h *holder, q question, answer string) (*webauthn.Credential, bool, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return nil, false, nil //nolint:nilerr // what a stranger sends is no failure of ours
	}
	who := q.Who
	if who == 0 {
		if who, err = id.Parse[id.Staff](string(parsed.Response.UserHandle)); err != nil {
			return nil, false, nil //nolint:nilerr // likewise
		}
	}
	if *h, err = r.holder(tx, who); err != nil {
		if errs.Is(err, errs.NotFound) {
			err = nil
		}
		return nil, false, err
	}
	var used *webauthn.Credential
	if q.Who == 0 {
		used, err = r.party.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return h, nil }, q.Session, parsed)
	} else {
		used, err = r.party.ValidateLogin(h, q.Session, parsed)
	}
	return used, err == nil && !used.Authenticator.CloneWarning, nil
}

func (r *Roster) used(tx *db.Tx, who id.Staff, c *webauthn.Credential) error {
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	for _, d := range r.Ring.Digests(keyring.Secret, "staff-passkey", string(c.ID)) {
		n, err := tx.Exec(`update staff_passkey set credential = $3, used_at = $4 where digest = $1 and staff_id = $2`,
			d.Sum, who, r.seal(byPasskey, who, string(b)), r.Clock.Now())
		if err != nil || n == 1 {
			return err
		}
	}
	return errPasskey
}

// AskNewPasskey poses the question to which a device answers with a new passkey.
func (r *Roster) AskNewPasskey(tx *db.Tx, w Who) (Question, error) {
	if r.party == nil {
		return Question{}, errNoPasskeys
	}
	h, err := r.holder(tx, w.Person.ID)
	if err != nil {
		return Question{}, err
	}
	if len(h.keys) >= maxPasskeys {
		return Question{}, errs.New(errs.Conflict, BadPasskey, "you have %d passkeys; remove one first", maxPasskeys)
	}
	known := webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()
	options, session, err := r.party.BeginRegistration(h, webauthn.WithExclusions(known))
	if err != nil {
		return Question{}, err
	}
	return r.pose(h.ID, session, options.Response)
}

// AddPasskey keeps the passkey that a device has made. It returns INVALID for
// one that does not fit, or a name that is none.
func (r *Roster) AddPasskey(ctx context.Context, w Who, name, sealed, answer string) error {
	if r.party == nil {
		return errNoPasskeys
	}
	if name == "" || len(name) > maxPasskeyName {
		return errPasskeyName
	}
	refused := errs.New(errs.Invalid, BadPasskey, "this device gave no passkey that asks for its PIN, finger or face; try another").On("name")
	q, err := r.reopen(ctx, sealed, w.Person.ID)
	if errs.CodeOf(err) == BadPasskey {
		return refused
	}
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return refused
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		h, err := r.holder(tx, w.Person.ID)
		if err != nil {
			return err
		}
		c, err := r.party.CreateCredential(h, q.Session, parsed)
		if err != nil {
			return refused
		}
		return r.keep(tx, h, name, c)
	})
}

func (r *Roster) keep(tx *db.Tx, h holder, name string, c *webauthn.Credential) error {
	c.Attestation = webauthn.CredentialAttestation{} // nobody asked who made the device
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	d := r.Ring.Digest(keyring.Secret, "staff-passkey", string(c.ID))
	_, err = tx.Exec(`insert into staff_passkey (passkey_id, staff_id, digest, key_id, name, credential, added_at, used_at) values ($1, $2, $3, $4, $5, $6, $7, 0)`,
		id.New[id.Passkey](), h.ID, d.Sum, d.KeyID, r.seal("passkey-name", h.ID, name), r.seal(byPasskey, h.ID, string(b)), r.Clock.Now())
	if err != nil {
		return err
	}
	return r.note(tx, KindSignIn, act{Staff: h.ID, Act: "enrolled", Factor: byPasskey, By: Actor(h.ID)})
}

var errNoPasskey = errs.New(errs.NotFound, BadPasskey, "you have no such passkey; it may have been removed already")

// RenamePasskey gives a person's passkey another name.
func (r *Roster) RenamePasskey(tx *db.Tx, w Who, which id.Passkey, name string) error {
	if name = strings.TrimSpace(name); name == "" || len(name) > maxPasskeyName {
		return errPasskeyName
	}
	n, err := tx.Exec(`update staff_passkey set name = $3 where passkey_id = $1 and staff_id = $2`, which, w.Person.ID, r.seal("passkey-name", w.Person.ID, name))
	if err == nil && n == 0 {
		err = errNoPasskey
	}
	return err
}

// RemovePasskey forgets a person's passkey: it signs nobody in any more.
func (r *Roster) RemovePasskey(tx *db.Tx, w Who, which id.Passkey) error {
	n, err := tx.Exec(`delete from staff_passkey where passkey_id = $1 and staff_id = $2`, which, w.Person.ID)
	if err != nil {
		return err
	}
	if n == 0 {
		return errNoPasskey
	}
	return r.note(tx, KindSignIn, act{Staff: w.Person.ID, Act: "removed", Factor: byPasskey, By: Actor(w.Person.ID)})
}
