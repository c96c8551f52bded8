package app

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"candor/internal/bounce"
	"candor/internal/consent"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/export"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/request"
	"candor/internal/staff"
	"candor/internal/term"
)

// letters is the file of everybody who may get the letter.
func (h *house) letters(by term.Actor) (export.File, [][]string) {
	h.t.Helper()
	n := export.New{Kind: export.Audience, Purpose: "letter", Operation: term.Serve, Channel: term.Email, Fields: []term.Field{"email", "roast"}, Who: "everybody", By: by, Head: "customer"}
	n.Page = h.Exports.Everyone(n, nil)
	var out bytes.Buffer
	e, err := h.Exports.Write(ctx, &out, n)
	h.must(err)
	rows, err := csv.NewReader(&out).ReadAll()
	h.must(err)
	return e, rows
}

func (h *house) follow() {
	h.t.Helper()
	_, err := h.Ledger.Sequence(ctx)
	h.must(err)
	_, err = h.Outbox.Deliver(ctx)
	h.must(err)
	h.later(time.Minute)
}

// A file says whom it holds, until when, and whose it is when a line of it turns
// up; erasing a person in it tells who has it and waits for them.
func TestAFileThatWasTakenOutIsAccountedFor(t *testing.T) {
	each(t, 40, func(t *testing.T, h *house) {
		var ann id.Staff
		h.write(func(tx *db.Tx) (err error) {
			ann, err = h.Staff.Add(tx, staff.NewPerson{Name: personal.Seal("Ann"), Email: personal.Seal("ann@halm.example")}, term.ByEngine)
			return err
		})
		var mails []string
		h.Exports.Notify = func(_ context.Context, to personal.Value, subject, text string) error {
			mails = append(mails, to.Reveal()+": "+subject+text)
			return nil
		}
		e, rows := h.letters(staff.Actor(ann))
		if e.People < 5 || int64(len(rows)) != e.People+1+2 || e.DeleteBy != e.MadeAt.Add(export.Usual) || strings.Join(rows[0], ",") != "customer,email,roast" {
			t.Fatalf("%+v: %d rows, %v", e, len(rows), rows[0])
		}
		real, invented := h.partFile(rows[1:])
		if len(invented) != 2 || int64(len(real)) != e.People {
			t.Fatalf("%d real, %d invented", len(real), len(invented))
		}
		other, _ := h.letters("staff:other")
		for _, mark := range []string{invented[0][0], " " + strings.ToUpper(invented[1][1]), real[0][0], real[0][1], "nobody@halm.example"} {
			h.must(h.DB.Read(ctx, func(tx *db.Tx) error {
				got, err := h.Exports.Whose(tx, mark)
				if canary := strings.TrimSpace(mark) == invented[0][0] || strings.EqualFold(strings.TrimSpace(mark), invented[1][1]); canary && got.ID != e.ID || !canary && !errs.Is(err, errs.NotFound) {
					t.Errorf("%s is from %v: %v", mark, got.ID, err)
				}
				return nil
			}))
		}
		h.arrives(invented[0][1])
		gone, err := id.Parse[id.Customer](real[0][0])
		h.must(err)
		if c, err := h.Desk.Copy(ctx, gone, "en"); err != nil || !strings.Contains(asText(t, c), e.DeleteBy.String()) {
			t.Errorf("the copy does not list the file: %v", err)
		}

		r, err := h.Desk.Erase(ctx, request.NewErasure{Customer: gone, Via: "test", Actor: term.ByCustomer})
		h.must(err)
		h.later(time.Minute)
		h.wantErasure(r.ID, request.Partial)
		if len(mails) != 1 || !strings.HasPrefix(mails[0], "ann@halm.example: Delete somebody") || strings.Contains(mails[0], gone.String()) {
			t.Errorf("mails: %q", mails)
		}
		h.write(func(tx *db.Tx) error {
			if open, err := h.Exports.ToErase(tx, e.ID); err != nil || len(open) != 1 || open[0].Reference != gone.String() {
				t.Errorf("to delete: %+v %v", open, err)
			}
			if _, err := h.Exports.Confirm(tx, e.ID, "staff:other", false); errs.CodeOf(err) != errs.Role {
				t.Errorf("somebody else says that it is gone: %v", err)
			}
			_, err := h.Exports.Confirm(tx, e.ID, staff.Actor(ann), false)
			return err
		})
		h.follow()
		h.wantErasure(r.ID, request.Partial) // the other file holds them, too
		h.write(func(tx *db.Tx) error { return h.Exports.Delete(tx, other.ID, "staff:dpo", true) })
		h.follow()
		h.wantErasure(r.ID, request.Done)
		if n := h.count("select count(*) from export_erasure where reference <> ''") + h.count("select count(*) from export_person where customer_id = $1", gone); n != 0 {
			t.Errorf("%d lines still know the person", n)
		}

		h.later(export.Usual)
		h.write(func(tx *db.Tx) error {
			if late, err := h.Exports.Late(tx, "", 10); err != nil || len(late) != 1 || late[0].ID != e.ID {
				t.Errorf("overdue: %+v %v", late, err)
			}
			if leaked, err := h.Exports.Leaked(tx, 10); err != nil || len(leaked) != 0 {
				t.Errorf("a mail in time counts as a leak: %+v %v", leaked, err)
			}
			return nil
		})
		if len(mails) != 2 || !strings.Contains(mails[1], "Delete a file you hold") {
			t.Errorf("mails: %q", mails)
		}
		h.arrives(invented[1][1])
		h.write(func(tx *db.Tx) error {
			leaked, err := h.Exports.Leaked(tx, 10)
			if err != nil || len(leaked) != 1 || leaked[0].ID != e.ID {
				t.Errorf("in use after its end: %+v %v", leaked, err)
			}
			return h.Exports.Delete(tx, e.ID, staff.Actor(ann), false)
		})
	})
}

// partFile tells the people of a file from those who do not exist.
func (h *house) partFile(rows [][]string) (real, invented [][]string) {
	h.t.Helper()
	h.must(h.DB.Read(ctx, func(tx *db.Tx) error {
		for _, row := range rows {
			email, err := customer.Email(row[1])
			if err != nil {
				return err
			}
			found, err := h.Gate.Find(tx, email)
			if err != nil {
				return err
			}
			if len(found) > 0 {
				real = append(real, row)
			} else {
				invented = append(invented, row)
			}
		}
		return nil
	}))
	return real, invented
}

// arrives lets a mail come to an address at the receiver of bounces, and one to an
// address that nobody invented, which it refuses.
func (h *house) arrives(address string) {
	h.t.Helper()
	domain := address[strings.LastIndexByte(address, '@')+1:]
	r, err := bounce.Listen(bounce.Config{Listen: "127.0.0.1:0", Domain: domain, To: h.Sender, Invented: h.Exports, Log: h.Log})
	h.must(err)
	defer func() { _ = r.Close() }()
	go func() { _ = r.Run(h.t.Context()) }()
	conn, err := net.Dial("tcp", r.Addr())
	h.must(err)
	c := smtp.NewClient(conn)
	defer func() { _ = c.Close() }()
	h.must(c.Hello("mx.elsewhere.example"))
	h.must(c.Mail("ads@elsewhere.example", nil))
	if err := c.Rcpt("kim.real@"+domain, nil); err == nil {
		h.t.Error("a mail to nobody invented is taken")
	}
	h.must(c.Rcpt(address, nil))
	w, err := c.Data()
	h.must(err)
	_, err = w.Write([]byte("Subject: Buy\r\n\r\nNow.\r\n"))
	h.must(err)
	h.must(w.Close())
	if n := h.count("select count(*) from export_canary where mails = 1 and last_from = 'mx.elsewhere.example'"); n == 0 {
		h.t.Error("the mail is not on record")
	}
}

func (h *house) wantErasure(which id.Request, want request.State) {
	h.t.Helper()
	if r, err := h.Desk.Get(ctx, which); err != nil || r.State != want {
		h.t.Errorf("the erasure is %s, want %s (%v)", r.State, want, err)
	}
}

func asText(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Whoever may not be written to any more is in no file, and no file is kept for
// longer than a season.
func TestAFileHasOnlyThoseWhoAreAllowed(t *testing.T) {
	each(t, 40, func(t *testing.T, h *house) {
		_, before := h.letters("staff:test")
		real, _ := h.partFile(before[1:])
		who, err := id.Parse[id.Customer](real[0][0])
		h.must(err)
		h.write(func(tx *db.Tx) error {
			_, _, err := h.Gate.Record(tx, consent.Act{Customer: who, Controller: "halm", Purpose: "letter", Channel: term.Email, Kind: consent.Withdrawn, Method: consent.ByPortal,
				Strength: consent.Documented, Actor: term.ByCustomer, Source: "portal"})
			return err
		})
		_, after := h.letters("staff:test")
		if slices.ContainsFunc(after, func(row []string) bool { return row[0] == who.String() }) || len(after) != len(before)-1 {
			t.Errorf("%d rows after %d: whoever withdrew is still in the file", len(after), len(before))
		}
		n := export.New{Kind: export.Audience, Purpose: "letter", Operation: term.Serve, Channel: term.Email, Keep: export.Longest + time.Hour, By: "staff:test"}
		n.Page = h.Exports.Everyone(n, nil)
		if _, err := h.Exports.Write(ctx, &bytes.Buffer{}, n); !errs.Is(err, errs.Invalid) {
			t.Errorf("kept for longer than allowed: %v", err)
		}
	})
}
