package home

import (
	"candor/internal/db"
	"candor/internal/ui"
	"candor/internal/web"
)

// unexplained asks the reader what their looks without a case were for.
func (r *room) unexplained(v *web.Visit) ([]task, error) {
	n := 0
	err := v.Read(func(tx *db.Tx) error {
		list, err := v.Staff.Unexplained(tx, v.Who.Person.ID)
		n = len(list)
		return err
	})
	if err != nil || n == 0 {
		return nil, err
	}
	return []task{{Text: "Say what you looked at customers for", URL: "/admin/accesses", Note: "A sample of looks that named no request",
		Status: ui.Status{Tone: ui.Warn, Text: ui.Number("en", int64(n)) + " open"}}}, nil
}

// accesses names the looks without a case that the officer has not judged.
func (r *room) accesses(v *web.Visit) ([]task, error) {
	var n int64
	err := v.Read(func(tx *db.Tx) (err error) {
		n, err = v.Staff.OpenAccesses(tx)
		return err
	})
	if err != nil || n == 0 {
		return nil, err
	}
	return []task{{Text: "Accesses to customers without a case", URL: "/admin/trust/accesses", Note: "This week's sample, with what they were for",
		Status: ui.Status{Tone: ui.Warn, Text: ui.Number("en", n) + " to judge"}}}, nil
}
