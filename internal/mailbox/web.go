package mailbox

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/id"
)

//go:embed page
var files embed.FS

var pages = template.Must(template.ParseFS(files, "page/*.html"))

var style = func() []byte {
	b, err := files.ReadFile("page/mailbox.css")
	if err != nil {
		panic(err) // the file is embedded
	}
	return b
}()

var styleURL = func() string {
	sum := sha256.Sum256(style)
	return "/mailbox-assets/" + hex.EncodeToString(sum[:8]) + "/mailbox.css"
}()

func serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(style)
}

const perPage = 40

// row is a line of the list.
type row struct {
	ID                        id.Mail
	Initial, To, Subject, Day string
	Snippet                   string
}

// listPage is what the list shows.
type listPage struct {
	Style, Base, To string
	Rows            []row
	Older           string // query of the next page, or ""
}

// showPage is what one mail's page shows.
type showPage struct {
	Style, Base string
	View        string // html, text or headers
	Letter      Letter
	When        string
}

func (b *Box) list(w http.ResponseWriter, r *http.Request) {
	letters, err := b.newest(r)
	if err != nil {
		http.Error(w, "The mailbox cannot be read right now.", http.StatusServiceUnavailable)
		return
	}
	p := listPage{Style: styleURL, Base: b.Path(), To: r.FormValue("to")}
	for _, l := range letters {
		p.Rows = append(p.Rows, row{ID: l.ID, Initial: initial(l.To), To: strings.Trim(l.To, "<>"), Subject: l.Subject,
			Day: l.At.Time().Format("2 Jan, 15:04"), Snippet: snippet(l.Text)})
	}
	if len(letters) == perPage {
		p.Older = "?before=" + letters[perPage-1].ID.String()
	}
	render(w, "list.html", p)
}

func initial(to string) string {
	to = strings.Trim(to, "<> ")
	if to == "" {
		return "?"
	}
	return strings.ToUpper(to[:1])
}

// snippet is the first words of a text after the sender's name.
func snippet(text string) string {
	_, body, found := strings.Cut(text, "\n\n")
	if !found {
		body = text
	}
	s := strings.Join(strings.Fields(body), " ")
	if r := []rune(s); len(r) > 140 {
		return string(r[:140]) + "…"
	}
	return s
}

// newest reads a page of the list: ?to=address, ?before=mail.
func (b *Box) newest(r *http.Request) ([]Letter, error) {
	before := int64(1<<63 - 1)
	if m, err := id.Parse[id.Mail](r.FormValue("before")); err == nil {
		before = int64(m)
	}
	var out []Letter
	err := b.db.Read(r.Context(), func(tx *db.Tx) error {
		out = nil
		query, args := "select mail_id, at, sealed from mail where mail_id < $1 order by mail_id desc, customer_id limit $2", []any{before, 3 * perPage}
		if to := r.FormValue("to"); to != "" {
			address, err := customer.Email(to)
			if err != nil {
				return nil
			}
			found, err := b.book.Find(tx, address)
			if err != nil || len(found) == 0 {
				return err
			}
			query = "select mail_id, at, sealed from mail where customer_id = $3 and mail_id < $1 order by mail_id desc limit $2"
			args = append(args, found[0])
		}
		rows, err := tx.Query(query, args...)
		stored, err := db.Collect(rows, err, scanMail)
		if err != nil {
			return err
		}
		for _, s := range stored {
			if len(out) == perPage || len(out) > 0 && out[len(out)-1].ID == s.id {
				continue // the same mail, kept with another customer of the address
			}
			l, err := b.letter(s)
			if err != nil {
				return err
			}
			out = append(out, l)
		}
		return nil
	})
	return out, err
}

type stored struct {
	id     id.Mail
	at     clock.Instant
	sealed string
}

func scanMail(scan db.Scan) (s stored, err error) { return s, scan(&s.id, &s.at, &s.sealed) }

func (b *Box) letter(s stored) (Letter, error) {
	raw, err := b.open(s.sealed)
	if err != nil {
		return Letter{}, err
	}
	l := parse(raw)
	l.ID, l.At = s.id, s.at
	return l, nil
}

// find reads one mail for a request; nil when there is none.
func (b *Box) find(r *http.Request) *Letter {
	m, err := id.Parse[id.Mail](r.PathValue("id"))
	if err != nil {
		return nil
	}
	var out *Letter
	err = b.db.Read(r.Context(), func(tx *db.Tx) error {
		rows, err := tx.Query("select mail_id, at, sealed from mail where mail_id = $1 order by customer_id limit 1", m)
		found, err := db.Collect(rows, err, scanMail)
		if err != nil || len(found) == 0 {
			return err
		}
		l, err := b.letter(found[0])
		out = &l
		return err
	})
	if err != nil {
		return nil
	}
	return out
}

func (b *Box) show(w http.ResponseWriter, r *http.Request) {
	l := b.find(r)
	if l == nil {
		http.NotFound(w, r)
		return
	}
	view := r.FormValue("view")
	if view != "text" && view != "headers" {
		view = "html"
	}
	if view == "html" && l.HTML == "" {
		view = "text"
	}
	render(w, "show.html", showPage{Style: styleURL, Base: b.Path(), View: view, Letter: *l, When: l.At.Time().Format("Monday, 2 January 2006, 15:04 UTC")})
}

// page serves a mail's HTML for the frame: no script, no form, nothing of this
// origin, whatever the mail holds.
func (b *Box) page(w http.ResponseWriter, r *http.Request) {
	l := b.find(r)
	if l == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy",
		"sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
	_, _ = w.Write([]byte(strings.ReplaceAll(l.HTML, "<a href=", `<a target="_blank" rel="noopener noreferrer" href=`)))
}

// json lists mails for scripts, the newest first, with their links.
func (b *Box) json(w http.ResponseWriter, r *http.Request) {
	letters, err := b.newest(r)
	if err != nil {
		http.Error(w, "The mailbox cannot be read right now.", http.StatusServiceUnavailable)
		return
	}
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil && n >= 0 && n < len(letters) {
		letters = letters[:n]
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"mails": letters})
}

func render(w http.ResponseWriter, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := pages.ExecuteTemplate(w, name, data); err != nil {
		http.Error(w, "The page cannot be shown right now.", http.StatusInternalServerError)
	}
}
