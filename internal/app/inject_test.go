package app

import (
	"bytes"
	"encoding/csv"
	"slices"
	"testing"
	"time"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/personal"
	"candor/internal/sharing"
	"candor/internal/term"
)

// SEC-08: given first names that a spreadsheet would run, when exported, then the
// cells are inert text; a webhook to http://169.254.169.254 is refused, and over
// https, too.
func TestSEC08_ExportsAreInertAndHooksStayOutside(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		w := newTrade(t, place)
		for i, name := range []string{`=HYPERLINK("http://x")`, `+1+cmd|' /C calc'!A0`, `-2+3`, `@SUM(1)`, "\t=1", "\r=1", `", =1`, "a\n=1"} {
			w.now = w.now.Add(time.Minute)
			w.clk.Set(w.now)
			err := w.Gate.Correct(ctx, w.ids[0], "name", personal.Seal(name), customer.Provenance{Source: customer.Subject, Method: customer.Stated, At: w.now, Confidence: customer.Certain})
			if errs.Is(err, errs.Invalid) { // control characters are refused at the door
				continue
			}
			w.must(err)
			var text bytes.Buffer
			_, err = w.Sharing.Write(ctx, &text, sharing.List{Recipient: "insurer", Purpose: "orders", Actor: "staff:test"})
			w.must(err)
			rows, err := csv.NewReader(&text).ReadAll()
			w.must(err)
			for _, cell := range slices.Concat(rows...) {
				if cell != "" && slices.Contains([]byte("=+-@\t\r"), cell[0]) {
					t.Errorf("name %d is exported as %q", i, cell)
				}
			}
		}
		for _, address := range []string{"http://169.254.169.254/hook", "https://169.254.169.254/hook"} {
			err := w.DB.Write(ctx, func(tx *db.Tx) error {
				_, _, err := w.Sharing.Register(tx, sharing.Recipient{Name: "relay", Kind: sharing.Webhook, URL: address}, term.ByEngine)
				return err
			})
			if errs.Is(err, errs.Invalid) {
				continue
			}
			w.must(err)
			w.share(w.ids[0], "orders", "relay")
			w.wait(time.Minute)
			if n := count(t, w.App, "select count(*) from delivery where recipient = 'relay' and state in ('sent', 'acknowledged')"); n != 0 {
				t.Errorf("%s was called", address)
			}
			if n := count(t, w.App, "select count(*) from delivery where recipient = 'relay' and attempts > 0 and code <> ''"); n != 1 {
				t.Errorf("%s: the refusal is not on record", address)
			}
		}
	})
}
