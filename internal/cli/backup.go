package cli

import (
	"fmt"
	"strings"

	"candor/internal/app"
	"candor/internal/backup"
	"candor/internal/config"
	"candor/internal/errs"
)

type backupCmd struct {
	Config string `required:"" placeholder:"FILE" help:"The configuration file of the installation."`
	To     string `required:"" placeholder:"DIR" help:"The folder that backups go to. Those older than 90 days are deleted from it."`
}

// Run takes a backup; a server may be running.
func (c backupCmd) Run(e *env) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	saved, err := app.Backup(e.ctx, cfg, c.To, Version)
	if err != nil {
		return err
	}
	return e.print(saved, fmt.Sprintf("%s\n%sKeep the keys and the protection journal elsewhere: they are not in it.\n", saved.Path, describe(saved)))
}

func describe(s app.Saved) string {
	var rows int64
	for _, n := range s.Rows {
		rows += n
	}
	return fmt.Sprintf("made %s: %d customers, %d rows, charter version %d, journal known to line %d\n",
		s.Manifest.Made, s.Rows["customer"], rows, s.Manifest.Charter.Version, s.Manifest.Journal.Seq)
}

type restoreCmd struct {
	Backup  string `arg:"" optional:"" help:"The backup's file."`
	Config  string `required:"" placeholder:"FILE" help:"The configuration file of the installation, whose database is empty and whose keys and journal are in place."`
	SetBack bool   `help:"The database itself was set back, such as by a snapshot of the machine: bring protections back into it."`
	Yes     bool   `help:"Do it. Without this the backup is only checked."`
}

// Run restores, or says what it would restore.
func (c restoreCmd) Run(e *env) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	switch {
	case (c.Backup == "") != c.SetBack:
		return errs.New(errs.Invalid, "which_restore", "give either the backup's file or --set-back")
	case c.SetBack && !c.Yes:
		return e.print(map[string]bool{"done": false}, "Nothing was changed. With --yes, protections are brought back from the journal, what waits to be sent is ended, and the ledger opens a new epoch.\n")
	case c.SetBack:
		report, err := app.SetBack(e.ctx, cfg, app.Options{})
		if err != nil {
			return err
		}
		return e.print(report, happened(report))
	case !c.Yes:
		saved, err := app.CheckBackup(cfg, c.Backup)
		if err != nil {
			return err
		}
		return e.print(saved, "The backup is whole. "+describe(saved)+"Nothing was restored; do it with --yes.\n")
	}
	done, err := app.Restore(e.ctx, cfg, c.Backup, app.Options{})
	if err != nil {
		return err
	}
	return e.print(done, describe(done.Saved)+happened(done.Report))
}

func happened(r backup.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "journal: %d acts looked at, %d erasures among them done again\n", r.Acts, r.Erasures)
	fmt.Fprintf(&b, "sending: %d campaigns cancelled, %d messages ended that may have left already\n", r.Stopped, r.Unsent)
	if r.Epoch != nil {
		fmt.Fprintf(&b, "ledger: goes on as %s\n", r.Epoch.Origin)
	}
	b.WriteString("Staff, API tokens and sessions are as they were then: look through them before you serve.\n")
	return b.String()
}
