package audit

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"candor/internal/ui"
)

//go:embed report.html
var reportHTML string

//go:embed report.css
var reportCSS string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"number": number, "percent": Percent, "samples": samples,
	"tone": func(c Class) string {
		return map[Class]string{Provable: "good", Attested: "info", BySale: "warn", Unproven: "plain", Suppressed: "bad"}[c]
	},
}).Parse(reportHTML))

// segment is a stretch of the bar, in thousandths of it.
type segment struct {
	Class    Class
	From, To float64
}

// Width is how long the stretch is; a hair is left free before the next.
func (s segment) Width() string { return fmt.Sprintf("%.1f", max(0, s.To-s.From-2)) }

type pageData struct {
	Report
	Style    template.CSS
	Segments []segment
}

// HTML writes the report as one page that stands alone: no script, nothing
// loaded, ready to print.
func (r Report) HTML(w io.Writer) error {
	d := pageData{Report: r, Style: template.CSS(ui.Sheet() + reportCSS)} //nolint:gosec // our own
	at := 0.0
	for _, p := range r.Classes {
		to := at
		if r.Subscribed > 0 {
			to += 1000 * float64(p.Count) / float64(r.Subscribed)
		}
		if p.Count > 0 {
			d.Segments = append(d.Segments, segment{p.Class, at, to})
		}
		at = to
	}
	return page.Execute(w, d)
}
