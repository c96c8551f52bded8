package vault

import (
	"context"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

// rewrapStep is how many keys are wrapped anew in one transaction; tests take
// fewer.
var rewrapStep = 1000

var errRotated = errs.New(errs.Unavailable, errs.FailClosed, "the root keys were rotated since this server started; restart it")

// wrapUnder makes sure that no newer key wraps already, and that none will until
// the transaction ends.
func wrapUnder(tx *db.Tx, keyID int64) error {
	n, err := tx.Exec(`insert into wrapping (name, key_id) values ('root', $1)
		on conflict (name) do update set key_id = excluded.key_id where wrapping.key_id <= excluded.key_id`, keyID)
	if err == nil && n == 0 {
		err = errRotated
	}
	return err
}

// Rotate wraps every customer's key anew under the installation's newest and then
// looks that none is left under an older one. Values stay as they are. It can be
// stopped at any point and run again; step, when not nil, hears how many keys it
// has been through.
func (v *Vault) Rotate(ctx context.Context, step func(done int) error) error {
	if err := v.keys.Write(ctx, func(tx *db.Tx) error { return wrapUnder(tx, v.ring.Current()) }); err != nil {
		return err
	}
	var last id.Customer
	for done := 0; ; {
		n, err := v.rewrap(ctx, &last)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		done += n
		if step != nil {
			if err := step(done); err != nil {
				return err
			}
		}
	}
	var left int64
	err := v.keys.Read(ctx, func(tx *db.Tx) error {
		return tx.QueryRow("select count(*) from data_key where key_id <> $1", v.ring.Current()).Scan(&left)
	})
	if err == nil && left > 0 {
		err = errs.New(errs.Conflict, "rotation_overtaken", "%d customers' keys were made under an older root key meanwhile; stop all servers and run it again", left)
	}
	return err
}

// rewrap wraps the next keys after a customer.
func (v *Vault) rewrap(ctx context.Context, last *id.Customer) (n int, err error) {
	current, after := v.ring.Current(), *last
	err = v.keys.Write(ctx, func(tx *db.Tx) error {
		n = 0
		rows, err := tx.Query("select customer_id, key_id, wrapped from data_key where customer_id > $1 order by customer_id limit $2", after, rewrapStep)
		list, err := db.Collect(rows, err, func(scan db.Scan) (w wrappedKey, err error) {
			return w, scan(&w.customer, &w.keyID, &w.wrapped)
		})
		if err != nil {
			return err
		}
		for _, w := range list {
			n++
			*last = w.customer
			if w.keyID == current {
				continue
			}
			raw, err := v.unwrap(w.keyID, w.customer, w.wrapped)
			if err != nil {
				return err
			}
			wrapped, err := v.wrap(current, w.customer, raw)
			if err != nil {
				return err
			}
			if _, err := tx.Exec("update data_key set key_id = $1, wrapped = $2 where customer_id = $3 and key_id = $4",
				current, wrapped, w.customer, w.keyID); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}
