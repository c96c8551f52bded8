package outbox

import (
	"candor/internal/db"
	"candor/internal/id"
)

// numbers is a table whose rows the sequencer puts in order.
type numbers struct{ name, pending, next, place string }

var series = []numbers{
	{
		name:    "outbox",
		pending: `select count(*) from (select outbox_id from outbox where pos is null limit 1) p`,
		next:    `select outbox_id from outbox where pos is null order by outbox_id limit $1`,
		place:   `update outbox set pos = v.pos from v where outbox.outbox_id = v.id`,
	},
	{
		name:    "change",
		pending: `select count(*) from (select change_id from customer_change where pos is null limit 1) p`,
		next:    `select change_id from customer_change where pos is null order by change_id limit $1`,
		place:   `update customer_change set pos = v.pos from v where customer_change.change_id = v.id`,
	},
}

// number gives places to some of the rows that have none.
func (s numbers) number(tx *db.Tx) (int, error) {
	rows, err := tx.Query(s.next, numberMost)
	ids, err := db.Collect(rows, err, func(scan db.Scan) (o id.Outbox, err error) { return o, scan(&o) })
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	var last int64
	err = tx.QueryRow(`insert into outbox_number (name, pos) values ($1, $2)
		on conflict (name) do update set pos = outbox_number.pos + excluded.pos returning pos`, s.name, len(ids)).Scan(&last)
	if err != nil {
		return 0, err
	}
	places := make([][]any, len(ids))
	for i, o := range ids {
		places[i] = []any{last - int64(len(ids)-1-i), o}
	}
	return len(ids), tx.ChangeMany("v (pos, id)", s.place, places)
}
