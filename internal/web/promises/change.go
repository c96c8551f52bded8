package promises

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

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
	Beside         []besideIn
	From           ui.Field
}

// besideIn is the notice in one language, the old beside the new.
type besideIn struct {
	Lang  string
	Parts []beside
}

// told is how long before a wider promise takes effect people can have been told: it
// is how long the date picker holds back. What a person was not told does not begin
// for them in any case.
const told = 14 * 24 * time.Hour

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
	return r.compareThese(v, promise, house)
}

func (r *room) compareThese(v *web.Visit, promise, house string) error {
	after, problems := charter.Parse([]byte(promise), []byte(house))
	if len(problems) > 0 {
		p := changePage{}
		for _, x := range problems {
			p.Problems = append(p.Problems, fmt.Sprint(x))
		}
		return r.showDocuments(v, promise, house, p, web.Head{}.Wrong())
	}
	p := changePage{Compared: true}
	for _, lang := range after.Business.Languages {
		parts, err := besideEach(v.Who.Charter, after, lang)
		if err != nil {
			return err
		}
		p.Beside = append(p.Beside, besideIn{strings.ToUpper(string(lang)), parts})
	}
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
	p.From = fromField(v, after, len(p.Wider) > 0)
	return r.showDocuments(v, promise, house, p, web.Head{})
}

// earliest is the first day on which a changed promise may take effect.
func earliest(v *web.Visit, widens bool) time.Time {
	day := v.Local(v.Now())
	if widens {
		day = day.Add(told)
	}
	return day
}

func fromField(v *web.Visit, after *charter.Charter, widens bool) ui.Field {
	first := earliest(v, widens).Format(time.DateOnly)
	f := ui.Field{ID: "from", Name: "from", Label: "In force from", Type: "date", Required: true, Min: first, Value: max(first, after.Effective.String())}
	if widens {
		f.Hint = "It widens, so people are told first: not before " + ui.Date("en", earliest(v, widens)) + "."
	}
	return f
}

// effective is the line of charter.yaml that says from when it holds.
var effective = regexp.MustCompile(`(?m)^effective:[ \t]*[0-9-]+`)

// onDay gives the charter with the day of the form, which is refused when it comes
// before people can have been told.
func (r *room) onDay(v *web.Visit, promise, house string) (*charter.Charter, error) {
	day := v.Form("from")
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return nil, errs.New(errs.Invalid, "no_day", "choose the day from which it holds")
	}
	after, problems := charter.Parse([]byte(effective.ReplaceAllString(promise, "effective: "+day)), []byte(house))
	if err := problems.Err(); err != nil {
		return nil, err
	}
	widens := false
	err := v.Read(func(tx *db.Tx) error {
		list, err := r.Gate.ImpactOf(tx, after)
		widens = slices.ContainsFunc(list, func(x gate.Impact) bool { return x.Widens })
		return err
	})
	if first := earliest(v, widens); err == nil && day < first.Format(time.DateOnly) {
		err = errs.New(errs.Invalid, "too_early", "it cannot hold before %s: a wider promise is told first", ui.Date("en", first))
	}
	return after, err
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
	after, err := r.onDay(v, promise, house)
	if errs.Is(err, errs.Invalid) {
		return r.showDocuments(v, promise, house, changePage{Problems: []string{web.Sentence(err)}}, web.Head{}.Wrong())
	}
	if err != nil {
		return err
	}
	var done charter.Applied
	err = v.Write(func(tx *db.Tx) (err error) {
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
