package audiences

import (
	"candor/internal/audience"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ui"
	"candor/internal/web"
)

// save keeps a condition under a name.
func (r *room) save(v *web.Visit) error {
	q, err := read(v)
	if err != nil {
		return err
	}
	err = v.Write(func(tx *db.Tx) error {
		_, err := r.Audience.SaveSegment(tx, audience.Segment{Name: v.Form("name"), Purpose: q.purpose.ID, Expression: q.expression(), Author: v.Actor()})
		return err
	})
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Conflict) {
		return r.edit(v, q, web.Head{}.Wrong(), ui.Field{Value: v.Form("name"), Error: web.Sentence(err)})
	}
	if err != nil {
		return err
	}
	return v.Done(listURL, "Saved. It is checked against the charter each time it is used.")
}

// delete forgets a saved audience. Campaigns keep the condition they were
// launched with.
func (r *room) delete(v *web.Visit) error {
	segment, err := id.Parse[id.Segment](v.R.PathValue("segment"))
	if err != nil {
		return errs.New(errs.NotFound, "no_segment", "there is no such audience")
	}
	err = v.Write(func(tx *db.Tx) error { return r.Audience.DeleteSegment(tx, segment) })
	if err != nil {
		return err
	}
	return v.Done(listURL, "Deleted. Campaigns keep the audience they were launched with.")
}
