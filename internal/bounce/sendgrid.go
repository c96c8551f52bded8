package bounce

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"net/http"

	"candor/internal/errs"
	"candor/internal/message"
	"candor/internal/strict"
)

// SendGrid signs the timestamp and the body with ECDSA over P-256; its settings
// show the public key as base64 of its DER form. A signed webhook that is sent
// again changes nothing, since each mail is counted once.
const (
	sendGridSignature = "X-Twilio-Email-Event-Webhook-Signature"
	sendGridTimestamp = "X-Twilio-Email-Event-Webhook-Timestamp"
)

func sendGrid(key string) (verifier, error) {
	bad := errs.New(errs.Invalid, "bad_config", "the webhook key of SendGrid is the verification key that its settings show").On("mail.hooks")
	der, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return nil, bad
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	public, ok := parsed.(*ecdsa.PublicKey)
	if err != nil || !ok {
		return nil, bad
	}
	return func(h http.Header, body []byte) ([]message.Report, error) {
		signature, err := base64.StdEncoding.DecodeString(h.Get(sendGridSignature))
		sum := sha256.New()
		sum.Write([]byte(h.Get(sendGridTimestamp)))
		sum.Write(body)
		if err != nil || h.Get(sendGridTimestamp) == "" || !ecdsa.VerifyASN1(public, sum.Sum(nil), signature) {
			return nil, errSignature
		}
		return sendGridEvents(body)
	}, nil
}

func sendGridEvents(body []byte) ([]message.Report, error) {
	said, err := strict.Parse(body)
	list, ok := said.([]any)
	if err != nil || !ok {
		return nil, errs.New(errs.Invalid, "bad_body", "a webhook of SendGrid is a list of events")
	}
	var out []message.Report
	for _, e := range list {
		if r, ok := sendGridEvent(value{e}); ok {
			out = append(out, r)
		}
	}
	return out, nil
}

// sendGridEvent reads one event. One that was deferred goes on being tried, and
// opens and clicks are none of our business.
func sendGridEvent(e value) (message.Report, bool) {
	r := message.Report{MessageID: e.get("smtp-id").text()}
	if r.MessageID == "" {
		return r, false
	}
	switch e.get("event").text() {
	case "delivered":
		r.Fate = message.Arrived
	case "spamreport":
		r.Fate = message.Complained
	case "bounce":
		return sendGridBounce(r, e), true
	case "dropped":
		return sendGridDropped(r, e.get("reason").text())
	default:
		return r, false
	}
	return r, true
}

// sendGridBounce: the type says whether the address is bad ("bounce") or the mail
// was turned away this time ("blocked").
func sendGridBounce(r message.Report, e value) message.Report {
	r.Fate = message.CameBack
	r.Code, r.Status = replyOf(e.get("reason").text())
	if given := statusOf(e.get("status").text()); r.Status[1] == 0 && given[0] != 0 {
		r.Status = given
	}
	switch {
	case e.get("type").text() == "blocked":
		r.Code, r.Status = 452, [3]int{4, r.Status[1], r.Status[2]}
	case r.Code == 0:
		r.Code = 550
	}
	return r
}

// sendGridDropped is for a mail that SendGrid kept back because of what it knows
// of the address from before.
func sendGridDropped(r message.Report, reason string) (message.Report, bool) {
	r.Fate = message.CameBack
	switch reason {
	case "Bounced Address", "Invalid":
		r.Code, r.Status = 550, [3]int{5, 1, 1}
	case "Spam Reporting Address":
		r.Fate = message.Complained
	}
	return r, true
}
