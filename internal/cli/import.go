package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"candor/client"
	"candor/internal/errs"
)

type importCmd struct {
	remote
	File     string `arg:"" help:"The file: CSV in any of its forms, up to a gigabyte."`
	Mapping  string `required:"" placeholder:"FILE" help:"What each column is, as YAML or JSON; see doc/collect.md."`
	DryRun   bool   `help:"Read the whole file and say what would happen; store nothing."`
	Failures string `placeholder:"FILE" help:"Write the rows that were not taken to this file, by number, column and reason."`
}

// askEvery is how often the server is asked how far it is.
const askEvery = 300 * time.Millisecond

// Run sends the file, follows the work and says what came of it. When it is
// interrupted after the file is there, the server goes on by itself.
func (c importCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	in, err := c.send(e, s)
	if err != nil {
		return err
	}
	if in, err = c.follow(e, s, in.ID); err != nil {
		return err
	}
	if in.State == "stopped" {
		return errs.New(errs.Invalid, errs.Code(in.Code), "%s", in.Problem)
	}
	if c.Failures != "" {
		b, err := s.ImportFailures(e.ctx, in.ID)
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.Failures, b, 0o600); err != nil {
			return err
		}
	}
	return e.print(in, c.text(in.Report))
}

func (c importCmd) send(e *env, s *client.Client) (client.Import, error) {
	mapping, err := readInput(e, c.Mapping)
	if err != nil {
		return client.Import{}, err
	}
	f, err := os.Open(c.File)
	if errors.Is(err, fs.ErrNotExist) {
		return client.Import{}, errs.New(errs.NotFound, "no_file", "there is no file %s", c.File)
	}
	if err != nil {
		return client.Import{}, err
	}
	defer func() { _ = f.Close() }()
	in, err := s.BeginImport(e.ctx, string(mapping))
	if err != nil {
		return client.Import{}, err
	}
	if _, err := s.SendFile(e.ctx, in.ID, f); err != nil {
		return client.Import{}, err
	}
	if c.DryRun {
		return s.CheckImport(e.ctx, in.ID)
	}
	return s.StartImport(e.ctx, in.ID)
}

func (c importCmd) follow(e *env, s *client.Client, which string) (client.Import, error) {
	for said := int64(0); ; {
		in, err := s.Import(e.ctx, which)
		if err != nil {
			return in, err
		}
		if in.Report.Rows > said && !e.json {
			said = in.Report.Rows
			fmt.Fprintf(e.errOut, "\r%d rows read", said)
		}
		if !in.Working() {
			if said > 0 {
				fmt.Fprintln(e.errOut)
			}
			return in, nil
		}
		select {
		case <-e.ctx.Done():
			return in, e.ctx.Err()
		case <-time.After(askEvery):
		}
	}
}

func (c importCmd) text(r client.ImportReport) string {
	rows := []string{fmt.Sprintf("rows\t%d", r.Rows), fmt.Sprintf("taken\t%d", r.OK), fmt.Sprintf("new customers\t%d", r.New), fmt.Sprintf("known before\t%d", r.Existing)}
	add := func(what string, n int64) {
		if n > 0 {
			rows = append(rows, fmt.Sprintf("%s\t%d", what, n))
		}
	}
	add("events", r.Events)
	add("events known before", r.Duplicates)
	add("permissions with their evidence", r.Permissions)
	add("permissions without it, left out", r.NoPermission)
	for _, code := range slices.Sorted(maps.Keys(r.Errors)) {
		add("not taken: "+code, int64(r.Errors[code]))
	}
	if len(r.LeftOut) > 0 {
		rows = append(rows, "columns left out\t"+strings.Join(r.LeftOut, ", "))
	}
	text := columns(rows...)
	if len(r.Errors) > 0 && c.Failures == "" {
		text += "To see which rows: --failures FILE\n"
	}
	if c.DryRun {
		text += "Nothing was stored. Leave out --dry-run to import.\n"
	}
	return text
}
