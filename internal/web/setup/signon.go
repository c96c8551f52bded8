package setup

import (
	"strings"

	"candor/internal/db"
	"candor/internal/staff"
	"candor/internal/ui"
	"candor/internal/web"
)

const signOnURL = "/admin/setup/sign-on"

type signOnPage struct {
	Provider []ui.Fact // none without a provider
	Register []ui.Fact
	Example  string
}

// showSignOn says how the business's provider of single sign-on is known here, what
// to register there, and whether it answers.
func (r *room) showSignOn(v *web.Visit) error {
	p := signOnPage{
		Register: []ui.Fact{
			{Term: "Redirect address", Text: r.URL + web.SignOnBack},
			{Term: "Back-channel logout address", Text: r.URL + web.SignOnOut, Note: "Whoever signs out there is then signed out here, too."},
			{Term: "Kind", Text: "A confidential web client with the authorization code flow and PKCE (S256), scopes openid and email"},
		},
		Example: signOnExample,
	}
	if s := v.Staff.SignOn; s != nil {
		var n int64
		err := v.Read(func(tx *db.Tx) (err error) {
			n, err = v.Staff.CountConnected(tx)
			return err
		})
		if err != nil {
			return err
		}
		p.Provider = providerFacts(v, s, n)
	}
	return web.Show(v, r.pages.signOn, web.Head{Title: "Single sign-on",
		Intro: "Staff may sign in with the account that your business gives them anyway. Who works here and may do what stays decided here."}, p)
}

func providerFacts(v *web.Visit, s *staff.SignOn, connected int64) []ui.Fact {
	state := ui.Status{Tone: ui.Good, Text: "it answers"}
	note := ""
	if err := s.Check(v.Context()); err != nil {
		state, note = ui.Status{Tone: ui.Bad, Text: "it does not answer"}, web.Sentence(err)
	}
	factors := "ours, always"
	if len(s.Factors) > 0 {
		factors = "theirs when they say " + strings.Join(s.Factors, " or ") + "; ours otherwise"
	}
	return []ui.Fact{
		{Term: s.Name, Text: s.Issuer, Status: &state, Note: note},
		{Term: "Known there as", Text: s.ClientID},
		{Term: "Second factor", Text: factors},
		{Term: "Connected", Text: ui.Number("en", connected) + " of your staff", Note: "The first sign-on of somebody who is invited connects it, when the provider has verified the same address. Others connect it in their account."},
	}
}

const signOnExample = `sign_on:
  issuer: https://login.shop.example
  client_id: candor
  secret_file: /etc/candor/sign-on-secret
  name: Shop account
  factors: [mfa]`
