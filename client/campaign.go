package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Draft is what people write of a campaign.
type Draft struct {
	Name     string  `json:"name"`
	Purpose  string  `json:"purpose"`
	Channel  string  `json:"channel"`
	Audience string  `json:"audience,omitempty"` // a condition; "" is everyone permitted
	Sender   string  `json:"sender,omitempty"`   // "" is the purpose's first
	Content  Content `json:"content"`
}

// Content is a message in every language of the business.
type Content struct {
	Class     string          `json:"class"` // marketing or service
	Texts     map[string]Text `json:"texts"`
	OfferEnds time.Time       `json:"offer_ends,omitzero"`
	Topic     string          `json:"topic,omitempty"`
	Refers    []Reference     `json:"refers,omitempty"` // what its words speak of
}

// Reference is behaviour that a message speaks of.
type Reference struct {
	Event  string `json:"event"`
	Within int64  `json:"within_minutes,omitempty"` // 0 is at any time
}

// Text is a message in one language.
type Text struct {
	Subject string `json:"subject"`
	Preview string `json:"preview,omitempty"`
	HTML    string `json:"html"`
	Text    string `json:"text,omitempty"` // made from HTML when empty
}

// Campaign is one message to one audience.
type Campaign struct {
	ID         string    `json:"campaign_id"`
	Name       string    `json:"name"`
	Purpose    string    `json:"purpose"`
	Channel    string    `json:"channel"`
	Audience   string    `json:"audience"`
	State      string    `json:"state"` // draft, launched, sending, paused, done, cancelled
	Reason     string    `json:"reason,omitempty"`
	Content    Content   `json:"content"`
	CreatedAt  time.Time `json:"created_at"`
	LaunchedAt time.Time `json:"launched_at"`
	EndedAt    time.Time `json:"ended_at"`
}

// Check is one thing that must hold before a launch; Fix says what to do.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Code string `json:"code,omitempty"`
	Fix  string `json:"fix,omitempty"`
	Note string `json:"note,omitempty"` // what was found
}

// Progress counts a campaign's messages by what became of them.
type Progress struct {
	Planned   int64            `json:"planned"`
	Waiting   int64            `json:"waiting"`
	Handed    int64            `json:"handed"`
	Accepted  int64            `json:"accepted"`
	Refused   int64            `json:"refused"`
	Returned  int64            `json:"returned"`
	Uncertain int64            `json:"uncertain"`
	HeldOut   int64            `json:"held_out"`
	Cancelled int64            `json:"cancelled"`
	Denied    map[string]int64 `json:"denied"`
	Left      int64            `json:"left"`
	Too       int64            `json:"too_personal"` // people who said that it was
	Spam      int64            `json:"called_spam"`
}

// CampaignPage is a page of campaigns, the newest first.
type CampaignPage struct {
	Campaigns []Campaign `json:"campaigns"`
	Next      string     `json:"next_cursor"`
}

// CreateCampaign drafts a campaign.
func (c *Client) CreateCampaign(ctx context.Context, d Draft) (Campaign, error) {
	var out Campaign
	return out, c.post(ctx, "/campaigns", d, &out)
}

// EditCampaign changes a draft.
func (c *Client) EditCampaign(ctx context.Context, campaign string, d Draft) (Campaign, error) {
	var out Campaign
	return out, c.do(ctx, http.MethodPut, campaignPath(campaign, ""), d, &out)
}

func campaignPath(campaign, rest string) string {
	return "/campaigns/" + url.PathEscape(campaign) + rest
}

// Campaigns lists campaigns from a cursor on; "" is the start.
func (c *Client) Campaigns(ctx context.Context, cursor string, limit int) (CampaignPage, error) {
	var out CampaignPage
	return out, c.get(ctx, "/campaigns"+page(cursor, limit), &out)
}

// Campaign gives a campaign.
func (c *Client) Campaign(ctx context.Context, campaign string) (Campaign, error) {
	var out Campaign
	return out, c.get(ctx, campaignPath(campaign, ""), &out)
}

// CheckCampaign lists what must hold before a launch.
func (c *Client) CheckCampaign(ctx context.Context, campaign string) ([]Check, error) {
	var out struct {
		Checks []Check `json:"checks"`
	}
	err := c.post(ctx, campaignPath(campaign, "/check"), nil, &out)
	return out.Checks, err
}

// Reach counts whom a campaign would reach now.
func (c *Client) Reach(ctx context.Context, campaign string) (Funnel, error) {
	var out Funnel
	return out, c.post(ctx, campaignPath(campaign, "/reach"), nil, &out)
}

// Try sends a campaign's message, for an invented reader, to the member of staff
// who made the token. lang is a language of the text, "" for the first.
func (c *Client) Try(ctx context.Context, campaign, lang string, known bool) error {
	return c.post(ctx, campaignPath(campaign, "/trial"), map[string]any{"lang": lang, "known": known}, nil)
}

// Progress counts what became of a campaign's messages.
func (c *Client) Progress(ctx context.Context, campaign string) (Progress, error) {
	var out Progress
	return out, c.get(ctx, campaignPath(campaign, "/progress"), &out)
}

// Launch approves a campaign as it is now and begins to send.
func (c *Client) Launch(ctx context.Context, campaign string) (Campaign, error) {
	return c.step(ctx, campaign, "/launch")
}

// Pause keeps what has not left from leaving.
func (c *Client) Pause(ctx context.Context, campaign string) (Campaign, error) {
	return c.step(ctx, campaign, "/pause")
}

// Resume goes on after a pause.
func (c *Client) Resume(ctx context.Context, campaign string) (Campaign, error) {
	return c.step(ctx, campaign, "/resume")
}

// Cancel stops a campaign for good.
func (c *Client) Cancel(ctx context.Context, campaign string) (Campaign, error) {
	return c.step(ctx, campaign, "/cancel")
}

func (c *Client) step(ctx context.Context, campaign, what string) (Campaign, error) {
	var out Campaign
	return out, c.post(ctx, campaignPath(campaign, what), nil, &out)
}
