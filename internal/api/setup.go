package api

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/keyring"
)

// SetupLives is how long a set-up code is good for.
const SetupLives = time.Hour

// SetupCode makes the code with which the first administrator sets up, good for
// an hour and for one use. A code made before ends. It is asked for while no
// administrator is of the staff.
func (a *API) SetupCode(ctx context.Context) (string, error) {
	raw := make([]byte, 20)
	_, _ = rand.Read(raw)
	code := strings.ToLower(base32.StdEncoding.EncodeToString(raw))
	err := a.DB.Write(ctx, func(tx *db.Tx) error {
		d := a.Ring.Digest(keyring.Secret, "setup", code)
		_, err := tx.Exec(`insert into api_setup (name, digest, key_id, until_at, used_at) values ('admin', $1, $2, $3, 0)
			on conflict (name) do update set digest = excluded.digest, key_id = excluded.key_id, until_at = excluded.until_at, used_at = 0`,
			d.Sum, d.KeyID, a.Clock.Now().Add(SetupLives))
		return err
	})
	return code, err
}

var errSetup = errs.New(errs.Unauthorized, "bad_code", "the code is not valid; it works once and for an hour: start the server again for a new one").On("code")

// UseCode uses the set-up code up in the caller's transaction. It returns
// UNAUTHORIZED when the code is not good.
func (a *API) UseCode(tx *db.Tx, code string) error {
	now := a.Clock.Now()
	for _, d := range a.Ring.Digests(keyring.Secret, "setup", strings.ToLower(strings.TrimSpace(code))) {
		n, err := tx.Exec(`update api_setup set used_at = $1 where name = 'admin' and digest = $2 and used_at = 0 and until_at > $1`, now, d.Sum)
		if err != nil || n == 1 {
			return err
		}
	}
	return errSetup
}
