package export

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/term"
)

// canary is somebody invented, with a line of their own in one file. Whoever
// writes to them, or shows the line, has it from that file.
type canary struct {
	at        int // after how many lines of people
	reference string
	cells     map[term.Field]string
}

func (c canary) line(fields []term.Field) []string {
	out := []string{c.reference}
	for _, f := range fields {
		out = append(out, c.cells[f])
	}
	return out
}

// A file has two invented people, and one more for each thousand, up to five.
const (
	fewest = 2
	most   = 5
	apart  = 1000
)

var (
	firstNames = []string{"Alma", "Bela", "Clea", "Dario", "Elin", "Fabio", "Greta", "Henri", "Ilse", "Joris", "Kaya", "Lene", "Matteo", "Nora", "Oskar", "Rieke"}
	lastNames  = []string{"Ahrens", "Bellini", "Cordes", "Dietz", "Enders", "Falk", "Gruber", "Hansen", "Iversen", "Jansen", "Keller", "Lorenz", "Moser", "Novak", "Peters", "Reber"}
)

// plant invents people for a file and keeps the digests of what the file says of
// them.
func (b *Book) plant(tx *db.Tx, c *charter.Charter, e File, n New, people int) ([]canary, error) {
	var out []canary
	var rows [][]any
	for range min(most, fewest+people/apart) {
		first, last := firstNames[below(len(firstNames))], lastNames[below(len(lastNames))]
		address := strings.ToLower(first+"."+last) + fmt.Sprintf("%07d", below(10_000_000)) + "@" + b.domain(c, n.Purpose)
		who := canary{at: below(people + 1), reference: id.NewCustomer().String(), cells: map[term.Field]string{}}
		if n.Reference != nil {
			who.reference = n.Reference(id.NewCustomer())
		}
		for _, name := range n.Fields {
			if f, ok := c.Field(name); ok {
				who.cells[name] = invented(c, f, first+" "+last, address)
			}
		}
		out = append(out, who)
		for _, mark := range []string{address, who.reference} {
			d := b.digest(mark)
			rows = append(rows, []any{d.Sum, d.KeyID, e.ID, 0, 0, ""})
		}
	}
	slices.SortFunc(out, func(x, y canary) int { return cmp.Compare(x.at, y.at) })
	_, err := tx.InsertMany(`insert into export_canary (digest, key_id, export_id, mails, last_at, last_from) values`, "", rows)
	return out, err
}

// invented is what a file says of somebody who does not exist.
func invented(c *charter.Charter, f *charter.Field, name, address string) string {
	switch f.Kind {
	case charter.KindEmail:
		return address
	case charter.KindName:
		return name
	case charter.KindLanguage:
		return string(c.Business.Languages[0])
	case charter.KindChoice:
		return f.Of[below(len(f.Of))]
	}
	return ""
}

// domain is where mails to invented people go: where reports on mails arrive, so
// that the engine hears of them, else where the business itself has its mail.
func (b *Book) domain(c *charter.Charter, p term.Purpose) string {
	if b.Domain != "" {
		return b.Domain
	}
	for _, s := range c.House.Senders {
		if s.Purpose == p && s.Channel == term.Email {
			return s.Address[strings.LastIndexByte(s.Address, '@')+1:]
		}
	}
	for _, s := range c.House.Senders {
		if s.Channel == term.Email {
			return s.Address[strings.LastIndexByte(s.Address, '@')+1:]
		}
	}
	return "invalid"
}

func below(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // the system gives no randomness
	}
	return int(i.Int64())
}

func mark(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

func (b *Book) digest(text string) keyring.Digest {
	return b.Ring.Digest(keyring.Identity, "export-canary", mark(text))
}

// Whose says whose export an address or a reference is from. It returns NOT_FOUND
// for those of real people, and of nobody.
func (b *Book) Whose(tx *db.Tx, text string) (File, error) {
	for _, d := range b.Ring.Digests(keyring.Identity, "export-canary", mark(text)) {
		var which id.Export
		err := tx.QueryRow(`select export_id from export_canary where digest = $1 and key_id = $2`, d.Sum, d.KeyID).Scan(&which)
		if err == nil {
			return b.Get(tx, which)
		}
		if !errs.Is(err, errs.NotFound) {
			return File{}, err
		}
	}
	return File{}, errs.New(errs.NotFound, "no_canary", "this is nobody whom an export invented: either a real person, or not from here").On("mark")
}

// Knows tells whether an address is that of somebody invented.
func (b *Book) Knows(ctx context.Context, address string) bool {
	return b.DB.Read(ctx, func(tx *db.Tx) error {
		_, err := b.Whose(tx, address)
		return err
	}) == nil
}

// Arrived records that a mail came to somebody invented, and from which host. One
// that comes after the file's end is an entry of the ledger. The mail itself is
// not kept.
func (b *Book) Arrived(ctx context.Context, address, host string) error {
	return b.DB.Write(ctx, func(tx *db.Tx) error {
		e, err := b.Whose(tx, address)
		if err != nil {
			return err
		}
		d, now := b.digest(address), b.Clock.Now()
		if len(host) > 100 || strings.ContainsAny(host, "@ ") {
			host = ""
		}
		_, err = tx.Exec(`update export_canary set mails = mails + 1, last_at = $2, last_from = $3 where export_id = $4 and digest = $1`, d.Sum, now, host, e.ID)
		if err != nil || e.DeletedAt.IsZero() && now < e.DeleteBy {
			return err
		}
		_, err = b.Ledger.Append(tx, KindUsed, now, map[string]any{"export": e.ID, "host": host})
		return err
	})
}

// Mails are what came to the invented people of one export.
type Mails struct {
	Count int64         `json:"count"`
	Last  clock.Instant `json:"last_at,omitzero"`
	From  string        `json:"from,omitempty"` // the host that handed the last one over
}

// MailsTo gives what came to the invented people of an export.
func (b *Book) MailsTo(tx *db.Tx, which id.Export) (out Mails, err error) {
	rows, err := tx.Query(`select mails, last_at, last_from from export_canary where export_id = $1 and mails > 0`, which)
	all, err := db.Collect(rows, err, func(scan db.Scan) (m Mails, err error) { return m, scan(&m.Count, &m.Last, &m.From) })
	for _, m := range all {
		out.Count += m.Count
		if m.Last > out.Last {
			out.Last, out.From = m.Last, m.From
		}
	}
	return out, err
}

// Leaked gives the exports to whose invented people a mail came in the last 30
// days though the file should be gone, the newest first.
func (b *Book) Leaked(tx *db.Tx, limit int) ([]File, error) {
	now := b.Clock.Now()
	rows, err := tx.Query(`select distinct export_id from export_canary where last_at > $1`, now.Add(-30*day))
	which, err := db.Collect(rows, err, func(scan db.Scan) (e id.Export, err error) { return e, scan(&e) })
	if err != nil {
		return nil, err
	}
	var out []File
	for _, x := range which {
		e, err := b.Get(tx, x)
		if err != nil {
			return nil, err
		}
		m, err := b.MailsTo(tx, x)
		if err != nil {
			return nil, err
		}
		if end := e.DeleteBy; m.Last >= end || !e.DeletedAt.IsZero() && m.Last >= e.DeletedAt {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(x, y File) int { return cmp.Compare(y.ID, x.ID) })
	return out[:min(len(out), limit)], nil
}
