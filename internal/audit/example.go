package audit

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"candor/internal/customer"
	"candor/internal/lists"
)

// examples reads the files once more, until it has some rows of each part.
func (a *auditor) examples(ctx context.Context, files []lists.File, r *Report) error {
	sheets, err := open(files)
	if err != nil {
		return err
	}
	if err = correct(sheets, a.o.Map); err == nil {
		want := map[Class]*Part{}
		for _, list := range [][]Part{r.Classes, r.Others} {
			for i := range list {
				want[list[i].Class] = &list[i]
			}
		}
		for i, s := range sheets {
			if err = a.pick(ctx, i, s, want); err != nil {
				break
			}
		}
	}
	return errors.Join(err, lists.Close(sheets))
}

// pick takes examples from one sheet.
func (a *auditor) pick(ctx context.Context, n int, s *lists.Sheet, want map[Class]*Part) error {
	for rows := 0; a.lacking(want); rows++ {
		cells, line, err := s.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if errors.Is(err, lists.ErrRow) {
			continue
		}
		if err != nil {
			return err
		}
		if rows%10_000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		c := s.Contact(cells)
		address, err := customer.Email(c.Email)
		if err != nil {
			continue
		}
		raw := address.Value.Reveal()
		k := a.of(raw)
		part := want[k.class()]
		if k.flags&flagShown != 0 || len(part.Rows) >= a.o.Examples {
			continue
		}
		k.flags |= flagShown
		part.Rows = append(part.Rows, Row{Sample{a.files[n].Name, line, mask(raw)}, a.says(k, c)})
	}
	return nil
}

// lacking reports whether some part has fewer examples than it could.
func (a *auditor) lacking(want map[Class]*Part) bool {
	for _, p := range want {
		if int64(len(p.Rows)) < min(p.Count, int64(a.o.Examples)) {
			return true
		}
	}
	return false
}

// says puts into words what the lists say of somebody: this row, and where
// another list disagrees with it.
func (a *auditor) says(k *known, c lists.Contact) string {
	out := []string{c.State.String()}
	date := func(words string, t time.Time) {
		if !t.IsZero() {
			out = append(out, words+" "+t.Format("2 Jan 2006"))
		}
	}
	date("signed up", c.AgreedAt)
	date("confirmed", c.ConfirmedAt)
	if _, known := a.forms[c.Form]; known {
		out = append(out, "on “"+c.Form+"”")
	}
	if c.From != "" {
		out = append(out, "from a network address")
	}
	if c.Double {
		out = append(out, "address confirmed")
	}
	if c.Bought {
		out = append(out, "bought")
	}
	if k.conflicts() {
		for i := range a.files {
			if k.suppressed&(1<<i) != 0 {
				out = append(out, "suppressed in "+a.files[i].Name)
			}
		}
	}
	return strings.Join(out, " · ")
}
