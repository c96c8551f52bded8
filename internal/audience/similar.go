package audience

import (
	"fmt"
	"strings"
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// CodeTooSimilar refuses an audience that differs by fewer than 10 people from
// one that was counted before.
const CodeTooSimilar errs.Code = "too_similar"

// What is compared with: the last distinct conditions that were counted, by
// whomever, for a day. What two people see they can put together.
const (
	remembered   = 16
	rememberTime = 24 * time.Hour
)

// earlier is a condition that was previewed.
type earlier struct {
	purpose    term.Purpose
	expression string
}

// refuseSimilar refuses a condition that differs by 1 to 9 people from one that
// was previewed lately: the two counts together would be about those few
// (MIN-07). A condition met by the same people, or the same one again, is fine.
func (f *funnel) refuseSimilar(tx *db.Tx) error {
	list, err := f.earlier(tx)
	if err != nil || len(list) == 0 {
		return err
	}
	counts, ok := f.differIndexed(list)
	if !ok {
		if counts, err = f.differSQL(tx, list); err != nil {
			return err
		}
	}
	for _, n := range counts {
		if n > 0 && n < small {
			return errs.New(errs.Forbidden, CodeTooSimilar, "this audience differs by fewer than %d people from one that was counted in the last day; comparing the two would tell about single people. Change the condition more, or ask someone with personal access", small)
		}
	}
	return nil
}

// differSQL counts those who meet the condition or an earlier one, and not both.
func (f *funnel) differSQL(tx *db.Tx, list []*Condition) ([]int64, error) {
	w := &sqlWriter{first: 1, at: f.at, plan: grouped, parts: map[term.Event]*part{}}
	f.condition.root.sql(w)
	columns := []string{w.flag("a")}
	var differ []string
	for i, c := range list {
		w.where.Reset()
		c.root.sql(w)
		name := fmt.Sprintf("b%d", i)
		columns = append(columns, w.flag(name))
		differ = append(differ, fmt.Sprintf("coalesce(sum(case when x.a <> x.%s then 1 else 0 end), 0)", name))
	}
	counts := make([]int64, len(list))
	dest := make([]any, len(list))
	for i := range counts {
		dest[i] = &counts[i]
	}
	text := "select " + strings.Join(differ, ", ") + " from (select " + strings.Join(columns, ", ") + " from " + w.from() + ") x"
	return counts, tx.QueryRow(text, w.args...).Scan(dest...)
}

// flag gives what has been written as a column of 1 or 0.
func (w *sqlWriter) flag(name string) string {
	return "case when " + w.where.String() + " then 1 else 0 end as " + name
}

// earlier reads the conditions to compare with, the newest first. One that can
// no longer be read under the charter in force is left out.
func (f *funnel) earlier(tx *db.Tx) ([]*Condition, error) {
	rows, err := tx.Query("select purpose, expression, max(at) from audience_preview where at > $1"+
		" group by purpose, expression order by max(at) desc, purpose, expression limit $2", f.at.Add(-rememberTime), remembered+1)
	found, err := db.Collect(rows, err, func(scan db.Scan) (earlier, error) {
		var e earlier
		var at int64
		err := scan(&e.purpose, &e.expression, &at)
		return e, err
	})
	if err != nil {
		return nil, err
	}
	own := f.condition.String()
	var out []*Condition
	for _, e := range found {
		if e.expression == own || len(out) == remembered {
			continue
		}
		if c, err := For(f.charter, e.purpose, e.expression); err == nil {
			out = append(out, c)
		}
	}
	return out, nil
}

// remember keeps what was previewed for the time it is compared with. Whoever
// has personal access sees single people anyway: their counts are not among what
// was given out.
func (f *funnel) remember(tx *db.Tx) error {
	if _, err := tx.Exec("delete from audience_preview where at <= $1", f.at.Add(-rememberTime)); err != nil || f.question.Personal {
		return err
	}
	_, err := tx.Exec("insert into audience_preview (preview_id, actor, purpose, expression, at) values ($1, $2, $3, $4, $5)",
		int64(id.New[id.Use]()), f.question.Actor, f.condition.purpose, f.condition.String(), f.at)
	return err
}
