package token

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"strings"
	"sync"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/staff"
	"candor/internal/term"
)

// Book keeps all tokens. It is safe for concurrent use.
type Book struct {
	DB    *db.DB
	Ring  *keyring.Ring
	Clock clock.Clock
	Staff *staff.Roster

	known db.Recent[[sha256.Size]byte, Token]

	mu    sync.Mutex
	day   int64
	calls map[id.Token]int64 // of the day, on this server
}

const (
	textPrefix = "candor_"
	textBytes  = 32
	maxText    = 100
	useEvery   = time.Hour // how exactly the last use is known
)

// Mint makes a token in the caller's transaction and gives its text, which is
// shown once and never stored. It returns INVALID for what no token may be,
// FORBIDDEN with no_commitment when the person behind it has not promised
// confidentiality, and FORBIDDEN when a token would make it.
func (b *Book) Mint(tx *db.Tx, n New) (string, Token, error) {
	if err := n.check(); err != nil {
		return "", Token{}, err
	}
	now := b.Clock.Now()
	maker, err := b.makerOf(tx, n)
	if err != nil {
		return "", Token{}, err
	}
	raw := make([]byte, textBytes)
	_, _ = rand.Read(raw)
	text := textPrefix + base64.RawURLEncoding.EncodeToString(raw)
	if n.Networks == nil {
		n.Networks = []string{}
	}
	networks, err := json.Marshal(n.Networks)
	if err != nil {
		return "", Token{}, err
	}
	t := Token{ID: id.New[id.Token](), Label: n.Label, Scopes: n.Scopes, Networks: n.Networks, PerDay: n.PerDay,
		MadeBy: n.By, Maker: maker, CreatedAt: now, ExpiresAt: now.Add(n.For)}
	d := b.Ring.Digest(keyring.Secret, "api", text)
	_, err = tx.Exec(`insert into api_token (token_id, digest, key_id, label, scopes, networks, per_day, made_by, maker, created_at, expires_at, used_at, revoked_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0)`,
		t.ID, d.Sum, d.KeyID, t.Label, joinScopes(t.Scopes), string(networks), t.PerDay, t.MadeBy, t.Maker, t.CreatedAt, t.ExpiresAt)
	return text, t, err
}

// makerOf finds who stands behind a token and whether they may make it: a member
// of staff who has promised confidentiality, an operator whose promise is in the
// ledger, or the engine itself in the demo. A token makes none.
func (b *Book) makerOf(tx *db.Tx, n New) (term.Actor, error) {
	by := string(n.By)
	if n.By == term.ByEngine || strings.HasPrefix(by, byOperator) {
		return n.By, nil
	}
	if strings.HasPrefix(by, actorPrefix) {
		return "", errs.New(errs.Forbidden, "token_mints", "a token makes no tokens; a person makes one in Setup, or candor token create where the server's keys are")
	}
	who, err := id.Parse[id.Staff](strings.TrimPrefix(by, "staff:"))
	if err != nil {
		return "", errNoPromise
	}
	if err = b.Staff.Bound(tx, who); errs.CodeOf(err) == staff.NoCommitment {
		err = errNoPromise
	}
	return n.By, err
}

var errNoPromise = errs.New(errs.Forbidden, staff.NoCommitment, "whoever makes a token first promises confidentiality, in the words in force")

// Root gives the person who stands behind an actor: for a token whoever made it,
// and for any other actor itself.
func (b *Book) Root(tx *db.Tx, by term.Actor) (term.Actor, error) {
	text, isToken := strings.CutPrefix(string(by), actorPrefix)
	if !isToken {
		return by, nil
	}
	which, err := id.Parse[id.Token](text)
	if err != nil {
		return by, nil //nolint:nilerr // an actor that is no token of ours stands for itself
	}
	t, err := scan(tx.QueryRow(`select `+columns+` from api_token where token_id = $1`, which).Scan)
	if errs.Is(err, errs.NotFound) {
		return by, nil
	}
	return t.Maker, err
}

var errToken = errs.New(errs.Unauthorized, "bad_token", "send a valid token: Authorization: Bearer candor_...")

// Find gives the token of a text that came from an address, and counts the call.
// Whatever is wrong with it, the answer is the same UNAUTHORIZED, except that a
// token over its calls for the day is LIMITED.
func (b *Book) Find(ctx context.Context, text string, from netip.Addr) (Token, error) {
	if !strings.HasPrefix(text, textPrefix) || len(text) > maxText {
		return Token{}, errToken
	}
	now := b.Clock.Now()
	t, err := b.known.Get(sha256.Sum256([]byte(text)), func() (Token, error) { return b.read(ctx, text) })
	if err != nil {
		return Token{}, err
	}
	if !t.Works(now) || !t.comesFrom(from) {
		return Token{}, errToken
	}
	if !b.count(t, now) {
		return Token{}, errs.New(errs.Limited, "token_volume", "this token has made its calls for today; it works again after midnight UTC")
	}
	return t, b.noteUse(ctx, t, now)
}

func (b *Book) read(ctx context.Context, text string) (t Token, err error) {
	err = b.DB.Read(ctx, func(tx *db.Tx) error {
		for _, d := range b.Ring.Digests(keyring.Secret, "api", text) {
			var err error
			t, err = scan(tx.QueryRow(`select `+columns+` from api_token where digest = $1`, d.Sum).Scan)
			if !errs.Is(err, errs.NotFound) {
				return err
			}
		}
		return errToken
	})
	return t, err
}

// count counts a call of the day and tells whether it is within the token's
// limit. Each server counts for itself.
func (b *Book) count(t Token, now clock.Instant) bool {
	if t.PerDay == 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if day := now.Time().Unix() / 86400; day != b.day || b.calls == nil {
		b.day, b.calls = day, map[id.Token]int64{}
	}
	b.calls[t.ID]++
	return b.calls[t.ID] <= t.PerDay
}

// noteUse writes the last use at most once an hour.
func (b *Book) noteUse(ctx context.Context, t Token, now clock.Instant) error {
	if now.Sub(t.UsedAt) < useEvery {
		return nil
	}
	return b.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`update api_token set used_at = $2 where token_id = $1 and used_at < $2`, t.ID, now)
		tx.After(b.known.Forget)
		return err
	})
}

// List gives all tokens, newest first.
func (b *Book) List(tx *db.Tx) ([]Token, error) {
	rows, err := tx.Query(`select ` + columns + ` from api_token order by token_id desc`)
	return db.Collect(rows, err, scan)
}

// Revoke ends a token at once, and within a second on other servers. It returns NOT_FOUND when there is none.
func (b *Book) Revoke(tx *db.Tx, which id.Token) error {
	n, err := tx.Exec(`update api_token set revoked_at = $2 where token_id = $1 and revoked_at = 0`, which, b.Clock.Now())
	tx.After(b.known.Forget)
	if err == nil && n == 0 {
		return errs.New(errs.NotFound, "no_such_token", "there is no such token, or it was revoked before")
	}
	return err
}

// RevokeOf ends every token at whose root a person stands: they have left.
func (b *Book) RevokeOf(tx *db.Tx, who id.Staff) error {
	_, err := tx.Exec(`update api_token set revoked_at = $2 where maker = $1 and revoked_at = 0`, staff.Actor(who), b.Clock.Now())
	tx.After(b.known.Forget)
	return err
}
