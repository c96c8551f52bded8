package charter

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the notice's two forms
	"encoding/hex"
	"fmt"
	"html/template"
	"strings"
	texttemplate "text/template"

	"golang.org/x/net/html"

	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/term"
)

// Notice is a charter's text as people read it, in one language. It never
// changes.
type Notice struct {
	ID      id.Notice
	Version int64
	Lang    term.Lang
	Hash    string // SHA-256 over HTML, text and JSON-LD, in hexadecimal
	HTML    string // an article to stand in a page: no style, no script
	Text    string
	JSONLD  string // W3C Data Privacy Vocabulary
}

var (
	//go:embed notice.html
	noticeHTML string
	//go:embed notice.txt
	noticeText string

	htmlForm = template.Must(template.New("notice").Parse(noticeHTML))
	textForm = texttemplate.Must(texttemplate.New("notice").Parse(noticeText))
)

// Render writes the notice of a charter in a language. Applying a charter does
// so for every language; by itself it is a preview, without an id.
func (c *Charter) Render(lang term.Lang) (Notice, error) {
	m := c.model(lang)
	n := Notice{Version: c.Version, Lang: lang}
	var b bytes.Buffer
	if err := htmlForm.Execute(&b, m); err != nil {
		return Notice{}, fmt.Errorf("charter: notice: %w", err)
	}
	n.HTML = b.String()
	b.Reset()
	if err := textForm.Execute(&b, m); err != nil {
		return Notice{}, fmt.Errorf("charter: notice: %w", err)
	}
	n.Text = b.String()
	var err error
	if n.JSONLD, err = c.jsonLD(m); err != nil {
		return Notice{}, err
	}
	n.Hash = n.sum()
	return n, nil
}

func (n Notice) sum() string {
	h := sha256.New()
	for _, part := range []string{n.HTML, n.Text, n.JSONLD} {
		fmt.Fprintf(h, "%d\n%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// mandatory lists what GDPR 13 and 14 ask of every notice, and what California
// adds (11 CCR §7011, §7012).
var (
	mandatory  = []string{"controller", "contact", "purposes", "basis", "recipients", "transfers", "retention", "rights", "objection", "withdrawal", "complaint", "required", "automated"}
	california = []string{"ca-categories", "ca-sale", "ca-retention", "ca-rights"}
)

// Complete lists the mandatory elements that the notice lacks, such as
// "recipients", in its HTML as people see it. None means that it is complete.
func (n Notice) Complete() (missing []string) {
	found, inCalifornia := elements(n.HTML)
	want := mandatory
	if inCalifornia {
		want = append(append([]string{}, mandatory...), california...)
	}
	for _, e := range want {
		if !found[e] {
			missing = append(missing, e)
		}
	}
	return missing
}

// elements finds which elements of a notice hold text: those marked with
// data-element.
func elements(text string) (found map[string]bool, inCalifornia bool) {
	found = map[string]bool{}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return found, false
	}
	var visit func(n *html.Node)
	visit = func(n *html.Node) {
		for _, a := range n.Attr {
			if a.Key == "data-element" && strings.TrimSpace(textOf(n)) != "" {
				found[a.Val] = true
			}
			if a.Key == "data-markets" {
				inCalifornia = strings.Contains(" "+a.Val+" ", " US-CA ")
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c)
		}
	}
	visit(root)
	return found, inCalifornia
}

// textOf is what an element says, its headings left out.
func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.Data {
		case "h1", "h2", "h3", "h4", "th", "dt":
			if c.Type == html.ElementNode {
				continue
			}
		}
		b.WriteString(textOf(c))
	}
	return b.String()
}

// insertNotice renders and stores the notice of a version.
func (c *Charter) insertNotice(tx *db.Tx, lang term.Lang) (Notice, error) {
	n, err := c.Render(lang)
	if err != nil {
		return Notice{}, err
	}
	if missing := n.Complete(); len(missing) > 0 {
		return Notice{}, errs.New(errs.Invalid, "notice_incomplete", "the notice in %s lacks: %s", lang, strings.Join(missing, ", "))
	}
	n.ID = id.New[id.Notice]()
	_, err = tx.Exec(`insert into charter_notice (notice_id, version, lang, hash, html, body, jsonld) values ($1, $2, $3, $4, $5, $6, $7)`,
		n.ID, n.Version, n.Lang, n.Hash, n.HTML, n.Text, n.JSONLD)
	return n, err
}

const noticeColumns = `notice_id, version, lang, hash, html, body, jsonld`

// Notice gives the notice of a version in a language. It returns NOT_FOUND when
// there is none, and UNAVAILABLE when it is not what was published.
func (s *Store) Notice(tx *db.Tx, version int64, lang term.Lang) (Notice, error) {
	return scanNotice(tx.QueryRow(`select `+noticeColumns+` from charter_notice where version = $1 and lang = $2`, version, lang))
}

// NoticeByID gives a notice by its id, with the errors of Notice.
func (s *Store) NoticeByID(tx *db.Tx, n id.Notice) (Notice, error) {
	return scanNotice(tx.QueryRow(`select `+noticeColumns+` from charter_notice where notice_id = $1`, n))
}

func scanNotice(row db.Row) (Notice, error) {
	var n Notice
	err := row.Scan(&n.ID, &n.Version, &n.Lang, &n.Hash, &n.HTML, &n.Text, &n.JSONLD)
	switch {
	case errs.Is(err, errs.NotFound):
		return Notice{}, errs.New(errs.NotFound, "no_notice", "there is no such notice")
	case err != nil:
		return Notice{}, err
	case n.Hash != n.sum():
		return Notice{}, errs.New(errs.Unavailable, Altered, "this notice is not what was published; restore it from a backup")
	}
	return n, nil
}
