package web

import (
	"encoding/csv"
	"io"

	"candor/internal/errs"
	"candor/internal/export"
	"candor/internal/ui"
)

// mostLines bounds a table that is taken out of a list.
const mostLines = 100_000

// asCSV is the filter that asks for a list as a table.
const asCSV = "as"

// WantsCSV tells whether the list is asked for as a table instead of a page.
func (v *Visit) WantsCSV() bool { return v.Form(asCSV) == "csv" }

// CSVLink leads to the list as a table, with the same filters.
func (v *Visit) CSVLink() ui.Link { return ui.Link{Text: "CSV", URL: v.With(asCSV, "csv")} }

// CSV hands a list out as a table, page after page as the address filters it; page
// gives the lines after a place and the next place, "" at the end. For lists that
// hold nobody's data: those that do are exports. No cell is read as a formula.
func (v *Visit) CSV(name string, head []string, page func(after string) (lines [][]string, next string, err error)) error {
	return v.Download(name+".csv", CSVKind, func(w io.Writer) error {
		out := csv.NewWriter(w)
		if err := out.Write(head); err != nil {
			return err
		}
		for after, n := "", 0; ; {
			lines, next, err := page(after)
			if err != nil {
				return err
			}
			if n += len(lines); n > mostLines {
				return errs.New(errs.TooLarge, "too_many_lines", "a table has at most %d lines; narrow the list first", mostLines)
			}
			for _, line := range lines {
				for i := range line {
					line[i] = export.Inert(line[i])
				}
				if err := out.Write(line); err != nil {
					return err
				}
			}
			if out.Flush(); next == "" || out.Error() != nil {
				return out.Error()
			}
			after = next
		}
	})
}
