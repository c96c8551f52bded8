package intake

import (
	"archive/zip"
	"bytes"
	"context"
	"strings"
	"testing"

	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/term"
)

const exported = `
source: mailchimp
export: {purpose: letter, given: Halm Coffee Roasters, form: signup}
`

// audienceZip is an audience as Mailchimp exports it; the unsubscribed come last.
func audienceZip(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, part := range [][2]string{
		{"subscribed_x.csv", "Email Address,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LEID,EUID\n" +
			"ada@example.com,4,2026-05-01 10:00:00,203.0.113.9,2026-05-01 10:07:00,203.0.113.9,1,a\n" +
			"ben@example.com,4,2026-05-01 10:00:00,203.0.113.9,2026-05-01 10:00:00,203.0.113.9,2,b\n" +
			"cy@example.com,4,,,2021-03-03 09:14:00,,3,c\n" +
			"gone@example.com,4,2026-05-01 10:00:00,203.0.113.9,2026-05-01 10:07:00,203.0.113.9,4,d\n" +
			"nobody,1,,,,,5,e\n"},
		{"unsubscribed_x.csv", "Email Address,MEMBER_RATING,UNSUB_TIME,UNSUB_REASON,LEID,EUID\ngone@example.com,3,2025-01-02 03:04:05,NORMAL,4,d\nleft@example.com,3,2025-01-02 03:04:05,NORMAL,6,f\n"},
	} {
		w, err := z.Create(part[0])
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(part[1]))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAnExportSuppressesFirstAndTakesItsEvidence(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		for _, step := range []struct {
			dry       bool
			fresh, at int64
		}{{true, 4, 0}, {false, 4, 4}, {false, 0, 4}} {
			r, failures := h.run(string(audienceZip(t)), exported, step.dry)
			if r.Rows != 7 || r.OK != 4 || r.New != step.fresh || r.Suppressed != 2 || r.Skipped != 2 || r.Without[NoTime] != 1 || r.Errors["bad_email"] != 1 {
				t.Errorf("%+v\n%s", r, failures)
			}
			if n := h.number("select count(*) from customer"); n != step.at {
				t.Errorf("%d customers", n)
			}
			if strings.Contains(failures, "@") {
				t.Errorf("the reasons hold an address:\n%s", failures)
			}
		}
		if n := h.number("select count(*) from suppression"); n != 2 {
			t.Errorf("%d suppressions", n)
		}
		if n := h.number("select count(*) from consent_record where kind = 'given'"); n != 3 {
			t.Errorf("%d consents after the same export twice", n)
		}
		for mail, want := range map[string]bool{"ada": true, "ben": true, "cy": false, "gone": false} {
			c := h.find(customer.Email(mail + "@example.com"))[0]
			h.must(d.Read(context.Background(), func(tx *db.Tx) error {
				got, err := h.gate.Decide(tx, gate.Request{Customer: c, Controller: "halm", Purpose: "letter", Operation: term.Serve, Channel: term.Email, Actor: "program:test"})
				if got.Allowed() != want {
					t.Errorf("%s: allowed %v %+v", mail, got.Allowed(), got.Reasons)
				}
				records, err2 := consent.Of(tx, c)
				if mail == "ada" && records[0].Strength != consent.Documented || mail == "ben" && records[0].Strength != consent.Attested {
					t.Errorf("%s: %+v", mail, records)
				}
				if err == nil {
					err = err2
				}
				return err
			}))
		}
	})
}

func TestExportsAreChecked(t *testing.T) {
	for name, text := range map[string]string{
		"no purpose":       "source: x\nexport: {given: halm}",
		"to nobody":        "source: x\nexport: {purpose: letter}",
		"columns too":      exported + "columns: {a: identity email}",
		"purchased":        exported + "purchased: true",
		"an unknown part":  "source: x\nexport: {purpose: letter, given: halm, colour: red}",
		"export is a text": "source: x\nexport: mailchimp",
	} {
		if _, err := ParseMapping([]byte(text)); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
