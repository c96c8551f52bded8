package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"candor/internal/config"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/tour"
)

// openTour opens the demo's tour.
func (a *App) openTour() (err error) {
	a.Tour, err = tour.New(tour.Config{
		DB: a.DB, Ring: a.Ring, Gate: a.Gate, Charter: a.Charter, Audience: a.Audience, Campaigns: a.Campaigns, Desk: a.Desk,
		Mailbox: a.Mailbox, Clock: a.Clock, Backup: a.tourBackup, Restore: a.tourRestore,
	})
	return err
}

func (a *App) tourBackup(ctx context.Context) (string, error) {
	saved, err := Backup(ctx, a.Config, filepath.Join(a.Config.Data, "backup"), "demo")
	return saved.Path, err
}

// tourRestore restores a backup as on an empty machine: with copies of the keys
// and the journal and nothing else. What it made is deleted again.
func (a *App) tourRestore(ctx context.Context, path string, who id.Customer) (out tour.Restored, err error) {
	dir, err := os.MkdirTemp("", "candor-restored-")
	if err != nil {
		return out, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := copyBesidesData(a.Config.Data, dir); err != nil {
		return out, err
	}
	cfg := config.Config{Data: dir, URL: a.Config.URL, Mail: a.Config.Mail}
	if err := cfg.Fill(); err != nil {
		return out, err
	}
	options := Options{Mailbox: true}
	restored, err := Restore(ctx, cfg, path, options)
	if err != nil {
		return out, err
	}
	for _, n := range restored.Rows {
		out.Rows += n
	}
	out.Before, out.Erasures = true, restored.Report.Erasures
	d, err := db.OpenReader(ctx, cfg.Database)
	if err != nil {
		return out, err
	}
	err = d.Read(ctx, func(tx *db.Tx) error {
		_, err := customer.Get(tx, who)
		out.After = err == nil
		if errs.Is(err, errs.NotFound) {
			return nil
		}
		return err
	})
	return out, errors.Join(err, d.Close())
}

// copyBesidesData copies what a restore needs beside the backup: keys, journal
// and anchors, and no row of the database.
func copyBesidesData(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name == "backup":
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case strings.HasPrefix(name, "candor.db"):
			return nil
		}
		b, err := os.ReadFile(path) //nolint:gosec // the demo's own folder
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), b, 0o600)
	})
}
