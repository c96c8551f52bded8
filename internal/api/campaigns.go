package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/staff"
	"candor/internal/term"
)

func (a *API) campaignRoutes(h huma.API) {
	handle(a, h, endpoint{id: "create-campaign", method: http.MethodPost, path: "/campaigns", scope: Send, status: http.StatusCreated, summary: "Draft a campaign"}, a.createCampaign)
	handle(a, h, endpoint{id: "list-campaigns", method: http.MethodGet, path: "/campaigns", scope: Send, summary: "Campaigns, newest first"}, a.listCampaigns)
	handle(a, h, endpoint{id: "campaign", method: http.MethodGet, path: "/campaigns/{campaign}", scope: Send, summary: "A campaign"}, a.getCampaign)
	handle(a, h, endpoint{id: "edit-campaign", method: http.MethodPut, path: "/campaigns/{campaign}", scope: Send, summary: "Change a draft"}, a.editCampaign)
	handle(a, h, endpoint{id: "campaign-reach", method: http.MethodPost, path: "/campaigns/{campaign}/reach", scope: Send,
		summary: "Whom it would reach now, and why not more; exact with the scope read"}, a.campaignReach)
	handle(a, h, endpoint{id: "check-campaign", method: http.MethodPost, path: "/campaigns/{campaign}/check", scope: Send, summary: "What must be fixed before a launch"}, a.checkCampaign)
	handle(a, h, endpoint{id: "campaign-progress", method: http.MethodGet, path: "/campaigns/{campaign}/progress", scope: Send, summary: "What became of its messages"}, a.campaignProgress)
	handle(a, h, endpoint{id: "campaign-results", method: http.MethodGet, path: "/campaigns/{campaign}/results", scope: Send,
		summary: "What it brought, against those left out by chance, and what it cost"}, a.campaignResults)
	handle(a, h, endpoint{id: "try-campaign", method: http.MethodPost, path: "/campaigns/{campaign}/trial", scope: Send, status: http.StatusAccepted,
		summary: "Send it, for an invented reader, to the member of staff who made the token"}, a.tryCampaign)
	for _, s := range []struct {
		name string
		do   func(context.Context, id.Campaign, term.Actor) (campaign.Campaign, error)
	}{{"launch", a.Campaigns.Launch}, {"pause", a.Campaigns.Pause}, {"resume", a.Campaigns.Resume}, {"cancel", a.Campaigns.Cancel}} {
		handle(a, h, endpoint{id: s.name + "-campaign", method: http.MethodPost, path: "/campaigns/{campaign}/" + s.name, scope: Send,
			summary: "To " + s.name + " a campaign"}, stepCampaign(s.do))
	}
}

// CampaignPath is the campaign of a path.
type CampaignPath struct {
	Campaign string `path:"campaign" maxLength:"40"`
}

func (p CampaignPath) id() (id.Campaign, error) {
	return parseID(p.Campaign, "campaign", id.Parse[id.Campaign])
}

func (a *API) createCampaign(ctx context.Context, in *struct{ Body campaign.Change }) (*body[campaign.Campaign], error) {
	c, _ := callerOf(ctx)
	return answered(a.Campaigns.Create(ctx, in.Body, c.actor()))
}

// CampaignList is a page of campaigns.
type CampaignList struct {
	Campaigns []campaign.Campaign `json:"campaigns"`
	Next      string              `json:"next_cursor,omitempty"`
}

func (a *API) listCampaigns(ctx context.Context, in *struct{ Paging }) (*body[CampaignList], error) {
	var before id.Campaign
	if err := openCursor(a.Ring, "campaigns", in.Cursor, &before); err != nil {
		return nil, err
	}
	list, err := a.Campaigns.List(ctx, before, in.Limit)
	out := CampaignList{Campaigns: orEmpty(list)}
	if n := len(list); n > 0 && n == in.Limit {
		out.Next = sealCursor(a.Ring, "campaigns", list[n-1].ID)
	}
	return answered(out, err)
}

func (a *API) getCampaign(ctx context.Context, in *struct{ CampaignPath }) (*body[campaign.Campaign], error) {
	which, err := in.id()
	if err != nil {
		return nil, err
	}
	return answered(a.Campaigns.Get(ctx, which))
}

func (a *API) editCampaign(ctx context.Context, in *struct {
	CampaignPath
	Body campaign.Change
}) (*body[campaign.Campaign], error) {
	which, err := in.id()
	if err != nil {
		return nil, err
	}
	c, _ := callerOf(ctx)
	return answered(a.Campaigns.Edit(ctx, which, in.Body, c.actor()))
}

// campaignReach counts a campaign's audience as it stands now. Who may read
// personal data sees exact counts, as MIN-04 lets them.
func (a *API) campaignReach(ctx context.Context, in *struct{ CampaignPath }) (*body[audience.Funnel], error) {
	which, err := in.id()
	if err != nil {
		return nil, err
	}
	got, err := a.Campaigns.Get(ctx, which)
	if err != nil {
		return nil, err
	}
	c, _ := callerOf(ctx)
	return answered(a.Audience.Preview(ctx, audience.Question{
		Purpose: got.Purpose, Channel: got.Channel, Condition: got.Condition(), Actor: c.actor(), Personal: c.has(Read), Lang: "en",
	}))
}

// CampaignChecks is what must hold before a launch.
type CampaignChecks struct {
	Checks []campaign.Check `json:"checks"`
}

func (a *API) checkCampaign(ctx context.Context, in *struct{ CampaignPath }) (*body[CampaignChecks], error) {
	which, err := in.id()
	if err != nil {
		return nil, err
	}
	list, err := a.Campaigns.Checks(ctx, which)
	return answered(CampaignChecks{orEmpty(list)}, err)
}

func (a *API) campaignProgress(ctx context.Context, in *struct{ CampaignPath }) (*body[campaign.Progress], error) {
	which, err := in.id()
	if err != nil {
		return nil, err
	}
	if _, err := a.Campaigns.Get(ctx, which); err != nil {
		return nil, err
	}
	return answered(a.Campaigns.Progress(ctx, which))
}

// CampaignTrial is how a trial is filled in.
type CampaignTrial struct {
	Lang  term.Lang `json:"lang,omitempty" doc:"Of the text; left out, the first of the charter."`
	Known *bool     `json:"known,omitempty" doc:"Whether all is known about the invented reader; left out, it is."`
}

// tryCampaign sends to the person who made the token: staff's own address is the
// only one that is known to be confirmed.
func (a *API) tryCampaign(ctx context.Context, in *struct {
	CampaignPath
	Body CampaignTrial
}) (*body[CampaignTrial], error) {
	which, err := in.id()
	if err != nil {
		return nil, err
	}
	c, _ := callerOf(ctx)
	text, ok := strings.CutPrefix(string(c.token.Maker), "staff:")
	who, err := id.Parse[id.Staff](text)
	if !ok || err != nil {
		return nil, errs.New(errs.Conflict, "nobody_to_try", "a trial goes to the member of staff who made the token; use one that somebody made")
	}
	var person staff.Person
	err = a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		person, err = a.Tokens.Staff.Get(tx, who)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !person.HasPassword || !person.LeftAt.IsZero() {
		return nil, errs.New(errs.Conflict, "nobody_to_try", "whoever made the token has not confirmed an address, or has left")
	}
	return answered(in.Body, a.Campaigns.Try(ctx, which, message.Trial{Lang: in.Body.Lang, To: person.Email, By: c.actor()}, in.Body.Known == nil || *in.Body.Known))
}

func stepCampaign(do func(context.Context, id.Campaign, term.Actor) (campaign.Campaign, error)) func(context.Context, *struct{ CampaignPath }) (*body[campaign.Campaign], error) {
	return func(ctx context.Context, in *struct{ CampaignPath }) (*body[campaign.Campaign], error) {
		which, err := in.id()
		if err != nil {
			return nil, err
		}
		c, _ := callerOf(ctx)
		return answered(do(ctx, which, c.actor()))
	}
}

func (a *API) campaignResults(ctx context.Context, in *struct{ CampaignPath }) (*body[campaign.Results], error) {
	which, err := in.id()
	if err != nil {
		return nil, err
	}
	c, _ := callerOf(ctx)
	return answered(a.Campaigns.Results(ctx, which, c.actor()))
}
