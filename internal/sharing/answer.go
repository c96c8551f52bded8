package sharing

import (
	"encoding/json"
	"io"
	"net/http"

	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/strict"
	"candor/internal/term"
)

// answer is what a recipient tells us.
type answer struct {
	Acknowledged []string    `json:"acknowledged"` // deliveries that are done
	Stop         []subjectNo `json:"stop"`         // people who told them no
}

// subjectNo is a no that a person said to a recipient. It may only lower.
type subjectNo struct {
	Subject string       `json:"subject"`
	Purpose term.Purpose `json:"purpose"`
	Channel term.Channel `json:"channel"`
}

// answersAtOnce bounds one answer.
const answersAtOnce = 1000

// AnswersPath is where a recipient answers, signed as it is signed to.
const AnswersPath = "/recipients/{recipient}/answers"

// Routes serves the recipients' answers on a mux.
func (s *Service) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST "+AnswersPath, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "application/json")
		taken, err := s.answered(r)
		if err != nil {
			w.WriteHeader(statusOf(err))
			_ = json.NewEncoder(w).Encode(map[string]string{"code": string(codeOr(err, "internal")), "detail": told(err)})
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]int{"taken": taken})
	})
}

func statusOf(err error) int {
	switch errs.KindOf(err) {
	case errs.Invalid:
		return http.StatusUnprocessableEntity
	case errs.Unauthorized, errs.NotFound:
		return http.StatusUnauthorized
	case errs.TooLarge:
		return http.StatusRequestEntityTooLarge
	case errs.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func told(err error) string {
	if errs.KindOf(err) == errs.Internal {
		return "internal error"
	}
	return err.Error()
}

// answered takes a signed answer: all of it in one transaction.
func (s *Service) answered(r *http.Request) (taken int, err error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20+1))
	if err != nil || len(body) > 1<<20 {
		return 0, errs.New(errs.TooLarge, "body_too_large", "an answer has at most 1 MB")
	}
	var from Recipient
	err = s.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		from, err = s.get(tx, term.Recipient(r.PathValue("recipient")))
		return err
	})
	if err != nil && !errs.Is(err, errs.NotFound) {
		return 0, err
	}
	if err != nil {
		from.secret = random(24) // an unknown recipient is answered as a wrong signature
	}
	if err := verify(r.Header, from.secret, s.Clock.Now(), body); err != nil {
		return 0, err
	}
	a, err := readAnswer(body)
	if err != nil {
		return 0, err
	}
	err = s.DB.Write(r.Context(), func(tx *db.Tx) error {
		taken, err = s.take(tx, from, a)
		return err
	})
	return taken, err
}

func readAnswer(body []byte) (answer, error) {
	var a answer
	if _, err := strict.Object(body); err != nil {
		return a, err
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return a, errs.New(errs.Invalid, "bad_answer", `write {"acknowledged": ["dlv_..."], "stop": [{"subject": "sub_...", "purpose": "..."}]}`)
	}
	if n := len(a.Acknowledged) + len(a.Stop); n == 0 || n > answersAtOnce {
		return a, errs.New(errs.Invalid, "bad_answer", "an answer holds 1 to %d things", answersAtOnce)
	}
	return a, nil
}

func (s *Service) take(tx *db.Tx, from Recipient, a answer) (int, error) {
	n := 0
	for _, text := range a.Acknowledged {
		d, err := id.Parse[id.Delivery](text)
		if err != nil {
			return 0, errs.New(errs.Invalid, "bad_delivery", "acknowledged holds what is not the id of a delivery").On("acknowledged")
		}
		ok, err := s.Acknowledge(tx, from.Name, d)
		if err != nil {
			return 0, err
		}
		if ok {
			n++
		}
	}
	for _, no := range a.Stop {
		ok, err := s.lower(tx, from, no)
		if err != nil {
			return 0, err
		}
		if ok {
			n++
		}
	}
	return n, nil
}

// Acknowledge records that a recipient has done what a delivery asked. It
// reports false when the recipient has no such delivery open.
func (s *Service) Acknowledge(tx *db.Tx, from term.Recipient, d id.Delivery) (bool, error) {
	rows, err := tx.Query("select "+deliveryColumns+" from delivery where recipient = $1 and delivery_id = $2", from, d)
	found, err := db.Collect(rows, err, scanDelivery)
	if err != nil {
		return false, err
	}
	if len(found) == 0 {
		rows, err = tx.Query("select "+noticeColumns+" from erasure_notice where recipient = $1 and delivery_id = $2", from, d)
		if found, err = db.Collect(rows, err, scanNotice); err != nil || len(found) == 0 {
			return false, err
		}
	}
	if found[0].State == Acknowledged || found[0].State == Cancelled || found[0].State == Denied {
		return false, nil
	}
	return true, s.acknowledge(tx, found[0], s.Clock.Now())
}

func (s *Service) acknowledge(tx *db.Tx, d Delivery, now clock.Instant) error {
	table := "delivery"
	if d.What == Erase {
		table = "erasure_notice"
	}
	_, err := tx.Exec("update "+table+` set state = 'acknowledged', code = '', acked_at = $3,
		sent_at = case when sent_at = 0 then $3 else sent_at end where customer_id = $1 and delivery_id = $2`, d.Customer, d.ID, now)
	if err != nil {
		return err
	}
	_, err = s.Ledger.Append(tx, KindAcknowledged, now, map[string]any{"delivery": d.ID, "recipient": d.Recipient, "kind": d.What, "purpose": d.Purpose})
	if err != nil || d.What != Erase {
		return err
	}
	var open int64
	err = tx.QueryRow("select count(*) from erasure_notice where customer_id = $1 and request_id = $2 and state <> 'acknowledged'", d.Customer, d.Request).Scan(&open)
	if err != nil || open > 0 {
		return err
	}
	return s.Outbox.Publish(tx, TopicAnswered, Answered{d.Request})
}

// lower records a no that a person said to a recipient: the stricter of two
// systems wins. It reports false for people we do not know any more.
func (s *Service) lower(tx *db.Tx, from Recipient, no subjectNo) (bool, error) {
	c, err := from.customerOf(no.Subject)
	if err != nil {
		return false, err
	}
	return s.no(tx, from.Name, c, no.Purpose, no.Channel)
}

func (s *Service) no(tx *db.Tx, from term.Recipient, c id.Customer, p term.Purpose, ch term.Channel) (bool, error) {
	_, _, err := s.Gate.Record(tx, consent.Act{Customer: c, Purpose: p, Channel: ch, Kind: consent.Withdrawn, Method: consent.ByAPI,
		Strength: consent.Attested, Actor: term.Actor(Origin(from)), Source: Origin(from), Evidence: "said to the recipient"})
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	return err == nil, err
}
