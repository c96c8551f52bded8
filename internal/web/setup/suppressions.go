package setup

import (
	"fmt"
	"strings"
	"time"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/ui"
	"candor/internal/web"
)

const suppressionsURL = "/admin/setup/suppressions"

// suppressionsPage is whom never to write to: how many, one by its exact address,
// and more to add. They cannot be listed, since only digests are kept.
type suppressionsPage struct {
	Count     string
	Find      ui.Field
	Addresses ui.Field
	Reason    ui.Field
	Answer    *suppressionAnswer
}

// suppressionAnswer is what is known of one address.
type suppressionAnswer struct {
	Rows []suppressionRow
}

type suppressionRow struct {
	Reason, Covers string
	At             time.Time
}

const (
	maxCounted = 100_000
	maxAdded   = 1000
)

// reasonOptions are why somebody adds an address by hand.
var reasonOptions = []ui.Option{
	{Value: "asked", Text: "They asked not to be written to"}, {Value: "complaint", Text: "They complained"}, {Value: "bounce", Text: "Nothing arrives there"},
	{Value: "not_theirs", Text: "The address belongs to somebody else"}, {Value: "list", Text: "From another tool's list of such addresses"},
}

func (r *room) showSuppressions(v *web.Visit) error {
	return r.renderSuppressions(v, web.Head{}, suppressionsPage{}, nil)
}

func (r *room) renderSuppressions(v *web.Visit, h web.Head, p suppressionsPage, wrong error) error {
	err := v.Read(func(tx *db.Tx) error {
		n, err := customer.CountSuppressions(tx, maxCounted+1)
		p.Count = ui.Number("en", n)
		if n > maxCounted {
			p.Count = "more than " + ui.Number("en", maxCounted)
		}
		return err
	})
	if err != nil {
		return err
	}
	p.Find = ui.Field{ID: "address", Name: "address", Label: "E-mail address or phone number", Hint: "Exactly. The search is on record and counts among your looks at customers.", Required: true, Max: 320, Autocomplete: "off", Value: v.R.PostFormValue("address")}
	p.Addresses = ui.Field{ID: "addresses", Name: "addresses", Label: "Addresses", Hint: fmt.Sprintf("A line for each, at most %s. A longer list is best brought under Import.", ui.Number("en", maxAdded)), Lines: 5, Required: true, Value: v.R.PostFormValue("addresses")}
	p.Reason = ui.Field{ID: "reason", Name: "reason", Label: "Why", Required: true}
	for _, o := range reasonOptions {
		o.Chosen = o.Value == v.R.PostFormValue("reason")
		p.Reason.Options = append(p.Reason.Options, o)
	}
	web.Note(wrong, &p.Find, &p.Addresses, &p.Reason)
	h.Title, h.Intro = "Suppressions", "Addresses that no advertising ever leaves for, whoever holds them and in whatever list they come again. Only a digest of each is kept, for good."
	return web.Show(v, r.pages.suppressions, h, p)
}

// endpointOf reads an address as somebody types it.
func endpointOf(text string) (customer.Identity, error) {
	if strings.Contains(text, "@") {
		return customer.Email(text)
	}
	return customer.Phone(text, "")
}

// findSuppression says what is known of one address.
func (r *room) findSuppression(v *web.Visit) error {
	address, err := endpointOf(v.Form("address"))
	if err != nil {
		return r.renderSuppressions(v, web.Head{}.Wrong(), suppressionsPage{}, errs.New(errs.Invalid, "bad_address", "write one whole e-mail address, or a phone number with its country").On("address"))
	}
	if err := v.Staff.Look(v.Context(), v.Who.Person.ID); err != nil {
		return err
	}
	answer := &suppressionAnswer{}
	err = v.Write(func(tx *db.Tx) error {
		found, err := r.Gate.Suppressed(tx, address)
		if err != nil {
			return err
		}
		answer.Rows = nil
		for _, s := range found {
			answer.Rows = append(answer.Rows, suppressionLine(v, s))
		}
		return v.Staff.Looked(tx, v.Who.Person.ID, "suppression", len(found) > 0)
	})
	if err != nil {
		return err
	}
	return r.renderSuppressions(v, web.Head{}, suppressionsPage{Answer: answer}, nil)
}

func suppressionLine(v *web.Visit, s customer.Suppression) suppressionRow {
	row := suppressionRow{Reason: strings.ReplaceAll(s.Reason, "_", " "), At: v.Local(s.At), Covers: "all advertising by " + string(s.Channel)}
	if s.Scope != "" {
		row.Covers = string(s.Scope) + " by " + string(s.Channel)
		if p, ok := v.Who.Charter.Purpose(s.Scope); ok {
			row.Covers = p.Title.In("en") + " by " + string(s.Channel)
		}
	}
	for _, o := range reasonOptions {
		if o.Value == s.Reason {
			row.Reason = o.Text
		}
	}
	return row
}

// addSuppressions suppresses the addresses of the form: all of them or, when one
// cannot be read, none.
func (r *room) addSuppressions(v *web.Visit) error {
	reason := v.Form("reason")
	var list []customer.Identity
	for n, line := range strings.Split(v.R.PostFormValue("addresses"), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		address, err := endpointOf(line)
		if err != nil {
			return r.renderSuppressions(v, web.Head{}.Wrong(), suppressionsPage{}, errs.New(errs.Invalid, "bad_address", "line %d is neither an e-mail address nor a phone number with its country; nothing was added", n+1).On("addresses"))
		}
		list = append(list, address)
	}
	known := false
	for _, o := range reasonOptions {
		known = known || o.Value == reason
	}
	switch {
	case !known:
		return r.renderSuppressions(v, web.Head{}.Wrong(), suppressionsPage{}, errs.New(errs.Invalid, "no_reason", "choose why").On("reason"))
	case len(list) == 0 || len(list) > maxAdded:
		return r.renderSuppressions(v, web.Head{}.Wrong(), suppressionsPage{}, errs.New(errs.Invalid, "how_many", "write at least one address and at most %d", maxAdded).On("addresses"))
	}
	err := v.Write(func(tx *db.Tx) error {
		for _, address := range list {
			if err := r.Gate.Suppress(tx, gate.EndpointSuppression{Address: address, Controller: v.Brand(), Reason: reason, Actor: v.Actor()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.Done(suppressionsURL, ui.Number("en", int64(len(list)))+" suppressed. What waited for them is cancelled.")
}
