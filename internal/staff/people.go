package staff

import (
	"net/mail"
	"strings"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/observe"
	"candor/internal/personal"
	"candor/internal/term"
)

// NewPerson is somebody to be added.
type NewPerson struct {
	Name  personal.Value
	Email personal.Value
}

const (
	maxName  = 100
	maxEmail = 254
)

// Add adds somebody in the caller's transaction. They have no role and no
// password yet: see Give and Invite. It returns CONFLICT when somebody here has
// the address, and INVALID for what is no name or address.
func (r *Roster) Add(tx *db.Tx, n NewPerson, by term.Actor) (id.Staff, error) {
	email, err := address(n.Email)
	if err != nil {
		return 0, err
	}
	name := strings.TrimSpace(n.Name.Reveal())
	if name == "" || len(name) > maxName {
		return 0, errs.New(errs.Invalid, "bad_name", "write a name of at most %d letters", maxName).On("name")
	}
	if _, err := r.find(tx, email); !errs.Is(err, errs.NotFound) {
		if err != nil {
			return 0, err
		}
		return 0, errs.New(errs.Conflict, AddressTaken, "somebody here has this address already").On("email")
	}
	who, now := id.New[id.Staff](), r.Clock.Now()
	_, err = tx.Exec(`insert into staff (staff_id, name, email, password, authenticator, last_step, committed_at, commitment_id, added_by, added_at, promised, left_at)
		values ($1, $2, $3, '', '', 0, 0, 0, $4, $5, '', 0)`,
		who, r.seal("name", who, name), r.seal("email", who, email), by, now)
	if err != nil {
		return 0, err
	}
	d := r.Ring.Digest(keyring.Identity, "staff", email)
	if _, err := tx.Exec(`insert into staff_address (digest, key_id, staff_id) values ($1, $2, $3)`, d.Sum, d.KeyID, who); err != nil {
		return 0, err
	}
	return who, r.note(tx, KindPerson, act{Staff: who, Act: "added", By: by})
}

// act is the content of a ledger entry about staff.
type act struct {
	Staff      id.Staff        `json:"staff,omitempty"`
	Act        string          `json:"act"`
	Controller term.Controller `json:"controller,omitempty"`
	Role       string          `json:"role,omitempty"`
	Factor     string          `json:"factor,omitempty"`
	Version    string          `json:"version,omitempty"`
	Text       string          `json:"text,omitempty"`
	By         term.Actor      `json:"by,omitempty"`
}

func (r *Roster) note(tx *db.Tx, kind ledger.Kind, a act) error {
	switch {
	case kind == KindSignIn && a.Act == "signed in":
		tx.After(func() { observe.SignIns.Add(1, "opened") })
	case kind == KindSignIn && a.Act == "failed":
		tx.After(func() { observe.SignIns.Add(1, "failed") })
	case kind == KindRefused:
		tx.After(func() { observe.SignIns.Add(1, "refused") })
	}
	_, err := r.Ledger.Append(tx, kind, r.Clock.Now(), a)
	return err
}

// address brings an address into one form. Staff have plain ones.
func address(v personal.Value) (string, error) {
	s := strings.ToLower(strings.TrimSpace(v.Reveal()))
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > maxEmail {
		return "", errs.New(errs.Invalid, "bad_email", "write an e-mail address, such as ada@shop.example").On("email")
	}
	return s, nil
}

// find gives the number of whoever has an address. It returns NOT_FOUND when
// nobody has.
func (r *Roster) find(tx *db.Tx, email string) (id.Staff, error) {
	for _, d := range r.Ring.Digests(keyring.Identity, "staff", email) {
		var who id.Staff
		err := tx.QueryRow(`select staff_id from staff_address where digest = $1`, d.Sum).Scan(&who)
		if !errs.Is(err, errs.NotFound) {
			return who, err
		}
	}
	return 0, errNoPerson
}

// stored is a person with what only this package sees.
type stored struct {
	Person
	password      string
	authenticator string
	lastStep      int64
	promised      string // version of the words they promised
}

const personColumns = `staff_id, name, email, password, authenticator, last_step, committed_at, promised, added_at, left_at`

func (r *Roster) scan(scan db.Scan) (stored, error) {
	var p stored
	var name, email string
	if err := scan(&p.ID, &name, &email, &p.password, &p.authenticator, &p.lastStep, &p.CommittedAt, &p.promised, &p.AddedAt, &p.LeftAt); err != nil {
		return p, err
	}
	p.HasPassword, p.HasFactor = p.password != "", p.authenticator != ""
	var err error
	if p.Name, err = r.open("name", p.ID, name); err != nil {
		return p, err
	}
	p.Email, err = r.open("email", p.ID, email)
	return p, err
}

func (r *Roster) get(tx *db.Tx, who id.Staff) (stored, error) {
	p, err := r.scan(tx.QueryRow(`select `+personColumns+` from staff where staff_id = $1`, who).Scan)
	if errs.Is(err, errs.NotFound) {
		return p, errNoPerson
	}
	if err != nil {
		return p, err
	}
	p.Grants, err = grants(tx, who)
	return p, err
}

// Get gives a member of staff. It returns NOT_FOUND when there is none.
func (r *Roster) Get(tx *db.Tx, who id.Staff) (Person, error) {
	p, err := r.get(tx, who)
	return p.Person, err
}

// List gives staff in the order they were added, after one of them.
func (r *Roster) List(tx *db.Tx, after id.Staff, limit int) ([]Person, error) {
	rows, err := tx.Query(`select `+personColumns+` from staff where staff_id > $1 order by staff_id limit $2`, after, limit)
	all, err := db.Collect(rows, err, r.scan)
	if err != nil {
		return nil, err
	}
	var out []Person
	for _, p := range all {
		if p.Grants, err = grants(tx, p.ID); err != nil {
			return nil, err
		}
		out = append(out, p.Person)
	}
	return out, nil
}

// Leave ends somebody's work here: their sessions, factors and roles end with
// it, in this transaction. The person's entry stays, so that records keep a name
// behind them.
func (r *Roster) Leave(tx *db.Tx, who id.Staff, by term.Actor) error {
	now := r.Clock.Now()
	n, err := tx.Exec(`update staff set left_at = $2, password = '', authenticator = '' where staff_id = $1 and left_at = 0`, who, now)
	if err != nil {
		return err
	}
	if n == 0 {
		return errNoPerson
	}
	admins, err := tx.Exec(`delete from staff_role where staff_id = $1 and role = $2`, who, Administrator)
	if err != nil {
		return err
	}
	if admins > 0 {
		if err := r.stillAdministered(tx); err != nil {
			return err
		}
	}
	for _, query := range []string{
		`delete from staff_role where staff_id = $1`,
		`delete from staff_recovery where staff_id = $1`,
		`delete from staff_passkey where staff_id = $1`,
		`delete from staff_subject where staff_id = $1`,
		`delete from staff_invitation where staff_id = $1`,
		`delete from staff_address where staff_id = $1`,
		`delete from staff_weekly where staff_id = $1`,
	} {
		if _, err := tx.Exec(query, who); err != nil {
			return err
		}
	}
	if err := endSessions(tx, who, now); err != nil {
		return err
	}
	for _, fn := range r.onLeave {
		if err := fn(tx, who); err != nil {
			return err
		}
	}
	return r.note(tx, KindPerson, act{Staff: who, Act: "left", By: by})
}

// seal and open keep what says who somebody is.
func (r *Roster) seal(what string, who id.Staff, text string) string {
	return r.Ring.SealToken("staff/"+what+"/"+who.String(), []byte(text))
}

func (r *Roster) open(what string, who id.Staff, sealed string) (personal.Value, error) {
	if sealed == "" {
		return personal.Value{}, nil
	}
	b, err := r.Ring.OpenToken("staff/"+what+"/"+who.String(), sealed)
	return personal.Seal(string(b)), err
}

// Address is the work address of somebody who works here.
type Address struct {
	ID    id.Staff
	Email personal.Value
}

// Addresses lists those of everybody who works here.
func (r *Roster) Addresses(tx *db.Tx) ([]Address, error) {
	rows, err := tx.Query(`select staff_id, email from staff where left_at = 0`)
	return db.Collect(rows, err, func(scan db.Scan) (a Address, err error) {
		var sealed string
		if err := scan(&a.ID, &sealed); err != nil {
			return a, err
		}
		a.Email, err = r.open("email", a.ID, sealed)
		return a, err
	})
}
