package setup

import (
	"strings"

	"candor/internal/collect"
	"candor/internal/errs"
	"candor/internal/term"
	"candor/internal/ui"
	"candor/internal/web"
)

type newSourcePage struct {
	Name      ui.Field
	Class     []ui.Choice
	Mode      []ui.Choice
	Namespace ui.Field
	Origins   ui.Field
	Events    []ui.Choice
}

// keyPage shows a key this once.
type keyPage struct {
	Key     string
	On      string
	Install []install
}

var newSourceHead = web.Head{Title: "New source", Crumb: &ui.Link{Text: "Sources", URL: "/admin/setup"}}

func (r *room) showNewSource(v *web.Visit) error { return r.renderNewSource(v, newSourceHead, nil) }

func (r *room) renderNewSource(v *web.Visit, h web.Head, wrong error) error {
	class, mode := v.Form("class"), v.Form("mode")
	p := newSourcePage{
		Name: ui.Field{ID: "name", Name: "name", Label: "Name", Hint: "What it is, such as “the shop's website”", Max: 100, Required: true, Value: v.Form("name")},
		Class: []ui.Choice{
			{ID: "server", Name: "class", Value: "server", Label: "A server", Hint: "The key is a secret of yours.", Radio: true, Chosen: class == "server", Required: true},
			{ID: "public", Name: "class", Value: "public", Label: "A website or an app", Hint: "Everybody can read the key, so what it sends is a claim until it is proven.", Radio: true, Chosen: class == "public", Required: true},
			{ID: "shopify", Name: "class", Value: "shopify", Label: "Shopify", Hint: "Its webhooks bring orders, customers, unsubscribes and requests.", Radio: true, Chosen: class == "shopify", Required: true},
			{ID: "woocommerce", Name: "class", Value: "woocommerce", Label: "WooCommerce", Hint: "Its webhooks bring orders and customers.", Radio: true, Chosen: class == "woocommerce", Required: true},
		},
		Mode: []ui.Choice{
			{ID: "test", Name: "mode", Value: "test", Label: "Test", Hint: "Checked and counted, never stored.", Radio: true, Chosen: mode == "test", Required: true},
			{ID: "live", Name: "mode", Value: "live", Label: "Live", Radio: true, Chosen: mode == "live", Required: true},
		},
		Namespace: ui.Field{ID: "namespace", Name: "namespace", Label: "Whose user ids are these?", Hint: "A short word, such as shop: shop:1234 and crm:1234 are two people.", Max: 32, Value: v.Form("namespace")},
		Origins:   ui.Field{ID: "origins", Name: "origins", Label: "Web origins (of a website)", Hint: "A line for each, such as https://shop.example", Lines: 2, Value: v.Form("origins")},
	}
	for _, e := range v.Who.Charter.Events {
		p.Events = append(p.Events, ui.Choice{ID: "e-" + strings.ReplaceAll(string(e.Name), " ", "-"), Name: "event", Value: string(e.Name), Label: string(e.Name), Hint: e.Title.In("en")})
	}
	web.Note(wrong, &p.Name, &p.Origins, &p.Namespace)
	return web.Show(v, r.pages.newSource, h, p)
}

// makeSource makes a source and shows its key, this once.
func (r *room) makeSource(v *web.Visit) error {
	s := collect.Source{Name: v.Form("name"), Class: collect.Class(v.Form("class")), Mode: collect.Mode(v.Form("mode")), Controller: v.Brand(),
		Namespace: v.Form("namespace"), Origins: strings.Fields(v.Form("origins")), NoticeVersion: v.Who.Charter.Version}
	for _, e := range v.R.PostForm["event"] {
		s.Events = append(s.Events, term.Event(e))
	}
	made, key, err := r.Collector.Sources().Create(v.Context(), s)
	if errs.Is(err, errs.Invalid) {
		return r.renderNewSource(v, newSourceHead.Wrong(), err)
	}
	if err != nil {
		return err
	}
	return r.showKey(v, made, key, web.Head{Title: "The key of " + made.Name, Intro: "Copy it now: it is shown this once, and only a digest of it is kept."})
}

// showKey shows a key or secret this once, with how to install it.
func (r *room) showKey(v *web.Visit, s collect.Source, key string, head web.Head) error {
	p := keyPage{Key: key, On: sourceURL(s)}
	for _, i := range r.installs(s) {
		p.Install = append(p.Install, install{i.Title, strings.ReplaceAll(i.Text, web.KeyMark, key)})
	}
	return web.Show(v, r.pages.key, head, p)
}
