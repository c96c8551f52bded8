package setup

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/token"
	"candor/internal/ui"
	"candor/internal/web"
)

type tokensPage struct{ Rows []tokenRow }

type tokenRow struct {
	ID       id.Token
	Label    string
	Scopes   string
	Networks string
	PerDay   int64
	By       string
	UsedAt   time.Time
	EndsAt   time.Time
	Status   ui.Status
	Works    bool
}

// showTokens lists the programs that may call, the newest first.
func (r *room) showTokens(v *web.Visit) error {
	var p tokensPage
	err := v.Read(func(tx *db.Tx) error {
		list, err := r.Tokens.List(tx)
		if err != nil {
			return err
		}
		for _, t := range list {
			p.Rows = append(p.Rows, r.tokenLine(tx, v, t))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if v.WantsCSV() {
		return v.CSV("tokens", []string{"token", "label", "scopes", "networks", "a day", "by", "state"}, func(string) (lines [][]string, _ string, _ error) {
			for _, t := range p.Rows {
				lines = append(lines, []string{t.ID.String(), t.Label, t.Scopes, t.Networks, strconv.FormatInt(t.PerDay, 10), t.By, t.Status.Text})
			}
			return lines, "", nil
		})
	}
	return web.Show(v, r.pages.tokens, web.Head{Title: "API tokens", Intro: "Programs that may call the API. A token ends when whoever made it leaves.",
		Actions: []ui.Link{v.CSVLink(), {Text: "New token", URL: "/admin/setup/tokens/new", Current: true}}}, p)
}

func (r *room) tokenLine(tx *db.Tx, v *web.Visit, t token.Token) tokenRow {
	row := tokenRow{ID: t.ID, Label: t.Label, Networks: strings.Join(t.Networks, ", "), PerDay: t.PerDay, By: string(t.Maker),
		EndsAt: v.Local(t.ExpiresAt), Works: t.Works(v.Now()), Status: ui.Status{Tone: ui.Good, Text: "works"}}
	var scopes []string
	for _, s := range t.Scopes {
		scopes = append(scopes, string(s))
	}
	row.Scopes = strings.Join(scopes, ", ")
	if t.UsedAt != 0 {
		row.UsedAt = v.Local(t.UsedAt)
	}
	if who, err := id.Parse[id.Staff](strings.TrimPrefix(row.By, "staff:")); err == nil {
		if p, err := r.Staff.Get(tx, who); err == nil {
			row.By = web.NameOf(p)
		}
	}
	switch {
	case t.RevokedAt != 0:
		row.Status = ui.Status{Tone: ui.Bad, Text: "revoked"}
	case !row.Works:
		row.Status = ui.Status{Tone: ui.Plain, Text: "ended"}
	case t.ExpiresAt.Sub(v.Now()) < 14*24*time.Hour:
		row.Status = ui.Status{Tone: ui.Warn, Text: "ends soon"}
	}
	return row
}

type newTokenPage struct {
	Label    ui.Field
	Scopes   []ui.Choice
	Days     ui.Field
	Networks ui.Field
	PerDay   ui.Field
}

// scopeWords say what a scope lets a program do.
var scopeWords = map[token.Scope]string{
	token.Read: "Read ids, permissions, values for a named purpose, the ledger", token.Decide: "Ask whether data may be used",
	token.Reasons: "See why not", token.Write: "Bring customers, consents and events", token.Send: "Run campaigns",
	token.Admin: "Sources, charters, requests of persons, tokens within its own",
}

var newTokenHead = web.Head{Title: "New token", Crumb: &ui.Link{Text: "API tokens", URL: "/admin/setup/tokens"}}

func (r *room) showNewToken(v *web.Visit) error { return r.renderNewToken(v, newTokenHead, nil) }

func (r *room) renderNewToken(v *web.Visit, h web.Head, wrong error) error {
	days := v.Form("expires_in_days")
	if days == "" {
		days = "90"
	}
	p := newTokenPage{
		Label:    ui.Field{ID: "label", Name: "label", Label: "What is it for?", Max: 100, Required: true, Value: v.Form("label")},
		Days:     ui.Field{ID: "days", Name: "expires_in_days", Label: "Ends after days", InputMode: "numeric", Pattern: "[0-9]*", Max: 3, Required: true, Value: days},
		Networks: ui.Field{ID: "networks", Name: "networks", Label: "Networks", Hint: "Where calls may come from, a line for each, such as 203.0.113.0/24. Empty: anywhere.", Lines: 2, Value: v.Form("networks")},
		PerDay:   ui.Field{ID: "per-day", Name: "calls_per_day", Label: "Cut off after calls a day", Hint: "Empty: no limit.", InputMode: "numeric", Pattern: "[0-9]*", Max: 9, Value: v.Form("calls_per_day")},
	}
	for _, s := range token.Scopes {
		p.Scopes = append(p.Scopes, ui.Choice{ID: "s-" + string(s), Name: "scope", Value: string(s), Label: string(s), Hint: scopeWords[s], Chosen: slices.Contains(v.R.PostForm["scope"], string(s))})
	}
	web.Note(wrong, &p.Label, &p.Days, &p.Networks, &p.PerDay)
	return web.Show(v, r.pages.newToken, h, p)
}

// makeToken makes a token and shows it, this once.
func (r *room) makeToken(v *web.Visit) error {
	n := token.New{Label: v.Form("label"), Networks: strings.Fields(v.Form("networks")), By: v.Actor()}
	for _, s := range v.R.PostForm["scope"] {
		n.Scopes = append(n.Scopes, token.Scope(s))
	}
	days, _ := strconv.Atoi(v.Form("expires_in_days"))
	n.For = time.Duration(days) * 24 * time.Hour
	if text := v.Form("calls_per_day"); text != "" {
		calls, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			calls = -1
		}
		n.PerDay = calls
	}
	secret := ""
	err := v.Write(func(tx *db.Tx) (err error) {
		secret, _, err = r.Tokens.Mint(tx, n)
		return err
	})
	if errs.Is(err, errs.Invalid) {
		return r.renderNewToken(v, newTokenHead.Wrong(), err)
	}
	if err != nil {
		return err
	}
	return web.Show(v, r.pages.key, web.Head{Title: "The new token", Intro: "Copy it now: it is shown this once, and only a digest of it is kept."}, keyPage{Key: secret, On: "/admin/setup/tokens",
		Install: []install{{"Ask whether you may", "curl -H 'Authorization: Bearer " + secret + "' " + r.URL + "/api/openapi.json"}}})
}

// revokeToken ends a token at once.
func (r *room) revokeToken(v *web.Visit) error {
	which, err := id.Parse[id.Token](v.R.PathValue("token"))
	if err != nil {
		return errs.New(errs.NotFound, "no_such_token", "there is no such token")
	}
	if err := v.Write(func(tx *db.Tx) error { return r.Tokens.Revoke(tx, which) }); err != nil {
		return err
	}
	return v.Done("/admin/setup/tokens", "The token is revoked. Calls with it are refused from now on.")
}
