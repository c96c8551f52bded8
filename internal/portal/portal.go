// Package portal is where customers meet the engine: the hosted forms that ask,
// the button that confirms, the one-click way out, and the privacy centre where
// a person sees, corrects, downloads and erases what is held (GDPR 7, 12-21;
// RFC 8058).
//
// A link from a mail proves nothing about who holds it: mails are forwarded. It
// shows choices with a masked address, and it may only lower. An opt-in from it
// waits until it is confirmed at the address on file. A person's own data are
// shown after a code that is sent there. No answer tells whether an address is
// known. Every page works without script.
package portal

import (
	"context"
	"embed"
	"html/template"
	"iter"
	"log/slog"
	"maps"
	"net/http"

	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/job"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/message"
	"candor/internal/request"
	"candor/internal/rulepack"
	"candor/internal/term"
	"candor/internal/ui"
)

// Config is what the portal works with.
type Config struct {
	DB      *db.DB
	Ring    *keyring.Ring
	Gate    *gate.Gate
	Charter *charter.Store

	Audience  *audience.Service
	Campaigns *campaign.Book

	Packs  *rulepack.Set
	Ledger *ledger.Log
	Jobs   *job.Queue
	Desk   *request.Desk
	Mail   *message.Sender
	Clock  clock.Clock
	Log    *slog.Logger
	// Origins reports whether an origin is a page of the business's own.
	Origins func(ctx context.Context, origin string) (bool, error)

	URL    string // how customers reach the server, without a slash at the end
	HTTPS  bool
	Framed bool // our own pages may show these in a frame: the demo
}

// Portal serves the customers' pages.
type Portal struct {
	Config
	codes stepUps
	limit *limiter
	pages pages
}

//go:embed page words
var files embed.FS

// pages are the parsed templates, one type of data each.
type pages struct {
	set         *ui.Set
	form        ui.Page[formPage]
	press       ui.Page[pressPage]
	askParent   ui.Page[askParentPage]
	parent      ui.Page[parentPage]
	answer      ui.Page[answerPage]
	find        ui.Page[findPage]
	choices     ui.Page[choicesPage]
	code        ui.Page[codePage]
	me          ui.Page[mePage]
	proof       ui.Page[proofPage]
	rights      ui.Page[exercisePage]
	deceased    ui.Page[findPage]
	why         ui.Page[whyPage]
	correct     ui.Page[correctPage]
	optOut      ui.Page[findPage]
	erase       ui.Page[erasePage]
	certificate ui.Page[certificatePage]
	notice      ui.Page[noticePage]
}

// pressPage is a page with one button that does one thing.
type pressPage struct {
	Quote  string
	Hidden []hidden
	Button string
	Link   *ui.Link
}

type hidden struct{ Name, Value string }

// answerPage says what happened.
type answerPage struct {
	Text []string
	Link *ui.Link
}

type noticePage struct{ Body template.HTML }

// New makes the portal. It fails when a page or a text is missing.
func New(c Config) (*Portal, error) {
	s := ui.Load(files)
	p := &Portal{Config: c, codes: stepUps{c.DB, c.Ring, c.Clock}, limit: newLimiter(c.Clock), pages: pages{
		set: s, form: ui.Find[formPage](s, "form"), press: ui.Find[pressPage](s, "press"),
		askParent: ui.Find[askParentPage](s, "ask-parent"), parent: ui.Find[parentPage](s, "parent"),
		answer: ui.Find[answerPage](s, "answer"), find: ui.Find[findPage](s, "find"),
		choices: ui.Find[choicesPage](s, "choices"), code: ui.Find[codePage](s, "code"),
		me: ui.Find[mePage](s, "me"), proof: ui.Find[proofPage](s, "proof"), rights: ui.Find[exercisePage](s, "rights"),
		deceased: ui.Find[findPage](s, "deceased"), why: ui.Find[whyPage](s, "why"), correct: ui.Find[correctPage](s, "correct"),
		erase: ui.Find[erasePage](s, "erase"), certificate: ui.Find[certificatePage](s, "certificate"),
		notice: ui.Find[noticePage](s, "notice"), optOut: ui.Find[findPage](s, "opt-out"),
	}}
	if err := s.Err(); err != nil {
		return nil, err
	}
	c.Jobs.Handle(unconfirmedJob, p.deleteUnconfirmed)
	c.Jobs.Every(unconfirmedJob, unconfirmedEvery)
	return p, nil
}

// Routes lists the customers' pages by their patterns.
func (p *Portal) Routes() iter.Seq[string] { return maps.Keys(p.routes()) }

func (p *Portal) routes() map[string]handler {
	return map[string]handler{
		"GET /f/{ask}":                        p.showForm,
		"POST /f/{ask}":                       p.sendForm,
		"GET /embed/candor.js":                p.module,
		"GET /embed/{ask}":                    p.embedded(p.showEmbed),
		"POST /embed/{ask}":                   p.embedded(p.sendEmbed),
		"GET /confirm/{token}":                p.showConfirm,
		"POST /confirm/{token}":               p.confirm,
		"GET /parent/ask/{token}":             p.showAskParent,
		"POST /parent/ask/{token}":            p.askParent,
		"GET /parent/{token}":                 p.showParent,
		"POST /parent/{token}":                p.parentDecides,
		"GET /u/{token}":                      p.showUnsubscribe,
		"POST /u/{token}":                     p.unsubscribe,
		"GET /privacy":                        p.showFind,
		"POST /privacy":                       p.find,
		"GET " + optOutURL:                    p.showOptOut,
		"POST " + optOutURL:                   p.optOut,
		"GET /embed/footer.json":              p.embedded(p.showFooter),
		"GET /privacy/c/{token}":              p.byLink(p.renderChoices),
		"POST /privacy/c/{token}":             p.byLink(p.chosen),
		"POST /privacy/c/{token}/stop":        p.byLink(p.stopEverything),
		"POST /privacy/c/{token}/level":       p.byLink(p.setLevel),
		"POST /privacy/c/{token}/pause":       p.byLink(p.setPause),
		"POST /privacy/c/{token}/details":     p.byLink(p.setDetails),
		"POST /privacy/c/{token}/not-me":      p.byLink(p.notMe),
		"POST /privacy/c/{token}/code":        p.askCode,
		"GET /privacy/code":                   p.showCode,
		"POST /privacy/code":                  p.enterCode,
		"GET /privacy/me":                     p.showMe,
		"GET /privacy/me/choices":             p.byPerson(p.renderChoices),
		"POST /privacy/me/choices":            p.byPerson(p.chosen),
		"POST /privacy/me/choices/stop":       p.byPerson(p.stopEverything),
		"POST /privacy/me/choices/level":      p.byPerson(p.setLevel),
		"POST /privacy/me/choices/pause":      p.byPerson(p.setPause),
		"POST /privacy/me/choices/details":    p.byPerson(p.setDetails),
		"GET /privacy/me/correct":             p.showCorrect,
		"POST /privacy/me/correct":            p.correct,
		"POST /privacy/me/download":           p.download,
		"POST /privacy/me/portable":           p.byPerson(p.portable),
		"GET /privacy/me/proof":               p.byPerson(p.showProof),
		"GET /privacy/me/rights":              p.byPerson(p.showRights),
		"POST /privacy/me/object":             p.byPerson(p.object),
		"POST /privacy/me/restrict":           p.byPerson(p.restrict),
		"GET /privacy/why/{token}":            p.byLink(p.showWhy),
		"POST /privacy/why/{token}/unchoose":  p.byLink(p.unchoose),
		"POST /privacy/why/{token}/less":      p.byLink(p.tooPersonal),
		"GET /privacy/deceased":               p.showDeceased,
		"POST /privacy/deceased":              p.reportDeceased,
		"GET /privacy/portable.schema.json":   p.portableSchema,
		"GET /privacy/me/receipt/{record}":    p.receipt,
		"GET /privacy/me/erase":               p.showErase,
		"POST /privacy/me/erase":              p.erase,
		"POST /privacy/me/close":              p.close,
		"GET /privacy/erased/{token}":         p.showCertificate,
		"GET /privacy/erased/{token}/receipt": p.certificateReceipt,
		"GET /notice":                         p.showNotice,
		"GET /notice/{version}":               p.showNotice,
		"GET /.well-known/gpc.json":           p.gpc,
	}
}

// Register serves the portal's routes.
func (p *Portal) Register(mux *http.ServeMux) {
	inner := http.NewServeMux()
	for pattern, h := range p.routes() {
		inner.Handle(pattern, p.serve(h))
	}
	guarded := ui.Secure(inner, ui.Options{HTTPS: p.HTTPS, Framed: p.Framed, Open: []string{"POST /u/{token}", "POST /embed/{ask}"}})
	for _, root := range []string{"/f/", "/embed/", "/confirm/", "/parent/", "/u/", "/privacy", "/privacy/", "/notice", "/notice/", "/.well-known/gpc.json"} {
		mux.Handle(root, guarded)
	}
}

// frame makes the page's frame from the charter in force.
func (p *Portal) frame(r *http.Request, key string) ui.Frame {
	lang := language(r)
	f := ui.Frame{Lang: lang, Narrow: true, Signal: p.signal(r, lang)}
	if key != "" {
		f.Title = p.say(lang, key+"-title")
	}
	c, err := p.current(r)
	if err == nil {
		f.Brand, f.Home = c.Business.Name, c.Business.Site
	}
	f.Footer = p.links(c, "", lang)
	if r.Method == http.MethodGet {
		f.Langs = otherLangs(r, lang)
	}
	return f
}

// intro adds a text under the heading.
func (p *Portal) intro(f ui.Frame, key string) ui.Frame {
	f.Intro = p.say(f.Lang, key)
	return f
}

func (p *Portal) say(lang term.Lang, key string, pairs ...any) string {
	return p.pages.set.Say(lang, key, pairs...)
}

func (p *Portal) current(r *http.Request) (*charter.Charter, error) {
	var c *charter.Charter
	err := p.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		c, err = p.Charter.Current(tx)
		return err
	})
	return c, err
}
