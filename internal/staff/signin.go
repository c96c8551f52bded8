package staff

import (
	"context"
	"encoding/json"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/personal"
)

// SignIn is a sign-in on its way: somebody who knew a password, or whom the
// provider of single sign-on has named. It opens nothing. Only this package makes one; the browser keeps it sealed.
type SignIn struct {
	who    id.Staff
	until  clock.Instant
	secret string // of an authenticator that is being enrolled
	factor string // how the second factor was shown, or ""
	signOn string // mark of the provider's session, or ""
}

// signInLives bounds the time from password to session.
const signInLives = 15 * time.Minute

func (r *Roster) begin(who id.Staff) SignIn {
	return SignIn{who: who, until: r.Clock.Now().Add(signInLives)}
}

type sealedSignIn struct {
	Who    id.Staff      `json:"who"`
	Until  clock.Instant `json:"until"`
	Secret string        `json:"secret,omitempty"`
	Factor string        `json:"factor,omitempty"`
	SignOn string        `json:"sign_on,omitempty"`
}

// Seal writes a sign-in for a cookie.
func (r *Roster) Seal(s SignIn) (string, error) {
	b, err := json.Marshal(sealedSignIn{s.who, s.until, s.secret, s.factor, s.signOn})
	return r.Ring.SealToken("staff/sign-in", b), err
}

// Unseal reads what Seal wrote; an old one is UNAUTHORIZED.
func (r *Roster) Unseal(text string) (SignIn, error) {
	var s sealedSignIn
	b, err := r.Ring.OpenToken("staff/sign-in", text)
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil || s.Until <= r.Clock.Now() {
		return SignIn{}, errs.New(errs.Unauthorized, NoSession, "this sign-in took too long; start again")
	}
	return SignIn{s.Who, s.Until, s.Secret, s.Factor, s.SignOn}, nil
}

var errSignIn = errs.New(errs.Unauthorized, WrongPassword, "address and password do not fit; try again, or ask whoever manages staff for a new invitation")

// Begin checks a password. Whatever is wrong, the answer and the time it takes
// are the same. network bounds tries from one place; it may be "".
func (r *Roster) Begin(ctx context.Context, email, password personal.Value, network string) (SignIn, error) {
	plain, err := address(email)
	if err != nil {
		plain = "-"
	}
	limits := []limit{byAccount(plain), byNetwork(network)}
	if err := r.take(ctx, limits...); err != nil {
		return SignIn{}, err
	}
	var p stored
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		who, err := r.find(tx, plain)
		if errs.Is(err, errs.NotFound) {
			return nil
		}
		if err == nil {
			p, err = r.get(tx, who)
		}
		return err
	})
	if err != nil {
		return SignIn{}, err
	}
	fits := r.matches(password.Reveal(), p.password)
	if !fits || p.password == "" || p.LeftAt != 0 {
		return SignIn{}, r.failed(ctx, p.ID, "password", errSignIn)
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) error { return r.forgive(tx, limits...) })
	return r.begin(p.ID), err
}

// failed records a sign-in that failed and returns why.
func (r *Roster) failed(ctx context.Context, who id.Staff, at string, why error) error {
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		return r.note(tx, KindSignIn, act{Staff: who, Act: "failed", Factor: at})
	})
	if err != nil {
		return err
	}
	return why
}

// Step is what a sign-in needs next.
type Step string

// The steps, in order.
const (
	StepEnrol  Step = "enrol"  // there is no second factor yet: enrol one
	StepFactor Step = "factor" // show the second factor
	StepCommit Step = "commit" // promise confidentiality
	StepOpen   Step = "open"   // nothing more: open a session
)

// Next tells the step.
func (r *Roster) Next(ctx context.Context, s SignIn) (Step, error) {
	var p stored
	bound := false
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if p, err = r.still(tx, s); err == nil {
			bound, err = r.bound(tx, p)
		}
		return err
	})
	switch {
	case err != nil:
		return "", err
	case s.factor == "" && !p.HasFactor:
		return StepEnrol, nil
	case s.factor == "":
		return StepFactor, nil
	case !bound:
		return StepCommit, nil
	}
	return StepOpen, nil
}

func (r *Roster) of(ctx context.Context, s SignIn) (stored, error) {
	var p stored
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		p, err = r.still(tx, s)
		return err
	})
	return p, err
}

// still gives the person of a sign-in, who must still work here with a password,
// or be connected with the provider that named them.
func (r *Roster) still(tx *db.Tx, s SignIn) (stored, error) {
	p, err := r.get(tx, s.who)
	known := p.password != ""
	if err == nil && s.signOn != "" {
		known, err = r.connected(tx, s.who)
	}
	if err != nil || p.LeftAt != 0 || !known || s.until <= r.Clock.Now() {
		if err == nil || errs.Is(err, errs.NotFound) {
			err = errs.New(errs.Unauthorized, NoSession, "this sign-in took too long; start again")
		}
	}
	return p, err
}

// Enrolment is an authenticator to be set up on a phone.
type Enrolment struct {
	Secret string
	URI    string
}

// Enrolment gives the authenticator that Enrol will check, and the sign-in that
// remembers it. issuer is the business's name.
func (r *Roster) Enrolment(ctx context.Context, s SignIn, issuer string) (SignIn, Enrolment, error) {
	p, err := r.of(ctx, s)
	if err != nil {
		return s, Enrolment{}, err
	}
	if s.secret == "" {
		s.secret = newSecret()
	}
	return s, Enrolment{s.secret, authenticatorURI(issuer, p.Email.Reveal(), s.secret)}, nil
}

// Enrol takes the first code of a new authenticator. It gives the recovery
// codes, which are shown once. It returns CONFLICT when the person has a factor
// already: then that one must be shown.
func (r *Roster) Enrol(ctx context.Context, s SignIn, given string) (SignIn, []string, error) {
	if err := r.take(ctx, byCode(s.who.String())); err != nil {
		return s, nil, err
	}
	step, ok := stepOf(s.secret, given, r.Clock.Now(), 0)
	if !ok || s.secret == "" {
		return s, nil, r.failed(ctx, s.who, "authenticator", errs.New(errs.Invalid, WrongCode, "this is not the code that the app shows; check that the phone's clock is right, and type the next one").On("code"))
	}
	var codes []string
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := r.still(tx, s)
		if err != nil {
			return err
		}
		if p.HasFactor {
			return errs.New(errs.Conflict, "has_factor", "there is an authenticator already; sign in with it")
		}
		_, err = tx.Exec(`update staff set authenticator = $2, last_step = $3 where staff_id = $1`, s.who, r.seal("authenticator", s.who, s.secret), step)
		if err != nil {
			return err
		}
		if codes, err = r.newRecoveryCodes(tx, p); err != nil {
			return err
		}
		if err := r.forgive(tx, byCode(s.who.String())); err != nil {
			return err
		}
		return r.note(tx, KindSignIn, act{Staff: s.who, Act: "enrolled", Factor: "authenticator", By: Actor(s.who)})
	})
	s.secret, s.factor = "", "authenticator"
	return s, codes, err
}

// Show takes a code of the authenticator or a recovery code.
func (r *Roster) Show(ctx context.Context, s SignIn, given string) (SignIn, error) {
	factor, err := r.showFactor(ctx, s.who, given)
	s.factor = factor
	return s, err
}

// showFactor checks a code within the limit of tries, counts and records it.
func (r *Roster) showFactor(ctx context.Context, who id.Staff, given string) (string, error) {
	if err := r.take(ctx, byCode(who.String())); err != nil {
		return "", err
	}
	factor := ""
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := r.get(tx, who)
		if err != nil {
			return err
		}
		if factor, err = r.checkFactor(tx, p, given); err != nil {
			return err
		}
		return r.forgive(tx, byCode(who.String()))
	})
	if errs.CodeOf(err) == WrongCode {
		return "", r.failed(ctx, who, "code", err)
	}
	return factor, err
}

var (
	errNoFactor     = errs.New(errs.Unauthorized, NoSecondFactor, "sign in with your second factor")
	errNoCommitment = errs.New(errs.Forbidden, NoCommitment, "promise confidentiality, in the words in force, before you go on")
)
