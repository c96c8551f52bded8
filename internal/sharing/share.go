package sharing

import (
	"context"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"candor/internal/approval"
	"candor/internal/charter"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
)

// Share gives one customer's promised fields to a recipient, as soon as it can
// be reached. It returns FORBIDDEN with the gate's first reason when that is not
// allowed now; it is asked again when the data leave.
func (s *Service) Share(ctx context.Context, c id.Customer, to term.Recipient, p term.Purpose) (Delivery, error) {
	var out Delivery
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.get(tx, to)
		if err != nil {
			return err
		}
		if r.Kind != Webhook {
			return errs.New(errs.Conflict, "manual_recipient", "this recipient has no webhook; write it a list instead")
		}
		if r.Suspended != "" {
			return errs.New(errs.Forbidden, errs.Recipient, "this recipient is suspended: it did not acknowledge in time; register it anew when that is settled")
		}
		if _, err := customer.Lock(tx, c); err != nil {
			return err
		}
		d, err := s.Gate.Decide(tx, gate.Request{Customer: c, Controller: r.Controller, Purpose: p, Operation: term.Share, Recipient: to, Actor: "program:sharing"})
		if err != nil {
			return err
		}
		if !d.Allowed() {
			return errs.New(errs.Forbidden, d.Reasons[0].Code, "%s", d.Reasons[0].Text)
		}
		out, err = s.plan(tx, Delivery{Customer: c, Recipient: to, Purpose: p, What: Data})
		return err
	})
	return out, err
}

// List is a list of the customers that a recipient may be given for a purpose.
type List struct {
	Recipient term.Recipient
	Purpose   term.Purpose
	Actor     term.Actor
	// Only is a condition that narrows the list, in words, and Among gives those of
	// a page who meet it; both are empty for everybody who may be given.
	Only  string
	Among func(tx *db.Tx, page []id.Customer) ([]id.Customer, error)
}

// Listed is what a list held.
type Listed struct {
	Rows int `json:"rows"`
}

const listPage = 200

// Write writes a list as CSV: the recipient's reference to each person, then the
// fields that the charter gives it. Each row is asked of the gate and is a
// disclosure on record when it is written. It returns FORBIDDEN with
// E_DUAL_CONTROL for more rows than the house lets one person take out, when
// nobody else has approved exactly this list.
func (s *Service) Write(ctx context.Context, w io.Writer, l List) (Listed, error) {
	var out Listed
	var to Recipient
	var fields []term.Field
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if to, err = s.get(tx, l.Recipient); err != nil {
			return err
		}
		c, err := s.Charter.Current(tx)
		if err != nil {
			return err
		}
		fields, err = promised(c, l)
		return err
	})
	if err != nil {
		return out, err
	}
	if err := s.alone(ctx, l, fields); err != nil {
		return out, err
	}
	rows := csv.NewWriter(w)
	head := []string{"subject"}
	for _, f := range fields {
		head = append(head, string(f))
	}
	if err := rows.Write(head); err != nil {
		return out, err
	}
	for after := id.Customer(0); ; {
		page, last, err := s.page(ctx, l, after)
		if err != nil || last == 0 {
			rows.Flush()
			return out, firstOf(err, rows.Error())
		}
		after = last
		n, err := s.writePage(ctx, rows, to, l, fields, page)
		out.Rows += n
		if err != nil {
			return out, err
		}
	}
}

func firstOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// promised lists the fields that a recipient gets for a purpose.
func promised(c *charter.Charter, l List) ([]term.Field, error) {
	r, ok := c.Recipient(l.Recipient)
	if !ok || len(r.Gets[l.Purpose]) == 0 {
		return nil, errs.New(errs.Forbidden, errs.Recipient, "the charter gives this recipient nothing for this purpose")
	}
	var out []term.Field
	for _, name := range r.Gets[l.Purpose] {
		if _, ok := c.Field(term.Field(name)); ok {
			out = append(out, term.Field(name))
		}
	}
	slices.Sort(out)
	return out, nil
}

// alone asks for a second person when a list is longer than one person may take
// out. The approval is for this recipient, purpose, condition and these fields.
func (s *Service) alone(ctx context.Context, l List, fields []term.Field) error {
	var most int
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := s.Charter.Current(tx)
		if err == nil {
			most = c.House.Alone.Rows
		}
		return err
	})
	if err != nil {
		return err
	}
	rows := 0
	for after := id.Customer(0); ; {
		page, last, err := s.page(ctx, l, after)
		if err != nil {
			return err
		}
		if last == 0 {
			break
		}
		rows, after = rows+len(page), last
	}
	if rows <= most {
		return nil
	}
	condition := l.Only
	if condition == "" {
		condition = "everybody who may be given"
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		return s.Approvals.Need(tx, approval.Act{
			Kind: approval.Export, By: l.Actor,
			Exact: struct {
				Recipient term.Recipient
				Purpose   term.Purpose
				Only      string
				Fields    []term.Field
			}{l.Recipient, l.Purpose, l.Only, fields},
			Says: []approval.Line{
				{Term: "Recipient", Text: string(l.Recipient)}, {Term: "Purpose", Text: string(l.Purpose)}, {Term: "Who", Text: condition},
				{Term: "What of them", Text: joined(fields)}, {Term: "Rows when it was asked", Text: strconv.Itoa(rows)},
			},
		})
	})
}

func joined[S ~string](list []S) string {
	var out []string
	for _, one := range list {
		out = append(out, string(one))
	}
	return strings.Join(out, ", ")
}

// page finds the next customers whose standing allows sharing and who meet the
// list's condition, and how far it looked; 0 at the end.
func (s *Service) page(ctx context.Context, l List, after id.Customer) (page []id.Customer, last id.Customer, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := s.Charter.Current(tx)
		if err != nil {
			return err
		}
		page, err = s.Gate.Reachable(tx, c, gate.Reach{Purpose: l.Purpose, Recipient: l.Recipient, Operation: term.Share, At: s.Clock.Now()}, after, listPage)
		if err != nil || len(page) == 0 {
			return err
		}
		last = page[len(page)-1]
		if l.Among != nil {
			page, err = l.Among(tx, page)
		}
		return err
	})
	return page, last, err
}

func (s *Service) writePage(ctx context.Context, rows *csv.Writer, to Recipient, l List, fields []term.Field, page []id.Customer) (int, error) {
	if err := s.Gate.Warm(ctx, page); err != nil {
		return 0, err
	}
	var lines [][]string
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		lines = lines[:0]
		for _, c := range page {
			line, err := s.line(tx, to, l, fields, c)
			if err != nil {
				return err
			}
			if line != nil {
				lines = append(lines, line)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, line := range lines {
		if err := rows.Write(line); err != nil {
			return 0, err
		}
	}
	rows.Flush()
	return len(lines), rows.Error()
}

// line makes one row of a list; nil when the gate denies by now.
func (s *Service) line(tx *db.Tx, to Recipient, l List, fields []term.Field, c id.Customer) ([]string, error) {
	pass, d, err := s.Gate.Use(tx, gate.Request{Customer: c, Controller: to.Controller, Purpose: l.Purpose, Operation: term.Share,
		Fields: fields, Recipient: l.Recipient, Actor: l.Actor})
	if err != nil || !d.Allowed() {
		return nil, ignoreNotFound(err)
	}
	values, err := read(tx, pass)
	if err != nil {
		return nil, err
	}
	line := []string{to.Subject(c)}
	for _, f := range fields {
		line = append(line, inert(values[f]))
	}
	return line, s.disclosed(tx, to, l.Purpose, c, names(values))
}

// inert keeps a cell from being read as a formula (OWASP ASVS 5.0, 1.2.10).
func inert(v personal.Value) string {
	text := v.Reveal()
	if text != "" && slices.Contains([]byte("=+-@\t\r"), text[0]) {
		return "'" + text
	}
	return text
}

// disclosed notes that a recipient holds a customer's data by a list, so that it
// is told when that ends.
func (s *Service) disclosed(tx *db.Tx, to Recipient, p term.Purpose, c id.Customer, fields string) error {
	now := s.Clock.Now()
	_, err := tx.Exec(`insert into delivery (`+deliveryColumns+`, controller) values ($1, $2, $3, $4, 'data', $7, 0, 'acknowledged', '', 1, $5, $5, $5, $5, $6)`,
		c, id.New[id.Delivery](), to.Name, p, now, to.Controller, fields)
	return err
}
