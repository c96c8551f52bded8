package ui

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"text/template/parse"

	"candor/internal/term"
)

//go:embed layout page words
var ownFiles embed.FS

// Set holds the templates and words of one edge, parsed for every language.
type Set struct {
	files fs.FS
	langs map[term.Lang]*template.Template
	words map[term.Lang]words
	err   []error
}

// Load reads an edge's templates and words:
//
//	page/<name>.html   a page; defines "main", its data is .Data, the frame is . itself
//	part/<name>.html   templates that pages share
//	words/<lang>.txt   the texts, "key: text"
//
// Load and Find collect what is wrong; Err gives it.
func Load(files fs.FS) *Set {
	s := &Set{files: files, langs: map[term.Lang]*template.Template{}, words: map[term.Lang]words{}}
	if err := s.load(); err != nil {
		s.err = append(s.err, err)
	}
	return s
}

func (s *Set) load() error {
	own, err := readWords(ownFiles)
	if err != nil {
		return err
	}
	theirs, err := readWords(s.files)
	if err != nil {
		return err
	}
	for lang, w := range own {
		all := words{}
		for _, from := range []words{w, theirs[lang]} {
			for key, text := range from {
				all[key] = text
			}
		}
		s.words[lang] = all
	}
	for lang := range theirs {
		if own[lang] == nil {
			return fmt.Errorf("words/%s.txt: the frame has no words in this language", lang)
		}
	}
	if err := sameKeys(s.words); err != nil {
		return err
	}
	for lang, w := range s.words {
		if s.langs[lang], err = s.base(lang, w); err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) base(lang term.Lang, w words) (*template.Template, error) {
	t, err := template.New("base").Funcs(funcs(lang, w)).ParseFS(ownFiles, "layout/*.html")
	if err != nil {
		return nil, err
	}
	if parts, _ := fs.Glob(s.files, "part/*.html"); len(parts) > 0 {
		return t.ParseFS(s.files, "part/*.html")
	}
	return t, nil
}

// Err gives all that went wrong in Load and Find. A server that gets an error
// here does not start.
func (s *Set) Err() error { return errors.Join(s.err...) }

// Langs reports whether the set speaks a language.
func (s *Set) Langs(l term.Lang) bool { return s.words[l] != nil }

// Say gives a text outside a page, such as a page's title. It returns the key
// itself when there is no such text.
func (s *Set) Say(lang term.Lang, key string, pairs ...any) string {
	text, err := s.words[lang].say(key, pairs...)
	if err != nil {
		return key
	}
	return text
}

// Page is a parsed page whose data has type T.
type Page[T any] struct {
	name  string
	langs map[term.Lang]*template.Template
}

// Name is the page's name: that of its file.
func (p Page[T]) Name() string { return p.name }

// view is what a template sees: the frame's fields, and Data.
type view[T any] struct {
	Frame
	Data T
}

// Find parses page/<name>.html, checks that every text it names exists, and
// renders it once with the zero T, in every language.
func Find[T any](s *Set, name string) Page[T] {
	p := Page[T]{name: name, langs: map[term.Lang]*template.Template{}}
	for lang, base := range s.langs {
		if err := s.find(lang, base, name, p.langs); err != nil {
			s.err = append(s.err, err)
			return p
		}
		var zero view[T]
		zero.Lang, zero.Title, zero.Brand = lang, name, name
		if err := p.langs[lang].ExecuteTemplate(io.Discard, "page", zero); err != nil {
			s.err = append(s.err, fmt.Errorf("page %s cannot be rendered empty: %w", name, err))
			return p
		}
	}
	return p
}

func (s *Set) find(lang term.Lang, base *template.Template, name string, into map[term.Lang]*template.Template) error {
	t, err := base.Clone()
	if err == nil {
		t, err = t.ParseFS(s.files, "page/"+name+".html")
	}
	if err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	if t.Lookup("main") == nil {
		return fmt.Errorf("page %s does not define main", name)
	}
	for _, d := range t.Templates() {
		if d.Tree != nil {
			if err := checkKeys(d.Tree.Root, s.words[lang]); err != nil {
				return fmt.Errorf("page %s, template %s: %w", name, d.Name(), err)
			}
		}
	}
	into[lang] = t
	return nil
}

// Render writes the page. When it returns an error, nothing has been written.
func (p Page[T]) Render(w http.ResponseWriter, status int, f Frame, data T) error {
	t := p.langs[f.Lang]
	if t == nil {
		f.Lang = "en"
		if t = p.langs[f.Lang]; t == nil {
			return fmt.Errorf("page %s is not loaded", p.name)
		}
	}
	layout := "page"
	if f.Desk != nil {
		layout = "desk"
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, layout, view[T]{f, data}); err != nil {
		return fmt.Errorf("page %s: %w", p.name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(f.Lang))
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, err := out.WriteTo(w)
	return err
}

// checkKeys fails when a template names a text that does not exist.
func checkKeys(n parse.Node, w words) error {
	var err error
	visit(n, func(c *parse.CommandNode) {
		if len(c.Args) < 2 {
			return
		}
		fn, isName := c.Args[0].(*parse.IdentifierNode)
		key, isText := c.Args[1].(*parse.StringNode)
		if !isName || !isText {
			return
		}
		if _, ok := w[key.Text]; fn.Ident == "t" && !ok {
			err = fmt.Errorf("there is no text %q", key.Text)
		}
		if _, ok := w[key.Text+".other"]; fn.Ident == "tn" && !ok {
			err = fmt.Errorf("there is no text %q.other", key.Text)
		}
	})
	return err
}

// visit calls fn with every command in a template.
func visit(n parse.Node, fn func(*parse.CommandNode)) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, c := range n.Nodes {
			visit(c, fn)
		}
	case *parse.ActionNode:
		visit(n.Pipe, fn)
	case *parse.TemplateNode:
		visit(n.Pipe, fn)
	case *parse.IfNode:
		visitBranch(&n.BranchNode, fn)
	case *parse.RangeNode:
		visitBranch(&n.BranchNode, fn)
	case *parse.WithNode:
		visitBranch(&n.BranchNode, fn)
	case *parse.PipeNode:
		if n == nil {
			return
		}
		for _, c := range n.Cmds {
			visit(c, fn)
		}
	case *parse.CommandNode:
		fn(n)
		for _, a := range n.Args {
			visit(a, fn)
		}
	}
}

func visitBranch(b *parse.BranchNode, fn func(*parse.CommandNode)) {
	visit(b.Pipe, fn)
	visit(b.List, fn)
	visit(b.ElseList, fn)
}

// funcs are what templates may call, in the words of one language.
func funcs(lang term.Lang, w words) template.FuncMap {
	return template.FuncMap{
		"t":      w.say,
		"tn":     func(key string, n int, pairs ...any) (string, error) { return w.count(lang, key, n, pairs...) },
		"date":   func(v any) (template.HTML, error) { return dateHTML(lang, v) },
		"when":   func(v any) (template.HTML, error) { return whenHTML(lang, v) },
		"number": func(n any) (string, error) { return numberOf(lang, n) },
		"asset":  Asset,
		"icon":   icon,
		"join":   strings.Join,
	}
}
