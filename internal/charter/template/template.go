// Package template holds charters to start from, one for each of the trades:
// complete, commented, and in order.
package template

import (
	"embed"
	"io/fs"
	"path"
	"slices"

	"candor/internal/errs"
	"candor/internal/term"
)

//go:embed shop charity software
var files embed.FS

// Names lists the templates.
func Names() []string { return []string{"shop", "charity", "software"} }

// Languages lists those that each template is written in, whole: texts, comments
// and assessments, with a business of the language's country.
func Languages() []term.Lang { return []term.Lang{"en", "de"} }

// Files gives a template's files in a language by their path in the folder. It
// returns NOT_FOUND for a name or a language that is none.
func Files(name string, lang term.Lang) (map[string][]byte, error) {
	if !slices.Contains(Names(), name) {
		return nil, errs.New(errs.NotFound, "no_template", "there is no such template; choose shop, charity or software").On("trade")
	}
	if !slices.Contains(Languages(), lang) {
		return nil, errs.New(errs.NotFound, "no_template", "the templates are written in en and de; choose one").On("language")
	}
	root := name
	if lang != "en" {
		root = path.Join(name, string(lang))
	}
	out := map[string][]byte{}
	err := fs.WalkDir(files, root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != root && slices.Contains(Languages(), term.Lang(d.Name())):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		text, err := files.ReadFile(p)
		out[p[len(root)+1:]] = text
		return err
	})
	return out, err
}
