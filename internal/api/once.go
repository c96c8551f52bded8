package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
)

const (
	keyHeader      = "Idempotency-Key"
	replayedHeader = "Idempotency-Replayed"
	keepAnswers    = 24 * time.Hour
	doingFor       = 2 * time.Minute // after it a request that was never answered may be tried again
	forgetEvery    = time.Hour
	maxKey         = 200
	sealAnswer     = "api-answer"
)

// answer is what was answered, as kept.
type answer struct {
	request     []byte
	status      int
	contentType string
	body        string
	at          clock.Instant
}

// claim is a request that this server is doing under a key.
type claim struct {
	token   id.Token
	key     []byte
	request []byte
}

// once does a request under its Idempotency-Key once: sent again within a day it
// gets the answer of the first time; another request under the key is refused.
func (a *API) once(w http.ResponseWriter, r *http.Request, body []byte, next http.Handler) {
	key := r.Header.Get(keyHeader)
	c, known := callerOf(r.Context())
	if key == "" || r.Method != http.MethodPost || !known {
		next.ServeHTTP(w, r)
		return
	}
	if len(key) > maxKey {
		writeProblem(w, problem(errs.New(errs.Invalid, "idempotency_key", "an Idempotency-Key has at most %d letters", maxKey).On(keyHeader)))
		return
	}
	cl := claim{
		token: c.token.ID, key: a.Ring.Digest(keyring.Secret, "idempotency", key).Sum,
		request: a.Ring.Digest(keyring.Secret, "request", r.Method, r.URL.Path, string(body)).Sum,
	}
	kept, err := a.claim(r.Context(), cl)
	if err != nil {
		writeProblem(w, problem(err))
		return
	}
	if kept.status != 0 {
		a.replay(w, kept)
		return
	}
	rec := &recorder{ResponseWriter: w}
	next.ServeHTTP(rec, r)
	if err := a.keep(context.WithoutCancel(r.Context()), cl, rec); err != nil {
		a.Log.Warn("api: an answer could not be kept for a repeated request", "code", errs.CodeOf(err))
	}
}

// claim begins a request under its key, or gives the answer that is kept.
func (a *API) claim(ctx context.Context, c claim) (answer, error) {
	now := a.Clock.Now()
	var kept answer
	err := a.DB.Write(ctx, func(tx *db.Tx) error {
		kept = answer{}
		n, err := tx.Exec(`insert into api_answer (token_id, idem_key, request, status, content_type, body, at)
			values ($1, $2, $3, 0, '', '', $4) on conflict (token_id, idem_key) do update set at = excluded.at, request = excluded.request, status = 0, body = ''
			where api_answer.at < $5 or (api_answer.status = 0 and api_answer.at < $6 and api_answer.request = excluded.request)`,
			c.token, c.key, c.request, now, now.Add(-keepAnswers), now.Add(-doingFor))
		if err != nil || n == 1 {
			return err
		}
		err = tx.QueryRow(`select request, status, content_type, body, at from api_answer where token_id = $1 and idem_key = $2`, c.token, c.key).
			Scan(&kept.request, &kept.status, &kept.contentType, &kept.body, &kept.at)
		if err != nil {
			return err
		}
		if !bytes.Equal(kept.request, c.request) {
			return errs.New(errs.Conflict, "idempotency_key_reused", "another request was sent under this Idempotency-Key; use a new one")
		}
		if kept.status == 0 {
			return errs.New(errs.Conflict, "idempotency_in_progress", "this request is being done; ask again in a moment")
		}
		return nil
	})
	return kept, err
}

func (a *API) replay(w http.ResponseWriter, kept answer) {
	body, err := a.Ring.OpenToken(sealAnswer, kept.body)
	if err != nil {
		writeProblem(w, problem(errs.New(errs.Conflict, "idempotency_lost", "the request was done, but its answer can no longer be shown")))
		return
	}
	w.Header().Set("Content-Type", kept.contentType)
	w.Header().Set(replayedHeader, "true")
	w.WriteHeader(kept.status)
	_, _ = w.Write(body)
}

// keep stores the answer, sealed. What may turn out otherwise when it is tried
// again is not kept: our failures, and refusals for now.
func (a *API) keep(ctx context.Context, c claim, rec *recorder) error {
	retry := rec.status >= 500 || rec.status == http.StatusConflict || rec.status == http.StatusTooManyRequests || rec.status == 0
	return a.DB.Write(ctx, func(tx *db.Tx) error {
		if retry {
			_, err := tx.Exec(`delete from api_answer where token_id = $1 and idem_key = $2 and request = $3`, c.token, c.key, c.request)
			return err
		}
		_, err := tx.Exec(`update api_answer set status = $4, content_type = $5, body = $6 where token_id = $1 and idem_key = $2 and request = $3`,
			c.token, c.key, c.request, rec.status, rec.Header().Get("Content-Type"), a.Ring.SealToken(sealAnswer, rec.body.Bytes()))
		return err
	})
}

// forget deletes answers whose day is over.
func (a *API) forget(ctx context.Context) error {
	return a.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`delete from api_answer where at < $1`, a.Clock.Now().Add(-keepAnswers))
		return err
	})
}

// recorder remembers an answer while it is written.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader remembers the status.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write remembers the body.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body.Write(b)
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
