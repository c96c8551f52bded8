package sharing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"candor/internal/clock"
	"candor/internal/errs"
)

// The headers of Standard Webhooks, by which both sides sign.
const (
	headerID        = "Webhook-Id"
	headerTime      = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// clockSkew is how far a signed message's time may be from ours.
const clockSkew = 5 * time.Minute

// sign adds the headers that prove who sent a body, and when.
func sign(h http.Header, secret []byte, messageID string, at clock.Instant, body []byte) {
	stamp := strconv.FormatInt(at.Time().Unix(), 10)
	h.Set(headerID, messageID)
	h.Set(headerTime, stamp)
	h.Set(headerSignature, "v1,"+base64.StdEncoding.EncodeToString(mac(secret, messageID, stamp, body)))
}

func mac(secret []byte, messageID, stamp string, body []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(messageID + "." + stamp + "."))
	m.Write(body)
	return m.Sum(nil)
}

// verify checks what sign added. Whatever is wrong, the error is the same.
func verify(h http.Header, secret []byte, now clock.Instant, body []byte) error {
	bad := errs.New(errs.Unauthorized, "bad_signature", "the signature does not fit; sign id, timestamp and body with the secret of this recipient (Standard Webhooks)")
	stamp, err := strconv.ParseInt(h.Get(headerTime), 10, 64)
	if err != nil || h.Get(headerID) == "" {
		return bad
	}
	if skew := now.Time().Sub(time.Unix(stamp, 0)); skew > clockSkew || skew < -clockSkew {
		return bad
	}
	want := mac(secret, h.Get(headerID), h.Get(headerTime), body)
	for one := range strings.FieldsSeq(h.Get(headerSignature)) {
		text, ok := strings.CutPrefix(one, "v1,")
		got, err := base64.StdEncoding.DecodeString(text)
		if ok && err == nil && hmac.Equal(got, want) {
			return nil
		}
	}
	return bad
}
