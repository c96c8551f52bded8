package sharing

import (
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

// Answered is the payload of TopicAnswered.
type Answered struct {
	Request id.Request `json:"request"`
}

// Erased plans, in the transaction that accepts an erasure, the notice to every
// recipient that may hold data of the customer (GDPR 19). It gives their number.
func (s *Service) Erased(tx *db.Tx, c id.Customer, r id.Request) (int, error) {
	all, err := history(tx, c)
	if err != nil {
		return 0, err
	}
	told := map[term.Recipient]bool{}
	now := s.Clock.Now()
	for _, d := range all {
		if told[d.Recipient] {
			continue
		}
		if err := cancelData(tx, c, d.Recipient, ""); err != nil {
			return 0, err
		}
		if !given(all, d.Recipient) {
			continue
		}
		told[d.Recipient] = true
		_, err := tx.Exec(`insert into erasure_notice (`+noticeColumns+`, controller) values ($1, $2, $3, $4, 'planned', '', 0, $5, $5, 0, 0, $6)`,
			c, r, id.New[id.Delivery](), d.Recipient, now, s.controllerOf(tx))
		if err != nil {
			return 0, err
		}
	}
	if len(told) == 0 {
		return 0, nil
	}
	return len(told), s.wake(tx)
}

// ErasureNotices lists what recipients were told of an erasure, and what they
// answered.
func (s *Service) ErasureNotices(tx *db.Tx, c id.Customer, r id.Request) ([]Delivery, error) {
	rows, err := tx.Query("select "+noticeColumns+" from erasure_notice where customer_id = $1 and request_id = $2 order by recipient", c, r)
	return db.Collect(rows, err, scanNotice)
}
