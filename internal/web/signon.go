package web

import (
	"net/http"
	"net/url"
	"time"

	"candor/internal/errs"
	"candor/internal/staff"
)

// The addresses of single sign-on. Back is registered with the provider, and so is
// Out, to which it tells that somebody signed out there.
const (
	signOnURL   = "/admin/sign-in/provider"
	SignOnBack  = "/admin/sign-in/provider/back"
	SignOnOut   = "/admin/sign-in/provider/out"
	signOnProve = "/admin/prove/provider"
)

// signOnLink leads to the provider; the zero link is not shown.
type signOnLink struct{ URL, Text string }

func (v *Visit) signOnLink(to, text string) signOnLink {
	if v.Staff.SignOn == nil {
		return signOnLink{}
	}
	if n := v.Form("next"); n != "" {
		to += "?next=" + url.QueryEscape(ours(n))
	}
	return signOnLink{to, text + " " + v.Staff.SignOn.Name}
}

// toProvider sends the browser to the provider, with what it has to bring back.
func (v *Visit) toProvider(kind staff.ErrandKind) error {
	to, sealed, err := v.Staff.ToProvider(v.Context(), staff.Errand{For: kind, Who: v.Who.Person.ID, Next: ours(v.Form("next"))})
	if err != nil {
		return err
	}
	v.setCookie(errandCookie, sealed, 15*time.Minute)
	return v.Redirect(to)
}

func (s *Shell) signOn(v *Visit) error {
	err := v.toProvider(staff.ToSignIn)
	if code := errs.CodeOf(err); code == staff.SignOnFailed {
		return s.renderSignIn(v, signInHead.Wrong(), "", Sentence(err))
	}
	return err
}

func (s *Shell) connectSignOn(v *Visit) error { return v.toProvider(staff.ToConnect) }

func (s *Shell) proveSignOn(v *Visit) error { return v.toProvider(staff.ToProve) }

// signOnBack takes what the browser brings back from the provider.
func (s *Shell) signOnBack(v *Visit) error {
	sealed := v.cookie(errandCookie)
	v.setCookie(errandCookie, "", 0)
	if who, err := v.Staff.Ask(v.Context(), v.cookie(sessionCookie)); err == nil {
		v.Who = who
	} else if errs.CodeOf(err) != staff.NoSession {
		return err
	}
	e, in, err := v.returned(sealed)
	switch {
	case err == nil && e.For == staff.ToProve:
		return v.Redirect(ours(e.Next))
	case err == nil && e.For == staff.ToConnect:
		return v.Done("/admin/account", "Connected. Sign in with "+v.Staff.SignOn.Name+" next time.")
	case err == nil:
		return v.goOnTo(in, e.Next)
	case errs.CodeOf(err) == staff.TooManyTries, errs.CodeOf(err) == staff.NotInvited, errs.CodeOf(err) == staff.SignOnFailed:
		if e.For == staff.ToProve || e.For == staff.ToConnect {
			return err
		}
		v.Who = staff.Who{}
		return s.renderSignIn(v, signInHead.Wrong(), "", Sentence(err))
	}
	return err
}

// returned checks what came back. An errand to sign in is of nobody yet, whoever
// is signed in besides.
func (v *Visit) returned(sealed string) (staff.Errand, staff.SignIn, error) {
	q := v.R.URL.Query()
	return v.Staff.Returned(v.Context(), sealed, staff.Return{State: q.Get("state"), Code: q.Get("code"), Error: q.Get("error"), Issuer: q.Get("iss")}, v.Who, network(v.R))
}

// signedOut takes the provider's word that somebody signed out there.
func (s *Shell) signedOut(v *Visit) error {
	v.W.Header().Set("Cache-Control", "no-store")
	if err := v.Staff.SignedOut(v.Context(), v.R.PostFormValue("logout_token")); err != nil {
		if k := errs.KindOf(err); k == errs.Internal || k == errs.Unavailable {
			return err
		}
		http.Error(v.W, `{"error":"invalid_request"}`, http.StatusBadRequest)
		return nil
	}
	v.W.WriteHeader(http.StatusOK)
	return nil
}
