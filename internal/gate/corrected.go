package gate

import (
	"slices"

	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

// Corrected is the payload of TopicCorrected: an edge that knew whom it was
// talking about changed these values. Whoever was given them before is to be
// told (GDPR 19).
type Corrected struct {
	Customer id.Customer  `json:"customer"`
	Fields   []term.Field `json:"fields"`
}

// publishCorrections tells of the batch's corrections.
func (b *batch) publishCorrections(tx *db.Tx) error {
	for i := range b.list {
		a := &b.list[i]
		if a.Customer == 0 || len(a.Values)+len(a.Traits) == 0 || b.out[i].Refused != nil {
			continue
		}
		c := Corrected{Customer: a.Customer}
		for f := range a.Values {
			c.Fields = append(c.Fields, f)
		}
		for f := range a.Traits {
			c.Fields = append(c.Fields, f)
		}
		slices.Sort(c.Fields)
		if err := b.g.outbox.Publish(tx, TopicCorrected, c); err != nil {
			return err
		}
	}
	return nil
}
