package ui_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"candor/internal/browsertest"
	"candor/internal/errs"
	"candor/internal/ui"
)

// TestStylePageInABrowser looks at every component as people do: on a phone and
// a desk, in light and dark, in both languages, with the policy of service.
func TestStylePageInABrowser(t *testing.T) {
	mux := http.NewServeMux()
	ui.Register(mux)
	ui.RegisterStyle(mux)
	mux.HandleFunc("GET /error", func(w http.ResponseWriter, _ *http.Request) {
		ui.Fail(w, ui.Frame{Lang: "de", Brand: "Halm", Home: "/style"}, errs.New(errs.NotFound, "", ""), "")
	})
	s := httptest.NewServer(ui.Secure(mux, ui.Options{}))
	t.Cleanup(s.Close)
	tab := browsertest.New(t)
	tab.Open(s.URL + "/style")
	tab.Sees("h1", "Style")
	for _, part := range []string{".slices .slice-parts .button", ".bar-whole .bar-fill", ".interval", ".flow-picture", ".flow-moves li", ".signal", ".table[data-fold][data-dense]", ".switches a[aria-current]", "iframe.letter"} {
		if tab.Count(part) == 0 {
			t.Errorf("the style page does not show %s", part)
		}
	}
	tab.Axe()
	for _, width := range []int{320, 390, 1280} {
		tab.Look(width, false)
		if tab.Overflows() {
			t.Errorf("the style page is wider than %d pixels", width)
		}
	}
	for _, width := range []int{390, 1280} {
		tab.Screenshot("style", width, false)
		tab.Screenshot("style", width, true)
	}
	tab.Open(s.URL + "/style?lang=de")
	tab.Sees(".chart summary", "Als Tabelle zeigen")
	tab.Expect(http.StatusNotFound)
	tab.Open(s.URL + "/error")
	tab.Sees("h1", "Diese Seite gibt es nicht")
	tab.Axe()
	tab.Screenshot("error", 390, false)
}
