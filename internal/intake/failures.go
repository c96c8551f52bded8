package intake

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// FailureFile writes rows that were not taken as CSV: row, column, reason. It
// holds no value of the file but the names of its columns, and a spreadsheet
// reads no cell as a formula.
type FailureFile struct{ w *csv.Writer }

// NewFailureFile begins a file with its header.
func NewFailureFile(w io.Writer) (*FailureFile, error) {
	f := &FailureFile{csv.NewWriter(w)}
	return f, f.w.Write([]string{"row", "column", "reason"})
}

// Add writes one row; it is what Options.Failed wants.
func (f *FailureFile) Add(e RowError) error {
	return f.w.Write([]string{strconv.FormatInt(e.Row, 10), cell(e.Column), cell(string(e.Reason))})
}

// Close writes what is left.
func (f *FailureFile) Close() error {
	f.w.Flush()
	return f.w.Error()
}

// cell keeps a text from being read as a formula (SEC-08).
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n|", rune(s[0])) {
		return "'" + s
	}
	return s
}
