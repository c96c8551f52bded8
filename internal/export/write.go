package export

import (
	"context"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/approval"
	"candor/internal/charter"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/personal"
	"candor/internal/term"
)

// New is a file to be made.
type New struct {
	Kind      Kind
	Purpose   term.Purpose
	Channel   term.Channel   // whoever may be written to by it; "" asks for the operation alone
	Operation term.Operation // what the gate is asked for, of each
	Recipient term.Recipient // whom the file is for, "" when it stays in the house
	Fields    []term.Field
	Who       string        // what chose them, in words; it is part of what a second person approves
	Keep      time.Duration // until it is to be deleted; 0 for Usual
	By        term.Actor

	// Page finds the next customers after one, and how far it looked: 0 at the end.
	Page func(tx *db.Tx, after id.Customer, limit int) (page []id.Customer, last id.Customer, err error)
	// Reference is how the file knows a customer; nil for the customer's id.
	Reference func(id.Customer) string
	// Head names the column of references.
	Head string
	// Also is done with each line, in its transaction; nil for nothing.
	Also func(tx *db.Tx, c id.Customer, fields []term.Field) error
}

const pageSize = 200

// Everyone pages through the customers whose standing allows what the file is for;
// among narrows them, nil lets all in.
func (b *Book) Everyone(n New, among func(tx *db.Tx, page []id.Customer) ([]id.Customer, error)) func(*db.Tx, id.Customer, int) ([]id.Customer, id.Customer, error) {
	return func(tx *db.Tx, after id.Customer, limit int) (page []id.Customer, last id.Customer, err error) {
		c, err := b.Charter.Current(tx)
		if err != nil {
			return nil, 0, err
		}
		page, err = b.Gate.Reachable(tx, c, gate.Reach{Purpose: n.Purpose, Channel: n.Channel, Recipient: n.Recipient, Operation: n.Operation, At: b.Clock.Now()}, after, limit)
		if err != nil || len(page) == 0 {
			return nil, 0, err
		}
		last = page[len(page)-1]
		if among != nil {
			page, err = among(tx, page)
		}
		return page, last, err
	}
}

// Count gives how many people a file would hold at most, and how many one person
// may take out alone.
func (b *Book) Count(ctx context.Context, n New) (people, alone int, err error) {
	for after := id.Customer(0); ; {
		var page []id.Customer
		err := b.DB.Read(ctx, func(tx *db.Tx) (err error) {
			c, err := b.Charter.Current(tx)
			if err != nil {
				return err
			}
			alone = c.House.Alone.Rows
			page, after, err = n.Page(tx, after, pageSize)
			return err
		})
		if err != nil || after == 0 {
			return people, alone, err
		}
		people += len(page)
	}
}

// Write makes a file as CSV: a reference to each person, then the fields. Each
// line is asked of the gate when it is written, and is a recorded use. A few people
// of the file do not exist. It returns FORBIDDEN with E_DUAL_CONTROL for more
// people than the house lets one person take out, when nobody else has approved
// exactly this. Nothing is written to w before all that is settled.
func (b *Book) Write(ctx context.Context, w io.Writer, n New) (File, error) {
	e, p, err := b.begin(ctx, n)
	if err != nil {
		return e, err
	}
	f := &file{book: b, n: n, e: &e, canaries: p, rows: csv.NewWriter(w)}
	head := []string{n.Head}
	for _, name := range n.Fields {
		head = append(head, string(name))
	}
	if err := f.rows.Write(head); err != nil {
		return e, err
	}
	for after := id.Customer(0); ; {
		var page []id.Customer
		err := b.DB.Read(ctx, func(tx *db.Tx) (err error) {
			page, after, err = n.Page(tx, after, pageSize)
			return err
		})
		if err != nil {
			return e, err
		}
		if after == 0 {
			return e, f.end()
		}
		if err := f.page(ctx, page); err != nil {
			return e, err
		}
	}
}

// begin checks what is asked, and records the export before anything leaves.
func (b *Book) begin(ctx context.Context, n New) (File, []canary, error) {
	if n.Keep == 0 {
		n.Keep = Usual
	}
	if n.Keep < day || n.Keep > Longest {
		return File{}, nil, errs.New(errs.Invalid, "bad_end", "a file is deleted after at least a day and at most %d", int(Longest/day)).On("keep")
	}
	if err := b.allowed(ctx, n); err != nil {
		return File{}, nil, err
	}
	people, alone, err := b.Count(ctx, n)
	if err != nil {
		return File{}, nil, err
	}
	if people == 0 {
		return File{}, nil, errs.New(errs.Conflict, "nobody", "this file would hold nobody: no permission allows it now")
	}
	var e File
	var canaries []canary
	err = b.DB.Write(ctx, func(tx *db.Tx) error {
		c, err := b.Charter.Current(tx)
		if err != nil {
			return err
		}
		if people > alone {
			if err := b.second(tx, n, people); err != nil {
				return err
			}
		}
		now := b.Clock.Now()
		e = File{ID: id.New[id.Export](), Controller: c.Business.ID, Kind: n.Kind, Purpose: n.Purpose, Channel: n.Channel, Recipient: n.Recipient, Who: n.Who, Fields: n.Fields,
			TakenBy: n.By, MadeAt: now, DeleteBy: now.Add(n.Keep)}
		if e.Holder, err = b.Tokens.Root(tx, n.By); err != nil {
			return err
		}
		_, err = tx.Exec(`insert into export (`+columns+`, reminded_at) values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, $12, 0, '', 0)`,
			e.ID, e.Controller, e.Kind, e.Purpose, e.Channel, e.Recipient, e.Who, joined(e.Fields, ","), e.TakenBy, e.Holder, e.MadeAt, e.DeleteBy)
		if err != nil {
			return err
		}
		if canaries, err = b.plant(tx, c, e, n, people); err != nil {
			return err
		}
		_, err = b.Ledger.Append(tx, KindTaken, now, map[string]any{"export": e.ID, "kind": e.Kind, "purpose": e.Purpose, "recipient": e.Recipient, "fields": e.Fields,
			"who": e.Who, "people": people, "delete_by": e.DeleteBy, "by": n.By})
		return err
	})
	return e, canaries, err
}

// allowed refuses columns that the purpose has no use for; what a recipient gets is
// in the charter.
func (b *Book) allowed(ctx context.Context, n New) error {
	if n.Recipient != "" {
		return nil
	}
	return b.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := b.Charter.Current(tx)
		if err != nil {
			return err
		}
		may := Fields(c, n.Purpose)
		for _, f := range n.Fields {
			if !slices.Contains(may, f) {
				return errs.New(errs.Forbidden, errs.FieldNotAllowed, "the purpose has no use for one of the columns").On(string(f))
			}
		}
		return nil
	})
}

// second asks for a second person, for exactly this purpose, condition and columns.
func (b *Book) second(tx *db.Tx, n New, people int) error {
	act := approval.Act{
		Kind: approval.Export, By: n.By,
		Exact: struct {
			Kind      Kind
			Recipient term.Recipient
			Purpose   term.Purpose
			Channel   term.Channel
			Only      string
			Fields    []term.Field
		}{n.Kind, n.Recipient, n.Purpose, n.Channel, n.Who, n.Fields},
		Says: []approval.Line{
			{Term: "Purpose", Text: string(n.Purpose)}, {Term: "Who", Text: n.Who}, {Term: "What of them", Text: joined(n.Fields, ", ")},
			{Term: "Rows when it was asked", Text: strconv.Itoa(people)}, {Term: "Deleted again after", Text: strconv.Itoa(int(n.Keep/day)) + " days"},
		},
	}
	if n.Recipient != "" {
		act.Says = slices.Insert(act.Says, 0, approval.Line{Term: "Recipient", Text: string(n.Recipient)})
	}
	return b.Approvals.Need(tx, act)
}

func joined[S ~string](list []S, by string) string {
	var out []string
	for _, one := range list {
		out = append(out, string(one))
	}
	return strings.Join(out, by)
}

// file is one that is being written.
type file struct {
	book     *Book
	n        New
	e        *File
	canaries []canary // those not written yet, by where they stand
	rows     *csv.Writer
	lines    int
}

// page writes a page of people.
func (f *file) page(ctx context.Context, page []id.Customer) error {
	b := f.book
	if err := b.Gate.Warm(ctx, page); err != nil {
		return err
	}
	var lines [][]string
	err := b.DB.Write(ctx, func(tx *db.Tx) error {
		lines = lines[:0]
		for _, c := range page {
			line, err := f.line(tx, c)
			if err != nil {
				return err
			}
			if line != nil {
				lines = append(lines, line)
			}
		}
		_, err := tx.Exec(`update export set people = people + $2 where export_id = $1`, f.e.ID, len(lines))
		return err
	})
	if err != nil {
		return err
	}
	for _, line := range lines {
		if err := f.put(line); err != nil {
			return err
		}
	}
	f.e.People += int64(len(lines))
	f.rows.Flush()
	return f.rows.Error()
}

// put writes a line, and before it the invented people whose place is here.
func (f *file) put(line []string) error {
	for len(f.canaries) > 0 && f.canaries[0].at <= f.lines {
		if err := f.rows.Write(f.canaries[0].line(f.n.Fields)); err != nil {
			return err
		}
		f.canaries = f.canaries[1:]
	}
	f.lines++
	return f.rows.Write(line)
}

// end writes the invented people who have no place yet.
func (f *file) end() error {
	for _, c := range f.canaries {
		if err := f.rows.Write(c.line(f.n.Fields)); err != nil {
			return err
		}
	}
	f.rows.Flush()
	return f.rows.Error()
}

// line makes one line; nil when the gate denies by now.
func (f *file) line(tx *db.Tx, c id.Customer) ([]string, error) {
	n := f.n
	pass, d, err := f.book.Gate.Use(tx, gate.Request{Customer: c, Controller: f.e.Controller, Purpose: n.Purpose, Operation: n.Operation, Channel: n.Channel,
		Fields: n.Fields, Recipient: n.Recipient, Actor: n.By})
	if errs.Is(err, errs.NotFound) || err == nil && !d.Allowed() {
		return nil, nil //nolint:nilnil // a line that is not written any more
	}
	if err != nil {
		return nil, err
	}
	reference := c.String()
	if n.Reference != nil {
		reference = n.Reference(c)
	}
	line, held := []string{reference}, []term.Field{}
	for _, name := range n.Fields {
		var v personal.Value
		if slices.Contains(pass.Fields(), name) {
			if v, err = pass.Value(tx.Context(), tx, name); err != nil {
				return nil, err
			}
		}
		if !v.IsZero() {
			held = append(held, name)
		}
		line = append(line, Inert(v.Reveal()))
	}
	_, err = tx.Exec(`insert into export_person (customer_id, export_id, reference) values ($1, $2, $3) on conflict (customer_id, export_id) do nothing`, c, f.e.ID, reference)
	if err == nil && n.Also != nil {
		err = n.Also(tx, c, held)
	}
	return line, err
}

// Inert keeps a cell from being read as a formula (OWASP ASVS 5.0, 1.2.10).
func Inert(text string) string {
	if text != "" && slices.Contains([]byte("=+-@\t\r"), text[0]) {
		return "'" + text
	}
	return text
}

// Fields lists the fields of a purpose that a file may hold: what the charter says
// it needs, but for special data.
func Fields(c *charter.Charter, p term.Purpose) (out []term.Field) {
	purpose, ok := c.Purpose(p)
	if !ok {
		return nil
	}
	for _, u := range purpose.Uses {
		if f, ok := c.Field(term.Field(u.Name)); ok && !u.Event && f.Sensitivity == charter.Ordinary {
			out = append(out, f.ID)
		}
	}
	slices.Sort(out)
	return out
}

// wake has holders told once the transaction has committed.
func (b *Book) wake(tx *db.Tx) error {
	return b.Jobs.Enqueue(tx, job.New{Kind: jobTell, Unique: "due"})
}
