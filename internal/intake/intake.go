// Package intake takes over data from files: the exports of shops, senders and
// spreadsheets, as CSV in its many forms, and JSON lines.
//
// A mapping says what each column is; everything else in the file is left out.
// What is mapped passes the same rules as live data: the charter declares it or
// it does not come in. A dry run reads the whole file, checks every row and says
// what would happen, without storing anything. Each row that cannot be taken is
// listed by number, column and reason, never by value. Importing the same file
// again adds nothing.
//
// An import that was killed goes on where it stopped. What lowers is taken before
// what raises, from the whole file.
//
// A permission in a file counts only with its evidence: who asked, when, in
// which words, by which method (CON-14). Without it the row is taken over and
// the permission is not.
package intake

import (
	"candor/internal/errs"
	"candor/internal/id"
)

// Report says what an import did, or would do.
type Report struct {
	Import       id.Import         `json:"import,omitzero"` // zero in a dry run
	From         int64             `json:"from,omitempty"`  // the line after which it went on, when an earlier run had stopped there
	Rows         int64             `json:"rows"`            // read, without the header
	OK           int64             `json:"ok"`
	New          int64             `json:"new"`        // customers that were not known
	Existing     int64             `json:"existing"`   // customers that were
	Events       int64             `json:"events"`     // stored; in a dry run those that are in order
	Duplicates   int64             `json:"duplicates"` // events that had been imported before
	Permissions  int64             `json:"permissions"`
	NoPermission int64             `json:"no_permission"`        // permissions that count for nothing: no evidence, or a no since
	Without      map[errs.Code]int `json:"without"`              // why, each
	Suppressed   int64             `json:"suppressed,omitempty"` // addresses of an export that must not be written to
	Skipped      int64             `json:"skipped,omitempty"`    // rows of an export that are not subscribed: left where they are
	Left         int64             `json:"left,omitempty"`       // rows of an export that were to stay where they are
	Errors       map[errs.Code]int `json:"errors"`               // rows that were not taken, by reason
	LeftOut      []string          `json:"left_out"`             // columns of the file that nothing maps
}

// RowError is a row that was not taken. It names no value.
type RowError struct {
	Row    int64  // line in the file, the first being 1
	Column string // "" when it concerns the row as a whole
	Reason errs.Code
}

// The reasons why a row is not taken; admission.BadValue is another.
const (
	BadRow  errs.Code = "bad_row"  // not the number of columns of the header, or broken quotes
	NotText errs.Code = "not_utf8" // not UTF-8, or with NUL
	BadTime errs.Code = "bad_time" // not a time in the mapping's form, or in the future
	Nobody  errs.Code = "no_identity"
)
