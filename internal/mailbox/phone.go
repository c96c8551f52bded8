package mailbox

import (
	"context"

	"candor/internal/db"
	"candor/internal/id"
)

// phoneMails bounds what a phone shows.
const phoneMails = 20

// Of gives a customer's mails, the newest first.
func (b *Box) Of(ctx context.Context, c id.Customer) ([]Letter, error) {
	var out []Letter
	err := b.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		rows, err := tx.Query("select mail_id, at, sealed from mail where customer_id = $1 order by mail_id desc limit $2", c, phoneMails)
		stored, err := db.Collect(rows, err, scanMail)
		if err != nil {
			return err
		}
		for _, s := range stored {
			l, err := b.letter(s)
			if err != nil {
				return err
			}
			out = append(out, l)
		}
		return nil
	})
	return out, err
}
