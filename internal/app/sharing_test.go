package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/demo"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/request"
	"candor/internal/sharing"
	"candor/internal/term"
)

// Given 3 recipients, one silent: 2 acknowledge; at day 10 the third is
// escalated and its feed suspended. The erasure is partial until it has answered.
func TestRGT16_RecipientsAreToldAndMustConfirm(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		w := newTrade(t, place)
		w.to["insurer"].silent = true
		w.share(w.ids[0], "orders", "carrier", "relay", "insurer")
		r, err := w.Desk.Erase(ctx, request.NewErasure{Customer: w.ids[0], Via: "test", Actor: term.ByCustomer})
		w.must(err)
		w.wait(time.Minute)
		for name, c := range w.to {
			data, gone := c.told("customer.data"), c.told("customer.erase")
			if len(data) != 1 || len(gone) != 1 || data[0].Subject != gone[0].Subject || len(gone[0].Fields) != 0 {
				t.Errorf("%s was told %v, then %v", name, data, gone)
			}
		}
		w.wantState(r.ID, request.Partial, 2)
		if _, err := w.Desk.Certificate(ctx, r.ID); errs.CodeOf(err) != "waiting_for_recipients" {
			t.Errorf("a certificate before all have answered: %v", err)
		}
		w.wait(9 * 24 * time.Hour)
		w.wantSuspended("insurer", "")
		w.wait(24*time.Hour + time.Minute)
		w.wantSuspended("insurer", "not_acknowledged")
		w.wantSuspended("carrier", "")
		if _, err := w.Sharing.Share(ctx, w.ids[1], "insurer", "orders"); errs.CodeOf(err) != errs.Recipient {
			t.Errorf("sharing with a suspended recipient: %v", err)
		}
		w.wantState(r.ID, request.Partial, 2)
		late := w.to["insurer"].told("customer.erase")[0]
		if code := w.answer("insurer", map[string]any{"acknowledged": []string{late.ID}}, nil); code != http.StatusOK {
			t.Errorf("a late answer: %d", code)
		}
		w.settle()
		w.wantState(r.ID, request.Done, 3)
		c, err := w.Desk.Certificate(ctx, r.ID)
		w.must(err)
		if len(c.Recipients) != 3 {
			t.Errorf("the certificate names %v", c.Recipients)
		}
	})
}

func (w *trade) wantState(r id.Request, s request.State, confirmed int) {
	w.t.Helper()
	got, err := w.Desk.Get(ctx, r)
	w.must(err)
	var notices []sharing.Delivery
	w.must(w.DB.Read(ctx, func(tx *db.Tx) (err error) {
		notices, err = w.Sharing.ErasureNotices(tx, got.Customer, r)
		return err
	}))
	n := 0
	for _, x := range notices {
		if x.State == sharing.Acknowledged {
			n++
		}
	}
	if got.State != s || n != confirmed {
		w.t.Errorf("state %s with %d of %d confirmed, want %s with %d", got.State, n, len(notices), s, confirmed)
	}
}

func (w *trade) wantSuspended(r term.Recipient, code errs.Code) {
	w.t.Helper()
	var got sharing.Recipient
	w.must(w.DB.Read(ctx, func(tx *db.Tx) (err error) {
		got, err = w.Sharing.Get(tx, r)
		return err
	}))
	if got.Suspended != code {
		w.t.Errorf("%s: suspended %q, want %q", r, got.Suspended, code)
	}
}

// answer posts what a recipient says, signed unless headers are given.
func (w *trade) answer(r term.Recipient, what any, header http.Header) int {
	w.t.Helper()
	body, err := json.Marshal(what)
	w.must(err)
	req := httptest.NewRequest(http.MethodPost, "/recipients/"+string(r)+"/answers", bytes.NewReader(body))
	stamp := fmt.Sprint(w.clk.Now().Time().Unix())
	req.Header.Set("Webhook-Id", "ans_1")
	req.Header.Set("Webhook-Timestamp", stamp)
	req.Header.Set("Webhook-Signature", signature(w.to[r].secret, "ans_1", stamp, body))
	for k, v := range header {
		req.Header[k] = v
	}
	rec := httptest.NewRecorder()
	w.Handler().ServeHTTP(rec, req)
	return rec.Code
}

// Given 3 uploads, the access copy lists 3 entries with dates and fields.
func TestVEN07_TheCopyListsEachDisclosure(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		w := newTrade(t, place)
		for range 3 {
			w.share(w.ids[0], "letter", "relay")
		}
		c, err := w.Desk.Copy(ctx, w.ids[0], "en")
		w.must(err)
		text, err := json.Marshal(c)
		w.must(err)
		var copied struct {
			Stores []struct {
				Store string
				Rows  []map[string]any
			}
		}
		w.must(json.Unmarshal(text, &copied))
		found := false
		for _, s := range copied.Stores {
			if s.Store != "recipients" {
				continue
			}
			found = true
			if len(s.Rows) != 3 {
				t.Errorf("%d disclosures", len(s.Rows))
			}
			for _, row := range s.Rows {
				if row["recipient"] != "relay" || row["purpose"] != "letter" || row["sent_at"] == nil || fmt.Sprint(row["fields"]) != "[email]" {
					t.Errorf("a disclosure reads %v", row)
				}
			}
		}
		if !found {
			t.Error("the copy has no section of recipients")
		}
	})
}

// A recipient gets the fields promised, corrections of them, and word when the
// permission ends. What waits to leave then does not.
func TestARecipientHearsWhatChanges(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		w := newTrade(t, place)
		w.share(w.ids[0], "orders", "carrier")
		w.share(w.ids[0], "letter", "relay")
		data := w.to["carrier"].told("customer.data")
		if len(data) != 1 || data[0].Fields["name"] == "" || data[0].Fields["address"] == "" || len(data[0].Fields) != 2 {
			t.Fatalf("the carrier got %v", data)
		}
		if other := w.to["relay"].told("customer.data"); len(other) != 1 || other[0].Subject == data[0].Subject || len(other[0].Fields) != 1 {
			t.Errorf("the relay got %v", other)
		}
		w.must(w.Gate.Correct(ctx, w.ids[0], "name", personal.Seal("Ada Neu"), customer.Provenance{Source: customer.Subject, Method: customer.Stated, At: w.now, Confidence: customer.Certain}))
		w.settle()
		if c := w.to["carrier"].told("customer.correct"); len(c) != 1 || c[0].Fields["name"] != "Ada Neu" || len(c[0].Fields) != 1 {
			t.Errorf("the carrier was told of corrections: %v", c)
		}
		if c := w.to["relay"].told("customer.correct"); len(c) != 0 {
			t.Errorf("the relay was told of a field it never gets: %v", c)
		}
		_, err := w.Sharing.Share(ctx, w.ids[0], "relay", "letter")
		w.must(err)
		w.withdraw(w.ids[0], "portal")
		if stop := w.to["relay"].told("customer.stop"); len(stop) != 1 || stop[0].Purpose != "letter" {
			t.Errorf("the relay was told to stop: %v", stop)
		}
		if n := len(w.to["relay"].told("customer.data")); n != 1 {
			t.Errorf("the relay got data %d times", n)
		}
		if _, err := w.Sharing.Share(ctx, w.ids[0], "relay", "letter"); errs.CodeOf(err) != errs.Withdrawn {
			t.Errorf("sharing after a withdrawal: %v", err)
		}
	})
}

// What a recipient tells us is believed only with its signature, lowers only, and
// does not come back to it as news.
func TestARecipientsNoIsTakenOverOnce(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		w := newTrade(t, place)
		for _, r := range []term.Recipient{"relay", "carrier"} {
			w.register(r, w.to[r], sharing.Recipient{Name: r, Kind: sharing.Webhook, URL: w.to[r].URL + "/hook", Consents: true})
		}
		w.share(w.ids[0], "letter", "relay")
		w.share(w.ids[0], "orders", "carrier")
		subject := w.to["relay"].told("customer.data")[0].Subject
		no := map[string]any{"stop": []map[string]any{{"subject": subject, "purpose": "letter", "channel": "email"}}}
		for what, h := range map[string]http.Header{
			"another signature": {"Webhook-Signature": {"v1,AAAA"}}, "an old time": {"Webhook-Timestamp": {"1700000000"}}, "none": {"Webhook-Signature": nil},
		} {
			if code := w.answer("relay", no, h); code != http.StatusUnauthorized {
				t.Errorf("an answer with %s: %d", what, code)
			}
		}
		w.to["stranger"] = &counterpart{} // nobody's name, signed under the empty key
		if code := w.answer("stranger", no, nil); code != http.StatusUnauthorized {
			t.Errorf("an unknown recipient: %d", code)
		}
		if code := w.answer("carrier", no, nil); code != http.StatusUnauthorized {
			t.Errorf("another recipient's reference: %d", code)
		}
		if code := w.answer("relay", no, nil); code != http.StatusOK {
			t.Fatalf("a good answer: %d", code)
		}
		w.settle()
		if d := w.decide(w.ids[0]); d.Allowed() || !d.Has(errs.Withdrawn) {
			t.Errorf("after the relay's no: %v", d.Reasons)
		}
		if n := w.to["relay"].told("customer.consent"); len(n) != 0 {
			t.Errorf("the relay's own news came back: %v", n)
		}
		if n := w.to["carrier"].told("customer.consent"); len(n) != 1 || n[0].Consent.Origin != "recipient:relay" || n[0].Consent.Kind != "withdrawn" {
			t.Errorf("the carrier heard %v", n)
		}
	})
}

func (w *trade) decide(c id.Customer) (d gate.Decision) {
	w.t.Helper()
	w.must(w.DB.Read(ctx, func(tx *db.Tx) (err error) {
		d, err = w.Gate.Decide(tx, gate.Request{Customer: c, Controller: "halm", Purpose: "letter", Operation: term.Serve, Channel: term.Email, Actor: "program:test"})
		return err
	}))
	return d
}

// A counterpart's list is compared line by line; its noes become ours when asked.
func TestDriftIsReportedAndTheStricterWins(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		w := newTrade(t, place)
		people := demo.People(3, 1, w.now)
		d := sharing.Drift{Recipient: "relay", Purpose: "letter", Channel: term.Email, Rows: []sharing.DriftRow{
			{Address: personal.Seal(people[0].Email), Subscribed: true}, {Address: personal.Seal(people[1].Email), Subscribed: true},
			{Address: personal.Seal("nobody@post.example"), Subscribed: true}, {Address: personal.Seal(people[0].Email)}, {Address: personal.Seal("?")},
		}}
		compare := func() (list []sharing.Verdict, taken int) {
			w.must(w.DB.Write(ctx, func(tx *db.Tx) (err error) {
				list, taken, err = w.Sharing.Compare(tx, d)
				return err
			}))
			return list, taken
		}
		want := []sharing.Verdict{sharing.Agree, sharing.TheyWrite, sharing.Unknown, sharing.TheyStop, sharing.Malformed}
		if got, n := compare(); fmt.Sprint(got) != fmt.Sprint(want) || n != 0 {
			t.Errorf("verdicts %v, %d taken over", got, n)
		}
		if d := w.decide(w.ids[0]); !d.Allowed() {
			t.Errorf("comparing alone changed what is allowed: %v", d.Reasons)
		}
		d.Apply = true
		if _, n := compare(); n != 1 || w.decide(w.ids[0]).Allowed() {
			t.Errorf("%d taken over", n)
		}
	})
}

// A list holds those who may be given, with inert cells, and each row is on
// record as a disclosure.
func TestAPermittedListIsDisclosedRowByRow(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		w := newTrade(t, place)
		w.must(w.Gate.Correct(ctx, w.ids[0], "name", personal.Seal("=HYPERLINK(1)"), customer.Provenance{Source: customer.Subject, Method: customer.Stated, At: w.now, Confidence: customer.Certain}))
		var text bytes.Buffer
		n, err := w.Sharing.Write(ctx, &text, sharing.List{Recipient: "insurer", Purpose: "orders", Actor: "staff:test"})
		w.must(err)
		lines := strings.Split(strings.TrimSpace(text.String()), "\n")
		if n.People != int64(len(lines)-3) || n.People == 0 || lines[0] != "subject,name" || !strings.Contains(text.String(), "'=HYPERLINK") {
			t.Errorf("%d rows: %s", n.People, lines[0])
		}
		w.must(w.DB.Read(ctx, func(tx *db.Tx) error {
			uses, err := w.Gate.Uses(tx, w.ids[0], 10)
			if len(uses) == 0 || uses[0].Recipient != "insurer" || uses[0].Operation != term.Share {
				t.Errorf("the last use is %+v", uses)
			}
			return err
		}))
		if _, err := w.Sharing.Write(ctx, io.Discard, sharing.List{Recipient: "insurer", Purpose: "letter", Actor: "staff:test"}); errs.CodeOf(err) != errs.Recipient {
			t.Errorf("a list for a purpose that is not promised: %v", err)
		}
	})
}

func TestOnlyPromisedRecipientsAreRegistered(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		w := newTrade(t, place)
		for name, r := range map[string]sharing.Recipient{
			"not in the charter":   {Name: "stranger", Kind: sharing.Webhook, URL: "https://x.example/h"},
			"plain http":           {Name: "relay", Kind: sharing.Webhook, URL: "http://x.example/h"},
			"data in the address":  {Name: "relay", Kind: sharing.Webhook, URL: "https://x.example/h?to=a"},
			"manual without owner": {Name: "relay", Kind: sharing.Manual},
			"a feed not promised":  {Name: "carrier", Kind: sharing.Webhook, URL: "https://x.example/h", Feeds: []term.Purpose{"letter"}},
		} {
			err := w.DB.Write(ctx, func(tx *db.Tx) error {
				_, _, err := w.Sharing.Register(tx, r, term.ByEngine)
				return err
			})
			if !errs.Is(err, errs.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
