package customers

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/web"
)

// work is why a member of staff may open somebody's pages: what they looked for,
// and whom they found. The browser keeps it sealed.
type work struct {
	Staff id.Staff      `json:"staff"`
	Found []id.Customer `json:"found"`
	Why   string        `json:"why"` // a purpose or the number of a request
	Until clock.Instant `json:"until"`
}

const (
	workCookie = "candor_work"
	workLives  = time.Hour
)

// open lets the visitor into the pages of whom they found.
func open(v *web.Visit, found []id.Customer, why string) error {
	b, err := json.Marshal(work{Staff: v.Who.Person.ID, Found: found, Why: why, Until: v.Now().Add(workLives)})
	if err != nil {
		return err
	}
	http.SetCookie(v.W, &http.Cookie{Name: workCookie, Value: v.Ring.SealToken(workCookie, b), Path: findURL,
		MaxAge: int(workLives.Seconds()), HttpOnly: true, Secure: v.HTTPS, SameSite: http.SameSiteLaxMode})
	return nil
}

// opened runs an action on a customer whom the visitor looked for within an hour,
// and asks for the reason otherwise.
func (r *room) opened(do func(v *web.Visit, who id.Customer, why string) error) func(*web.Visit) error {
	return func(v *web.Visit) error {
		who, err := id.Parse[id.Customer](v.R.PathValue("customer"))
		if err != nil {
			return errs.New(errs.NotFound, "no_customer", "there is no such customer; find them by an exact address or number")
		}
		var w work
		if c, err := v.R.Cookie(workCookie); err == nil {
			if b, err := v.Ring.OpenToken(workCookie, c.Value); err == nil && json.Unmarshal(b, &w) != nil {
				w = work{}
			}
		}
		if w.Staff != v.Who.Person.ID || w.Until <= v.Now() || !slices.Contains(w.Found, who) {
			if err := r.known(v, who); err != nil {
				return err
			}
			return v.Done(findURL, "Say first why you look: find the customer with a purpose or the number of a request.")
		}
		return do(v, who, w.Why)
	}
}

// known returns NOT_FOUND for a number that is nobody's here, such as one of
// another brand's. It counts as a look, and is on record.
func (r *room) known(v *web.Visit, who id.Customer) error {
	if err := v.Staff.Look(v.Context(), v.Who.Person.ID); err != nil {
		return err
	}
	var missing error
	err := v.Write(func(tx *db.Tx) error {
		_, missing = customer.Get(tx, who)
		if missing != nil && !errs.Is(missing, errs.NotFound) {
			return missing
		}
		return v.Staff.LookedByNumber(tx, v.Who.Person.ID, missing == nil)
	})
	if err != nil {
		return err
	}
	return missing
}

// whyWords says why somebody looked, in the words of the charter.
func whyWords(v *web.Visit, why string) string {
	if title := purposeTitle(v, why); title != why {
		return "for “" + title + "”"
	}
	return "for request " + why
}
