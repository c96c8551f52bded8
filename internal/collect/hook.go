package collect

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"

	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/strict"
)

// maxHook bounds a webhook: an order of a thousand lines is smaller.
const maxHook = 4 << 20

// sealedSecret is the secret with which a shop signs. A digest would not do: to
// check a signature the secret itself is needed.
type sealedSecret struct {
	keyID  int64
	sealed []byte
}

func (s *sealedSecret) seal(r *keyring.Ring, source id.Source, c Class, generated string) (err error) {
	if !c.signs() {
		s.sealed = []byte{}
		return nil
	}
	s.keyID, s.sealed, err = sealHeld(r, id.Quarantine(source), []byte(generated))
	return err
}

// SetSecret puts the secret in place that a shop was given by its own platform,
// instead of the one that Create made. It returns NOT_FOUND when there is no
// such shop.
func (s *Sources) SetSecret(ctx context.Context, source id.Source, secret string) error {
	if len(secret) < 16 {
		return errs.New(errs.Invalid, "source_secret", "a signing secret has at least 16 letters").On("secret")
	}
	found, err := s.byID(ctx, source)
	if err != nil {
		return err
	}
	var sealed sealedSecret
	if err := sealed.seal(s.ring, source, found.Class, secret); err != nil {
		return err
	}
	return s.update(ctx, `update source set secret_key_id = $2, secret = $3 where source_id = $1`, source, sealed.keyID, sealed.sealed)
}

// NewSecret makes another secret for a shop and gives it, to be shown once. What is
// signed with the one before is refused from now on. It returns NOT_FOUND when
// there is no such shop.
func (s *Sources) NewSecret(ctx context.Context, source id.Source) (string, error) {
	found, err := s.byID(ctx, source)
	if err != nil {
		return "", err
	}
	secret := newKey(found.Class, found.Mode)
	return secret, s.SetSecret(ctx, source, secret)
}

// byID finds a shop. It returns NOT_FOUND for other sources too: their data come
// under a key.
func (s *Sources) byID(ctx context.Context, source id.Source) (*Source, error) {
	found, err := s.any(ctx, source)
	if err == nil && !found.Class.signs() {
		return nil, errNoSource
	}
	return found, err
}

// any finds a source of whatever class.
func (s *Sources) any(ctx context.Context, source id.Source) (*Source, error) {
	byKey, _, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	for _, found := range byKey {
		if found.ID == source {
			return found, nil
		}
	}
	return nil, errNoSource
}

var errSignature = errs.New(errs.Unauthorized, "bad_signature", "the signature does not fit the body; check the secret, and send the body unchanged")

// signatures are the headers in which shops sign: base64 of the HMAC-SHA-256 of
// the body as it was sent.
var signatures = map[Class]string{Shopify: "X-Shopify-Hmac-Sha256", WooCommerce: "X-Wc-Webhook-Signature"}

// topics are the headers that say what a webhook is about.
var topics = map[Class]string{Shopify: "X-Shopify-Topic", WooCommerce: "X-Wc-Webhook-Topic"}

// hook answers a shop's webhook. Shops give up on an address that refuses too
// often, so what is understood and not wanted is answered with 200 and counted.
func (c *Collector) hook(w http.ResponseWriter, r *http.Request) {
	source, body, err := c.signed(r)
	if err == nil && body != nil {
		err = c.note(source, c.told(r.Context(), source, r.Header.Get(topics[source.Class]), body))
	}
	if err != nil {
		c.refuse(w, r, err)
		return
	}
	answer(w, http.StatusOK, reply{Success: true})
}

// signed reads a webhook and checks who sent it. A body of nil is a shop's trial
// call, which says nothing.
func (c *Collector) signed(r *http.Request) (*Source, []byte, error) {
	which, err := id.Parse[id.Source](r.PathValue("source"))
	if err != nil {
		return nil, nil, c.stranger(r, errNoSource)
	}
	source, err := c.sources.byID(r.Context(), which)
	if err != nil {
		return nil, nil, c.stranger(r, err)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxHook+1))
	if err != nil {
		return nil, nil, errShape
	}
	if len(body) > maxHook {
		return nil, nil, c.note(source, errTooLarge)
	}
	signature := r.Header.Get(signatures[source.Class])
	if source.Class == WooCommerce && signature == "" && bytes.HasPrefix(body, []byte("webhook_id=")) {
		return source, nil, nil
	}
	secret, err := openHeld(c.ring, source.secret.keyID, id.Quarantine(source.ID), source.secret.sealed)
	if err != nil {
		return nil, nil, err
	}
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write(body)
	sent, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(sent, mac.Sum(nil)) {
		return nil, nil, c.stranger(r, c.note(source, errSignature))
	}
	if aboutRights(r.Header.Get(topics[source.Class])) {
		return source, body, nil
	}
	switch {
	case source.RevokedAt != 0:
		return nil, nil, c.note(source, errRevoked)
	case source.NoticeVersion == 0:
		return nil, nil, c.note(source, errNoNotice)
	}
	return source, body, c.spend(r, source, 1)
}

// stranger limits the tries of whoever proves nothing.
func (c *Collector) stranger(r *http.Request, err error) error {
	if wait, ok := c.byAddress.Take(c.address(r), 1, c.clock.Now()); !ok {
		return limited{wait}
	}
	return err
}

// told acts on a webhook that a shop signed.
func (c *Collector) told(ctx context.Context, source *Source, topic string, body []byte) error {
	if !aboutRights(topic) && !wanted(source.Class, topic) {
		c.counts.add(source.ID, DroppedEvent, topicName(topic), 1)
		return nil
	}
	said, err := strict.Object(body)
	if err != nil {
		return err
	}
	v := value{said}
	if aboutRights(topic) {
		return c.rights(ctx, source, topic, v)
	}
	rules, err := c.admitted(ctx)
	if err != nil {
		return err
	}
	d := delivery{source: source, received: c.clock.Now()}
	s := sorting{rules: rules}
	if topic == consentChanged {
		s.arrivals = c.lowered(rules, d, v)
	}
	for _, m := range messagesOf(source, rules, topic, v) {
		if err := c.place(&s, d, m); err != nil && !errors.Is(err, errNobody) {
			return err
		}
	}
	if source.Mode == Test {
		c.counts.add(source.ID, NotStored, "", 1)
		return nil
	}
	return c.keep(ctx, d, s)
}

// value reads into a payload; what is missing or of another kind is empty.
type value struct{ v any }

func (x value) get(path ...string) value {
	for _, name := range path {
		m, _ := x.v.(map[string]any)
		x = value{m[name]}
	}
	return x
}

func (x value) list() (out []value) {
	list, _ := x.v.([]any)
	for _, v := range list {
		out = append(out, value{v})
	}
	return out
}

// text gives a text, or a number as it was written. Zero as an id is nobody.
func (x value) text() string {
	switch v := x.v.(type) {
	case string:
		return v
	case strict.Number:
		return string(v)
	}
	return ""
}

// time reads a time as the shops write it; without a zone it is UTC.
func (x value) time() clock.Instant {
	text := x.text()
	if len(text) == len("2006-01-02T15:04:05") {
		text += "Z"
	}
	at, err := parseTime(text)
	if err != nil {
		return 0
	}
	return at
}
