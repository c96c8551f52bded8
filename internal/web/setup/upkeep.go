package setup

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/ui"
	"candor/internal/web"
)

const upkeepURL = "/admin/setup/upkeep"

// Backups is the folder of backups, as the server sees it.
type Backups struct {
	Folder string // "" when the configuration names none
	Newest func() (clock.Instant, error)
	// Verify reads the newest to its end and says how many rows it holds.
	Verify func() (rows int64, err error)
}

// upkeepPage is what keeps the house in order by itself: backups, and deleting what
// its time is over for.
type upkeepPage struct {
	Backup  []ui.Fact
	Verify  bool
	Keeping []ui.Fact
	Would   *wouldDelete
}

// wouldDelete is a rehearsal of the retention run.
type wouldDelete struct {
	Facts []ui.Fact
	Note  string
}

func (r *room) showUpkeep(v *web.Visit) error { return r.renderUpkeep(v, nil) }

func (r *room) renderUpkeep(v *web.Visit, would *wouldDelete) error {
	p := upkeepPage{Would: would}
	made, err := r.Backups.Newest()
	if err != nil {
		return err
	}
	p.Backup, p.Verify = backupFacts(v, r.Backups.Folder, made), made != 0
	next, err := r.Jobs.Next(v.Context(), gate.JobRetention)
	if err != nil {
		return err
	}
	last := "it has not run yet"
	if next != 0 {
		last = ui.When("en", v.Local(next.Add(-gate.RetainEvery)))
	}
	soon := "with the start of the server"
	if next != 0 {
		soon = ui.When("en", v.Local(next))
	}
	p.Keeping = []ui.Fact{
		{Term: "Last run", Text: last},
		{Term: "Next run", Text: soon, Note: "every day; what customers were promised is in the charter"},
		{Term: "Deletes", Text: "events whose time is over, guesses that have aged, values that no purpose needs any more"},
	}
	return web.Show(v, r.pages.upkeep, web.Head{Title: "Upkeep", Intro: "What the server does by itself, and what it needs from you."}, p)
}

func backupFacts(v *web.Visit, folder string, made clock.Instant) []ui.Fact {
	state := ui.Status{Tone: ui.Good, Text: "fresh"}
	last := "none"
	if made != 0 {
		age := v.Now().Sub(made)
		last = ui.When("en", v.Local(made))
		switch {
		case age > 7*24*time.Hour:
			state = ui.Status{Tone: ui.Bad, Text: fmt.Sprintf("%d days old", int(age.Hours()/24))}
		case age > 36*time.Hour:
			state = ui.Status{Tone: ui.Warn, Text: fmt.Sprintf("%d hours old", int(age.Hours()))}
		}
	} else {
		state = ui.Status{Tone: ui.Bad, Text: "no backup"}
	}
	where := folder
	if where == "" {
		where = "not named in the configuration"
	}
	return []ui.Fact{
		{Term: "Newest backup", Text: last, Status: &state},
		{Term: "Folder", Text: where, Note: "set backups in the configuration, and let a timer run: candor backup --to FOLDER"},
		{Term: "Kept", Text: "90 days", Note: "certificates of erasure promise that none is older"},
	}
}

// foresee rehearses the retention run on the first customers, and deletes nothing.
func (r *room) foresee(v *web.Visit) error {
	const most = 20_000
	f, err := r.Gate.Foresee(v.Context(), most)
	if err != nil {
		return err
	}
	would := &wouldDelete{Note: "Of all customers. Nothing was deleted.", Facts: []ui.Fact{
		{Term: "Events", Text: ui.Number("en", f.Events), Note: "their time is over"},
		{Term: "Guesses", Text: ui.Number("en", f.Guesses), Note: "made too long ago"},
	}}
	if !f.All {
		would.Note = fmt.Sprintf("Of the first %s customers; the run goes through all. Nothing was deleted.", ui.Number("en", int64(f.Customers)))
	}
	var fields []string
	for _, name := range f.Fields {
		fields = append(fields, string(name))
	}
	none := "none"
	if len(fields) > 0 {
		none = strings.Join(fields, ", ")
	}
	would.Facts = append(would.Facts, ui.Fact{Term: "Data that no purpose needs", Text: none})
	return r.renderUpkeep(v, would)
}

// retain lets the retention run begin now.
func (r *room) retain(v *web.Visit) error {
	if err := v.Write(func(tx *db.Tx) error { return r.Jobs.Now(tx, gate.JobRetention) }); err != nil {
		return err
	}
	return v.Done(upkeepURL, "The run has begun. It goes on in the background.")
}

// verifyBackup reads the newest backup to its end.
func (r *room) verifyBackup(v *web.Visit) error {
	conn := http.NewResponseController(v.W)
	const patience = 15 * time.Minute
	_ = conn.SetWriteDeadline(time.Now().Add(patience))
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	rows, err := r.Backups.Verify()
	if err != nil && errs.KindOf(err) == errs.Internal {
		err = errs.Wrap(err, errs.Conflict, "bad_backup", "the newest backup cannot be read to its end: take another one now, and look at the disk")
	}
	if err != nil {
		return err
	}
	return v.Done(upkeepURL, "The newest backup is whole: "+ui.Number("en", rows)+" rows can be restored from it.")
}
