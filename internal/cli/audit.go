package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"candor/internal/audit"
	"candor/internal/errs"
	"candor/internal/lists"
)

type auditCmd struct {
	Files  []string          `arg:"" name:"file" help:"Contact exports: CSV files, or zips of them."`
	Map    map[string]string `mapsep:"none" placeholder:"COLUMN=MEANING" help:"Correct a guess: what a column means. Repeat for more."`
	Report string            `placeholder:"FILE" help:"Also write the report as a page (HTML) to print or send on."`
}

// Help is shown under candor audit --help.
func (auditCmd) Help() string {
	var all []string
	for _, m := range lists.Meanings {
		all = append(all, string(m))
	}
	return "Reads contact exports of Mailchimp, Klaviyo, Shopify, WooCommerce, Brevo and your own lists, several at once, and says who can be shown to have agreed. Works offline and sends nothing.\n\nMeanings: " + strings.Join(all, ", ") + "."
}

// Run reads the files and prints what they can prove.
func (c auditCmd) Run(e *env) error {
	said := map[string]lists.Meaning{}
	for name, m := range c.Map {
		said[name] = lists.Meaning(strings.TrimSpace(m))
	}
	var files []lists.File
	for _, name := range c.Files {
		f, err := os.Open(name) //nolint:gosec // a file the user names
		if errors.Is(err, fs.ErrNotExist) {
			return errs.New(errs.NotFound, "no_file", "there is no file %s", name)
		}
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if info.IsDir() {
			return errs.New(errs.Invalid, "a_folder", "%s is a folder; give its files, such as %s", name, filepath.Join(name, "*.csv"))
		}
		files = append(files, lists.File{Name: filepath.Base(name), Content: f, Size: info.Size()})
	}
	r, err := audit.Run(e.ctx, files, audit.Options{Map: said, Now: time.Now(), Progress: e.rowsRead()})
	if err != nil {
		return err
	}
	if c.Report != "" {
		if err := writeReport(r, c.Report); err != nil {
			return err
		}
	}
	if e.json {
		return e.print(r, "")
	}
	if err := r.Text(e.out); err != nil {
		return err
	}
	if c.Report != "" {
		fmt.Fprintf(e.out, "The page is in %s.\n", c.Report)
	}
	return nil
}

func writeReport(r audit.Report, name string) error {
	f, err := os.Create(name) //nolint:gosec // a file the user names
	if err != nil {
		return errs.Wrap(err, errs.Invalid, "cannot_write", "%s cannot be written; choose another place for the report", name)
	}
	return errors.Join(r.HTML(f), f.Close())
}

// rowsRead tells on a terminal how far reading long lists has come.
func (e *env) rowsRead() func(int64) {
	f, ok := e.errOut.(*os.File)
	if !ok {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return func(rows int64) { fmt.Fprintf(f, "\r%d rows read\r", rows) }
}
