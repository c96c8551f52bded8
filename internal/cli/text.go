package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"candor/client"
)

// columns lays rows out, the first being the heading; cells are parted by tabs.
func columns(rows ...string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(w, r)
	}
	_ = w.Flush()
	var out strings.Builder
	for line := range strings.Lines(b.String()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return out.String()
}

// when writes a time as people read it.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04") + " UTC"
}

func reasonLine(r client.Reason) string {
	if r.Requirement == "" {
		return r.Code + ": " + r.Text
	}
	return r.Code + " (" + r.Requirement + "): " + r.Text
}

// orDash shows that there is nothing.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
