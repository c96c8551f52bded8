package web

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/staff"
	"candor/internal/ui"
)

// maxForm bounds what a form may send.
const maxForm = 1 << 20

// serve runs a route's action once its access is given. Status, logging and what
// is seen of an error are decided here alone.
func (s *Shell) serve(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &Visit{Shell: s, W: w, R: r}
		if err := v.enter(route); err != nil {
			s.fail(v, err)
			return
		}
		if v.done {
			return
		}
		if route.Access.files > 0 {
			r.Body = http.MaxBytesReader(w, r.Body, route.Access.files)
		} else if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			if err := r.ParseForm(); err != nil {
				s.fail(v, errs.Wrap(err, errs.Invalid, "bad_form", "the form could not be read; go back and send it again"))
				return
			}
		}
		if err := route.Do(v); err != nil {
			s.fail(v, err)
		}
	})
}

// enter finds who asks and whether they may.
func (v *Visit) enter(route Route) error {
	if route.Access.kind == anyone {
		return nil
	}
	who, err := v.Staff.Ask(v.R.Context(), v.cookie(sessionCookie))
	if errs.CodeOf(err) == staff.NoSession {
		return v.toSignIn()
	}
	if err != nil {
		return err
	}
	v.Who = who
	if !who.Bound && !route.Access.unbound {
		return v.toCommit()
	}
	if !route.Access.Allows(who.Rights) {
		err := v.DB.Write(v.R.Context(), func(tx *db.Tx) error {
			return v.Staff.Refused(tx, who.Person.ID, route.Pattern, route.Access.may[0])
		})
		if err != nil {
			return err
		}
		return staff.ErrNotAllowed(route.Access.may[0])
	}
	if route.Access.fresh && !who.Fresh(v.Clock.Now()) {
		return v.toProve()
	}
	return nil
}

// toSignIn leads a stranger to the door, and later back to where they wanted to.
func (v *Visit) toSignIn() error {
	to := "/admin/sign-in"
	if v.R.Method == http.MethodGet && v.R.URL.Path != "/admin/" {
		to += "?next=" + url.QueryEscape(v.R.URL.RequestURI())
	}
	return v.Redirect(to)
}

// toCommit asks for the promise of confidentiality, whose words have changed.
func (v *Visit) toCommit() error {
	back := "/admin/"
	if v.R.Method == http.MethodGet {
		back = v.R.URL.RequestURI()
	}
	return v.Redirect(againURL + "?next=" + url.QueryEscape(back))
}

// toProve asks for the second factor again. What a form held is lost, so pages
// with such a form need freshness themselves.
func (v *Visit) toProve() error {
	back := v.R.URL.RequestURI()
	if v.R.Method != http.MethodGet {
		back = "/admin/"
		if from, err := url.Parse(v.R.Referer()); err == nil {
			back = from.RequestURI()
		}
	}
	return v.Redirect("/admin/prove?next=" + url.QueryEscape(back))
}

// ours gives a place of ours to go on to, or the start.
func ours(next string) string {
	if u, err := url.Parse(next); err == nil && u.Host == "" && u.Scheme == "" && strings.HasPrefix(u.Path, "/admin/") {
		return next
	}
	return "/admin/"
}

// fail shows the error page and logs what is ours: the route, never the path.
func (s *Shell) fail(v *Visit, err error) {
	err = s.Approvals.Settle(v.R.Context(), err)
	incident := id.New[id.Use]().String()
	if kind := errs.KindOf(err); kind == errs.Internal || kind == errs.Unavailable {
		s.Log.LogAttrs(v.R.Context(), slog.LevelError, "page failed",
			slog.String("route", v.R.Pattern), slog.String("incident", incident), slog.String("error", err.Error()))
	}
	ui.Fail(v.W, v.frame(Head{}), err, incident)
}

func notFound(*Visit) error {
	return errs.New(errs.NotFound, "no_such_page", "there is no such page; go to another with /")
}
