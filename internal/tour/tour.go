// Package tour is three minutes that show what the platform does, on one page of
// the demo: left what staff see, right a customer's phone. Everything on it is
// the real engine, on the demo's customers, with real mails; the numbers are
// whatever they are.
package tour

import (
	"context"
	"embed"
	"net/http"
	"sync"

	"candor/internal/audience"
	"candor/internal/campaign"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/mailbox"
	"candor/internal/request"
	"candor/internal/term"
	"candor/internal/ui"
)

// Config is what the tour works with.
type Config struct {
	DB        *db.DB
	Ring      *keyring.Ring
	Gate      *gate.Gate
	Charter   *charter.Store
	Audience  *audience.Service
	Campaigns *campaign.Book
	Desk      *request.Desk
	Mailbox   *mailbox.Box
	Clock     clock.Clock
	// Backup takes a backup of the demo and gives its file.
	Backup func(ctx context.Context) (path string, err error)
	// Restore puts a backup into an empty place, brings protections back, and
	// says what it found of a customer there.
	Restore func(ctx context.Context, path string, c id.Customer) (Restored, error)
}

// Restored is what a restored backup holds before it serves.
type Restored struct {
	Rows     int64 // that the backup held
	Before   bool  // the customer was in the backup
	After    bool  // and is there when it serves
	Erasures int   // done again from the protection journal
}

// Tour serves the page. One visitor at a time: it is a demo.
type Tour struct {
	Config
	page  ui.Page[page]
	phone ui.Page[phonePage]

	mu    sync.Mutex
	state state
}

// state is how far the visitor is.
type state struct {
	forbidden bool        // the condition on data of another purpose is in the editor
	first     id.Campaign // the campaign that runs
	second    id.Campaign // the one that waits
	her       id.Customer // whose phone it is
	backup    string      // taken before she erased herself
	madeAt    clock.Instant
	restored  *Restored
	report    *audited
}

//go:embed page
var files embed.FS

// By is the tour as an actor.
const By term.Actor = "program:tour"

// New makes the tour.
func New(c Config) (*Tour, error) {
	set := ui.Load(files)
	return &Tour{Config: c, page: ui.Find[page](set, "tour"), phone: ui.Find[phonePage](set, "phone")}, set.Err()
}

// Register serves it under /tour.
func (t *Tour) Register(mux *http.ServeMux) {
	inner := http.NewServeMux()
	for pattern, do := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /tour": t.show, "GET /tour/phone": t.showPhone, "GET /tour/phone/{mail}": t.showMail,
		"POST /tour/forbid": t.forbid, "POST /tour/allow": t.allow, "POST /tour/send": t.send,
		"POST /tour/restore": t.restore, "POST /tour/audit": t.audit, "POST /tour/again": t.again,
	} {
		inner.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := do(w, r); err != nil {
				ui.Fail(w, t.frame(), err, "")
			}
		})
	}
	guarded := ui.Secure(inner, ui.Options{Script: true, Framed: true})
	mux.Handle("/tour", guarded)
	mux.Handle("/tour/", guarded)
}

func (t *Tour) frame() ui.Frame {
	f := ui.Frame{Lang: "en", Title: "Three minutes", Brand: "Candor", Home: "/tour", Staff: true, Script: true,
		Intro: "Left what you see, right a customer's phone. It is the real engine on this demo's customers, with real mails."}
	return f
}

func back(w http.ResponseWriter, r *http.Request, at string) error {
	http.Redirect(w, r, "/tour#"+at, http.StatusSeeOther)
	return nil
}

// again forgets how far the visitor was. What happened, happened.
func (t *Tour) again(w http.ResponseWriter, r *http.Request) error {
	t.mu.Lock()
	t.state = state{}
	t.mu.Unlock()
	return back(w, r, "reach")
}

// Her is whose phone it is; 0 before the first letter has left.
func (t *Tour) Her() id.Customer {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state.her
}
