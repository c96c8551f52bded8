package app

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/db/schema"
	"candor/internal/demo"
	"candor/internal/id"
	"candor/internal/staff"
	"candor/internal/web"
	"candor/internal/web/webtest"
)

var parameter = regexp.MustCompile(`\{[a-z]+\}`)

// asked counts the requests: each comes from an address of its own, so that what
// one address may ask for does not end the walk.
var asked atomic.Uint32

// ask sends a route's request with a session, or with none.
func ask(h http.Handler, route web.Route, cookie *http.Cookie) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(route.Pattern, " ")
	path = parameter.ReplaceAllString(strings.TrimSuffix(path, "{$}"), "x")
	r := httptest.NewRequest(method, path, strings.NewReader(url.Values{"role": {"administrator"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if cookie != nil {
		r.AddCookie(cookie)
	}
	n := asked.Add(1)
	r.RemoteAddr = fmt.Sprintf("203.0.%d.%d:1", n/256%256, n%256)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// rows gives what stands in every table but those that a refusal may touch: the
// ledger records it, a session is seen, a look is counted.
func rows(t *testing.T, d *db.DB) map[string]string {
	t.Helper()
	all, err := schema.Current()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	err = d.Read(ctx, func(tx *db.Tx) error {
		for _, table := range all {
			switch {
			case strings.HasPrefix(table.Name, "ledger_"), table.Name == "staff_session", table.Name == "staff_try", table.Name == "staff_look":
				continue
			}
			if out[table.Name], err = contentOf(tx, table.Name, len(table.Columns)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// contentOf puts the rows of a table into one text.
func contentOf(tx *db.Tx, table string, columns int) (string, error) {
	found, err := tx.Query("select * from " + table)
	lines, err := db.Collect(found, err, func(scan db.Scan) (string, error) {
		cells, into := make([]any, columns), make([]any, columns)
		for i := range cells {
			into[i] = &cells[i]
		}
		err := scan(into...)
		return fmt.Sprintf("%q", fmt.Sprint(cells...)), err
	})
	slices.Sort(lines)
	return fmt.Sprintf("%d %x", len(lines), sha256.Sum256([]byte(strings.Join(lines, "\n")))), err
}

// elsewhere gives the number of an object of each kind that a route may name, as
// another brand would have it.
var elsewhere = map[string]func() string{
	"{access}": func() string { return id.New[id.Access]().String() }, "{approval}": func() string { return id.New[id.Approval]().String() },
	"{audit}": func() string { return id.New[id.Audit]().String() }, "{campaign}": func() string { return id.New[id.Campaign]().String() },
	"{customer}": func() string { return id.NewCustomer().String() }, "{entry}": func() string { return id.New[id.Entry]().String() },
	"{import}": func() string { return id.New[id.Import]().String() }, "{incident}": func() string { return id.New[id.Incident]().String() },
	"{passkey}": func() string { return id.New[id.Passkey]().String() }, "{request}": func() string { return id.New[id.Request]().String() },
	"{segment}": func() string { return id.New[id.Segment]().String() }, "{session}": func() string { return id.New[id.Session]().String() },
	"{source}": func() string { return id.New[id.Source]().String() }, "{staff}": func() string { return id.New[id.Staff]().String() },
	"{token}": func() string { return id.New[id.Token]().String() }, "{delivery}": func() string { return id.New[id.Delivery]().String() },
	"{export}": func() string { return id.New[id.Export]().String() }, "{template}": func() string { return id.New[id.Template]().String() },
	"{class}": func() string { return "provable" }, "{kind}": func() string { return "elsewhere" }, "{ask}": func() string { return "elsewhere" }, "{version}": func() string { return "99" },
}

// strange asks, with one person's rights, for an object of another brand at every
// route that names one: there is none, and nothing comes of it.
func strange(t *testing.T, a *App, h http.Handler, p *webtest.Person, who staff.Who) {
	t.Helper()
	before := rows(t, a.DB)
	for _, route := range a.Web.Routes() {
		names := parameter.FindAllString(route.Pattern, -1)
		if len(names) == 0 || !route.Access.Allows(who.Rights) || route.Access.ForStrangers() {
			continue
		}
		pattern := route.Pattern
		for _, name := range names {
			number, ok := elsewhere[name]
			if !ok {
				t.Errorf("%s: say in elsewhere how %s of another brand looks", route.Pattern, name)
				number = func() string { return "x" }
			}
			pattern = strings.Replace(pattern, name, number(), 1)
		}
		w := ask(h, web.Route{Pattern: pattern}, p.Session(t))
		if !slices.Contains([]int{http.StatusNotFound, http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusTooManyRequests}, w.Code) {
			t.Errorf("%s of another brand: %d %s", route.Pattern, w.Code, w.Header().Get("Location"))
		}
	}
	after := rows(t, a.DB)
	for table := range after {
		if before[table] != after[table] {
			t.Errorf("asking for another brand's changed %s: %s, before %s", table, after[table], before[table])
		}
	}
}

// Every route of staff, once as a stranger and once for each role: whoever lacks
// the permission learns nothing, changes nothing and is on record; whoever has
// it is let in.
func TestEveryRouteAsEveryRole(t *testing.T) {
	dbtest.EachPlace(t, func(t *testing.T, place string) {
		now := clock.System{}.Now()
		clk := &demo.Clock{}
		a := openWith(t, place, nil, clk, now)
		clk.Live()
		h := a.Handler()
		roles := []string{""}
		for _, r := range staff.Roles(currentCharter(t, a)) {
			roles = append(roles, r.ID)
		}
		people := map[string]*webtest.Person{}
		for i, role := range roles {
			held := []string{role}
			if role == "" {
				held = nil
			}
			people[role] = webtest.Hire(t, a.Staff, fmt.Sprintf("p%d@halm.example", i), held...)
		}
		strangers(t, a, h)
		for _, role := range roles {
			t.Run("role "+role, func(t *testing.T) { walk(t, a, h, people[role]) })
		}
	})
}

func strangers(t *testing.T, a *App, h http.Handler) {
	before := rows(t, a.DB)
	for _, route := range a.Web.Routes() {
		if route.Access.ForStrangers() {
			continue
		}
		w := ask(h, route, nil)
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/admin/sign-in") {
			t.Errorf("a stranger at %s: %d %s", route.Pattern, w.Code, w.Header().Get("Location"))
		}
	}
	if after := rows(t, a.DB); !maps.Equal(before, after) {
		t.Errorf("strangers changed the database: %v, before %v", after, before)
	}
}

// walk asks for every route with one person's rights.
func walk(t *testing.T, a *App, h http.Handler, p *webtest.Person) {
	cookie := p.Session(t)
	who, err := a.Staff.Ask(ctx, cookie.Value)
	if err != nil {
		t.Fatal(err)
	}
	before := rows(t, a.DB)
	refused := 0
	for _, route := range a.Web.Routes() {
		if route.Access.Allows(who.Rights) {
			continue
		}
		refused++
		w := ask(h, route, cookie)
		if body := w.Body.String(); w.Code != http.StatusForbidden || !strings.Contains(body, "none of your roles may") {
			t.Errorf("%s: %d, want 403 and a reason", route.Pattern, w.Code)
		}
	}
	if after := rows(t, a.DB); !maps.Equal(before, after) {
		t.Errorf("what was refused changed the database: %v, before %v", after, before)
	}
	strange(t, a, h, p, who)
	for _, route := range a.Web.Routes() {
		if !route.Access.Allows(who.Rights) || route.Access.ForStrangers() {
			continue
		}
		w := ask(h, route, p.Session(t))
		switch {
		case w.Code == http.StatusForbidden || w.Code >= 500 || strings.HasPrefix(w.Header().Get("Location"), "/admin/sign-in") && !strings.Contains(route.Pattern, "sign-out"):
			t.Errorf("%s: %d %s, though the role may", route.Pattern, w.Code, w.Header().Get("Location"))
		case w.Code == http.StatusOK && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html"):
			webtest.Check(t, route.Pattern, w.Body.String())
		}
	}
	if refused > 0 && refusals(t, a) == 0 {
		t.Error("no refusal is on record")
	}
}
