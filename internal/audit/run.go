package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"candor/internal/errs"
	"candor/internal/lists"
)

// maxSheets bounds how many lists are compared at once: the bits of a mask.
const maxSheets = 32

// Options says how to audit.
type Options struct {
	Map      map[string]lists.Meaning // corrects guesses: column name to meaning
	Now      time.Time
	Progress func(rows int64) // called now and then, or nil
	MaxRows  int64            // 0: no limit
	Examples int              // rows to show of each class; 0 reads the files once only
}

// Run reads files and reports. It returns INVALID for a file that is not a
// list, for a correction that fits no file, and TOO_LARGE beyond the limits.
func Run(ctx context.Context, files []lists.File, o Options) (Report, error) {
	sheets, err := open(files)
	if err != nil {
		return Report{}, err
	}
	a, err := run(ctx, sheets, o)
	if err := errors.Join(err, lists.Close(sheets)); err != nil {
		return Report{}, err
	}
	report := a.report()
	if o.Examples > 0 {
		err = a.examples(ctx, files, &report)
	}
	return report, err
}

func open(files []lists.File) ([]*lists.Sheet, error) {
	var sheets []*lists.Sheet
	for _, f := range files {
		more, err := lists.Open(f)
		sheets = append(sheets, more...)
		if err == nil && len(sheets) > maxSheets {
			err = errs.New(errs.TooLarge, "too_many_lists", "at most %d lists can be compared at once", maxSheets)
		}
		if err != nil {
			return nil, errors.Join(err, lists.Close(sheets))
		}
	}
	if len(sheets) == 0 {
		return nil, errs.New(errs.Invalid, "no_files", "give at least one file")
	}
	return sheets, nil
}

func run(ctx context.Context, sheets []*lists.Sheet, o Options) (*auditor, error) {
	if err := correct(sheets, o.Map); err != nil {
		return nil, err
	}
	a := newAuditor(o, sheets)
	for i, s := range sheets {
		if err := a.sheet(ctx, i, s); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// correct applies corrections. One that fits no sheet is a mistake, and so is a
// sheet without addresses.
func correct(sheets []*lists.Sheet, said map[string]lists.Meaning) error {
	missing := map[string]int{}
	for _, s := range sheets {
		names, err := s.Correct(said)
		if err != nil {
			return err
		}
		for _, n := range names {
			missing[n]++
		}
	}
	for name, n := range missing {
		if n == len(sheets) {
			return errs.New(errs.Invalid, "no_such_column", "no file has a column %q", name)
		}
	}
	for _, s := range sheets {
		if !slices.ContainsFunc(s.Columns, func(c lists.Column) bool { return c.Meaning == lists.Email }) {
			return errs.New(errs.Invalid, "no_email_column", "no column of %s looks like e-mail addresses; name it with --map \"COLUMN=email\" (it has: %s)", s.Name, names(s))
		}
	}
	return nil
}

func names(s *lists.Sheet) (out string) {
	for i, c := range s.Columns {
		if i == 12 {
			return out + ", …"
		}
		if i > 0 {
			out += ", "
		}
		out += c.Name
	}
	return out
}

func (a *auditor) sheet(ctx context.Context, n int, s *lists.Sheet) error {
	f := &a.files[n]
	for {
		cells, line, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		a.rows++
		f.Rows++
		if a.o.MaxRows > 0 && a.rows > a.o.MaxRows {
			return errs.New(errs.TooLarge, "too_many_rows", "more than %d rows; run candor audit on your own machine instead", a.o.MaxRows)
		}
		if a.rows%10_000 == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if a.o.Progress != nil {
				a.o.Progress(a.rows)
			}
		}
		if errors.Is(err, lists.ErrRow) {
			a.note(BadRow, Sample{File: s.Name, Line: line})
			continue
		}
		if err != nil {
			return errs.Wrap(err, errs.Invalid, "unreadable_file", "%s cannot be read to its end: %v", s.Name, err)
		}
		a.contact(n, line, s.Contact(cells))
	}
	f.Encoding = s.Encoding()
	return nil
}

func fileOf(s *lists.Sheet) File {
	f := File{Source: s.Source, Name: s.Name, Tool: s.Tool, Assumed: s.Assumed(), AllGone: s.Suppressions()}
	f.Delimiter = map[rune]string{',': "comma", ';': "semicolon", '\t': "tab"}[s.Delimiter]
	if f.Delimiter == "" {
		f.Delimiter = fmt.Sprintf("%q", s.Delimiter)
	}
	for _, c := range s.Columns {
		if c.Meaning == lists.Ignored && !c.Given {
			f.LeftOut++
			continue
		}
		f.Columns = append(f.Columns, c)
	}
	return f
}
