package cli

import (
	"fmt"
	"strings"
)

type exportCmd struct {
	List    exportListCmd    `cmd:"" help:"List files with people's data that were taken out, and by when they are deleted."`
	Whose   exportWhoseCmd   `cmd:"" help:"Say whose file a line is from that turned up somewhere."`
	Deleted exportDeletedCmd `cmd:"" help:"Say that every copy of a file you hold is deleted."`
	Erased  exportErasedCmd  `cmd:"" help:"Say that those who were erased are out of a file you hold."`
}

type exportListCmd struct {
	remote
	All bool `help:"Those that are deleted, too."`
}

// Run lists the newest hundred.
func (c exportListCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	list, _, err := s.Exports(e.ctx, !c.All, "", 100)
	if err != nil {
		return err
	}
	rows := []string{"export\tpurpose\tfor\tpeople\theld by\tdelete by\tdeleted"}
	for _, x := range list {
		rows = append(rows, strings.Join([]string{x.ID, x.Purpose, x.Recipient, fmt.Sprint(x.People), x.Holder, when(x.DeleteBy), when(x.DeletedAt)}, "\t"))
	}
	return e.print(map[string]any{"exports": list}, columns(rows...))
}

type exportWhoseCmd struct {
	remote
	Mark string `arg:"" help:"The line's address or its first column, or - to read it from standard input."`
}

// Run looks for the file.
func (c exportWhoseCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	mark := c.Mark
	if mark == "-" {
		b, err := readInput(e, "-")
		if err != nil {
			return err
		}
		mark = strings.TrimSpace(string(b))
	}
	x, err := s.WhoseExport(e.ctx, mark)
	if err != nil {
		return err
	}
	return e.print(x, fmt.Sprintf("%s, taken out by %s on %s for %s, to be deleted by %s\n", x.ID, x.Holder, when(x.MadeAt), x.Purpose, when(x.DeleteBy)))
}

type exportDeletedCmd struct {
	remote
	Export string `arg:"" help:"The file's id, exp_..."`
}

// Run records that it is gone.
func (c exportDeletedCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	if err := s.ExportDeleted(e.ctx, c.Export); err != nil {
		return err
	}
	return e.print(map[string]string{"deleted": c.Export}, c.Export+" is deleted\n")
}

type exportErasedCmd struct {
	remote
	Export string `arg:"" help:"The file's id, exp_..."`
}

// Run records that the lines are gone.
func (c exportErasedCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	n, err := s.ExportErased(e.ctx, c.Export)
	if err != nil {
		return err
	}
	return e.print(map[string]int{"lines": n}, fmt.Sprintf("%d lines are gone\n", n))
}
