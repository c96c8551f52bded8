package staff

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"math/big"
	"strings"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/job"
	"candor/internal/ledger"
	"candor/internal/personal"
	"candor/internal/term"
)

// Access is a look at a customer for a purpose alone, without a case, of which
// somebody is asked what it was for (GDPR 29, 32(4)). Who was looked at is not in
// it: the customer's own list of uses says so.
type Access struct {
	ID         id.Access
	Staff      id.Staff
	Entry      id.Entry // of the look, in the ledger
	Purpose    string
	At         clock.Instant
	AskedAt    clock.Instant
	Answer     string // what it was for, or ""
	AnsweredAt clock.Instant
	JudgedBy   term.Actor // "" until somebody has
	JudgedAt   clock.Instant
	Fine       bool
}

// Each week a sample of everybody's accesses without a case is asked about: one
// in ten, and one at least.
const (
	accessWeek  = 7 * 24 * time.Hour
	oneIn       = 10
	accessKept  = 2 * 365 * 24 * time.Hour
	jobAccesses = "staff.accesses"
)

// Schedule registers the roster's background work.
func (r *Roster) Schedule(jobs *job.Queue) {
	jobs.Handle(jobAccesses, func(ctx context.Context, _ job.Job) error { return r.Question(ctx) })
	jobs.Every(jobAccesses, accessWeek)
}

// Question draws the sample of the last seven days. Run again, it asks nobody
// twice within a week.
func (r *Roster) Question(ctx context.Context) error {
	now := r.Clock.Now()
	bare, err := r.bare(ctx, now)
	if err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(`delete from staff_access where asked_at < $1`, now.Add(-accessKept)); err != nil {
			return err
		}
		for who, looks := range bare {
			var asked int64
			err := tx.QueryRow(`select count(*) from staff_access where staff_id = $1 and asked_at > $2`, who, now.Add(-accessWeek)).Scan(&asked)
			if err != nil {
				return err
			}
			if asked > 0 {
				continue
			}
			sample, err := draw(looks, (len(looks)+oneIn-1)/oneIn)
			if err != nil {
				return err
			}
			for _, a := range sample {
				if err := r.question(tx, a); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// draw takes some of a list, so that nobody can foresee which.
func draw(list []Access, n int) ([]Access, error) {
	for i := range n {
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(list)-i)))
		if err != nil {
			return nil, err
		}
		j := i + int(k.Int64())
		list[i], list[j] = list[j], list[i]
	}
	return list[:n], nil
}

// bare reads the looks of a week that found somebody and named no case.
func (r *Roster) bare(ctx context.Context, now clock.Instant) (map[id.Staff][]Access, error) {
	out := map[id.Staff][]Access{}
	f := ledger.Filter{Kind: KindLooked, Since: now.Add(-accessWeek), Until: now, Limit: 1000}
	for {
		rows, err := r.Ledger.List(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			var a act
			if err := json.Unmarshal(row.Content, &a); err != nil {
				return nil, err
			}
			if _, err := id.Parse[id.Request](a.Text); err == nil || a.Act != lookHit {
				continue
			}
			out[a.Staff] = append(out[a.Staff], Access{ID: id.New[id.Access](), Staff: a.Staff, Entry: row.Entry, Purpose: a.Text, At: row.At, AskedAt: now})
		}
		if len(rows) < f.Limit {
			return out, nil
		}
		f.Before = rows[len(rows)-1].Mark()
	}
}

func (r *Roster) question(tx *db.Tx, a Access) error {
	n, err := tx.Exec(`insert into staff_access (access_id, staff_id, entry_id, purpose, at, asked_at, answer, answered_at, judged_by, judged_at, fine)
		values ($1, $2, $3, $4, $5, $6, '', 0, '', 0, 0) on conflict (entry_id) do nothing`, a.ID, a.Staff, a.Entry, a.Purpose, a.At, a.AskedAt)
	if err != nil || n == 0 {
		return err
	}
	return r.note(tx, KindAccess, act{Staff: a.Staff, Act: "asked", Text: a.ID.String(), By: term.ByEngine})
}

const accessColumns = `access_id, staff_id, entry_id, purpose, at, asked_at, answer, answered_at, judged_by, judged_at, fine`

func (r *Roster) scanAccess(scan db.Scan) (Access, error) {
	var a Access
	var answer string
	var fine int64
	if err := scan(&a.ID, &a.Staff, &a.Entry, &a.Purpose, &a.At, &a.AskedAt, &answer, &a.AnsweredAt, &a.JudgedBy, &a.JudgedAt, &fine); err != nil {
		return a, err
	}
	a.Fine = fine == 1
	said, err := r.open("access", a.Staff, answer)
	a.Answer = said.Reveal()
	return a, err
}

// Unexplained lists what somebody is asked about and has not answered.
func (r *Roster) Unexplained(tx *db.Tx, who id.Staff) ([]Access, error) {
	rows, err := tx.Query(`select `+accessColumns+` from staff_access where staff_id = $1 and answered_at = 0 and judged_at = 0 order by access_id`, who)
	return db.Collect(rows, err, r.scanAccess)
}

// Accesses lists what was asked, the newest first, before one of them; open ones
// alone when asked for.
func (r *Roster) Accesses(tx *db.Tx, open bool, before id.Access, limit int) ([]Access, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	where := ``
	if open {
		where = ` and judged_at = 0`
	}
	rows, err := tx.Query(`select `+accessColumns+` from staff_access where access_id < $1`+where+` order by access_id desc limit $2`, before, limit)
	return db.Collect(rows, err, r.scanAccess)
}

// OpenAccesses counts what nobody has judged.
func (r *Roster) OpenAccesses(tx *db.Tx) (n int64, err error) {
	err = tx.QueryRow(`select count(*) from staff_access where judged_at = 0`).Scan(&n)
	return n, err
}

const maxAnswer = 500

var errNoAccess = errs.New(errs.NotFound, "no_such_access", "nothing of this number waits for you")

// Explain records what an access was for. Only whoever looked can say it, once.
func (r *Roster) Explain(tx *db.Tx, which id.Access, who id.Staff, answer string) error {
	answer = strings.TrimSpace(answer)
	if answer == "" || len(answer) > maxAnswer || personal.HoldsAddress(answer) {
		return errs.New(errs.Invalid, "no_answer", "say in at most %d characters what it was for, without anybody's name or address", maxAnswer).On("answer")
	}
	n, err := tx.Exec(`update staff_access set answer = $3, answered_at = $4 where access_id = $1 and staff_id = $2 and answered_at = 0 and judged_at = 0`,
		which, who, r.seal("access", who, answer), r.Clock.Now())
	if err != nil {
		return err
	}
	if n == 0 {
		return errNoAccess
	}
	return r.note(tx, KindAccess, act{Staff: who, Act: "explained", Text: which.String(), By: Actor(who)})
}

// Judge closes a question and gives it. Nobody judges their own access. It returns
// NOT_FOUND for what is judged already.
func (r *Roster) Judge(tx *db.Tx, which id.Access, by Who, fine bool) (Access, error) {
	if !by.Rights.May(Oversee) {
		return Access{}, ErrNotAllowed(Oversee)
	}
	a, err := r.scanAccess(tx.QueryRow(`select `+accessColumns+` from staff_access where access_id = $1`, which).Scan)
	if errs.Is(err, errs.NotFound) {
		return a, errNoAccess
	}
	if err != nil {
		return a, err
	}
	if a.Staff == by.Person.ID {
		return a, errs.New(errs.Forbidden, errs.Role, "nobody judges their own access; leave it to somebody else who oversees")
	}
	step, mark := "not in order", 0
	if fine {
		step, mark = "in order", 1
	}
	n, err := tx.Exec(`update staff_access set judged_by = $2, judged_at = $3, fine = $4 where access_id = $1 and judged_at = 0`, which, Actor(by.Person.ID), r.Clock.Now(), mark)
	if err != nil {
		return a, err
	}
	if n == 0 {
		return a, errNoAccess
	}
	return a, r.note(tx, KindAccess, act{Staff: a.Staff, Act: step, Text: which.String(), By: Actor(by.Person.ID)})
}
