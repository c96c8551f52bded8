package app

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"candor/internal/audience/index"
	"candor/internal/backup"
	"candor/internal/clock"
	"candor/internal/config"
	"candor/internal/db"
	"candor/internal/errs"
)

// How old a backup may be before it is noted, and before it is wrong.
const (
	backupLate = 25 * time.Hour
	backupOld  = 7 * 24 * time.Hour
)

// backups looks at the age of the newest backup.
func (d *doctor) backups() {
	const part = "backups"
	if d.cfg.Backups == "" {
		d.note(part, "the configuration names no folder, so their age is not seen", "set backups to the folder that candor backup --to writes to, and take one a day")
		return
	}
	made, err := backup.Newest(d.cfg.Backups)
	age := clock.System{}.Now().Sub(made).Round(time.Hour)
	take := "candor backup --config FILE --to " + d.cfg.Backups + ", daily"
	switch {
	case err != nil:
		d.wrong(part, "the folder cannot be read", "mend backups in the configuration, or the folder's rights")
	case made == 0:
		d.wrong(part, "there is none", take)
	case age > backupOld:
		d.wrong(part, fmt.Sprintf("the newest is %d days old", age/(24*time.Hour)), take)
	case age > backupLate:
		d.note(part, fmt.Sprintf("the newest is %d hours old", age/time.Hour), take)
	default:
		d.well(part, "the newest is %d hours old", age/time.Hour)
	}
}

// indexed looks at what a running server found when it compared its audience
// index with the database.
func (d *doctor) indexed() {
	const part = "audience index"
	r, err := d.indexReport()
	age := clock.System{}.Now().Sub(r.At).Round(time.Minute)
	switch {
	case errs.Is(err, errs.NotFound):
		d.note(part, "no server has compared it with the database yet", "a server does so two minutes after its start, then every hour")
	case err != nil:
		d.note(part, "it is not known how it is", "see database")
	case r.Different > 0:
		d.wrong(part, fmt.Sprintf("%d of %d customers are held otherwise than in the database", r.Different, r.Compared), "restart the server, which reads it anew, and report it; nothing was sent wrongly, since the database decides at the hand-over")
	case age > 3*time.Hour:
		d.note(part, fmt.Sprintf("last compared %s ago; it agreed", age), "is a server running?")
	default:
		d.well(part, "%d of %d customers compared %s ago, and all agree", r.Compared, r.Customers, age)
	}
}

func (d *doctor) indexReport() (r index.Report, err error) {
	reader, err := db.OpenReader(d.ctx, d.cfg.Database)
	if err != nil {
		return r, errs.Wrap(err, errs.Unavailable, errs.FailClosed, "the database cannot be read")
	}
	defer func() { _ = reader.Close() }()
	err = reader.Read(d.ctx, func(tx *db.Tx) error {
		r, err = index.Noted(tx)
		return err
	})
	return r, err
}

// others are variables that begin as settings do and are none of a server's.
var others = []string{"CANDOR_SERVER", "CANDOR_TOKEN", "CANDOR_CONFIG"}

// configuration notes variables that look like settings and set nothing.
func (d *doctor) configuration() {
	var unknown []string
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		if strings.HasPrefix(name, "CANDOR_") && !strings.HasPrefix(name, "CANDOR_TEST_") && !config.Sets(name) && !slices.Contains(others, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		d.note("configuration", "in the environment, "+strings.Join(unknown, ", ")+" sets nothing", "see doc/configuration.md for the names")
		return
	}
	d.well("configuration", "every setting is known and makes sense")
}
