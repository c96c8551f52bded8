package tour

import (
	"context"
	"net/http"
	"time"

	"candor/internal/campaign"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/message"
	"candor/internal/term"
)

// forbid puts a condition on data of another purpose into the editor.
func (t *Tour) forbid(w http.ResponseWriter, r *http.Request) error {
	t.mu.Lock()
	t.state.forbidden = true
	t.mu.Unlock()
	return back(w, r, "reach")
}

// allow takes it out again.
func (t *Tour) allow(w http.ResponseWriter, r *http.Request) error {
	t.mu.Lock()
	t.state.forbidden = false
	t.mu.Unlock()
	return back(w, r, "send")
}

// send sends one letter now, and has a second one wait: everybody who may get
// the letter gets it, so that there is somebody to follow also in a small demo.
func (t *Tour) send(w http.ResponseWriter, r *http.Request) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state.first != 0 {
		return back(w, r, "phone")
	}
	nobody := 0
	tomorrow := t.Clock.Now().Add(24 * time.Hour)
	draft := func(at clock.Instant, name, subject, betreff, body, text string) campaign.Change {
		return campaign.Change{Name: name, NotBefore: at, Purpose: purpose, Channel: term.Email, Holdout: &nobody, Content: message.Content{Class: message.Marketing,
			Texts: map[term.Lang]message.Text{"en": {Subject: subject, HTML: body}, "de": {Subject: betreff, HTML: text}}}}
	}
	ctx := r.Context()
	first, err := t.launch(ctx, draft(0, "Tour: new beans", "New beans from Huila", "Neue Bohnen aus Huila",
		"<p>The first boxes of the new harvest have arrived. They taste of red apple and caramel.</p>", "<p>Die ersten Kisten der neuen Ernte sind da. Sie schmecken nach rotem Apfel und Karamell.</p>"))
	if err != nil {
		return err
	}
	second, err := t.launch(ctx, draft(tomorrow, "Tour: how to brew them", "How to brew them", "So gelingen sie",
		"<p>Sixty grams to the litre, ninety-four degrees, four minutes.</p>", "<p>Sechzig Gramm auf den Liter, vierundneunzig Grad, vier Minuten.</p>"))
	if err != nil {
		return err
	}
	t.state.first, t.state.second, t.state.madeAt = first, second, t.Clock.Now()
	go t.meet(context.WithoutCancel(ctx), first, second)
	return back(w, r, "send")
}

func (t *Tour) launch(ctx context.Context, c campaign.Change) (id.Campaign, error) {
	made, err := t.Campaigns.Create(ctx, c, By)
	if err != nil {
		return 0, err
	}
	_, err = t.Campaigns.Launch(ctx, made.ID, By)
	return made.ID, err
}

const (
	meetFor   = time.Minute
	meetEvery = 200 * time.Millisecond
)

// meet waits for somebody whose letter has left and whose second message waits:
// it is her phone. Then it takes the backup that she will be erased from.
func (t *Tour) meet(ctx context.Context, first, second id.Campaign) {
	ctx, cancel := context.WithTimeout(ctx, meetFor)
	defer cancel()
	for ctx.Err() == nil {
		var who id.Customer
		err := t.DB.Read(ctx, func(tx *db.Tx) (err error) {
			who, err = message.InBoth(tx, campaign.Program, int64(first), int64(second))
			return err
		})
		if err != nil {
			time.Sleep(meetEvery)
			continue
		}
		path, err := t.Backup(ctx)
		if err != nil {
			path = "" // the step that needs it says so
		}
		t.mu.Lock()
		if t.state.first == first {
			t.state.her, t.state.backup = who, path
		}
		t.mu.Unlock()
		return
	}
}
