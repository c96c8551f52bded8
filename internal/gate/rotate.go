package gate

import (
	"context"
	"errors"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/gate/internal/vault"
	"candor/internal/keyring"
)

// RotateKeys wraps the key of every customer anew under the newest root key of a
// ring, and sees to it that the store holds nothing any more that an older one
// opens. No server runs meanwhile. It can be stopped and run again.
func RotateKeys(ctx context.Context, place string, ring *keyring.Ring, step func(done int) error) error {
	v, err := vault.Open(ctx, place, ring, clock.System{})
	if err != nil {
		return err
	}
	if err := errors.Join(v.Rotate(ctx, step), v.Close()); err != nil {
		return err
	}
	return db.Compact(ctx, place)
}
