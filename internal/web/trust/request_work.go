package trust

import (
	"context"
	"strings"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/request"
	"candor/internal/web"
)

// answer runs an act on a request and comes back to its page.
func (r *room) answer(done string, act func(ctx context.Context, v *web.Visit, which id.Request) error) func(*web.Visit) error {
	return func(v *web.Visit) error {
		which, err := requestOf(v)
		if err != nil {
			return err
		}
		if err := r.mayDecide(v, which); err != nil {
			return err
		}
		err = act(v.Context(), v, which)
		if errs.Is(err, errs.Invalid) {
			return r.renderRequest(v, which, web.Head{}.Wrong(), err)
		}
		if err != nil {
			return err
		}
		return v.Done(requestsURL+"/"+which.String(), done)
	}
}

// mayDecide returns E_ROLE when a request is the reader's own.
func (r *room) mayDecide(v *web.Visit, which id.Request) error {
	q, err := r.Requests.Get(v.Context(), which)
	if err != nil || q.Customer == 0 {
		return err
	}
	return v.Read(func(tx *db.Tx) error { return r.Guarded.Decides(tx, q.Customer, v.Who.Person.ID) })
}

func (r *room) uphold(ctx context.Context, v *web.Visit, which id.Request) error {
	return r.Requests.Find(ctx, which, request.Finding{Actor: v.Actor()})
}

func (r *room) refuse(ctx context.Context, v *web.Visit, which id.Request) error {
	grounds := v.Form("grounds")
	if len(grounds) < 20 || len(grounds) > 500 {
		return errs.New(errs.Invalid, "no_grounds", "write the compelling grounds, in 20 to 500 characters").On("grounds")
	}
	return r.Requests.Find(ctx, which, request.Finding{Grounds: grounds, Actor: v.Actor()})
}

func (r *room) end(ctx context.Context, v *web.Visit, which id.Request) error {
	return r.Requests.End(ctx, which, v.Actor())
}

func (r *room) lift(ctx context.Context, v *web.Visit, which id.Request) error {
	notice := v.Form("notice")
	if notice == "" || len(notice) > 200 {
		return errs.New(errs.Invalid, "no_notice", "say how the person was told, in up to 200 characters").On("notice")
	}
	return r.Requests.Lift(ctx, which, notice, v.Actor())
}

func (r *room) mistake(ctx context.Context, v *web.Visit, which id.Request) error {
	return r.Requests.TakeBackDeath(ctx, which, v.Actor())
}

func (r *room) settle(ctx context.Context, v *web.Visit, which id.Request) error {
	return r.Requests.Settle(ctx, which, v.Form("how"), v.Actor())
}

// markOfRequest reads where a list goes on; nil at its beginning.
func markOfRequest(s string) *request.Request {
	due, number, _ := strings.Cut(s, "/")
	at, err := clock.Parse(due)
	if err != nil {
		return nil
	}
	q, err := id.Parse[id.Request](number)
	if err != nil {
		return nil
	}
	return &request.Request{ID: q, SafeDue: at}
}
