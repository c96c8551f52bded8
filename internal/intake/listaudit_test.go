package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"candor/internal/audit"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/lists"
	"candor/internal/term"
)

// The lists of a business with two tools: one says of some what the other denies.
const (
	letters = "Email,Status,Opt-in date,Source,Double opt-in\n" +
		"ada@example.com,subscribed,2026-05-01 10:00,Footer form,yes\n" + // provable
		"ben@example.com,subscribed,2026-05-02 10:00,,\n" + // attested: no form
		"cy@example.com,subscribed,,,\n" + // a status and nothing else
		"dot@example.com,subscribed,2026-05-03 10:00,Footer form,yes\n" + // the shop says stop
		"nobody,subscribed,,,\n"
	stops = "Mail,Suppressed\ndot@example.com,yes\neve@example.com,yes\n"
)

func (h *house) audit(files ...string) id.Audit {
	h.t.Helper()
	ctx := context.Background()
	which, err := h.BeginAudit(ctx, "staff:test")
	h.must(err)
	for i := 0; i < len(files); i += 2 {
		h.must(h.AddList(ctx, which, files[i], strings.NewReader(files[i+1])))
	}
	return which
}

// goOn does what the background would and gives the audit after it.
func (h *house) goOn(which id.Audit, err error) ListAudit {
	h.t.Helper()
	h.must(err)
	args, err := json.Marshal(auditArgs{which})
	h.must(err)
	h.must(h.Importer.audit(context.Background(), job.Job{Args: args, Attempt: 1}))
	a, err := h.Audit(context.Background(), which)
	h.must(err)
	return a
}

func (h *house) letterAllowed(mail string) bool {
	h.t.Helper()
	found := h.find(customer.Email(mail + "@example.com"))
	if len(found) == 0 {
		return false
	}
	allowed := false
	h.must(h.db.Read(context.Background(), func(tx *db.Tx) error {
		d, err := h.gate.Decide(tx, gate.Request{Customer: found[0], Controller: "halm", Purpose: "letter", Operation: term.Serve, Channel: term.Email, Actor: "program:test"})
		allowed = d.Allowed()
		return err
	}))
	return allowed
}

// Nothing of the lists is stored before they are loaded; what the dry run said is
// what loading does; a stop in one list holds against the yes of another; and then
// the files are gone.
func TestListsAreJudgedBeforeAnythingIsLoaded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h, ctx := newHouse(t, d), context.Background()
		which := h.audit(`C:\exports\letters.csv`, letters, "stops.csv", stops)
		a := h.goOn(which, h.ReadLists(ctx, which, nil))
		if a.State != AuditRead || a.Rows != 0 || a.Lists[0].Name != "letters.csv" {
			t.Fatalf("%+v", a)
		}
		for class, want := range map[audit.Class]int64{audit.Provable: 1, audit.Attested: 1, audit.Unproven: 1, audit.Suppressed: 1, audit.Gone: 1} {
			if n := a.Report.Count(class); n != want {
				t.Errorf("%s: %d, want %d", class, n, want)
			}
		}
		for _, p := range a.Report.Classes {
			if int64(len(p.Rows)) != p.Count {
				t.Errorf("%s shows %d rows of %d", p.Class, len(p.Rows), p.Count)
			}
		}
		if len(a.Report.Forms) != 1 || a.Report.Forms[0] != (audit.Form{Name: "Footer form", Count: 2}) {
			t.Errorf("forms %+v", a.Report.Forms)
		}
		if text, err := json.Marshal(a.Report); err != nil || bytes.Contains(text, []byte("example.com")) {
			t.Errorf("the report names an address: %v", err)
		}

		says := &Attestation{By: "staff:test", Proof: "folder 7", Method: "form", Form: "signup"}
		if err := h.DecideClass(ctx, which, audit.Attested, false, says); errs.CodeOf(err) != "attestation" {
			t.Errorf("attested without a time: %v", err)
		}
		says.At = clock.UTC(2026, 6, 1, 0, 0, 0)
		h.must(h.DecideClass(ctx, which, audit.Attested, false, says))
		terms := Terms{Purpose: "letter", Ours: true, Forms: map[string]term.Ask{"Footer form": "signup"}}
		a = h.goOn(which, h.TryLists(ctx, which, terms))
		tried := total(a)
		if a.State != AuditTried || tried.Permissions != 2 || tried.Without[Overtaken] != 1 || tried.Left != 2 || tried.Suppressed != 2 {
			t.Errorf("tried: %s %s %+v", a.State, a.Problem, tried)
		}
		if n := h.number("select count(*) from customer") + h.number("select count(*) from suppression") + h.number("select count(*) from consent_record"); n != 0 {
			t.Errorf("%d rows stand before anything was loaded", n)
		}

		a = h.goOn(which, h.LoadLists(ctx, which, "staff:other"))
		done := total(a)
		done.Import, tried.Import = 0, 0
		if got, want := fmt.Sprintf("%+v", done), fmt.Sprintf("%+v", tried); a.State != AuditLoaded || got != want {
			t.Errorf("loaded (%s %s)\n%s\ntried\n%s", a.State, a.Problem, got, want)
		}
		for mail, want := range map[string]bool{"ada": true, "ben": true, "cy": false, "dot": false, "eve": false} {
			if h.letterAllowed(mail) != want {
				t.Errorf("%s may be written to: %v", mail, !want)
			}
		}
		if n := h.number("select count(*) from upload_part"); n != 0 || a.Report.Classes[0].Rows != nil {
			t.Errorf("%d parts of the files are left, and %d examples", n, len(a.Report.Classes[0].Rows))
		}
		var proof string
		h.must(d.Read(ctx, func(tx *db.Tx) error {
			return tx.QueryRow(`select evidence from consent_record where strength = 'attested'`).Scan(&proof)
		}))
		if !strings.Contains(proof, "attested by staff:test: folder 7") {
			t.Errorf("evidence %q", proof)
		}
	})
}

func total(a ListAudit) Report {
	sum := noReport()
	for _, u := range a.Lists {
		r := u.Report
		sum.Rows += r.Rows
		sum.OK += r.OK
		sum.New += r.New
		sum.Existing += r.Existing
		sum.Permissions += r.Permissions
		sum.NoPermission += r.NoPermission
		sum.Suppressed += r.Suppressed
		sum.Skipped += r.Skipped
		sum.Left += r.Left
		for code, n := range r.Without {
			sum.Without[code] += n
		}
		for code, n := range r.Errors {
			sum.Errors[code] += n
		}
	}
	return sum
}

// Terms say whose people these are, and what somebody attests is complete; a wrong
// correction of a column leaves what was read before.
func TestListsAreLoadedOnTermsAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h, ctx := newHouse(t, d), context.Background()
		which := h.audit("letters.csv", letters)
		if err := h.AddList(ctx, which, "letters.csv", strings.NewReader(stops)); errs.CodeOf(err) != "same_name" {
			t.Errorf("the same name: %v", err)
		}
		if err := h.LoadLists(ctx, which, "staff:test"); !errs.Is(err, errs.Conflict) {
			t.Errorf("loaded unread: %v", err)
		}
		h.goOn(which, h.ReadLists(ctx, which, nil))
		for name, terms := range map[string]Terms{
			"not_ours": {Purpose: "letter"}, "no_such_purpose": {Ours: true}, "no_such_ask": {Ours: true, Purpose: "letter", Form: "nothing"},
		} {
			if err := h.TryLists(ctx, which, terms); string(errs.CodeOf(err)) != name {
				t.Errorf("%s: %v", name, err)
			}
		}
		if a := h.goOn(which, h.ReadLists(ctx, which, map[string]lists.Meaning{"Email": lists.Ignored})); a.State != AuditRead || a.Problem == "" || a.Report.Rows != 5 {
			t.Errorf("without addresses: %s %q, %d rows", a.State, a.Problem, a.Report.Rows)
		}
		if a := h.goOn(which, h.ReadLists(ctx, which, map[string]lists.Meaning{"Double opt-in": lists.Ignored})); a.Report.Count(audit.Provable) != 0 || a.Report.Count(audit.Attested) != 3 {
			t.Errorf("without confirmations: %+v", a.Report.Classes)
		}
	})
}

// Who is not to be written to is taken without a word about permissions, and by
// itself alone.
func TestPeopleNotToWriteToNeedNoPurpose(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h, ctx := newHouse(t, d), context.Background()
		which := h.audit("unsubscribed_x.csv", stops)
		if a := h.goOn(which, h.ReadLists(ctx, which, nil)); !a.NothingToAgree() {
			t.Fatalf("%+v", a.Report)
		}
		h.goOn(which, h.TryLists(ctx, which, Terms{}))
		if a := h.goOn(which, h.LoadLists(ctx, which, "staff:test")); a.State != AuditLoaded || a.Problem != "" || a.Lists[0].Report.Suppressed == 0 {
			t.Errorf("%s %q %+v", a.State, a.Problem, a.Lists[0].Report)
		}
		if n := h.number("select count(*) from suppression"); n == 0 || h.number("select count(*) from customer") != 0 {
			t.Errorf("%d suppressions", n)
		}
		m, err := ParseMapping([]byte("source: mailchimp\nexport: {}"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Import(ctx, strings.NewReader(letters), Options{Mapping: m, DryRun: true, Actor: "staff:test"}); !errs.Is(err, errs.Invalid) {
			t.Errorf("people to write to, without a purpose: %v", err)
		}
	})
}

// Lists that nobody loads go after a week, and when somebody says so; the report
// goes after a month.
func TestListsGoAfterAWeek(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h, ctx := newHouse(t, d), context.Background()
		waits, given := h.audit("letters.csv", letters), h.audit("letters.csv", letters)
		h.goOn(waits, h.ReadLists(ctx, waits, nil))
		h.must(h.DropLists(ctx, given))
		if n := h.number("select count(*) from upload_part"); n != 1 {
			t.Errorf("%d files after one was given up", n)
		}
		now := h.clock.(*clock.Fake)
		now.Advance(KeepLists - time.Hour)
		h.must(h.forget(ctx))
		if n := h.number("select count(*) from upload_part"); n != 1 {
			t.Error("the lists went before their week was over")
		}
		now.Advance(2 * time.Hour)
		h.must(h.forget(ctx))
		a, err := h.Audit(ctx, waits)
		if h.must(err); a.State != AuditExpired || h.number("select count(*) from upload_part") != 0 || a.Report.Classes[0].Rows != nil {
			t.Errorf("after a week: %+v", a)
		}
		now.Advance(keepReport)
		h.must(h.forget(ctx))
		if _, err := h.Audit(ctx, waits); !errs.Is(err, errs.NotFound) {
			t.Errorf("after a month: %v", err)
		}
	})
}
