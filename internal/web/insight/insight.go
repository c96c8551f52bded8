// Package insight is the room where staff learn how customers behave as a whole:
// how many go on from a first order, how recently and how often they buy, which
// cohorts come back, what a customer is worth in time, and what campaigns brought.
//
// Nobody can be seen here. Every number is of ten people or more whose data may
// be used for the purpose that is named, and rounded to tens.
package insight

import (
	"embed"
	"time"

	"candor/internal/campaign"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/insight"
	"candor/internal/staff"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

// Services are what the room works with.
type Services struct {
	Insight   *insight.Service
	Campaigns *campaign.Book
}

type room struct {
	Services
	orders  ui.Page[ordersPage]
	cohorts ui.Page[cohortsPage]
	lift    ui.Page[liftPage]
}

//go:embed page part
var files embed.FS

const (
	ordersURL  = "/admin/insight"
	cohortsURL = "/admin/insight/cohorts"
	liftURL    = "/admin/insight/lift"
)

// New makes the room.
func New(s Services) (web.Room, error) {
	set := ui.Load(files)
	r := &room{s, ui.Find[ordersPage](set, "orders"), ui.Find[cohortsPage](set, "cohorts"), ui.Find[liftPage](set, "lift")}
	may := web.May(staff.Insight)
	return web.Room{
		Title: web.InsightRoom, Icon: "chart",
		Pages: []web.Page{
			{Title: "Insight", URL: ordersURL, Words: "orders funnel rfm recency frequency"},
			{Title: "Cohorts", URL: cohortsURL, Words: "retention lifetime value come back"},
			{Title: "What campaigns brought", URL: liftURL, Words: "lift holdout experiment orders"},
		},
		Routes: []web.Route{
			{Pattern: "GET " + ordersURL, Access: may, Do: r.showOrders},
			{Pattern: "GET " + cohortsURL, Access: may, Do: r.showCohorts},
			{Pattern: "GET " + liftURL, Access: may, Do: r.showLift},
			{Pattern: "POST " + ordersURL + "/count", Access: may, Do: r.count},
		},
	}, set.Err()
}

// asked is the question that stands above every page, and its last answer.
type asked struct {
	Path     string
	Purposes []ui.Link
	Purpose  string
	Why      string // why there is no answer, ""  when there is
	Answer   insight.Answer
	At       time.Time
}

// ask reads the last answer for the purpose of the address.
func (r *room) ask(v *web.Visit) (asked, error) {
	out := asked{Path: v.R.URL.Path}
	chosen := term.Purpose(v.Form("purpose"))
	for _, p := range insight.Purposes(v.Who.Charter) {
		if chosen == "" {
			chosen = p
		}
		purpose, _ := v.Who.Charter.Purpose(p)
		out.Purposes = append(out.Purposes, ui.Link{Text: purpose.Title.In("en"), URL: v.With("purpose", string(p)), Current: p == chosen})
		if p == chosen {
			out.Purpose = purpose.Title.In("en")
		}
	}
	if out.Purpose == "" {
		out.Why = "No purpose of the charter chooses people by their orders, so nothing may be counted of them."
		return out, nil
	}
	err := v.Read(func(tx *db.Tx) (err error) {
		out.Answer, err = r.Insight.Last(tx, v.Brand(), chosen)
		return err
	})
	if errs.Is(err, errs.NotFound) {
		out.Why, err = "It is being counted for the first time. Look again in a minute.", nil
	}
	out.At = v.Local(out.Answer.At)
	if out.Why == "" && out.Answer.Grid.People() == 0 {
		out.Why = "There are fewer than ten people with orders whose data may be used for this purpose."
	}
	return out, err
}

// count has everything counted anew.
func (r *room) count(v *web.Visit) error {
	if err := v.Write(r.Insight.Again); err != nil {
		return err
	}
	return v.Done(ordersURL, "It is being counted. Look again in a minute.")
}
