package bounce

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"candor/internal/errs"
	"candor/internal/message"
	"candor/internal/strict"
)

// Mailgun puts its signature into the body: HMAC-SHA-256, in hexadecimal, of a
// timestamp and a random token. The event beside it is not signed; that it names
// a Message-ID of ours, which cannot be guessed, is what makes it believable.
func mailgun(key string) (verifier, error) {
	if len(key) < 16 {
		return nil, errs.New(errs.Invalid, "bad_config", "the webhook key of Mailgun is the HTTP webhook signing key that its settings show").On("mail.hooks")
	}
	return func(_ http.Header, body []byte) ([]message.Report, error) {
		said, err := strict.Object(body)
		if err != nil {
			return nil, err
		}
		v := value{said}
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(v.get("signature", "timestamp").text() + v.get("signature", "token").text()))
		sent, err := hex.DecodeString(v.get("signature", "signature").text())
		if err != nil || v.get("signature", "token").text() == "" || !hmac.Equal(sent, mac.Sum(nil)) {
			return nil, errSignature
		}
		if r, ok := mailgunEvent(v.get("event-data")); ok {
			return []message.Report{r}, nil
		}
		return nil, nil
	}, nil
}

// mailgunEvent reads the event. A temporary failure goes on being tried.
func mailgunEvent(e value) (message.Report, bool) {
	r := message.Report{MessageID: e.get("message", "headers", "message-id").text()}
	switch {
	case r.MessageID == "":
		return r, false
	case e.get("event").text() == "delivered":
		r.Fate = message.Arrived
	case e.get("event").text() == "complained":
		r.Fate = message.Complained
	case e.get("event").text() == "failed" && e.get("severity").text() == "permanent":
		return mailgunFailed(r, e), true
	default:
		return r, false
	}
	return r, true
}

func mailgunFailed(r message.Report, e value) message.Report {
	r.Fate = message.CameBack
	status := e.get("delivery-status")
	r.Code, r.Status = status.get("code").code(), statusOf(status.get("enhanced-code").text())
	if code, said := replyOf(status.get("message").text()); r.Status[1] == 0 && code == r.Code && said[0] != 0 {
		r.Status = said
	}
	switch e.get("reason").text() {
	case "suppress-bounce":
		r.Code, r.Status = 550, [3]int{5, 1, 1}
	case "suppress-complaint":
		r.Fate = message.Complained
	case "old": // given up after trying for long
		r.Code, r.Status = 452, [3]int{4, 4, 7}
	}
	return r
}
