package charter

import (
	"fmt"
	"strings"

	"candor/internal/errs"
)

// Problem is one thing that must change before a charter can be applied.
type Problem struct {
	File string `json:"file"` // "charter.yaml" or "house.yaml"
	Line int    `json:"line"` // from 1
	Rule string `json:"rule"` // the requirement or rule it breaks, such as "CON-01"
	Msg  string `json:"msg"`  // what to do
}

func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, p.Rule, p.Msg) }

// Problems are all problems of a charter, in the order of the documents. None
// means it is good.
type Problems []Problem

// Error lists them, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err gives the problems as an INVALID error with code "charter_invalid", or nil
// when there are none. Consent that something else is made to depend on is no
// consent: the code is then E_CONSENT_INVALID (CON-04).
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	code := errs.Code("charter_invalid")
	for _, p := range ps {
		if p.Rule == "LNT-03" {
			code = errs.ConsentInvalid
		}
	}
	return errs.Wrap(ps, errs.Invalid, code, "the charter has %d problems; the first: %s", len(ps), ps[0])
}
