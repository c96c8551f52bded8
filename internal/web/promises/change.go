package promises

import (
	"errors"
	"fmt"
	"strings"

	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/ui"
	"candor/internal/web"
)

// changePage reads a new charter against the one in force.
type changePage struct {
	Promise, House ui.Field
	Problems       []string
	Compared       bool
	Wider          []card
	Narrower       []card
	Effective      string
}

// card is one difference with the people it concerns.
type card struct {
	Words, People, Paused, Lost string
	Follows                     []string
}

const maxDocument = 1 << 20

func (r *room) showChange(v *web.Visit) error {
	promise, house := v.Who.Charter.Documents()
	return r.showDocuments(v, string(promise), string(house), changePage{}, web.Head{})
}

func (r *room) showDocuments(v *web.Visit, promise, house string, p changePage, head web.Head) error {
	p.Promise = ui.Field{ID: "promise", Name: "promise", Label: "charter.yaml", Value: promise, Lines: 24, Max: maxDocument, Required: true}
	p.House = ui.Field{ID: "house", Name: "house", Label: "house.yaml", Value: house, Lines: 10, Max: maxDocument, Required: true}
	head.Title, head.Crumb = "Change the charter", &ui.Link{Text: "Promises", URL: promiseURL}
	head.Intro = "Change the text and compare: what widens, what narrows, whom it concerns and what follows. Nothing happens before you put it in force."
	return web.Show(v, r.change, head, p)
}

func documents(v *web.Visit) (promise, house string) {
	plain := func(name string) string { return strings.ReplaceAll(v.R.FormValue(name), "\r\n", "\n") }
	return plain("promise"), plain("house")
}

// compare says what a changed charter would mean. It changes nothing.
func (r *room) compare(v *web.Visit) error {
	promise, house := documents(v)
	after, problems := charter.Parse([]byte(promise), []byte(house))
	if len(problems) > 0 {
		p := changePage{}
		for _, x := range problems {
			p.Problems = append(p.Problems, fmt.Sprint(x))
		}
		return r.showDocuments(v, promise, house, p, web.Head{}.Wrong())
	}
	p := changePage{Compared: true, Effective: after.Effective.String()}
	err := v.Read(func(tx *db.Tx) error {
		list, err := r.Gate.ImpactOf(tx, after)
		p.Wider, p.Narrower = nil, nil
		for _, x := range list {
			if x.Widens {
				p.Wider = append(p.Wider, cardOf(x))
			} else {
				p.Narrower = append(p.Narrower, cardOf(x))
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.showDocuments(v, promise, house, p, web.Head{})
}

func cardOf(x gate.Impact) card {
	out := card{Words: x.Words.In("en"), People: ui.Number("en", x.Customers)}
	if x.Agreed > 0 {
		out.Paused = ui.Number("en", x.Agreed) + " agreements rest until they are given anew"
	}
	if x.ReachLost > 0 {
		out.Lost = ui.Number("en", x.ReachLost) + " people could no longer be written to"
	}
	for _, f := range x.Follows {
		out.Follows = append(out.Follows, followWords[f])
	}
	return out
}

var followWords = map[charter.Follow]string{
	charter.ReNotice: "people are told first", charter.ReConsent: "who agreed must agree anew", charter.Review: "an assessment is made first", charter.Deletion: "what is no longer needed is deleted",
}

// apply puts a charter in force, or plans it for its day.
func (r *room) apply(v *web.Visit) error {
	promise, house := documents(v)
	after, problems := charter.Parse([]byte(promise), []byte(house))
	if err := problems.Err(); err != nil {
		return err
	}
	var done charter.Applied
	err := v.Write(func(tx *db.Tx) (err error) {
		done, err = r.Charter.Apply(tx, after, v.Now(), v.Actor())
		return err
	})
	var known *errs.Error
	if errors.As(err, &known) && (known.Kind == errs.Invalid || known.Kind == errs.Conflict) {
		return r.showDocuments(v, promise, house, changePage{Problems: []string{web.Sentence(err)}}, web.Head{}.Wrong())
	}
	if err != nil {
		return err
	}
	if !done.InForce {
		return v.Done(promiseURL, "Planned. It takes effect on its day.")
	}
	return v.Done(promiseURL, fmt.Sprintf("Version %d is in force.", done.Version))
}
