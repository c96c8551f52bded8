package setup

import (
	"candor/internal/errs"
	"candor/internal/ui"
	"candor/internal/web"
)

// secretField takes the secret that a shop's platform made itself.
func secretField(wrong error) *ui.Field {
	f := &ui.Field{ID: "secret", Name: "secret", Label: "The platform's own secret", Type: "password", Autocomplete: "off", Max: 500,
		Hint: "Where the platform signs with a secret that it made, such as an app's. Leave it empty to make a new one here."}
	web.Note(wrong, f)
	return f
}

// changeSecret puts another secret in place, with which a shop's webhooks are
// signed: the platform's own, or a new one, which is shown this once.
func (r *room) changeSecret(v *web.Visit) error {
	s, err := r.source(v)
	if err != nil {
		return err
	}
	if own := v.Form("secret"); own != "" {
		err := r.Collector.Sources().SetSecret(v.Context(), s.ID, own)
		if errs.Is(err, errs.Invalid) {
			return r.renderSource(v, web.Head{}.Wrong(), err)
		}
		if err != nil {
			return err
		}
		return v.Done(sourceURL(s), "The secret is in place. Webhooks signed with the one before are refused.")
	}
	secret, err := r.Collector.Sources().NewSecret(v.Context(), s.ID)
	if err != nil {
		return err
	}
	return r.showKey(v, s, secret, web.Head{Title: "The new secret of " + s.Name, Intro: "Copy it now into the shop's settings: it is shown this once. Until then its webhooks are refused, and the shop sends them again."})
}
