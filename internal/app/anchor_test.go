package app

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/errs"
	"candor/internal/ledger"
	"candor/internal/mailbox"
)

// The officer's mail of yesterday finds a history that was changed since, even
// when the anchors are gone.
func TestTheMailedCheckpointVerifiesTheLedger(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		clk := &demo.Clock{}
		a := openWith(t, place, nil, clk, now)
		go func() { _ = a.Mailbox.Run(t.Context()) }()
		a.Config.Ledger.MailTo = "officer@halm.example"
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(a.mailCheckpoint(ctx)) // nothing to tell yet
		_, err := a.Ledger.Sequence(ctx)
		must(err)
		must(a.mailCheckpoint(ctx))
		var got struct {
			Mails []mailbox.Letter `json:"mails"`
		}
		must(json.Unmarshal(visit(a, http.MethodGet, a.Mailbox.Path()+"mails.json", nil).Body.Bytes(), &got))
		if len(got.Mails) != 1 || !strings.Contains(got.Mails[0].Text, "candor ledger verify") {
			t.Fatalf("%d mails: %+v", len(got.Mails), got.Mails)
		}
		mail := []byte(got.Mails[0].Text)
		if r, err := VerifyLedger(ctx, a.Config, mail); err != nil || r.Kept != 1 {
			t.Errorf("%+v, %v", r, err)
		}
		must(os.Remove(filepath.Join(a.Config.Anchors(), ledger.AnchorName)))
		must(a.DB.Write(ctx, func(tx *db.Tx) error {
			for _, table := range []string{"ledger_checkpoint", "ledger_tile", "ledger_tree"} {
				if _, err := tx.Exec("delete from " + table); err != nil {
					return err
				}
			}
			_, err := tx.Exec("update ledger_entry set pos = null")
			if err == nil {
				_, err = tx.Exec("update ledger_entry set kind = 'test.other', content = '{}' where entry_id = (select min(entry_id) from ledger_entry)")
			}
			return err
		}))
		if r, err := VerifyLedger(ctx, a.Config, mail); errs.CodeOf(err) != ledger.LedgerTampered {
			t.Errorf("a changed history: %+v, %v", r, err)
		}
	})
}
