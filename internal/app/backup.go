package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"candor/internal/backup"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/config"
	"candor/internal/db"
	"candor/internal/db/dump"
	"candor/internal/errs"
	"candor/internal/keyring"
	"candor/internal/ledger"
	"candor/internal/moment"
	"candor/internal/rulepack"
)

// Saved is a backup that was taken.
type Saved struct {
	Path     string          `json:"path"`
	Manifest backup.Manifest `json:"manifest"`
	Rows     dump.Counts     `json:"rows"`
}

// Backup takes a backup of an installation into a folder. A server may be running
// on it.
func Backup(ctx context.Context, cfg config.Config, folder, program string) (out Saved, err error) {
	ring, err := keyring.Read(cfg.Root())
	if err != nil {
		return out, err
	}
	packs, err := rulepack.Load()
	if err != nil {
		return out, err
	}
	place := cfg.Database
	if cfg.Replica != "" {
		place = cfg.Replica
	}
	d, err := db.OpenReader(ctx, place)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	promise := charter.NewStore(nil, packs)
	describe := func(tx *db.Tx, m *backup.Manifest) error {
		c, err := promise.Current(tx)
		if err != nil {
			return err
		}
		m.Charter = backup.Charter{Version: c.Version, Hash: c.Hash()}
		signed, err := ledger.Newest(tx)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		m.Checkpoint = string(signed)
		m.Origin, _, _ = strings.Cut(m.Checkpoint, "\n")
		return nil
	}
	out.Path, out.Manifest, out.Rows, err = backup.Save(ctx, folder, backup.Options{
		DB: d, Ring: ring, Clock: clock.System{}, Program: program, Describe: describe,
	})
	return out, err
}

// CheckBackup reads a backup to its end and keeps nothing.
func CheckBackup(cfg config.Config, path string) (out Saved, err error) {
	out.Path = path
	err = withBackup(cfg, path, func(a *backup.Archive) (err error) {
		out.Manifest = a.Manifest
		out.Rows, err = a.Check()
		return err
	})
	return out, err
}

// verifyNewest reads the newest backup of the configuration's folder to its end.
func verifyNewest(cfg config.Config) (rows int64, err error) {
	made, err := backup.Newest(cfg.Backups)
	if err != nil || made == 0 {
		return 0, errors.Join(err, errs.New(errs.NotFound, "no_backup", "there is no backup in the folder; take one with candor backup"))
	}
	read, err := CheckBackup(cfg, filepath.Join(cfg.Backups, backup.Name(made)))
	for _, n := range read.Rows {
		rows += n
	}
	return rows, err
}

func withBackup(cfg config.Config, path string, fn func(*backup.Archive) error) error {
	ring, err := keyring.Read(cfg.Root())
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return errs.Wrap(err, errs.NotFound, "no_file", "the backup %s cannot be read", path)
	}
	defer func() { _ = f.Close() }()
	a, err := backup.Open(f, ring)
	if err != nil {
		return err
	}
	return fn(a)
}

// Restored is what a restore did.
type Restored struct {
	Saved
	Report backup.Report `json:"report"`
}

// Restore puts a backup into the empty database of a configuration and brings
// every protection back. Keys and journal must be in place: nothing is made anew.
// When it fails half-way, it is run again into a database emptied by hand; when it
// loaded the rows, starting the server goes on where it was.
func Restore(ctx context.Context, cfg config.Config, path string, o Options) (out Restored, err error) {
	if err := inPlace(cfg); err != nil {
		return out, err
	}
	out.Path = path
	err = withBackup(cfg, path, func(a *backup.Archive) (err error) {
		out.Manifest = a.Manifest
		d, err := db.Open(ctx, cfg.Database)
		if err != nil {
			return err
		}
		out.Rows, err = backup.Restore(ctx, a, d, now(o))
		return errors.Join(err, d.Close())
	})
	if err != nil {
		return out, err
	}
	moment.Reached(moment.Loaded)
	out.Report, err = catchUp(ctx, cfg, o)
	return out, err
}

// SetBack brings protections back into a database that was set back by other
// means, such as a snapshot of the machine.
func SetBack(ctx context.Context, cfg config.Config, o Options) (backup.Report, error) {
	if err := inPlace(cfg); err != nil {
		return backup.Report{}, err
	}
	d, err := db.Open(ctx, cfg.Database)
	if err != nil {
		return backup.Report{}, err
	}
	err = d.Write(ctx, func(tx *db.Tx) error { return backup.SetBack(tx, now(o), "set back by other means") })
	if err = errors.Join(err, d.Close()); err != nil {
		return backup.Report{}, err
	}
	return catchUp(ctx, cfg, o)
}

func now(o Options) clock.Instant {
	if o.Clock == nil {
		return clock.System{}.Now()
	}
	return o.Clock.Now()
}

func catchUp(ctx context.Context, cfg config.Config, o Options) (backup.Report, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a, err := Open(ctx, cfg, o)
	if err != nil {
		return backup.Report{}, err
	}
	report, err := a.Keeper.CatchUp(ctx)
	if err == nil {
		_, err = a.Ledger.Sequence(ctx)
	}
	return report, errors.Join(err, a.Close())
}

// inPlace checks that what a restore must not make anew is there.
func inPlace(cfg config.Config) error {
	for _, f := range []struct{ path, what, code string }{
		{cfg.Root(), "the root keys", "no_keyring"},
		{cfg.Signer(), "the ledger's signing key", "no_ledger_key"},
		{cfg.Keys, "the store of customers' keys", "no_key_store"},
		{cfg.Journal, "the protection journal", "no_journal"},
	} {
		if strings.HasPrefix(f.path, "postgres") {
			continue
		}
		if _, err := os.Stat(f.path); err != nil {
			return errs.New(errs.Unavailable, errs.Code(f.code), "%s: there is no file %s; bring it first, since nothing may be restored without it", f.what, f.path)
		}
	}
	return nil
}
