package vault

import (
	"context"
	"crypto/rand"
	"slices"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
)

// Keys gives the keys of customers and makes those that do not exist yet. It
// returns when the new ones are on disk. Not to be called in a transaction.
func (v *Vault) Keys(ctx context.Context, list []id.Customer) (map[id.Customer]Key, error) {
	out, missing, err := v.have(ctx, list)
	if err != nil || len(missing) == 0 {
		return out, err
	}
	var rows [][]any
	keyID, now := v.ring.Current(), v.clock.Now()
	for _, c := range missing {
		raw := make([]byte, 32)
		_, _ = rand.Read(raw)
		wrapped, err := v.wrap(keyID, c, raw)
		if err != nil {
			return nil, err
		}
		rows = append(rows, []any{c, keyID, wrapped, now})
	}
	err = v.keys.Write(ctx, func(tx *db.Tx) error {
		if err := wrapUnder(tx, keyID); err != nil {
			return err
		}
		_, err := tx.InsertMany("insert into data_key (customer_id, key_id, wrapped, made_at) values", "on conflict do nothing", rows)
		return err
	})
	if err != nil {
		return nil, err
	}
	// Read back: another process may have been first.
	made, still, err := v.have(ctx, missing)
	if err != nil {
		return nil, err
	}
	if len(still) > 0 {
		return nil, errs.New(errs.Unavailable, errs.FailClosed, "a new customer's key could not be read back")
	}
	for c, k := range made {
		out[c] = k
	}
	return out, nil
}

// Warm opens the keys of customers, so that values can be read in a write
// transaction without waiting for the key store. Customers without a key are no
// error.
func (v *Vault) Warm(ctx context.Context, list []id.Customer) error {
	_, _, err := v.have(ctx, list)
	return err
}

// have gives the keys that exist and the customers, ascending, that have none.
func (v *Vault) have(ctx context.Context, list []id.Customer) (map[id.Customer]Key, []id.Customer, error) {
	out := make(map[id.Customer]Key, len(list))
	list = slices.Clone(list)
	slices.Sort(list)
	var missing []id.Customer
	for _, c := range slices.Compact(list) {
		if k, ok := v.cache.get(c, v.clock.Now()); ok {
			out[c] = k
		} else {
			missing = append(missing, c)
		}
	}
	if len(missing) == 0 {
		return out, nil, nil
	}
	mark := v.cache.mark()
	found, err := v.load(ctx, missing)
	if err != nil {
		return nil, nil, err
	}
	var absent []id.Customer
	for _, c := range missing {
		k, ok := found[c]
		if !ok {
			absent = append(absent, c)
			continue
		}
		out[c] = k
		v.cache.put(c, k, v.clock.Now(), mark)
	}
	return out, absent, nil
}

type wrappedKey struct {
	customer id.Customer
	keyID    int64
	wrapped  []byte
}

func (v *Vault) load(ctx context.Context, list []id.Customer) (map[id.Customer]Key, error) {
	var found []wrappedKey
	err := v.keys.Read(ctx, func(tx *db.Tx) error {
		found = nil
		return db.In(tx, list, func(marks string, args []any) error {
			rows, err := tx.Query("select customer_id, key_id, wrapped from data_key where customer_id in ("+marks+")", args...)
			got, err := db.Collect(rows, err, func(scan db.Scan) (w wrappedKey, err error) {
				return w, scan(&w.customer, &w.keyID, &w.wrapped)
			})
			found = append(found, got...)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	out := make(map[id.Customer]Key, len(found))
	for _, w := range found {
		raw, err := v.unwrap(w.keyID, w.customer, w.wrapped)
		if err != nil {
			return nil, err
		}
		if out[w.customer], err = newKey(w.customer, raw); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Destroy destroys a customer's key: from the key store, and from this process
// at once. It reports whether there was one; twice is no error.
func (v *Vault) Destroy(ctx context.Context, c id.Customer) (bool, error) {
	v.cache.drop(c)
	var n int64
	err := v.keys.Write(ctx, func(tx *db.Tx) (err error) {
		n, err = tx.Exec("delete from data_key where customer_id = $1", c)
		return err
	})
	v.cache.drop(c)
	return n > 0, err
}
