package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// finding is what axe-core says of a page.
type finding struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		Target  []any  `json:"target"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// Axe fails on each breach of WCAG 2.2 A and AA that axe-core finds on the page
// as it is, in light and in dark.
func (tab *Tab) Axe() {
	tab.t.Helper()
	source, err := os.ReadFile(filepath.Join(root(tab.t), "test/browser/node_modules/axe-core/axe.min.js"))
	if err != nil {
		tab.t.Fatalf("no axe-core: run the tests with make test (%v)", err)
	}
	width := Eval[int](tab, "window.innerWidth")
	tab.do("load axe-core", chromedp.Steps(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool](string(source)+";true")(ctx, target)
		return chromedp.Void{}, err
	}))
	for _, dark := range []bool{false, true} {
		tab.Look(width, dark)
		found := Eval[[]finding](tab, `axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}).then(r =>
			r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map(n => ({target: n.target, failureSummary: n.failureSummary}))})))`)
		for _, f := range found {
			tab.t.Errorf("accessibility (%s, dark %v): %s: %s%s%s", f.Impact, dark, f.ID, f.Help, f.places(), tab.where())
		}
	}
	tab.Look(width, false)
}

func (f finding) places() string {
	var out strings.Builder
	for i, n := range f.Nodes {
		if i == 5 {
			fmt.Fprintf(&out, "\n  and %d more", len(f.Nodes)-5)
			break
		}
		fmt.Fprintf(&out, "\n  %v: %s", n.Target, strings.ReplaceAll(n.Summary, "\n", " "))
	}
	return out.String()
}

// Screenshot photographs the whole page at a width, light or dark, into
// .build/screens/<name>-<width>[-dark].png, for people to look at.
func (tab *Tab) Screenshot(name string, width int, dark bool) {
	tab.t.Helper()
	tab.Look(width, dark)
	ctx, stop := context.WithTimeout(tab.ctx, patience)
	defer stop()
	var image []byte
	tab.call("photograph "+name, func() (err error) {
		image, err = chromedp.Run(ctx, chromedp.FullScreenshot(100))
		return err
	})
	dir := filepath.Join(root(tab.t), ".build", "screens")
	file := fmt.Sprintf("%s-%d.png", name, width)
	if dark {
		file = fmt.Sprintf("%s-%d-dark.png", name, width)
	}
	tab.call("store the photograph", func() error {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, file), image, 0o600)
	})
}

// Overflows reports whether the page is wider than its window, which a phone
// would show as a page that slides sideways.
func (tab *Tab) Overflows() bool {
	tab.t.Helper()
	return Eval[bool](tab, "document.documentElement.scrollWidth > document.documentElement.clientWidth")
}
