package sharing

import (
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"candor/internal/approval"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/term"
)

// Kind is how a recipient is reached.
type Kind string

// The kinds of recipients.
const (
	Webhook Kind = "webhook"
	Manual  Kind = "manual" // a role of the house passes notices on and says so
)

// Recipient is how a recipient of the charter is reached.
type Recipient struct {
	Controller term.Controller `json:"controller"`
	Name       term.Recipient  `json:"recipient"` // in the charter
	Kind       Kind            `json:"kind"`
	URL        string          `json:"url,omitempty"`   // of a webhook
	Owner      string          `json:"owner,omitempty"` // of a manual one: a role of the house
	Feeds      []term.Purpose  `json:"feeds"`           // data follow permission by themselves
	Consents   bool            `json:"consents"`        // hears of consent records of people it knows
	Suspended  errs.Code       `json:"suspended,omitempty"`
	CreatedAt  clock.Instant   `json:"created_at"`

	secret, subjectKey []byte
}

// purposeKinds of sealed secrets: one never opens as the other.
const (
	sealSecret  = "recipient-secret"
	sealSubject = "recipient-subject"
)

// secretMark begins a webhook's secret, as Standard Webhooks writes it.
const secretMark = "whsec_"

// Register says how a recipient of the charter is reached, or changes it. It
// gives the webhook's signing secret, which is shown this once; a changed
// registration keeps the references by which the recipient knows people. It
// returns INVALID with E_RECIPIENT for a name that the charter does not have, and
// FORBIDDEN with E_DUAL_CONTROL when nobody else has approved that it is let in,
// fed more, or reached elsewhere.
func (s *Service) Register(tx *db.Tx, r Recipient, actor term.Actor) (Recipient, string, error) {
	c, err := s.Charter.Current(tx)
	if err != nil {
		return Recipient{}, "", err
	}
	r.Controller, r.CreatedAt = c.Business.ID, s.Clock.Now()
	if err := r.check(c); err != nil {
		return Recipient{}, "", err
	}
	r.secret, r.subjectKey = random(24), random(32)
	old, err := s.get(tx, r.Name)
	if err == nil {
		r.subjectKey = old.subjectKey
	} else if !errs.Is(err, errs.NotFound) {
		return Recipient{}, "", err
	}
	if err := s.second(tx, old, r, actor); err != nil {
		return Recipient{}, "", err
	}
	feeds := make([]string, len(r.Feeds))
	for i, p := range r.Feeds {
		feeds[i] = string(p)
	}
	_, err = tx.Exec(`insert into recipient (controller, recipient, kind, url, owner, feeds, consents, secret, subject_key, suspended, created_at, actor)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', $10, $11)
		on conflict (controller, recipient) do update set kind = excluded.kind, url = excluded.url, owner = excluded.owner, feeds = excluded.feeds,
			consents = excluded.consents, secret = excluded.secret, suspended = '', created_at = excluded.created_at, actor = excluded.actor`,
		r.Controller, r.Name, r.Kind, r.URL, r.Owner, strings.Join(feeds, ","), flag(r.Consents), s.Ring.SealToken(sealSecret, r.secret),
		s.Ring.SealToken(sealSubject, r.subjectKey), r.CreatedAt, actor)
	tx.Keep(register{}, nil)
	if err != nil {
		return Recipient{}, "", err
	}
	_, err = s.Ledger.Append(tx, KindRegistered, r.CreatedAt, map[string]any{
		"recipient": r.Name, "kind": r.Kind, "host": hostOf(r.URL), "feeds": r.Feeds, "consents": r.Consents, "actor": actor,
	})
	return r, secretMark + base64.StdEncoding.EncodeToString(r.secret), err
}

// second asks for a second person where a recipient is let in, or data go
// elsewhere or in another way than before.
func (s *Service) second(tx *db.Tx, old, r Recipient, actor term.Actor) error {
	if actor == term.ByEngine || old.Kind == r.Kind && old.URL == r.URL && old.Consents == r.Consents && slices.Equal(old.Feeds, r.Feeds) && old.Suspended == "" {
		return nil
	}
	where := r.URL
	if r.Kind == Manual {
		where = "lists, passed on by the role " + r.Owner
	}
	before := "not registered yet"
	if old.Name != "" {
		before = old.URL
		if old.Kind == Manual {
			before = "lists, passed on by the role " + old.Owner
		}
	}
	follows := joined(r.Feeds, ", ")
	if follows == "" {
		follows = "nothing by itself"
	}
	return s.Approvals.Need(tx, approval.Act{
		Kind: approval.Recipient, By: actor,
		Exact: struct {
			Recipient   term.Recipient
			Kind        Kind
			URL, Before string
			Feeds       []term.Purpose
			Consents    bool
		}{r.Name, r.Kind, r.URL, old.URL, r.Feeds, r.Consents},
		Says: []approval.Line{{Term: "Recipient", Text: string(r.Name)}, {Term: "Until now", Text: before}, {Term: "From now on", Text: where},
			{Term: "Data that follow permission", Text: follows}},
	})
}

// check holds a registration against the charter.
func (r *Recipient) check(c *charter.Charter) error {
	promised, ok := c.Recipient(r.Name)
	if !ok {
		return errs.New(errs.Invalid, errs.Recipient, "the charter names no such recipient; add it there first, so that people are told").On("recipient")
	}
	slices.Sort(r.Feeds)
	for _, p := range r.Feeds {
		if len(promised.Gets[p]) == 0 {
			return errs.New(errs.Invalid, errs.Recipient, "the charter gives this recipient nothing for one of the purposes").On("feeds")
		}
	}
	switch r.Kind {
	case Webhook:
		u, err := url.Parse(r.URL)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return errs.New(errs.Invalid, "bad_url", "write the address as https://host/path, without a query").On("url")
		}
		r.Owner = ""
	case Manual:
		if r.Owner == "" {
			return errs.New(errs.Invalid, "no_owner", "a recipient without a webhook needs the role that passes notices on and says so (VEN-08)").On("owner")
		}
		if r.URL != "" || len(r.Feeds) > 0 {
			return errs.New(errs.Invalid, "manual_feed", "a recipient without a webhook gets lists, not a feed").On("feeds")
		}
	default:
		return errs.New(errs.Invalid, "bad_kind", "a recipient is reached by webhook or by manual").On("kind")
	}
	return nil
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

const recipientColumns = `controller, recipient, kind, url, owner, feeds, consents, secret, subject_key, suspended, created_at`

func (s *Service) scan(scan db.Scan) (Recipient, error) {
	var r Recipient
	var feeds, secret, subject string
	var consents int64
	err := scan(&r.Controller, &r.Name, &r.Kind, &r.URL, &r.Owner, &feeds, &consents, &secret, &subject, &r.Suspended, &r.CreatedAt)
	if err != nil {
		return r, err
	}
	r.Consents, r.Feeds = consents == 1, []term.Purpose{}
	for p := range strings.SplitSeq(feeds, ",") {
		if p != "" {
			r.Feeds = append(r.Feeds, term.Purpose(p))
		}
	}
	if r.secret, err = s.Ring.OpenToken(sealSecret, secret); err != nil {
		return r, err
	}
	r.subjectKey, err = s.Ring.OpenToken(sealSubject, subject)
	return r, err
}

// register is the key under which a transaction remembers the recipients: what
// follows consents and standings asks for them again and again.
type register struct{}

// All lists the recipients that are registered, by name.
func (s *Service) All(tx *db.Tx) ([]Recipient, error) {
	if known, ok := tx.Kept(register{}).([]Recipient); ok {
		return slices.Clone(known), nil
	}
	rows, err := tx.Query("select " + recipientColumns + " from recipient order by controller, recipient")
	found, err := db.Collect(rows, err, s.scan)
	if err == nil {
		tx.Keep(register{}, slices.Clone(found))
	}
	return found, err
}

// Get gives a registration. It returns NOT_FOUND when there is none.
func (s *Service) Get(tx *db.Tx, name term.Recipient) (Recipient, error) { return s.get(tx, name) }

func (s *Service) get(tx *db.Tx, name term.Recipient) (Recipient, error) {
	all, err := s.All(tx)
	if err != nil {
		return Recipient{}, err
	}
	i := slices.IndexFunc(all, func(r Recipient) bool { return r.Name == name })
	if i < 0 {
		return Recipient{}, errs.New(errs.NotFound, "not_registered", "this recipient is not registered; say how it is reached first")
	}
	return all[i], nil
}

// suspend stops all data for a recipient until it is registered anew.
func (s *Service) suspend(tx *db.Tx, name term.Recipient, why errs.Code) error {
	n, err := tx.Exec("update recipient set suspended = $2 where recipient = $1 and suspended = ''", name, why)
	tx.Keep(register{}, nil)
	if err != nil || n == 0 {
		return err
	}
	_, err = s.Ledger.Append(tx, KindSuspended, s.Clock.Now(), map[string]any{"recipient": name, "why": why})
	return err
}
