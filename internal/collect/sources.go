package collect

import (
	"context"
	"net/http"
	"sync"
	"time"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
)

// Sources finds a source by its key. It reads them all, for there are few, and
// again after a second: a key that is revoked on one server stops on all.
type Sources struct {
	db      *db.DB
	ring    *keyring.Ring
	clock   clock.Clock
	charter *charter.Store

	mu      sync.Mutex
	byKey   map[string]*Source // by digest
	origins map[string]bool    // of all live public keys
	readAt  clock.Instant
}

func newSources(d *db.DB, r *keyring.Ring, c clock.Clock, ch *charter.Store) *Sources {
	return &Sources{db: d, ring: r, clock: c, charter: ch}
}

// Create makes a source and gives its write key, which is stored as a digest
// only and shown this once. Of a shop the key is the secret that signs its
// webhooks.
func (s *Sources) Create(ctx context.Context, n Source) (Source, string, error) {
	if err := n.valid(); err != nil {
		return Source{}, "", err
	}
	n.ID, n.CreatedAt, n.RevokedAt = id.New[id.Source](), s.clock.Now(), 0
	key := newKey(n.Class, n.Mode)
	if err := n.secret.seal(s.ring, n.ID, n.Class, key); err != nil {
		return Source{}, "", err
	}
	err := s.change(ctx, func(tx *db.Tx) error { return insertSource(tx, n, keyDigest(s.ring, key)) })
	if err != nil {
		return Source{}, "", err
	}
	return n, key, nil
}

// BindNotice says which version of the notice people see where the source
// collects. It returns NOT_FOUND when there is no such source or version.
func (s *Sources) BindNotice(ctx context.Context, source id.Source, version int64) error {
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		_, err := s.charter.Version(tx, version)
		return err
	})
	if err != nil {
		return err
	}
	return s.update(ctx, `update source set notice_version = $2 where source_id = $1`, source, version)
}

// Revoke ends a source's key for good. It returns NOT_FOUND when there is no
// such source.
func (s *Sources) Revoke(ctx context.Context, source id.Source) error {
	return s.update(ctx, `update source set revoked_at = $2 where source_id = $1 and revoked_at = 0`, source, s.clock.Now())
}

func (s *Sources) update(ctx context.Context, query string, args ...any) error {
	return s.change(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(query, args...)
		if err == nil && n == 0 {
			return errNoSource
		}
		return err
	})
}

var errNoSource = errs.New(errs.NotFound, "no_such_source", "there is no such source")

func (s *Sources) change(ctx context.Context, fn func(*db.Tx) error) error {
	err := s.db.Write(ctx, fn)
	s.mu.Lock()
	s.byKey = nil
	s.mu.Unlock()
	return err
}

// List gives all sources, oldest first.
func (s *Sources) List(tx *db.Tx) ([]Source, error) {
	rows, err := listSources(tx)
	out := make([]Source, len(rows))
	for i, r := range rows {
		out[i] = r.Source
	}
	return out, err
}

var (
	errNoKey      = errs.New(errs.Unauthorized, "no_key", "send the source's write key as the user of basic authentication, as writeKey in the body or as X-Write-Key")
	errUnknownKey = errs.New(errs.Unauthorized, "unknown_key", "there is no source with this write key")
	errRevoked    = errs.New(errs.Forbidden, "key_revoked", "this write key was revoked")
	errOrigin     = errs.New(errs.Forbidden, "origin_not_allowed", "this write key may not be used from here; add the web origin to the source")
)

// find gives the source of a key. It returns UNAUTHORIZED for no key and for an
// unknown one, FORBIDDEN for a revoked one.
func (s *Sources) find(ctx context.Context, key string) (*Source, error) {
	if key == "" {
		return nil, errNoKey
	}
	byKey, _, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range s.ring.Digests(keyring.Secret, "source", key) {
		if found := byKey[string(d.Sum)]; found != nil && !found.Class.signs() {
			if found.RevokedAt != 0 {
				return nil, errRevoked
			}
			return found, nil
		}
	}
	return nil, errUnknownKey
}

// KnowsOrigin reports whether any public key may be used on this origin. That
// is all a browser asks before it sends the key.
func (s *Sources) KnowsOrigin(ctx context.Context, origin string) (bool, error) {
	_, origins, err := s.snapshot(ctx)
	return origins[origin], err
}

func (s *Sources) snapshot(ctx context.Context) (map[string]*Source, map[string]bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	if age := now.Sub(s.readAt); s.byKey != nil && age >= 0 && age < time.Second {
		return s.byKey, s.origins, nil
	}
	var rows []stored
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		rows, err = listSources(tx)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	s.byKey, s.origins, s.readAt = map[string]*Source{}, map[string]bool{}, now
	for i := range rows {
		s.byKey[string(rows[i].digest)] = &rows[i].Source
		if rows[i].RevokedAt != 0 {
			continue
		}
		for _, o := range rows[i].Origins {
			s.origins[o] = true
		}
	}
	return s.byKey, s.origins, nil
}

// keyOf reads the write key that a request carries outside its body.
func keyOf(r *http.Request) string {
	if k := r.Header.Get("X-Write-Key"); k != "" {
		return k
	}
	if user, _, ok := r.BasicAuth(); ok {
		return user
	}
	return ""
}
